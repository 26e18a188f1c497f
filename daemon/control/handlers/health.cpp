// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// /status /stats/… /errors
#include "daemon/control/health.hpp"

#include "daemon/control/handlers/handlers.hpp"
#include "daemon/control/handlers/json.hpp"
#include "daemon/control/order.hpp"
#include "daemon/control/version.hpp"

namespace backline::control::handlers {
namespace {

using State = process::DriverStatus::State;

const char* to_string(State state) {
    switch (state) {
    case State::none:
        return "none";
    case State::starting:
        return "starting";
    case State::running:
        return "running";
    case State::lost:
        return "jack_lost";
    case State::stalled:
        return "jack_stalled";
    case State::name_taken:
        return "jack_name_taken";
    }
    return "none";
}

std::string complaint(const process::DriverStatus& jack) {
    switch (jack.state) {
    case State::lost:
        return "jack_lost: there is no JACK server \"" + jack.server + "\"";
    case State::stalled:
        return "jack_stalled: the JACK server \"" + jack.server + "\" calls us no more";
    case State::name_taken:
        return "jack_name_taken: another JACK client is called \"" + jack.client + "\"";
    default:
        return {};
    }
}

std::string version_text() {
    return std::to_string(kVersion[0]) + "." + std::to_string(kVersion[1]) + "."
           + std::to_string(kVersion[2]);
}

struct Jobs {
    std::uint64_t submitted = 0, worked = 0, dropped = 0, pending = 0;

