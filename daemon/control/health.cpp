// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/health.hpp"

#include "daemon/log.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace backline::control {
namespace {

constexpr std::uint64_t kBusy = 50'000'000;   // ns between two turns while events are subscribed to
constexpr std::uint64_t kQuiet = 500'000'000; // and else
/// An xrun is told this many ns after it happened, at the latest.
constexpr std::uint64_t kNews = 200'000'000;

std::string name_of(const engine::Model& model, process::Handle handle) {
    const auto find = [handle](const auto& entries) -> const std::string* {
        for (const auto& [name, entry] : entries)
            if (entry.handle == handle) return &name;
        return nullptr;
    };
    if (const auto* name = find(model.nodes)) return *name;
    if (const auto* name = find(model.inputs)) return *name;
    if (const auto* name = find(model.outputs)) return *name;
    return {};
}

/// "takes 56 % of the period; its limit is 30 %"
std::string over(const process::Report& report) {
    return fmt::format("takes {:.0f} % of the period, its limit is {:g} %", report.cost,
                       report.limit);
}

std::string why(const process::Report& report) {
    switch (report.reason) {
    case process::Report::Reason::overrun:
        return "it " + over(report);
    case process::Report::Reason::overload:
        return "the whole cycle " + over(report);
    case process::Report::Reason::faults:
        break;
    }
    return fmt::format("its output was NaN or infinite in {} cycles of one second",
                       process::FaultWindow::kFaults);
}

} // namespace

double Health::period_ns() const {
    const process::TimeAnchor anchor = cycle_.anchor();
    return anchor.rate > 0.0 ? static_cast<double>(anchor.frames) / anchor.rate * 1e9 : 0.0;
}

double Health::uptime_s() const {
    return static_cast<double>(now_ns() - started_ns_) * 1e-9;
}

/// Moves the cycle's own maximum to ours.
void Health::harvest() {
    max_ticks_ = std::max(max_ticks_, cycle_.counters().max_ticks.exchange(0));
}

bool Health::xrun_was_ours() {
    const process::CycleCounters& counters = cycle_.counters();
    const std::uint64_t late = counters.late.load(std::memory_order_acquire);
    const std::uint64_t now = rt::monotonic_ns();
    const auto period = static_cast<std::uint64_t>(period_ns());
    const bool fresh = seen_late_.exchange(late) != late;
    if (fresh && now - counters.late_ns.load() <= 2 * period + kNews) return true;
    // The server does not wait for a cycle to end before it calls it late.
    const std::uint64_t entered = cycle_.pulse().entered_ns.load();
    return entered != 0 && now > entered && now - entered > period;
}

Load Health::take_load() {
    const double period = period_ns();
    harvest();
    const auto most = static_cast<double>(std::exchange(max_ticks_, 0)) * ns_per_tick();
    if (period <= 0.0) return {};
    return {smooth_ns_ / period, most / period};
}

std::vector<Suspect> Health::suspects() {
    const auto model = engine_.model();
    std::vector<Suspect> found;
    std::map<std::uint64_t, Guarded> still;
    for (const auto& [name, node] : model->nodes) {
        const auto known = guarded_.find(process::word_of(node.handle));
        if (known == guarded_.end() || cycle_.value(node.bypass()) < 0.5) continue;
        known->second.node = name; // it may have another one by now
        found.push_back({name, node.info->id, known->second.reason});
        still.insert(guarded_.extract(known));
    }
    guarded_ = std::move(still);
    return found;
}

void Health::turn(std::uint64_t now) {
    if (now < due_ns_) return;
    due_ns_ = now + (subscriptions_.wants_events() ? kBusy : kQuiet);

    const std::uint64_t cycles = cycle_.counters().cycles.load(std::memory_order_relaxed);
    const std::uint64_t ticks = cycle_.counters().cost_ticks.load(std::memory_order_relaxed);
    if (cycles > seen_cycles_) {
        const double mean = static_cast<double>(ticks - seen_ticks_)
                            / static_cast<double>(cycles - seen_cycles_) * ns_per_tick();
        smooth_ns_ += seen_cycles_ == 0 ? mean : 0.3 * (mean - smooth_ns_);
    } else {
        smooth_ns_ = 0.0; // nothing runs
    }
    seen_cycles_ = cycles;
    seen_ticks_ = ticks;
    harvest();
    process::Report report;
    while (cycle_.take_report(report))
        tell(report);
    announce();
}

