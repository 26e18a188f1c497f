// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// /node/… /connect /disconnect /input/… /output/… /graph
#include "daemon/control/handlers/handlers.hpp"
#include "daemon/control/handlers/json.hpp"
#include "daemon/control/values.hpp"

namespace backline::control::handlers {
namespace {

std::string text(const Call& call, std::size_t index) {
    return std::string(*call.args[index].as_text());
}

std::uint32_t count(const Call& call, std::size_t index, const char* what, std::int32_t most) {
    const auto value = call.args[index].as_int();
    if (!value || *value < 1 || *value > most)
        throw engine::CommandError(value ? "out_of_range" : "bad_type",
                                   call.address + ": " + what + " is 1.." + std::to_string(most)
                                       + (value ? ", got " + std::to_string(*value) : ""));
    return static_cast<std::uint32_t>(*value);
}

constexpr std::int32_t kChannels = static_cast<std::int32_t>(engine::kMaxChannels);
constexpr std::int32_t kFeedbackFrames = 1'000'000;

engine::AddStrip add_strip(const Call& call, bool is_input) {
    return {is_input, text(call, 0), count(call, 1, "channels", kChannels), {}};
}

/// A value as people write it: enums by label, toggles as booleans.
Json value_of(const plugin::ParamInfo& info, double value) {
    if (info.scale == BL_SCALE_TOGGLE) return value >= 0.5;
    if (info.scale == BL_SCALE_INTEGER) return static_cast<std::int64_t>(std::llround(value));
    const auto index = static_cast<std::size_t>(std::fmax(value, 0.0));
    if (info.scale == BL_SCALE_ENUM && index < info.labels.size()) return info.labels[index];
    return value;
}

Json node_json(const Context& context, const engine::NodeEntry& node) {
    Json parameters = Json::object(), channels = Json::object();
    for (std::uint32_t i = 0; i < node.info->params.size(); ++i) {
        const plugin::ParamInfo& info = node.info->params[i];
        const auto file = node.files.find(info.symbol);
        if (info.scale == BL_SCALE_FILE)
            parameters[info.symbol] = file == node.files.end() ? "" : file->second;
        else
            parameters[info.symbol] = value_of(info, context.cycle.value(node.param(i)));
    }
    for (std::size_t i = 0; i < node.port_channels.size() && i < node.info->ports.size(); ++i)
        if (node.info->ports[i].kind == BL_PORT_AUDIO)
            channels[node.info->ports[i].symbol] = node.port_channels[i];
    return {{"name", node.name},
            {"plugin", node.info->id},
            {"bypass", context.cycle.value(node.bypass()) >= 0.5},
            {"parameters", parameters},
            {"channels", channels},
            {"latency", node.latency},
            {"state", "active"}};
}

Json strips_json(const Context& context, const std::map<std::string, engine::StripEntry>& strips,
                 bool is_input) {
    Json list = Json::array();
    for (const auto& [name, strip] : strips) {
        Json jack = Json::array();
        for (const std::string& wish : strip.jack)
            jack.push_back(wish);
        list.push_back(
            {{"name", name},
             {"channels", strip.channels},
             {"gain", context.cycle.value(strip.strip->cells[process::Strip::kGain])},
             {"mute", context.cycle.value(strip.strip->cells[process::Strip::kMute]) >= 0.5},
             {"jack", jack}});
        if (is_input) continue;
        list.back().update(
            {{"ceiling", context.cycle.value(strip.strip->cells[process::Strip::kCeiling])},
             {"soft_clip", context.cycle.value(strip.strip->cells[process::Strip::kSoft]) >= 0.5},
             {"latency", strip.latency}});
    }
    return list;
}

} // namespace

engine::Op node_add(const Call& call) {
    engine::AddNode op;
    op.name = text(call, 0);
    op.plugin = text(call, 1);
    for (std::size_t i = 2; i + 1 < call.args.size(); i += 2) {
        const std::string symbol = text(call, i);
        if (i == 2 && symbol == "channels")
            op.channels = count(call, 3, "channels", kChannels);
        else
            op.params.emplace_back(symbol, to_value(call.args[i + 1], call.address));
    }
    return op;
}

engine::Op node_remove(const Call& call) {
    return engine::RemoveNode{text(call, 0), call.args.size() > 1};
}

engine::Op node_rename(const Call& call) {
    return engine::RenameNode{text(call, 0), text(call, 1)};
}

engine::Op node_replace(const Call& call) {
    return engine::ReplaceNode{text(call, 0), text(call, 1)};
}

engine::Op node_budget(const Call& call) {
    engine::SetBudget op{text(call, 0), {}};
    op.budget.percent = *call.args[1].as_number();
    if (call.args.size() > 2) {
        const std::string name = text(call, 2);
        const auto policy = engine::parse_policy(name);
        if (!policy)
            throw engine::CommandError("out_of_range", "node \"" + op.name
                                                           + "\": a policy is bypass, report or "
                                                             "off, got \""
                                                           + name + "\"");
        op.budget.policy = *policy;
    }
    return op;
}

engine::Op connect(const Call& call) {
    engine::Connect op{text(call, 0), text(call, 1), std::nullopt};
    if (call.args.size() > 2)
        op.feedback = call.args.size() > 3 ? count(call, 3, "frames", kFeedbackFrames)
                                           : engine::kDefaultFeedback;
    return op;
}

engine::Op disconnect(const Call& call) {
    return engine::Disconnect{text(call, 0), text(call, 1)};
}

engine::Op input_add(const Call& call) {
    return add_strip(call, true);
}

engine::Op input_remove(const Call& call) {
    return engine::RemoveStrip{true, text(call, 0)};
}

engine::Op input_rename(const Call& call) {
    return engine::RenameStrip{true, text(call, 0), text(call, 1)};
}

engine::Op output_add(const Call& call) {
    return add_strip(call, false);
}

engine::Op output_remove(const Call& call) {
    return engine::RemoveStrip{false, text(call, 0)};
}

engine::Op output_rename(const Call& call) {
    return engine::RenameStrip{false, text(call, 0), text(call, 1)};
}

void graph(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    const auto model = context.engine.model();
    Json nodes = Json::array(), connections = Json::array();
    for (const auto& [name, node] : model->nodes)
        nodes.push_back(node_json(context, node));
    for (const engine::Connection& connection : model->connections) {
        Json json{{"from", engine::to_string(*model, connection.from, true)},
                  {"to", engine::to_string(*model, connection.to, false)}};
        if (connection.feedback) json["feedback"] = *connection.feedback;
        connections.push_back(std::move(json));
    }
    context.replies.page(*peer, call,
                         dump({{"revision", model->revision},
                               {"latency", model->latency},
                               {"nodes", nodes},
                               {"inputs", strips_json(context, model->inputs, true)},
                               {"outputs", strips_json(context, model->outputs, false)},
                               {"connections", connections}}));
}

} // namespace backline::control::handlers