    /// What is taken over pending is read last and adjusted, so that the sum holds at every moment.
    void add(const rt::JobRing& ring) {
        const std::uint64_t done = ring.worked(), lost = ring.dropped(), all = ring.submitted();
        worked += done;
        dropped += lost;
        pending += all - done - lost;
        submitted += all;
    }
    [[nodiscard]] Json json() const {
        return {{"submitted", submitted},
                {"worked", worked},
                {"dropped", dropped},
                {"pending", pending}};
    }
};

Jobs jobs_of(const engine::Model& model) {
    Jobs jobs;
    for (const auto& [name, node] : model.nodes)
        if (node.shared && node.shared->jobs) jobs.add(*node.shared->jobs);
    return jobs;
}

Json jack_json(const Context& context, const process::DriverStatus& jack) {
    const process::CycleCounters& counters = context.cycle.counters();
    return {{"state", to_string(jack.state)},
            {"server", jack.server},
            {"client", jack.client},
            {"rate", static_cast<std::int64_t>(jack.rate)},
            {"period", jack.period},
            {"realtime", jack.realtime},
            {"cycles", counters.cycles.load()},
            {"xruns", jack.xruns},
            {"xruns_ours", context.health.xruns_ours()},
            {"late", counters.late_commands.load() + context.replies.counters.late},
            {"silent_cycles", counters.lease_taken.load()},
            {"restarts", jack.restarts},
            {"abandoned_calls", jack.abandoned_calls},
            {"capture_latency", jack.capture_latency},
            {"playback_latency", jack.playback_latency}};
}

} // namespace

void status(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    const auto model = context.engine.model();
    const process::DriverStatus jack =
        context.driver != nullptr ? context.driver->status() : process::DriverStatus{};
    const Load load = context.health.take_load();
    const OscCounters& osc = context.replies.counters;

    Json reasons = Json::array();
    if (const std::string why = complaint(jack); !why.empty()) reasons.push_back(why);
    if (const std::size_t count = context.engine.abandoned(); count != 0)
        reasons.push_back(std::to_string(count) + " plugin calls or jobs never returned");
    if (context.reasons)
        for (const std::string& reason : context.reasons())
            reasons.push_back(reason);
    Json workers{{"count", context.pool.count()}};
    workers.update(jobs_of(*model).json());

    context.replies.page(
        *peer, call,
        dump({{"version", version_text()},
              {"state", reasons.empty() ? "running" : "degraded"},
              {"uptime_s", rounded(context.health.uptime_s(), 3)},
              {"jack", jack_json(context, jack)},
              {"load", {{"now", rounded(load.now, 5)}, {"max", rounded(load.max, 5)}}},
              {"graph",
               {{"nodes", model->nodes.size()},
                {"inputs", model->inputs.size()},
                {"outputs", model->outputs.size()},
                {"connections", model->connections.size()},
                {"revision", model->revision},
                {"latency", model->latency}}},
              {"workers", workers},
              {"osc",
               {{"received", osc.received},
                {"refused", osc.refused},
                {"senders", context.senders()},
                {"subscriptions", context.subscriptions.count()}}},
              {"muted",
               context.cycle.value(model->master_state->cells[process::Master::kMute]) >= 0.5},
              {"reasons", reasons}}));
}

void stats_node(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    const auto model = context.engine.model();
    const auto found = model->nodes.find(call.names[0]);
    if (found == model->nodes.end()) {
        std::vector<std::string_view> names;
        for (const auto& [name, node] : model->nodes)
            names.push_back(name);
        throw engine::CommandError("no_such_node", "there is no node \"" + call.names[0] + "\""
                                                       + did_you_mean(call.names[0], names));
    }
    const engine::NodeEntry& node = found->second;
    const process::NodeCost& cost = node.shared->cost;
    const std::uint64_t calls = cost.calls.load();
    const double us = context.health.ns_per_tick() * 1e-3;
    const double mean =
        calls == 0 ? 0.0 : static_cast<double>(cost.ticks.load()) / static_cast<double>(calls) * us;
    const double period_us = context.health.period_ns() * 1e-3;
    std::size_t waiting = 0;
    for (std::uint32_t i = 0; i <= node.info->params.size(); ++i)
        waiting += node.shared->cells[i].queued.load() ? 1U : 0U;
    Jobs jobs;
    if (node.shared->jobs) jobs.add(*node.shared->jobs);
    context.replies.page(
        *peer, call,
        dump({{"cycles", calls},
              {"cost_us",
               {{"mean", rounded(mean, 4)},
                {"max", rounded(static_cast<double>(cost.max_ticks.load()) * us, 3)}}},
              {"percent_of_period", period_us > 0.0 ? rounded(100.0 * mean / period_us, 4) : 0.0},
              {"events_waiting", waiting},
              {"scrubbed", cost.scrubbed.load()},
              {"errors", cost.errors.load()},
              {"results_lost", node.shared->results_lost.load()},
              {"responses_lost", node.shared->responses_lost.load()},
              {"jobs", jobs.json()}}));
}

void stats_worker(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    Json workers = Json::array();
    for (const worker::WorkerStats& each : context.pool.stats())
        workers.push_back({{"name", each.name},
                           {"jobs", each.jobs},
                           {"busy", rounded(each.busy, 4)},
                           {"working", each.working}});
    Json json = jobs_of(*context.engine.model()).json();
    json["workers"] = std::move(workers);
    context.replies.page(*peer, call, dump(json));
}

void stats_osc(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    const OscCounters& osc = context.replies.counters;
    Json by_code = Json::object();
    for (const protocol::CodeInfo& code : protocol::kCodes)
        if (const auto count = osc.by_code[static_cast<std::size_t>(code.code)]; count != 0)
            by_code[std::string(code.symbol)] = count;
    context.replies.page(*peer, call,
                         dump({{"received", osc.received},
                               {"refused", osc.refused},
                               {"by_code", by_code},
                               {"kernel_dropped", context.kernel_dropped()},
                               {"unsent", osc.unsent},
                               {"streams_dropped", osc.streams_dropped},
                               {"late", osc.late},
                               {"scheduled", context.order.scheduled()},
                               {"senders", context.senders()},
                               {"subscriptions", context.subscriptions.count()}}));
}

void errors(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    Json list = Json::array();
    for (const ErrorEntry& error : context.replies.errors())
        list.push_back({{"time", error.time},
                        {"sender", error.sender},
                        {"address", error.address},
                        {"code", error.code},
                        {"message", error.message}});
    context.replies.page(*peer, call, dump(list));
}

} // namespace backline::control::handlers
