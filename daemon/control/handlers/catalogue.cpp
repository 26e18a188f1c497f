// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// /plugin/list /plugin/info /plugin/scan /file/list
#include "daemon/control/file_names.hpp"
#include "daemon/control/handlers/handlers.hpp"
#include "daemon/control/handlers/json.hpp"
#include "daemon/control/matcher.hpp"
#include "daemon/control/order.hpp"
#include "daemon/control/sound_names.hpp"

#include <array>
#include <stdexcept>

namespace backline::control::handlers {
namespace {

std::string kind_of(std::uint32_t kind) {
    std::string result;
    for (const auto& [bit, word] :
         {std::pair(BL_KIND_EFFECT, "effect"), std::pair(BL_KIND_ANALYSIS, "analysis"),
          std::pair(BL_KIND_GENERATOR, "generator")})
        if ((kind & static_cast<std::uint32_t>(bit)) != 0)
            result += (result.empty() ? "" : "+") + std::string(word);
    return result;
}

const char* scale_of(std::uint32_t scale) {
    constexpr std::array names{"linear", "log", "dB", "integer", "toggle", "enum", "file"};
    return scale < names.size() ? names[scale] : "linear";
}

const char* port_kind(std::uint32_t kind) {
    return kind == BL_PORT_AUDIO ? "audio" : kind == BL_PORT_EVENT ? "event" : "control";
}

Json parameter(const plugin::ParamInfo& param) {
    Json json{{"symbol", param.symbol}, {"name", param.name}};
    if (param.scale == BL_SCALE_FILE) {
        json["scale"] = "file";
        json["file_kind"] = param.file_kind;
        return json;
    }
    json["unit"] = param.unit;
    json["min"] = param.min;
    json["max"] = param.max;
    json["default"] = param.def;
    json["scale"] = scale_of(param.scale);
    json["labels"] = param.labels;
    return json;
}

Json port(const plugin::PortInfo& port) {
    const auto flag = [&port](std::uint32_t bit) { return (port.flags & bit) != 0; };
    Json json{{"symbol", port.symbol},
              {"name", port.name},
              {"kind", port_kind(port.kind)},
              {"direction", port.direction == BL_INPUT ? "input" : "output"},
              {"main", flag(BL_PORT_MAIN)},
              {"sidechain", flag(BL_PORT_SIDECHAIN)}};
    if (port.kind == BL_PORT_AUDIO)
        json["channels"] = {{"min", port.channels_min},
                            {"max", port.channels_max},
                            {"default", port.channels_default}};
    return json;
}

/// The last part of a path: where libraries are is the daemon's business.
std::string file_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

} // namespace

void plugin_list(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    const auto catalogue = context.registry.catalogue();
    std::optional<Pattern> pattern;
    if (!call.args.empty()) {
        try {
            pattern.emplace(*call.args[0].as_text());
        } catch (const std::invalid_argument& error) {
            throw engine::CommandError("out_of_range", error.what());
        }
    }
    Json plugins = Json::array(), refused = Json::array();
    for (const auto& [id, info] : catalogue->plugins)
        if (!pattern || pattern->matches(id))
            plugins.push_back({{"id", id},
                               {"name", info->name},
                               {"version", info->version},
                               {"kind", kind_of(info->kind)},
                               {"format", info->format},
                               {"summary", info->about}});
    for (const plugin::Refused& library : catalogue->refused)
        refused.push_back({{"file", file_name(library.library)}, {"reason", library.reason}});
    context.replies.page(
        *peer, call,
        dump({{"complete", catalogue->complete}, {"plugins", plugins}, {"refused", refused}}));
}

void plugin_info(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    std::shared_ptr<const plugin::PluginInfo> info;
    try {
        info = context.registry.catalogue()->find(std::string(*call.args[0].as_text()));
    } catch (const plugin::PluginError& error) {
        throw engine::CommandError(error.code, error.what());
    }
    Json parameters = Json::array(), results = Json::array(), ports = Json::array();
    for (const plugin::ParamInfo& each : info->params)
        parameters.push_back(parameter(each));
    for (const plugin::ResultInfo& each : info->results)
        results.push_back({{"symbol", each.symbol},
                           {"name", each.name},
                           {"unit", each.unit},
                           {"count", each.count_max},
                           {"min", finite(each.min)},
                           {"max", finite(each.max)},
                           {"rate", each.rate}});
    for (const plugin::PortInfo& each : info->ports)
        ports.push_back(port(each));
    context.replies.page(*peer, call,
                         dump({{"id", info->id},
                               {"name", info->name},
                               {"version", info->version},
                               {"vendor", info->vendor},
                               {"kind", kind_of(info->kind)},
                               {"format", info->format},
                               {"summary", info->about},
                               {"parameters", parameters},
                               {"results", results},
                               {"ports", ports}}));
}

void plugin_scan(Context& context, const PeerPtr& peer, Call& call) {
    if (!context.scan)
        throw engine::CommandError("unavailable", "this daemon has no plugin directories to scan");
    auto task = [&context, peer, call, scan = context.scan, inbox = context.inbox] {
        std::string fault;
        try {
            scan();
        } catch (const std::exception& error) {
            fault = error.what();
        }
        inbox->post([&context, peer, call, fault] {
            const auto catalogue = context.registry.catalogue();
            if (fault.empty())
                context.replies.done(*peer, call,
                                     {static_cast<std::int32_t>(catalogue->plugins.size()),
                                      static_cast<std::int32_t>(catalogue->refused.size())});
            else
                context.replies.fail(*peer, {call.id, call.address, "internal", fault});
            context.order.end(peer, false);
        });
    };
    if (!context.scans.run(std::move(task)))
        throw engine::CommandError("queue_full",
                                   "the plugin directories are being scanned already");
    context.order.begin(*peer, false);
}

void file_list(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    const std::string kind(*call.args[0].as_text());
    const auto directories = context.config.files.find(kind);
    if (directories == context.config.files.end())
        throw engine::CommandError(
            "no_such_file", "no directories are configured for files of kind \"" + kind + "\"");
    auto task = [&context, peer, call, inbox = context.inbox, where = directories->second,
                 sounds = kind == "audio"] {
        Json files = Json::array();
        for (const NamedFile& file : list_files(where))
            if (!sounds || is_sound_name(file.name))
                files.push_back({{"name", file.name}, {"bytes", file.bytes}});
        inbox->post([&context, peer, call, text = dump(files)] {
            context.replies.page(*peer, call, text);
            context.order.end(peer, false);
        });
    };
    if (!context.files.run(std::move(task)))
        throw engine::CommandError("queue_full", "too much waits for the disk");
    context.order.begin(*peer, false);
}

} // namespace backline::control::handlers
