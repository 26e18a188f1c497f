// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/ramp.hpp"

#include "daemon/engine/error.hpp"

#include <algorithm>
#include <cmath>

namespace backline::engine {

namespace {

void check_seconds(const Target& target, double seconds, double all) {
    if (!(seconds >= 0.0) || !(all <= kRampSecondsMax))
        throw CommandError("out_of_range", describe(target) + ": a ramp takes 0.."
                                               + number(kRampSecondsMax) + " s, got "
                                               + number(seconds));
}

/// Equal ratios lead neither to 0 nor past it.
void check_ratio(const Target& target, double from, double to) {
    if (from * to > 0.0) return;
    throw CommandError("out_of_range",
                       describe(target)
                           + ": an \"exp\" ramp has values of one sign, none of them "
                             "0, got "
                           + number(from) + " to " + number(to));
}

} // namespace

process::Shape shape_of(const std::string& name) {
    if (name == "linear") return process::Shape::linear;
    if (name == "exp") return process::Shape::exponential;
    if (name == "s") return process::Shape::smooth;
    throw CommandError("out_of_range",
                       "the shape of a ramp is linear, exp or s, got \"" + name + "\"");
}

bool can_ramp(const ParamRef& ref) {
    return !ref.is_file && !ref.is_switch
           && (ref.info == nullptr || ref.info->scale != BL_SCALE_ENUM);
}

void forget_curve(process::CurveSet& curves, process::Handle handle, std::uint32_t param) {
    std::erase_if(curves.curves, [&](const process::Curve& curve) {
        return curve.handle == handle && curve.param == param;
    });
}

void append_curves(process::CurveSet& to, process::CurveSet more) {
    const auto base = static_cast<std::uint32_t>(to.legs.size());
    to.legs.insert(to.legs.end(), more.legs.begin(), more.legs.end());
    for (process::Curve& curve : more.curves) {
        curve.first_leg += base;
        to.curves.push_back(curve); // begins after, and so in place of, one of the same parameter
    }
}

void add_ramp(const Model& model, const Ramp& op, std::vector<process::TimedSet>& sets,
              process::CurveSet& curves) {
    const ParamRef ref = resolve(model, op.target);
    if (!can_ramp(ref))
        throw CommandError("bad_type", describe(op.target)
                                           + " has no values in between: a ramp needs a number");
    std::vector<process::Leg> legs;
    double seconds = 0.0;
    for (const Ramp::Stretch& stretch : op.stretches) {
        seconds += stretch.seconds;
        check_seconds(op.target, stretch.seconds, seconds);
        const double value = to_number(ref, op.target, stretch.value);
        if (op.shape == process::Shape::exponential && !legs.empty())
            check_ratio(op.target, legs.back().to, value);
        else if (op.shape == process::Shape::exponential && seconds > 0.0)
            check_ratio(op.target, value, value);
        const auto end = static_cast<std::uint64_t>(std::llround(seconds * model.rate));
        if (end == 0) { // no time has passed: it begins there
            forget_curve(curves, ref.handle, ref.param);
            sets.push_back({ref.handle, ref.param, value});
        } else {
            legs.push_back({end, value});
        }
    }
    if (legs.empty()) return;
    forget_curve(curves, ref.handle, ref.param);
    process::Curve curve;
    curve.handle = ref.handle;
    curve.param = ref.param;
    curve.shape = op.shape;
    curve.whole = ref.info != nullptr && ref.info->scale == BL_SCALE_INTEGER;
    curve.first_leg = static_cast<std::uint32_t>(curves.legs.size());
    curve.leg_count = static_cast<std::uint32_t>(legs.size());
    curves.legs.insert(curves.legs.end(), legs.begin(), legs.end());
    curves.curves.push_back(curve);
}

void check_start(const Model& model, const std::vector<Op>& ops, std::size_t index) {
    const auto* ramp = std::get_if<Ramp>(&ops[index]);
    if (ramp == nullptr || ramp->shape != process::Shape::exponential || ramp->stretches.empty()
        || ramp->stretches[0].seconds == 0.0)
        return;
    for (std::size_t i = 0; i < index; ++i) {
        if (std::holds_alternative<Ramp>(ops[i])) continue;
        const auto* set = std::get_if<SetValue>(&ops[i]);
        if (set == nullptr) return; // it begins at what an edit makes of the graph
        if (set->target.kind == ramp->target.kind && set->target.name == ramp->target.name
            && set->target.param == ramp->target.param)
            return; // or at this very value
    }
    const ParamRef ref = resolve(model, ramp->target);
    if (ref.cell == nullptr || !can_ramp(ref)) return;
    const double now = ref.cell->queued.load() ? ref.cell->wanted.load() : ref.cell->heard.load();
    check_ratio(ramp->target, now, to_number(ref, ramp->target, ramp->stretches[0].value));
}

} // namespace backline::engine
