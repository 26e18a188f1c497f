// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/model.hpp"
#include "daemon/engine/request.hpp"
#include "daemon/process/command.hpp"

#include <vector>

namespace backline::engine {

/// The longest a ramp may take, all stretches together.
inline constexpr double kRampSecondsMax = 86'400.0;

/// The shape of that name: "linear", "exp" or "s". Throws CommandError (out_of_range), naming the
/// three.
process::Shape shape_of(const std::string& name);

/// Whether a value can take a course over time: numbers can, switches, enums and files cannot.
bool can_ramp(const ParamRef& ref);

/// Looks a ramp up in `model` and adds what the audio side must be told: a curve, or a plain value
/// where no time passes. Replaces what `sets` and `curves` hold for the same parameter. Throws
/// CommandError: no_such_node, no_such_parameter, bad_type, out_of_range.
void add_ramp(const Model& model, const Ramp& op, std::vector<process::TimedSet>& sets,
              process::CurveSet& curves);

/// Refuses an exponential ramp that would begin now at 0 or on the other side of it, where the ops
/// before it do not decide what it begins at. Throws CommandError (out_of_range, and what resolve()
/// throws).
void check_start(const Model& model, const std::vector<Op>& ops, std::size_t index);

/// A new value of a parameter ends the curve it was to have. O(curves).
void forget_curve(process::CurveSet& curves, process::Handle handle, std::uint32_t param);

/// Appends the curves of `more`, those of `to` for the same parameters left out.
void append_curves(process::CurveSet& to, process::CurveSet more);

} // namespace backline::engine
