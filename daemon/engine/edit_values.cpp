// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The ops of an edit that concern values over time, and all values at once.
#include "daemon/engine/edit.hpp"
#include "daemon/engine/ramp.hpp"
#include "daemon/engine/snapshot.hpp"
#include "daemon/file_error.hpp"

namespace backline::engine {

void Edit::panic() {
    sets.push_back({next.master, process::Master::kMute, 1.0});
    cuts = true;
    reset_all = true;
}

void Edit::ramp(const Ramp& op) {
    const std::size_t before = sets.size();
    add_ramp(next, op, sets, curves);
    cuts = cuts || (sets.size() != before && op.target.kind != Target::Kind::node_param);
}

void Edit::store_snapshot(const std::string& name) {
    if (!is_name(name))
        throw CommandError("bad_name", "\"" + name
                                           + "\" is no name of a snapshot: expected 1 to 63 of A-Z "
                                             "a-z 0-9 _ -");
    if (next.snapshots.size() >= kSnapshotsMax && next.snapshots.count(name) == 0)
        throw CommandError("queue_full",
                           std::to_string(kSnapshotsMax) + " snapshots are kept already");
    auto snapshot = make_snapshot(next, captures);
    held.push_back(snapshot);
    next.snapshots[name] = std::move(snapshot);
    snapshots_changed = true;
}

const Snapshot& Edit::find_snapshot(const std::string& name) const {
    const auto found = next.snapshots.find(name);
    if (found != next.snapshots.end()) return *found->second;
    std::vector<std::string_view> names;
    for (const auto& [each, snapshot] : next.snapshots)
        names.push_back(each);
    throw CommandError("no_such_snapshot",
                       "there is no snapshot \"" + name + "\"" + did_you_mean(name, names));
}

void Edit::recall_snapshot(const RecallSnapshot& op) {
    const Snapshot& snapshot = find_snapshot(op.name);
    add_recall(next, op.name, snapshot, op.seconds, sets, curves);
    held.push_back(next.snapshots.at(op.name));
    cuts = true;
}

void Edit::remove_snapshot(const std::string& name) {
    (void)find_snapshot(name);
    next.snapshots.erase(name);
    snapshots_changed = true;
}

} // namespace backline::engine
