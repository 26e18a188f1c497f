// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/target.hpp"

#include "daemon/engine/error.hpp"
#include "daemon/file_error.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

namespace backline::engine {

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.7g", value);
    return text;
}

namespace {

std::string range(const ParamRef& ref) {
    // Without a descriptor it is the gain of an input or output.
    const std::string unit = ref.info == nullptr ? "dB" : ref.info->unit;
    return number(ref.min) + ".." + number(ref.max) + (unit.empty() ? "" : " " + unit);
}

ParamRef resolve_node(const Model& model, const Target& target) {
    const auto found = model.nodes.find(target.name);
    if (found == model.nodes.end()) {
        std::vector<std::string_view> names;
        for (const auto& [name, node] : model.nodes)
            names.push_back(name);
        throw CommandError("no_such_node", "there is no node \"" + target.name + "\""
                                               + did_you_mean(target.name, names));
    }
    const NodeEntry& node = found->second;
    ParamRef ref;
    ref.handle = node.handle;
    ref.owner = node.shared;
    const auto& params = node.info->params;
    if (target.kind == Target::Kind::node_bypass) {
        ref.param = static_cast<std::uint32_t>(params.size());
        ref.is_switch = true;
        ref.cell = node.shared ? &node.bypass() : nullptr;
        return ref;
    }
    const auto param = std::find_if(params.begin(), params.end(), [&](const plugin::ParamInfo& p) {
        return p.symbol == target.param;
    });
    if (param == params.end()) {
        std::vector<std::string_view> symbols;
        for (const auto& p : params)
            symbols.push_back(p.symbol);
        throw CommandError("no_such_parameter", "node \"" + target.name + "\" (" + node.info->id
                                                    + ") has no parameter \"" + target.param + "\""
                                                    + did_you_mean(target.param, symbols));
    }
    ref.param = static_cast<std::uint32_t>(param - params.begin());
    ref.info = &*param;
    ref.min = param->min;
    ref.max = param->max;
    ref.is_switch = param->scale == BL_SCALE_TOGGLE;
    ref.is_file = param->scale == BL_SCALE_FILE;
    ref.cell = node.shared ? &node.param(ref.param) : nullptr;
    return ref;
}

ParamRef resolve_strip(const Model& model, const Target& target) {
    const bool input = target.kind == Target::Kind::input;
    const auto& strips = input ? model.inputs : model.outputs;
    const auto found = strips.find(target.name);
    if (found == strips.end())
        throw CommandError("no_such_node", std::string("there is no ")
                                               + (input ? "input" : "output") + " \"" + target.name
                                               + "\"");
    const StripEntry& strip = found->second;
    ParamRef ref;
    ref.handle = strip.handle;
    ref.owner = strip.strip;
    if (target.param == "gain") {
        ref.param = process::Strip::kGain;
        ref.min = process::Strip::kGainMin;
        ref.max = process::Strip::kGainMax;
    } else if (target.param == "mute") {
        ref.param = process::Strip::kMute;
        ref.is_switch = true;
    } else if (!input && target.param == "ceiling") {
        ref.param = process::Strip::kCeiling;
        ref.min = process::Strip::kCeilingMin;
        ref.max = process::Strip::kCeilingMax;
    } else if (!input && target.param == "soft_clip") {
        ref.param = process::Strip::kSoft;
        ref.is_switch = true;
    } else {
        throw CommandError("no_such_parameter",
                           std::string(input ? "input" : "output") + " \"" + target.name
                               + "\" has gain"
                               + (input ? " and mute" : ", mute, ceiling and soft_clip")
                               + ", got \"" + target.param + "\"");
    }
    ref.cell = strip.strip ? &strip.strip->cells[ref.param] : nullptr;
    return ref;
}

} // namespace

ParamRef resolve(const Model& model, const Target& target) {
    switch (target.kind) {
    case Target::Kind::node_param:
    case Target::Kind::node_bypass:
        return resolve_node(model, target);
    case Target::Kind::input:
    case Target::Kind::output:
        return resolve_strip(model, target);
    case Target::Kind::master_mute:
        break;
    }
    ParamRef ref;
    ref.handle = model.master;
    ref.owner = model.master_state;
    ref.param = process::Master::kMute;
    ref.is_switch = true;
    ref.cell = model.master_state ? &model.master_state->cells[process::Master::kMute] : nullptr;
    return ref;
}

