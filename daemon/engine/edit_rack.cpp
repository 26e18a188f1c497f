// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/edit.hpp"

#include <algorithm>
#include <utility>

namespace backline::engine {

double strip_value(const RackPort& port, std::uint32_t param) {
    switch (param) {
    case process::Strip::kGain:
        return port.gain;
    case process::Strip::kMute:
        return port.mute ? 1.0 : 0.0;
    case process::Strip::kCeiling:
        return port.ceiling;
    default:
        return port.soft_clip ? 1.0 : 0.0;
    }
}

void Edit::load_rack(const Rack& rack, Loads* loaded) {
    while (!next.nodes.empty())
        remove_node(next.nodes.begin()->first, false);
    // Inputs and outputs that stay keep their ports, and what others connected to them.
    const auto keep = [&](bool is_input, const std::vector<RackPort>& wished) {
        const auto& strips = is_input ? next.inputs : next.outputs;
        std::vector<std::string> gone;
        for (const auto& [name, strip] : strips) {
            const bool stays = std::any_of(wished.begin(), wished.end(), [&](const RackPort& port) {
                return port.name == strip.name && port.channels == strip.channels;
            });
            if (!stays) gone.push_back(name);
        }
        for (const std::string& name : gone)
            remove_strip(is_input, name);
    };
    keep(true, rack.inputs);
    keep(false, rack.outputs);
    for (Connection& connection : std::exchange(next.connections, {}))
        fade_out(std::move(connection));

    const auto where = [&](std::uint32_t line, const CommandError& error) {
        const std::string at = line == 0 ? "" : rack.file + ":" + std::to_string(line) + ": ";
        return CommandError("bad_rack", at + error.what() + " (" + error.code + ")");
    };
    const auto add_strips = [&](bool is_input, const std::vector<RackPort>& wished) {
        for (const RackPort& port : wished) {
            auto& strips = is_input ? next.inputs : next.outputs;
            try {
                if (const auto kept = strips.find(port.name); kept != strips.end()) {
                    kept->second.jack = port.jack;
                    const process::Handle handle = kept->second.handle;
                    for (std::uint32_t param = 0; param < process::Strip::kParams; ++param)
                        sets.push_back({handle, param, strip_value(port, param)});
                    cuts = true;
                    ports_changed = true;
                } else {
                    add_strip({is_input, port.name, port.channels, port.jack}, port);
                }
            } catch (const CommandError& error) {
                throw where(port.line, error);
            }
        }
    };
    add_strips(true, rack.inputs);
    add_strips(false, rack.outputs);
    for (const RackNode& node : rack.nodes) {
        try {
            add_node({node.name, node.plugin, node.channels, node.params, node.bypass, node.budget,
                      node.priority},
                     loaded);
        } catch (const CommandError& error) {
            throw where(node.line, error);
        }
    }
    for (const RackConnection& connection : rack.connections) {
        try {
            connect({connection.from, connection.to, connection.feedback});
        } catch (const CommandError& error) {
            throw where(connection.line, error);
        }
    }
    graph_changed = true;
}

} // namespace backline::engine
