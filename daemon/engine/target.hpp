// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/model.hpp"
#include "daemon/engine/rack.hpp"

#include <memory>
#include <string>

namespace backline::engine {

/// What has a settable value.
struct Target {
    /// Which kind of thing.
    enum class Kind { node_param, node_bypass, input, output, master_mute };
    Kind kind = Kind::node_param;
    std::string name;        ///< of the node, input or output
    std::string param;       ///< node_param: symbol; input, output: "gain", "mute", of an
                             ///< output also "ceiling", "soft_clip"
    bool normalized = false; ///< node_param: the value is 0..1 along the parameter's scale
};

/// A target looked up in a model. Keeps the cell alive.
struct ParamRef {
    process::Handle handle;
    std::uint32_t param = 0;
    std::shared_ptr<void> owner;
    process::ParamCell* cell = nullptr;
    const plugin::ParamInfo* info =
        nullptr; ///< nullptr for bypass and strips; owned by `owner`'s model entry
    double min = 0.0, max = 1.0;
    bool is_switch = false; ///< bypass, mute, toggles
    bool is_file = false;   ///< BL_SCALE_FILE: set through a request, never directly
};

/// Throws CommandError: no_such_node, no_such_parameter.
ParamRef resolve(const Model& model, const Target& target);

/// The value as the audio side takes it, in the parameter's unit: numbers and switches are coerced,
/// enums are taken by label too. Throws CommandError: bad_type, out_of_range (NaN included).
double to_number(const ParamRef& ref, const Target& target, const Value& value);

/// 0..1 along the parameter's scale (log for BL_SCALE_LOG, else linear), and back.
double to_normalized(const plugin::ParamInfo& info, double value);
/// The value, in its own unit, of a place along the scale.
double from_normalized(const plugin::ParamInfo& info, double normalized);

/// A number as messages show it, to seven digits.
std::string number(double value);

/// A target in words, for messages: `node "eq": parameter "freq"`.
std::string describe(const Target& target);

} // namespace backline::engine
