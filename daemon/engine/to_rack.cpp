// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/pipeline.hpp"

namespace backline::engine {

Rack to_rack(const Model& model) {
    Rack rack;
    const auto strips = [](const std::map<std::string, StripEntry>& from,
                           std::vector<RackPort>& to) {
        for (const auto& [name, strip] : from) {
            RackPort port;
            port.name = name;
            port.channels = strip.channels;
            const auto value = [&](std::uint32_t param) {
                return strip.strip->cells[param].heard.load();
            };
            port.gain = value(process::Strip::kGain);
            port.mute = value(process::Strip::kMute) >= 0.5;
            port.ceiling = value(process::Strip::kCeiling);
            port.soft_clip = value(process::Strip::kSoft) >= 0.5;
            port.jack = strip.jack;
            to.push_back(std::move(port));
        }
    };
    strips(model.inputs, rack.inputs);
    strips(model.outputs, rack.outputs);
    for (const auto& [name, entry] : model.nodes) {
        RackNode node;
        node.name = name;
        node.plugin = entry.info->id;
        node.channels = entry.channels;
        node.bypass = entry.bypass().heard.load() >= 0.5;
        node.budget = entry.budget;
        node.priority = entry.priority;
        for (std::uint32_t i = 0; i < entry.info->params.size(); ++i) {
            const plugin::ParamInfo& param = entry.info->params[i];
            if (param.scale == BL_SCALE_FILE) {
                const auto file = entry.files.find(param.symbol);
                if (file != entry.files.end()) node.params.emplace_back(param.symbol, file->second);
                continue;
            }
            const double value = entry.param(i).heard.load();
            if (value == param.def) continue;
            if (param.scale == BL_SCALE_ENUM && value >= 0.0
                && value < static_cast<double>(param.labels.size()))
                node.params.emplace_back(param.symbol,
                                         param.labels[static_cast<std::size_t>(value)]);
            else if (param.scale == BL_SCALE_TOGGLE)
                node.params.emplace_back(param.symbol, value >= 0.5);
            else
                node.params.emplace_back(param.symbol, value);
        }
        rack.nodes.push_back(std::move(node));
    }
    for (const Connection& connection : model.connections)
        rack.connections.push_back({to_string(model, connection.from, true),
                                    to_string(model, connection.to, false), connection.feedback,
                                    0});
    return rack;
}

} // namespace backline::engine
