// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// /status /stats/… /errors
#include "daemon/control/health.hpp"

#include "daemon/control/handlers/handlers.hpp"
#include "daemon/control/handlers/json.hpp"
#include "daemon/control/order.hpp"
#include "daemon/control/version.hpp"

#include <algorithm>

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
            {"late_cycles", counters.late.load()},
            {"late", counters.late_commands.load() + context.replies.counters.late},
            {"silent_cycles", counters.lease_taken.load()},
            {"restarts", jack.restarts},
            {"abandoned_calls", jack.abandoned_calls},
            {"capture_latency", jack.capture_latency},
            {"playback_latency", jack.playback_latency}};
}

/// From the sound card's input to its output, by way of each output of ours.
Json latencies(const engine::Model& model, const process::DriverStatus& jack) {
    Json list = Json::array();
    const double rate = jack.rate > 0.0 ? jack.rate : model.rate;
    for (const auto& [name, output] : model.outputs) {
        const std::uint32_t total = jack.capture_latency + output.latency + jack.playback_latency;
        list.push_back({{"name", name},
                        {"capture", jack.capture_latency},
                        {"latency", output.latency},
                        {"playback", jack.playback_latency},
                        {"total", total},
                        {"total_ms", rounded(1000.0 * total / rate, 3)}});
    }
    return list;
}

/// Quantiles of ticks, in units of `unit` each.
Json quantiles(const rt::Histogram& ticks, std::uint64_t most, double unit, int digits,
               bool per_mille) {
    const auto worst = static_cast<double>(most);
    const auto at = [&](double p) {
        return rounded(std::min(ticks.quantile(p), worst) * unit, digits);
    };
    Json json{{"p50", at(0.5)}, {"p99", at(0.99)}};
    if (per_mille) json["p999"] = at(0.999);
    json["max"] = rounded(worst * unit, digits);
    return json;
}

Json budget_json(const process::Budget& budget) {
    return {{"percent", budget.percent}, {"policy", engine::to_string(budget.policy)}};
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
    Json suspects = Json::array();
    for (const Suspect& suspect : context.health.suspects()) {
        suspects.push_back(
            {{"node", suspect.node}, {"plugin", suspect.plugin}, {"reason", suspect.reason}});
        reasons.push_back("node \"" + suspect.node + "\" is bypassed: " + suspect.reason);
    }
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
              {"outputs", latencies(*model, jack)},
              {"workers", workers},
              {"osc",
               {{"received", osc.received},
                {"refused", osc.refused},
                {"senders", context.senders()},
                {"subscriptions", context.subscriptions.count()}}},
              {"muted",
               context.cycle.value(model->master_state->cells[process::Master::kMute]) >= 0.5},
              {"suspects", suspects},
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
    const std::uint64_t periods = cost.periods.load();
    const double us = context.health.ns_per_tick() * 1e-3;
    const double mean =
        periods == 0 ? 0.0
                     : static_cast<double>(cost.ticks.load()) / static_cast<double>(periods) * us;
    const double period_us = context.health.period_ns() * 1e-3;
    const double percent = period_us > 0.0 ? us / period_us * 100.0 : 0.0;
    const std::uint64_t most = cost.max_ticks.load();
    Json cost_us{{"mean", rounded(mean, 4)}};
    cost_us.update(quantiles(cost.histogram, most, us, 3, false));
    std::size_t waiting = 0;
    for (std::uint32_t i = 0; i <= node.info->params.size(); ++i)
        waiting += node.shared->cells[i].queued.load() ? 1U : 0U;
    Jobs jobs;
    if (node.shared->jobs) jobs.add(*node.shared->jobs);
    context.replies.page(
        *peer, call,
        dump({{"cycles", periods},
              {"calls", cost.calls.load()},
              {"cost_us", cost_us},
              {"percent_of_period", period_us > 0.0 ? rounded(100.0 * mean / period_us, 4) : 0.0},
              {"percent", quantiles(cost.histogram, most, percent, 4, false)},
              {"budget", budget_json(node.budget.value_or(context.engine.default_budget()))},
              {"events_waiting", waiting},
              {"scrubbed", cost.scrubbed.load()},
              {"errors", cost.errors.load()},
              {"results_lost", node.shared->results_lost.load()},
              {"responses_lost", node.shared->responses_lost.load()},
              {"jobs", jobs.json()}}));
}

void stats_cycle(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    const process::CycleCounters& counters = context.cycle.counters();
    const double us = context.health.ns_per_tick() * 1e-3;
    const double period_us = context.health.period_ns() * 1e-3;
    const double percent = period_us > 0.0 ? us / period_us * 100.0 : 0.0;
    const std::uint64_t most = counters.peak_ticks.load();
    const std::uint64_t xruns = context.driver != nullptr ? context.driver->status().xruns : 0;
    const std::uint64_t ours = context.health.xruns_ours();
    context.replies.page(*peer, call,
                         dump({{"cycles", counters.cycles.load()},
                               {"period_us", rounded(period_us, 3)},
                               {"cost_us", quantiles(counters.histogram, most, us, 3, true)},
                               {"percent", quantiles(counters.histogram, most, percent, 4, true)},
                               {"late", counters.late.load()},
                               {"xruns", xruns},
                               {"xruns_ours", ours},
                               {"xruns_machine", xruns - std::min(xruns, ours)}}));
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
