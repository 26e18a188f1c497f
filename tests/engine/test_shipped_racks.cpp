// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/rack.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include <backline/plugin.h>
#include <dlfcn.h>

#include <gtest/gtest.h>

namespace backline::engine {
namespace {

namespace fs = std::filesystem;

/// The built plugins' descriptors by id.
const std::map<std::string, const bl_descriptor*>& plugins() {
    static const auto found = [] {
        std::map<std::string, const bl_descriptor*> map;
        for (const auto& file : fs::directory_iterator(BACKLINE_PLUGIN_DIR)) {
            void* library = dlopen(file.path().c_str(), RTLD_NOW | RTLD_LOCAL);
            if (library == nullptr) {
                ADD_FAILURE() << dlerror();
                continue;
            }
            const auto* entry = static_cast<const bl_entry*>(dlsym(library, BL_ENTRY_SYMBOL));
            for (std::uint32_t i = 0; entry != nullptr && i < entry->descriptor_count; ++i)
                map[entry->descriptors[i]->id] = entry->descriptors[i];
        }
        return map;
    }();
    return found;
}

std::vector<Rack> shipped_racks() {
    std::vector<Rack> racks;
    for (const auto& file : fs::directory_iterator(BACKLINE_RACK_DIR))
        racks.push_back(load_rack(file.path()));
    return racks;
}

/// Why `value` cannot be the parameter's; "" when it can.
std::string refusal(const bl_param& param, const Value& value) {
    const auto* text = std::get_if<std::string>(&value);
    switch (param.scale) {
    case BL_SCALE_FILE:
        return text != nullptr ? "" : "wants a name";
    case BL_SCALE_TOGGLE:
        return std::holds_alternative<bool>(value) ? "" : "wants a switch";
    case BL_SCALE_ENUM:
        return text != nullptr
                       && std::find(param.labels, param.labels + param.label_count,
                                    std::string_view(*text))
                              != param.labels + param.label_count
                   ? ""
                   : "has no such label";
    default: {
        const auto* number = std::get_if<double>(&value);
        return number != nullptr && *number >= param.min && *number <= param.max ? ""
                                                                                 : "out of range";
    }
    }
}

TEST(ShippedRacks, SurviveBeingSaved) {
    const auto racks = shipped_racks();
    EXPECT_GE(racks.size(), 5u);
    for (const Rack& rack : racks) {
        EXPECT_EQ(parse_rack(write_rack(rack), ""), rack) << rack.file;
        EXPECT_FALSE(rack.connections.empty()) << rack.file;
        EXPECT_FALSE(rack.outputs.empty()) << rack.file;
    }
}

TEST(ShippedRacks, SayOnlyWhatThePluginsKnow) {
    for (const Rack& rack : shipped_racks())
        for (const RackNode& node : rack.nodes) {
            const std::string where = rack.file + ":" + std::to_string(node.line);
            ASSERT_TRUE(plugins().contains(node.plugin)) << where << " " << node.plugin;
            const bl_descriptor& plugin = *plugins().at(node.plugin);
            for (const auto& [symbol, value] : node.params) {
                const auto* end = plugin.params + plugin.param_count;
                const auto* param = std::find_if(
                    plugin.params, end, [&](const bl_param& p) { return p.symbol == symbol; });
                ASSERT_NE(param, end) << where << " " << symbol;
                EXPECT_EQ(refusal(*param, value), "") << where << " " << symbol;
            }
            for (std::uint32_t i = 0; node.channels && i < plugin.port_count; ++i)
                if ((plugin.ports[i].flags & BL_PORT_MAIN) != 0) {
                    EXPECT_LE(*node.channels, plugin.ports[i].channels_max) << where;
                }
        }
}

TEST(ShippedRacks, ConnectPortsThatExist) {
    for (const Rack& rack : shipped_racks())
        for (const RackConnection& arrow : rack.connections)
            for (const bool is_source : {true, false}) {
                const std::string& end = is_source ? arrow.from : arrow.to;
                const std::string name = end.substr(0, end.find(':'));
                const auto node = std::ranges::find(rack.nodes, name, &RackNode::name);
                if (node == rack.nodes.end()) continue;
                const std::string port =
                    end.find(':') == std::string::npos ? "" : end.substr(end.find(':') + 1);
                const bl_descriptor& plugin = *plugins().at(node->plugin);
                EXPECT_TRUE(std::any_of(plugin.ports, plugin.ports + plugin.port_count,
                                        [&](const bl_port& p) {
                                            return p.direction == (is_source ? BL_OUTPUT : BL_INPUT)
                                                   && (port.empty() ? (p.flags & BL_PORT_MAIN) != 0
                                                                    : port.substr(0, port.find('.'))
                                                                          == p.symbol);
                                        }))
                    << rack.file << ":" << arrow.line << " " << end;
            }
}

} // namespace
} // namespace backline::engine