void Health::tell(const process::Report& report) {
    using protocol::message;
    using Kind = process::Report::Kind;
    const std::string name = name_of(*engine_.model(), report.handle);
    if (name.empty() && report.kind != Kind::overload) return; // it has left
    switch (report.kind) {
    case Kind::plugin_error:
        log::limited(LogLevel::warning, "plugin_error", "node \"{}\": process failed {} times",
                     name, report.count);
        subscriptions_.event(message("/event/alert", name, "process() failed"));
        break;
    case Kind::scrubbed:
    case Kind::input_scrubbed:
        log::limited(LogLevel::warning, "scrubbed", "\"{}\": {} samples were not finite", name,
                     report.count);
        subscriptions_.event(
            message("/event/scrubbed", name, static_cast<std::int32_t>(report.count)));
        break;
    case Kind::overrun:
        log::limited(LogLevel::warning, "overrun", "node \"{}\" {}", name, over(report));
        subscriptions_.event(message("/event/overrun", name, static_cast<float>(report.cost)));
        break;
    case Kind::bypassed:
        log::warning("node \"{}\" is bypassed: {}", name, why(report));
        bypassed(name, why(report));
        break;
    case Kind::overload: {
        const std::string text =
            "the whole cycle " + over(report) + ", and no node may be bypassed";
        log::limited(LogLevel::warning, "overload", "{}", text);
        replies_.note({0.0, "", "", "overload", text});
        subscriptions_.event(message("/event/alert", "", text));
        break;
    }
    }
}

/// Keeps in mind, and tells, that the daemon has bypassed a node of the present graph.
void Health::bypassed(const std::string& node, const std::string& reason) {
    const auto model = engine_.model();
    const auto found = model->nodes.find(node);
    replies_.note({0.0, "", node, "bypassed", reason});
    if (found == model->nodes.end()) { // it has left since, and nothing more can become of it
        subscriptions_.event(protocol::message("/event/bypassed", node, reason));
        return;
    }
    guarded_[process::word_of(found->second.handle)] = {node, reason, false};
    announce();
}

/// Tells what nobody was there to hear, as long as it is true.
void Health::announce() {
    const bool waiting = std::any_of(guarded_.begin(), guarded_.end(),
                                     [](const auto& each) { return !each.second.told; });
    if (!waiting || !subscriptions_.wants("/event/bypassed")) return;
    suspects(); // forgets those that are on again
    for (auto& [handle, guarded] : guarded_) {
        if (std::exchange(guarded.told, true)) continue;
        subscriptions_.event(protocol::message("/event/bypassed", guarded.node, guarded.reason));
    }
}

void Health::event(const engine::Event& event, bool ours) {
    using protocol::message;
    const process::DriverStatus jack =
        driver_ != nullptr ? driver_->status() : process::DriverStatus{};
    const std::string address = "/event/" + event.name;
    if (event.name == "xrun") {
        if (ours) ++xruns_ours_;
        subscriptions_.event(message(address, static_cast<std::int32_t>(jack.xruns), ours));
        return;
    }
    if (event.name == "bypassed") return bypassed(event.subject, event.text);
    const bool good = event.name == "jack_back" || event.name == "recovered";
    if (!good)
        replies_.note(
            {0.0, "", event.subject.empty() ? address : event.subject, event.name, event.text});
    if (event.name == "jack_lost" || event.name == "jack_stalled")
        subscriptions_.event(message(address, jack.server));
    else if (event.name == "jack_back")
        subscriptions_.event(message(address, jack.server, static_cast<std::int32_t>(jack.rate),
                                     static_cast<std::int32_t>(jack.period)));
    else if (event.name == "recovered")
        subscriptions_.event(message(address, event.subject));
    else
        subscriptions_.event(
            message("/event/alert", event.subject,
                    event.name == "alert" ? event.text : event.name + ": " + event.text));
}

} // namespace backline::control
