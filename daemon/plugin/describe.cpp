// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/describe.hpp"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace backline::plugin {

namespace {

using nlohmann::json;

/// A number that JSON may not know.
struct Number {
    double value = 0.0;
};

void to_json(json& to, const Number& from) {
    if (std::isinf(from.value))
        to = from.value > 0.0 ? "inf" : "-inf";
    else
        to = from.value;
}

double number(const json& from) {
    if (!from.is_string()) return from.get<double>();
    const double infinity = std::numeric_limits<double>::infinity();
    return from.get<std::string>() == "inf" ? infinity : -infinity;
}

template <typename T>
std::vector<T> list(const json& from) {
    return from.get<std::vector<T>>();
}

} // namespace

void to_json(json& to, const PortInfo& from) {
    to = {{"symbol", from.symbol},
          {"name", from.name},
          {"kind", from.kind},
          {"direction", from.direction},
          {"flags", from.flags},
          {"channels", {from.channels_min, from.channels_max, from.channels_default}}};
}

void from_json(const json& from, PortInfo& to) {
    const json& channels = from.at("channels");
    to = {from.at("symbol"), from.at("name"), from.at("kind"), from.at("direction"),
          from.at("flags"),  channels.at(0),  channels.at(1),  channels.at(2)};
}

void to_json(json& to, const ParamInfo& from) {
    to = {{"id", from.id},         {"symbol", from.symbol},
          {"name", from.name},     {"unit", from.unit},
          {"min", from.min},       {"max", from.max},
          {"def", from.def},       {"scale", from.scale},
          {"labels", from.labels}, {"file_kind", from.file_kind}};
}

void from_json(const json& from, ParamInfo& to) {
    to = {from.at("id"),       from.at("symbol"), from.at("name"),
          from.at("unit"),     from.at("min"),    from.at("max"),
          from.at("def"),      from.at("scale"),  list<std::string>(from.at("labels")),
          from.at("file_kind")};
}

void to_json(json& to, const ResultInfo& from) {
    to = {{"id", from.id},
          {"symbol", from.symbol},
          {"name", from.name},
          {"unit", from.unit},
          {"count_max", from.count_max},
          {"min", Number{from.min}},
          {"max", Number{from.max}},
          {"rate", from.rate}};
}

void from_json(const json& from, ResultInfo& to) {
    to = {from.at("id"),        from.at("symbol"),      from.at("name"),        from.at("unit"),
          from.at("count_max"), number(from.at("min")), number(from.at("max")), from.at("rate")};
}

void to_json(json& to, const PluginInfo& from) {
    to = {{"id", from.id},
          {"name", from.name},
          {"version", from.version},
          {"vendor", from.vendor},
          {"about", from.about},
          {"format", from.format},
          {"library", from.library},
          {"kind", from.kind},
          {"ports", from.ports},
          {"params", from.params},
          {"results", from.results},
          {"worker",
           {{"job_bytes_max", from.worker.job_bytes_max},
            {"job_depth", from.worker.job_depth},
            {"response_bytes_max", from.worker.response_bytes_max},
            {"work_class", from.worker.work_class},
            {"flags", from.worker.flags}}},
          {"tail_s", Number{from.tail_s}}};
}

void from_json(const json& from, PluginInfo& to) {
    const json& worker = from.at("worker");
    to = {from.at("id"),
          from.at("name"),
          from.at("version"),
          from.at("vendor"),
          from.at("about"),
          from.at("format"),
          from.at("library"),
          from.at("kind"),
          list<PortInfo>(from.at("ports")),
          list<ParamInfo>(from.at("params")),
          list<ResultInfo>(from.at("results")),
          {worker.at("job_bytes_max"), worker.at("job_depth"), worker.at("response_bytes_max"),
           worker.at("work_class"), worker.at("flags")},
          number(from.at("tail_s"))};
}

std::string describe(const std::vector<PluginInfo>& plugins) {
    try {
        return json{{"plugins", plugins}}.dump();
    } catch (const json::type_error& error) {
        throw PluginError("plugin_refused", std::string("a text is not UTF-8: ") + error.what());
    }
}

std::string describe_error(const std::string& reason) {
    return json{{"error", reason}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<PluginInfo> undescribe(const std::string& text) {
    try {
        const json said = json::parse(text);
        if (said.contains("error")) throw PluginError("plugin_refused", said.at("error"));
        return list<PluginInfo>(said.at("plugins"));
    } catch (const json::exception& error) {
        throw PluginError("plugin_refused",
                          std::string("the probe's answer cannot be read: ") + error.what());
    }
}

} // namespace backline::plugin
