// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/values.hpp"

#include "daemon/engine/error.hpp"

#include <cmath>

namespace backline::control {

using protocol::Argument;

engine::Target target_of(const protocol::Address& row, const std::array<std::string, 2>& names) {
    using Id = protocol::AddressId;
    using Kind = engine::Target::Kind;
    switch (row.id) {
    case Id::node_param:
    case Id::node_param_ramp:
        return {Kind::node_param, names[0], names[1], false};
    case Id::node_param_normalized:
        return {Kind::node_param, names[0], names[1], true};
    case Id::bypass:
        return {Kind::node_bypass, names[0], {}, false};
    case Id::input_gain:
    case Id::input_gain_ramp:
        return {Kind::input, names[0], "gain", false};
    case Id::input_mute:
        return {Kind::input, names[0], "mute", false};
    case Id::output_gain:
    case Id::output_gain_ramp:
        return {Kind::output, names[0], "gain", false};
    case Id::output_mute:
        return {Kind::output, names[0], "mute", false};
    case Id::output_ceiling:
        return {Kind::output, names[0], "ceiling", false};
    case Id::output_soft_clip:
        return {Kind::output, names[0], "soft_clip", false};
    default:
        return {Kind::master_mute, {}, {}, false};
    }
}

std::string file_of(const engine::Model& model, const engine::Target& target) {
    const auto node = model.nodes.find(target.name);
    if (node == model.nodes.end()) return {};
    const auto file = node->second.files.find(target.param);
    return file == node->second.files.end() ? std::string() : file->second;
}

std::vector<Argument> as_arguments(const engine::ParamRef& ref, bool normalized, double value,
                                   const std::string& file) {
    if (ref.is_file) return {file};
    if (normalized) {
        const double position =
            ref.info != nullptr ? engine::to_normalized(*ref.info, value) : value;
        return {static_cast<float>(position)};
    }
    if (ref.is_switch) return {value >= 0.5};
    if (ref.info != nullptr && ref.info->scale == BL_SCALE_INTEGER)
        return {static_cast<std::int32_t>(std::lround(value))};
    if (ref.info != nullptr && ref.info->scale == BL_SCALE_ENUM) {
        const auto index = static_cast<std::size_t>(std::lround(std::fmax(value, 0.0)));
        const auto& labels = ref.info->labels;
        return {static_cast<std::int32_t>(index), index < labels.size() ? labels[index] : ""};
    }
    return {static_cast<float>(value)};
}

engine::Value to_value(const Argument& argument, const std::string& address) {
    if (const bool* flag = std::get_if<bool>(&argument.value)) return *flag;
    if (const auto number = argument.as_number()) return *number;
    if (const auto text = argument.as_text()) return std::string(*text);
    throw engine::CommandError("bad_type", address
                                               + ": a value is a number, a string, T or F, got "
                                                 "type '"
                                               + argument.tag() + "'");
}

} // namespace backline::control
