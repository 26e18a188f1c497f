// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// /snapshot/…
#include "daemon/engine/snapshot.hpp"

#include "daemon/control/handlers/handlers.hpp"
#include "daemon/control/handlers/json.hpp"

namespace backline::control::handlers {
namespace {

std::string name(const Call& call) {
    return std::string(*call.args[0].as_text());
}

} // namespace

engine::Op snapshot_store(const Call& call) {
    return engine::StoreSnapshot{name(call)};
}

engine::Op snapshot_recall(const Call& call) {
    const double seconds = call.args.size() > 1 ? *call.args[1].as_number() : 0.0;
    if (seconds < 0.0 || seconds > engine::kMorphSecondsMax)
        throw engine::CommandError("out_of_range", call.address + ": seconds are 0..86400, got "
                                                       + std::to_string(seconds));
    return engine::RecallSnapshot{name(call), seconds};
}

engine::Op snapshot_remove(const Call& call) {
    return engine::RemoveSnapshot{name(call)};
}

void snapshot_list(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    Json list = Json::array();
    for (const auto& [each, snapshot] : context.engine.model()->snapshots)
        list.push_back({{"name", each}, {"values", snapshot->entries.size()}});
    context.replies.page(*peer, call, dump(list));
}

} // namespace backline::control::handlers
