// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/render.hpp"

#include "protocol/backlinectl/arguments.hpp"
#include "protocol/backlinectl/table.hpp"
#include "protocol/client.hpp"

#include <cmath>
#include <initializer_list>
#include <ostream>
#include <string_view>
#include <utility>

namespace backline::protocol::backlinectl {
namespace {

using nlohmann::json;

/** A member, or null where there is none. */
const json& at(const json& object, std::string_view key) {
    static const json null;
    if (!object.is_object()) return null;
    const auto found = object.find(key);
    return found == object.end() ? null : *found;
}

std::string show(const json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_float()) return show_number(value.get<double>());
    return value.is_null() ? std::string() : value.dump();
}

std::string show(const json& object, std::string_view key) {
    return show(at(object, key));
}

double number(const json& object, std::string_view key) {
    const json& value = at(object, key);
    return value.is_number() ? value.get<double>() : 0.0;
}

bool is_set(const json& object, std::string_view key) {
    const json& value = at(object, key);
    return value.is_boolean() && value.get<bool>();
}

std::string percent(const json& object, std::string_view key) {
    return show_number(std::round(number(object, key) * 1000.0) / 10.0) + " %";
}

/** `2 nodes`, `1 input` */
std::string counted(const json& object, std::string_view key, std::string_view singular) {
    const std::string count = show(object, key);
    return count + ' ' + std::string(singular) + (count == "1" ? "" : "s");
}

std::string duration(double seconds) {
    const auto total = static_cast<long>(seconds);
    const long days = total / 86400, hours = total / 3600 % 24, minutes = total / 60 % 60;
    if (days > 0) return std::to_string(days) + " d " + std::to_string(hours) + " h";
    if (hours > 0) return std::to_string(hours) + " h " + std::to_string(minutes) + " min";
    if (minutes > 0) return std::to_string(minutes) + " min " + std::to_string(total % 60) + " s";
    return std::to_string(total) + " s";
}

/** `name value` of every number and text of an object, but for some. */
std::string members(const json& object, std::initializer_list<std::string_view> hidden = {}) {
    std::string text;
    for (const auto& [key, value] : object.items()) {
        bool skip = value.is_structured();
        for (const std::string_view name : hidden)
            skip = skip || key == name;
        if (!skip) text += (text.empty() ? "" : ", ") + key + ' ' + show(value);
    }
    return text;
}

std::string jack_line(const json& jack) {
    std::string line = show(jack, "state");
    if (const std::string server = show(jack, "server"); !server.empty())
        line += ", server " + server;
    if (const std::string client = show(jack, "client"); !client.empty())
        line += ", client " + client;
    const double rate = number(jack, "rate"), period = number(jack, "period");
    if (rate > 0.0)
        line += ", " + show_number(rate) + " Hz, " + show_number(period) + " frames ("
                + show_number(std::round(period / rate * 1e5) / 100.0) + " ms)";
    if (rate > 0.0) line += is_set(jack, "realtime") ? ", real-time" : ", not real-time";
    return line;
}

std::string strip_line(const json& strip) {
    return show_number(number(strip, "gain")) + " dB" + (is_set(strip, "mute") ? ", muted" : "");
}

std::string joined(const json& list) {
    std::string text;
    for (const json& item : list)
        text += (text.empty() ? "" : ", ") + show(item);
    return text;
}

/** Channels of every port: `in 2, out 2`, or a plain number. */
std::string channels(const json& node) {
    const json& value = at(node, "channels");
    return value.is_object() ? members(value) : show(value);
}

std::string range(const json& parameter) {
    if (const json& labels = at(parameter, "labels"); labels.is_array() && !labels.empty())
        return joined(labels);
    if (at(parameter, "min").is_null()) return {};
    return show(parameter, "min") + " .. " + show(parameter, "max");
}

std::string port_channels(const json& port) {
    const json& value = at(port, "channels");
    if (!value.is_object()) return show(value);
    const std::string least = show(value, "min"), most = show(value, "max");
    return (least == most ? least : least + " to " + most) + " channels";
}

} // namespace

void print_status(std::ostream& out, const json& status) {
    const json &jack = at(status, "jack"), &load = at(status, "load"), &graph = at(status, "graph");
    Table table;
    table.add({"backline", show(status, "version") + ", " + show(status, "state") + " for "
                               + duration(number(status, "uptime_s"))});
    table.add({"jack", jack_line(jack)});
    table.add({"load", percent(load, "now") + " of the period, at most " + percent(load, "max")});
    table.add({"graph", counted(graph, "nodes", "node") + ", " + counted(graph, "inputs", "input")
                            + ", " + counted(graph, "outputs", "output") + ", "
                            + counted(graph, "connections", "connection") + " (revision "
                            + show(graph, "revision") + ")"
                            + (is_set(status, "muted") ? ", muted" : "")});
    table.add({"xruns", show(jack, "xruns") + ", of which ours " + show(jack, "xruns_ours")
                            + "; late " + show(jack, "late") + ", silent cycles "
                            + show(jack, "silent_cycles")});
    table.add({"workers", members(at(status, "workers"))});
    table.add({"osc", members(at(status, "osc"))});
    for (const json& reason : at(status, "reasons"))
        table.add({"degraded", show(reason)});
    table.print(out);
}

