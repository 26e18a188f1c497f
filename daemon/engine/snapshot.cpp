// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/snapshot.hpp"

#include "daemon/engine/error.hpp"
#include "daemon/engine/ramp.hpp"

#include <algorithm>
#include <cmath>

namespace backline::engine {

namespace {

std::uint32_t scale_of(const ParamRef& ref) {
    return ref.info == nullptr ? 0 : static_cast<std::uint32_t>(ref.info->scale);
}

bool is_of(const Target& target, Target::Kind kind) {
    if (kind == Target::Kind::node_param)
        return target.kind == Target::Kind::node_param || target.kind == Target::Kind::node_bypass;
    return target.kind == kind;
}

} // namespace

std::shared_ptr<const Snapshot> make_snapshot(const Model& model,
                                              std::vector<process::Capture>& captures) {
    auto snapshot = std::make_shared<Snapshot>();
    const auto add = [&](Target target) {
        const ParamRef ref = resolve(model, target);
        snapshot->entries.push_back({std::move(target), ref.min, ref.max, scale_of(ref)});
    };
    for (const auto& [name, node] : model.nodes) {
        for (const plugin::ParamInfo& param : node.info->params)
            if (param.scale != BL_SCALE_FILE)
                add({Target::Kind::node_param, name, param.symbol, false});
        add({Target::Kind::node_bypass, name, "", false});
    }
    for (const auto* strips : {&model.inputs, &model.outputs}) {
        const auto kind = strips == &model.inputs ? Target::Kind::input : Target::Kind::output;
        for (const auto& [name, strip] : *strips)
            for (const char* param : {"gain", "mute"})
                add({kind, name, param, false});
    }
    snapshot->numbers = std::make_shared<double[]>(snapshot->entries.size());
    for (std::size_t i = 0; i < snapshot->entries.size(); ++i) {
        const ParamRef ref = resolve(model, snapshot->entries[i].target);
        captures.push_back({ref.handle, ref.param, &snapshot->numbers[i]});
    }
    return snapshot;
}

void add_recall(const Model& model, const std::string& name, const Snapshot& snapshot,
                double seconds, std::vector<process::TimedSet>& sets, process::CurveSet& curves) {
    if (!(seconds >= 0.0 && seconds <= kMorphSecondsMax))
        throw CommandError("out_of_range", "snapshot \"" + name
                                               + "\": a recall takes 0..86400 s, got "
                                               + std::to_string(seconds));
    const auto frames = static_cast<std::uint64_t>(std::llround(seconds * model.rate));
    std::vector<process::Curve> moving;
    for (std::size_t i = 0; i < snapshot.entries.size(); ++i) {
        const Snapshot::Entry& entry = snapshot.entries[i];
        ParamRef ref;
        try {
            ref = resolve(model, entry.target);
        } catch (const CommandError& error) {
            throw CommandError(error.code, "snapshot \"" + name + "\": " + error.what());
        }
        if (scale_of(ref) != entry.scale || ref.min != entry.min || ref.max != entry.max)
            throw CommandError("no_such_parameter",
                               "snapshot \"" + name + "\": " + describe(entry.target)
                                   + " is another than the one that was stored");
        const double* const number = &snapshot.numbers[i];
        if (frames == 0 || !can_ramp(ref)) {
            sets.push_back({ref.handle, ref.param, 0.0, number});
            continue;
        }
        process::Curve curve;
        curve.handle = ref.handle;
        curve.param = ref.param;
        if (entry.scale == BL_SCALE_LOG) curve.shape = process::Shape::exponential;
        curve.whole = entry.scale == BL_SCALE_INTEGER;
        curve.target = number;
        moving.push_back(curve);
    }
    // All curves that were to begin are overruled, whether by values or by other curves.
    for (const process::TimedSet& set : sets)
        if (!curves.curves.empty()) forget_curve(curves, set.handle, set.param);
    for (process::Curve& curve : moving) {
        curve.first_leg = static_cast<std::uint32_t>(curves.legs.size());
        curves.legs.push_back({frames, 0.0});
        curves.curves.push_back(curve);
    }
}

void rename_in(Snapshots& snapshots, Target::Kind kind, const std::string& from,
               const std::string& to) {
    for (auto& [name, snapshot] : snapshots) {
        const auto concerned = [&](const Snapshot::Entry& entry) {
            return entry.target.name == from && is_of(entry.target, kind);
        };
        if (std::none_of(snapshot->entries.begin(), snapshot->entries.end(), concerned)) continue;
        auto renamed = std::make_shared<Snapshot>(*snapshot);
        for (Snapshot::Entry& entry : renamed->entries)
            if (concerned(entry)) entry.target.name = to;
        snapshot = std::move(renamed);
    }
}

} // namespace backline::engine
