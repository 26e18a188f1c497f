// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/model.hpp"

#include "daemon/engine/error.hpp"

#include <charconv>

namespace backline::engine {

namespace {

/// A strip has one port, which reads as "in" for its user's direction: an input sends, an output
/// receives.
const StripEntry* find_strip(const Model& model, const std::string& name, bool is_source) {
    const auto& strips = is_source ? model.inputs : model.outputs;
    const auto found = strips.find(name);
    return found == strips.end() ? nullptr : &found->second;
}

const char* wanted_kind(bool is_source) {
    return is_source ? "an output port" : "an input port";
}

std::uint32_t find_port(const NodeEntry& node, const std::string& symbol, bool is_source) {
    const std::uint32_t direction = is_source ? BL_OUTPUT : BL_INPUT;
    const auto& ports = node.info->ports;
    for (std::uint32_t i = 0; i < ports.size(); ++i) {
        const bool main = (ports[i].flags & BL_PORT_MAIN) != 0 && ports[i].kind == BL_PORT_AUDIO;
        if (ports[i].direction == direction && (symbol.empty() ? main : ports[i].symbol == symbol))
            return i;
    }
    std::string known;
    for (const auto& port : ports)
        if (port.direction == direction) known += (known.empty() ? "" : ", ") + port.symbol;
    if (known.empty()) known = "none";
    throw CommandError(
        "no_such_port",
        "node \"" + node.name + "\" (" + node.info->id + ") has no "
            + (symbol.empty()
                   ? std::string("main ") + (is_source ? "output" : "input")
                   : std::string(is_source ? "output" : "input") + " port \"" + symbol + "\"")
            + "; expected " + wanted_kind(is_source) + ": " + known);
}

} // namespace

Endpoint parse_endpoint(const Model& model, const std::string& text, bool is_source) {
    Endpoint endpoint;
    const std::size_t colon = text.find(':');
    endpoint.name = text.substr(0, colon);
    std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
    const std::size_t dot = port.rfind('.');
    if (dot != std::string::npos) {
        const std::string number = port.substr(dot + 1);
        std::uint32_t channel = 0;
        const auto [end, error] =
            std::from_chars(number.data(), number.data() + number.size(), channel);
        if (error != std::errc{} || end != number.data() + number.size() || channel == 0)
            throw CommandError("no_such_port",
                               "\"" + text + "\": expected a channel from 1 after the dot, got \""
                                   + number + "\"");
        endpoint.channel = channel - 1;
        port.resize(dot);
    }

    std::uint32_t channels = 0;
    if (const auto node = model.nodes.find(endpoint.name); node != model.nodes.end()) {
        endpoint.port = find_port(node->second, port, is_source);
        if (node->second.info->ports[endpoint.port].kind != BL_PORT_AUDIO)
            throw CommandError(
                "bad_type", "\"" + text + "\" is an event port; only audio ports can be connected");
        channels = node->second.port_channels[endpoint.port];
    } else if (const StripEntry* strip = find_strip(model, endpoint.name, is_source)) {
        if (!port.empty() && port != (is_source ? "out" : "in"))
            throw CommandError("no_such_port", "\"" + text
                                                   + "\": " + (is_source ? "an input" : "an output")
                                                   + " has no port \"" + port + "\"");
        channels = strip->channels;
    } else if (find_strip(model, endpoint.name, !is_source) != nullptr) {
        throw CommandError("no_such_port",
                           "\"" + endpoint.name + "\" is " + (is_source ? "an output" : "an input")
                               + " and cannot be the " + (is_source ? "source" : "destination")
                               + " of a connection");
    } else {
        throw CommandError("no_such_node",
                           "there is no node, input or output \"" + endpoint.name + "\"");
    }
    if (endpoint.channel && *endpoint.channel >= channels)
        throw CommandError("no_such_port", "\"" + text + "\" has " + std::to_string(channels)
                                               + " channel(s), expected one of them, got "
                                               + std::to_string(*endpoint.channel + 1));
    return endpoint;
}

std::string to_string(const Model& model, const Endpoint& endpoint, bool is_source) {
    std::string text = endpoint.name;
    std::string port;
    if (const auto node = model.nodes.find(endpoint.name); node != model.nodes.end()) {
        const plugin::PortInfo& info = node->second.info->ports[endpoint.port];
        if ((info.flags & BL_PORT_MAIN) == 0 || endpoint.channel) port = info.symbol;
    } else if (endpoint.channel) {
        port = is_source ? "out" : "in";
    }
    if (!port.empty()) text += ":" + port;
    if (endpoint.channel) text += "." + std::to_string(*endpoint.channel + 1);
    return text;
}

namespace {

template <typename Entry>
const Entry* find(const std::map<std::string, Entry>& here,
                  const std::map<std::string, Entry>& leaving, const std::string& name) {
    if (const auto found = here.find(name); found != here.end()) return &found->second;
    const auto found = leaving.find(name);
    return found == leaving.end() ? nullptr : &found->second;
}

} // namespace

const NodeEntry* find_node(const Model& model, const std::string& name) {
    return find(model.nodes, model.leaving.nodes, name);
}

const StripEntry* find_input(const Model& model, const std::string& name) {
    return find(model.inputs, model.leaving.inputs, name);
}

const StripEntry* find_output(const Model& model, const std::string& name) {
    return find(model.outputs, model.leaving.outputs, name);
}

void make_dry_lines(NodeEntry& node) {
    node.dry_lines.clear();
    if (node.latency == 0) return;
    for (std::uint32_t port = 0; port < node.info->ports.size(); ++port)
        if (node.info->ports[port].direction == BL_OUTPUT)
            for (std::uint32_t c = 0; c < node.port_channels[port]; ++c)
                node.dry_lines.push_back(std::make_shared<process::DelayLine>(node.latency));
}

std::uint32_t channel_count(const Model& model, const Endpoint& endpoint) {
    if (endpoint.channel) return 1;
    if (const NodeEntry* node = find_node(model, endpoint.name))
        return node->port_channels[endpoint.port];
    if (const StripEntry* input = find_input(model, endpoint.name)) return input->channels;
    return find_output(model, endpoint.name)->channels;
}

} // namespace backline::engine