void print_plugins(std::ostream& out, const json& list) {
    Table plugins;
    for (const json& p : at(list, "plugins"))
        plugins.add({show(p, "id"), show(p, "version"), show(p, "kind"), show(p, "format"),
                     show(p, "summary").empty() ? show(p, "name") : show(p, "summary")});
    plugins.print(out);
    Table refused;
    for (const json& r : at(list, "refused"))
        refused.add({show(r, "file"), show(r, "reason")});
    if (refused.empty()) return;
    out << "refused\n";
    refused.print(out, 2);
}

void print_info(std::ostream& out, const json& info) {
    Table head;
    head.add({show(info, "id"), show(info, "name") + ' ' + show(info, "version"),
              show(info, "kind"), show(info, "format"), show(info, "vendor")});
    head.print(out);
    if (const std::string summary = show(info, "summary"); !summary.empty()) out << summary << '\n';

    Table ports, parameters, results;
    for (const json& p : at(info, "ports"))
        ports.add({show(p, "symbol"), show(p, "kind") + ' ' + show(p, "direction"),
                   port_channels(p), is_set(p, "sidechain") ? "sidechain" : ""});
    for (const json& p : at(info, "parameters"))
        parameters.add({show(p, "symbol"), range(p), show(p, "unit"),
                        at(p, "default").is_null() ? "" : "default " + show(p, "default"),
                        show(p, "scale"), show(p, "name")});
    for (const json& r : at(info, "results"))
        results.add({show(r, "symbol"), show(r, "count") + " values", show(r, "unit"),
                     number(r, "rate") > 0.0 ? show(r, "rate") + " per second" : "",
                     show(r, "name")});
    for (const auto& [title, table] :
         {std::pair{"ports", &ports}, std::pair{"parameters", &parameters},
          std::pair{"results", &results}}) {
        if (table->empty()) continue;
        out << title << '\n';
        table->print(out, 2);
    }
}

void print_graph(std::ostream& out, const json& graph) {
    Table inputs, nodes, outputs, connections;
    for (const auto& [key, table] : {std::pair{"inputs", &inputs}, std::pair{"outputs", &outputs}})
        for (const json& strip : at(graph, key))
            table->add({show(strip, "name"), counted(strip, "channels", "channel"),
                        strip_line(strip), joined(at(strip, "jack"))});
    for (const json& node : at(graph, "nodes")) {
        const std::string state = show(node, "state");
        nodes.add({show(node, "name"), show(node, "plugin"), channels(node),
                   is_set(node, "bypass") ? "bypassed"
                   : state == "active"    ? ""
                                          : state,
                   members(at(node, "parameters"))});
    }
    for (const json& c : at(graph, "connections"))
        connections.add(
            {show(c, "from") + " -> " + show(c, "to"),
             at(c, "feedback").is_null() ? "" : "feedback, " + show(c, "feedback") + " frames"});
    for (const auto& [title, table] :
         {std::pair{"inputs", &inputs}, std::pair{"nodes", &nodes}, std::pair{"outputs", &outputs},
          std::pair{"connections", &connections}}) {
        if (table->empty()) continue;
        out << title << '\n';
        table->print(out, 2);
    }
}

void print_snapshots(std::ostream& out, const json& list) {
    Table table;
    for (const json& each : list)
        table.add({show(each, "name"), show(each, "values") + " values"});
    table.print(out);
}

void print_schedule(std::ostream& out, const json& schedule) {
    Table table;
    for (const json& each : at(schedule, "requests"))
        table.add({show(each, "id"), "in " + show(each, "seconds") + " s", show(each, "sender"),
                   joined(at(each, "addresses"))});
    table.print(out);
}

void print_jack_ports(std::ostream& out, const json& ports) {
    Table table;
    for (const json& p : ports)
        table.add({show(p, "name"), show(p, "type"), show(p, "direction"),
                   is_set(p, "physical") ? "physical" : "", joined(at(p, "connections"))});
    table.print(out);
}

json to_json(const Argument& argument) {
    if (const auto* flag = std::get_if<bool>(&argument.value)) return *flag;
    if (const auto* v = std::get_if<std::int32_t>(&argument.value)) return *v;
    if (const auto* v = std::get_if<std::int64_t>(&argument.value)) return *v;
    if (const auto number = argument.as_number()) {
        if (!std::isfinite(*number)) return nullptr;
        // As few digits as a float needs, not the double nearest to it.
        return argument.tag() == 'f' ? json::parse(show_number(*number)) : json(*number);
    }
    if (const auto text = argument.as_text()) return std::string(*text);
    if (const auto* time = std::get_if<TimeTag>(&argument.value))
        return static_cast<double>(time->unix_ns()) / 1e9;
    return nullptr;
}

json to_json(const Message& message) {
    json args = json::array();
    for (const Argument& argument : message.args)
        args.push_back(to_json(argument));
    return {{"address", message.address}, {"args", std::move(args)}};
}

json parse_json(const std::string& text) {
    json parsed = json::parse(text, nullptr, false);
    if (parsed.is_discarded()) throw RequestError("bad_packet", "the daemon's reply is not JSON");
    return parsed;
}

} // namespace backline::protocol::backlinectl