namespace {

double find_label(const ParamRef& ref, const Target& target, const std::string& text) {
    const auto& labels = ref.info->labels;
    const auto label = std::find(labels.begin(), labels.end(), text);
    if (label != labels.end()) return static_cast<double>(label - labels.begin());
    std::string known;
    for (const std::string& each : labels)
        known += (known.empty() ? "" : ", ") + each;
    throw CommandError("out_of_range",
                       describe(target) + " is one of " + known + ", got \"" + text + "\"");
}

} // namespace

double to_number(const ParamRef& ref, const Target& target, const Value& value) {
    if (ref.is_file) throw CommandError("bad_type", describe(target) + " takes the name of a file");
    double result = 0.0;
    if (const auto* text = std::get_if<std::string>(&value)) {
        if (ref.info == nullptr || ref.info->scale != BL_SCALE_ENUM || target.normalized)
            throw CommandError("bad_type", describe(target) + " is a number in " + range(ref)
                                               + ", got the text \"" + *text + "\"");
        return find_label(ref, target, *text);
    }
    if (const auto* flag = std::get_if<bool>(&value))
        result = *flag ? 1.0 : 0.0;
    else
        result = std::get<double>(value);
    if (target.normalized) {
        if (!(result >= 0.0 && result <= 1.0))
            throw CommandError("out_of_range",
                               describe(target) + "/normalized is 0..1, got " + number(result));
        return ref.info == nullptr ? result : from_normalized(*ref.info, result);
    }
    if (ref.is_switch) {
        if (!std::isfinite(result))
            throw CommandError("out_of_range",
                               describe(target) + " is a switch, got " + number(result));
        return result != 0.0 ? 1.0 : 0.0;
    }
    if (!(result >= ref.min && result <= ref.max)) {
        // "2048" as the size of a transform is a label, however it was typed.
        if (ref.info != nullptr && ref.info->scale == BL_SCALE_ENUM)
            return find_label(ref, target, number(result));
        // A float32 of a limit may lie just outside the double of it.
        const double slack = 1e-6 * std::max(std::fabs(ref.min), std::fabs(ref.max));
        if (!(result >= ref.min - slack && result <= ref.max + slack))
            throw CommandError("out_of_range",
                               describe(target) + " is " + range(ref) + ", got " + number(result));
        result = std::clamp(result, ref.min, ref.max);
    }
    const bool whole = ref.info != nullptr
                       && (ref.info->scale == BL_SCALE_INTEGER || ref.info->scale == BL_SCALE_ENUM);
    return whole ? std::round(result) : result;
}

double to_normalized(const plugin::ParamInfo& info, double value) {
    if (info.scale == BL_SCALE_LOG)
        return std::clamp(std::log(value / info.min) / std::log(info.max / info.min), 0.0, 1.0);
    return info.max > info.min ? std::clamp((value - info.min) / (info.max - info.min), 0.0, 1.0)
                               : 0.0;
}

double from_normalized(const plugin::ParamInfo& info, double normalized) {
    double value = info.scale == BL_SCALE_LOG ? info.min * std::pow(info.max / info.min, normalized)
                                              : info.min + normalized * (info.max - info.min);
    if (info.scale == BL_SCALE_INTEGER || info.scale == BL_SCALE_ENUM
        || info.scale == BL_SCALE_TOGGLE)
        value = std::round(value);
    return std::clamp(value, info.min, info.max);
}

std::string describe(const Target& target) {
    switch (target.kind) {
    case Target::Kind::node_param:
        return "node \"" + target.name + "\": parameter \"" + target.param + "\"";
    case Target::Kind::node_bypass:
        return "node \"" + target.name + "\": bypass";
    case Target::Kind::input:
        return "input \"" + target.name + "\": " + target.param;
    case Target::Kind::output:
        return "output \"" + target.name + "\": " + target.param;
    case Target::Kind::master_mute:
        break;
    }
    return "mute";
}

} // namespace backline::engine
