// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "edit_storm.hpp"

#include "daemon/plugin/instance.hpp"

#include <algorithm>
#include <backline/plugin.h>
#include <cmath>

namespace backline::test {

namespace {

constexpr std::size_t kNodesMax = 40;
constexpr std::size_t kStripsMin = 4;
constexpr std::size_t kStripsMax = 8;

/// "a:out" or "a:out.1" belongs to "a".
bool belongs(const std::string& endpoint, const std::string& name) {
    return endpoint == name || endpoint.rfind(name + ":", 0) == 0;
}

} // namespace

EditStorm::EditStorm(std::uint64_t seed, std::shared_ptr<const plugin::Catalogue> catalogue)
    : random_(seed) {
    for (const auto& [id, info] : catalogue->plugins)
        plugins_.push_back(info);
}

bool EditStorm::is_expected(const std::string& code) {
    static const std::set<std::string> codes = {
        "loop",         "already_connected", "channels",     "no_such_connection",
        "no_such_node", "no_such_parameter", "no_such_port", "no_such_snapshot"};
    return codes.count(code) != 0;
}

std::uint32_t EditStorm::below(std::uint32_t limit) {
    return static_cast<std::uint32_t>(random_() % limit);
}

double EditStorm::uniform() {
    return static_cast<double>(random_() >> 11) * 0x1p-53;
}

std::string EditStorm::new_name(const char* prefix) {
    return prefix + std::to_string(++names_);
}

std::shared_ptr<const plugin::PluginInfo> EditStorm::any_plugin() {
    return any_of(plugins_);
}

/// An audio port of a node by name, or nothing when it has none in that direction.
std::optional<std::string> EditStorm::port_of(const Node& node, bool is_source) {
    std::vector<std::string> ports;
    for (const plugin::PortInfo& port : node.info->ports)
        if (port.kind == BL_PORT_AUDIO && (port.direction == BL_OUTPUT) == is_source)
            ports.push_back(port.symbol);
    if (ports.empty()) return std::nullopt;
    return node.name + ":" + any_of(ports);
}

engine::Value EditStorm::value_of(const plugin::ParamInfo& param) {
    if (param.scale == BL_SCALE_FILE) return std::string("tone");
    if (below(3) == 0) return param.def; // so that much of it stays audible
    if (param.scale == BL_SCALE_TOGGLE) return below(2) == 0;
    if (param.scale == BL_SCALE_ENUM && below(2) == 0)
        return param.labels[below(static_cast<std::uint32_t>(param.labels.size()))];
    const double value = param.min + uniform() * (param.max - param.min);
    const bool whole = param.scale == BL_SCALE_ENUM || param.scale == BL_SCALE_INTEGER;
    return whole ? std::round(value) : value;
}

std::optional<engine::Op> EditStorm::set_something(const Node& node) {
    using Kind = engine::Target::Kind;
    if (node.info->params.empty() || below(6) == 0)
        return engine::SetValue{{Kind::node_bypass, node.name, "", false}, below(2) == 0};
    const auto& params = node.info->params;
    const plugin::ParamInfo& param = params[below(static_cast<std::uint32_t>(params.size()))];
    return engine::SetValue{{Kind::node_param, node.name, param.symbol, false}, value_of(param)};
}

EditStorm::Edit EditStorm::add_node() {
    const auto info = any_plugin();
    engine::AddNode add{new_name("n"), info->id, {}, {}, below(8) == 0};
    const std::uint32_t channels = 1 + below(2);
    try {
        plugin::Instance::layout(*info, channels);
        if (below(2) == 0) add.channels = channels;
    } catch (const plugin::PluginError&) {
        // it stays at its default
    }
    for (const plugin::ParamInfo& param : info->params)
        if (below(3) == 0 && param.scale != BL_SCALE_FILE)
            add.params.emplace_back(param.symbol, value_of(param));
    nodes_.push_back({add.name, info});
    return {{add}, {}};
}

/// A node, a connection from it and a value of it, in one transaction.
EditStorm::Edit EditStorm::add_connected() {
    const Node node{new_name("t"), any_plugin()};
    Edit edit{{engine::AddNode{node.name, node.info->id, {}, {}, false}}, {}};
    const auto from = port_of(node, true);
    // One channel feeds a bus of any width, and nothing leads to a new node: this is no loop.
    const auto to = nodes_.empty() ? std::nullopt : port_of(any_of(nodes_), false);
    if (from && to) {
        edit.ops.push_back(engine::Connect{*from + ".1", *to, {}});
        links_.push_back({*from + ".1", *to});
    }
    const auto& params = node.info->params;
    if (!params.empty() && params[0].scale != BL_SCALE_FILE)
        edit.ops.push_back(
            engine::SetValue{{engine::Target::Kind::node_param, node.name, params[0].symbol, false},
                             value_of(params[0])});
    nodes_.push_back(node);
    return edit;
}

EditStorm::Edit EditStorm::connect() {
    if (nodes_.size() < 2) return add_node();
    // From the older to the newer one there can be no loop, but by way of later edits.
    auto a = below(static_cast<std::uint32_t>(nodes_.size()));
    auto b = below(static_cast<std::uint32_t>(nodes_.size()));
    const bool backwards = below(5) == 0;
    if ((a > b) != backwards) std::swap(a, b);
    std::optional<std::string> from = port_of(nodes_[a], true);
    std::optional<std::string> to = port_of(nodes_[b], false);
    if (below(2) == 0) {
        const Strip& strip = any_of(strips_);
        (strip.is_input ? from : to) = strip.name;
    }
    if (!from || !to) return set();
    if (below(2) == 0 && from->find(':') != std::string::npos) *from += ".1";
    engine::Connect link{*from, *to, {}};
    if (backwards && below(4) != 0) link.feedback = 64 + below(1000);
    links_.push_back({*from, *to});
    return {{link}, {}};
}

EditStorm::Edit EditStorm::disconnect() {
    if (links_.empty()) return connect();
    const std::size_t at = below(static_cast<std::uint32_t>(links_.size()));
    const Link link = links_[at];
    links_.erase(links_.begin() + static_cast<std::ptrdiff_t>(at));
    return {{engine::Disconnect{link.from, link.to}}, {}};
}

/// What concerns more than one value, or more than one moment.
EditStorm::Edit EditStorm::set_at_large() {
    using Kind = engine::Target::Kind;
    const auto output = std::find_if(strips_.begin(), strips_.end(),
                                     [](const Strip& strip) { return !strip.is_input; });
    const auto set_output = [&](const char* param, engine::Value value) {
        return engine::SetValue{{Kind::output, output->name, param, false}, std::move(value)};
    };
    const std::string snapshot = "s" + std::to_string(below(3));
    Edit edit;
    switch (output == strips_.end() ? below(3) : below(7)) {
    case 0:
        edit.ops = {engine::StoreSnapshot{snapshot}};
        break;
    case 1:
        edit.ops = {engine::RecallSnapshot{snapshot, below(2) == 0 ? 0.0 : 0.05}};
        break;
    case 2:
        // Loud again at once: what is muted tells nothing.
        edit.ops = {engine::Panic{}, engine::SetValue{{Kind::master_mute, "", "", false}, false}};
        break;
    case 3:
        edit.ops = {engine::Ramp{{Kind::output, output->name, "gain", false},
                                 {{-24.0 * uniform(), 0.02}, {0.0, 0.03}},
                                 below(2) == 0 ? process::Shape::linear : process::Shape::smooth}};
        break;
    case 4:
        edit.ops = {set_output("mute", below(4) == 0)};
        break;
    case 5:
        edit.ops = {set_output("ceiling", -6.0 + 30.0 * uniform())};
        break;
    default:
        edit.ops = {set_output("soft_clip", below(2) == 0)};
    }
    if (below(2) == 0) edit.delay = below(20000);
    return edit;
}

EditStorm::Edit EditStorm::set() {
    if (below(6) == 0) return set_at_large();
    if (nodes_.empty()) return add_node();
    Edit edit;
    for (std::uint32_t count = 1 + below(4); count-- > 0;)
        if (auto op = set_something(any_of(nodes_))) edit.ops.push_back(std::move(*op));
    if (below(4) == 0) {
        const Strip& strip = any_of(strips_);
        edit.ops.push_back(engine::SetValue{
            {strip.is_input ? engine::Target::Kind::input : engine::Target::Kind::output,
             strip.name, "gain", false},
            -24.0 * uniform()});
    }
    if (below(3) == 0) edit.delay = below(20000);
    return edit;
}

void EditStorm::forget(const std::string& name) {
    links_.erase(std::remove_if(links_.begin(), links_.end(),
                                [&](const Link& link) {
                                    return belongs(link.from, name) || belongs(link.to, name);
                                }),
                 links_.end());
}

EditStorm::Edit EditStorm::remove() {
    if (nodes_.empty()) return add_node();
    const std::size_t at = below(static_cast<std::uint32_t>(nodes_.size()));
    const std::string name = nodes_[at].name;
    nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(at));
    forget(name);
    return {{engine::RemoveNode{name, below(4) == 0}}, {}};
}

EditStorm::Edit EditStorm::strip() {
    if (strips_.size() < kStripsMax && (strips_.size() < kStripsMin || below(2) == 0)) {
        const bool is_input = strips_.size() < kStripsMin ? strips_.size() % 2 == 0 : below(2) == 0;
        strips_.push_back({new_name(is_input ? "in" : "out"), is_input});
        return {{engine::AddStrip{is_input, strips_.back().name, 1 + below(2), {}}}, {}};
    }
    const std::size_t at = below(static_cast<std::uint32_t>(strips_.size()));
    const Strip gone = strips_[at];
    strips_.erase(strips_.begin() + static_cast<std::ptrdiff_t>(at));
    forget(gone.name);
    return {{engine::RemoveStrip{gone.is_input, gone.name}}, {}};
}

EditStorm::Edit EditStorm::rename_or_replace() {
    if (nodes_.empty()) return add_node();
    Node& node = any_of(nodes_);
    if (below(2) == 0) {
        node.info = any_plugin();
        // Connections stay where the new plugin has the ports; the others are not to be found.
        return {{engine::ReplaceNode{node.name, node.info->id}}, {}};
    }
    const std::string former = node.name;
    node.name = new_name("r");
    for (Link& link : links_)
        for (std::string* end : {&link.from, &link.to})
            if (belongs(*end, former)) *end = node.name + end->substr(former.size());
    return {{engine::RenameNode{former, node.name}}, {}};
}

EditStorm::Edit EditStorm::panic() {
    return {{engine::Panic{},
             engine::SetValue{{engine::Target::Kind::master_mute, "", "", false}, false}},
            {}};
}

EditStorm::Edit EditStorm::next() {
    if (strips_.size() < kStripsMin) return strip();
    if (nodes_.size() >= kNodesMax) return remove();
    const std::uint32_t what = below(100);
    if (what < 20) return add_node();
    if (what < 25) return add_connected();
    if (what < 50) return connect();
    if (what < 56) return disconnect();
    if (what < 79) return set();
    if (what < 94) return remove();
    if (what < 97) return strip();
    if (what < 99) return rename_or_replace();
    return panic();
}

} // namespace backline::test
