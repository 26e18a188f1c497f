// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/health.hpp"

#include "daemon/log.hpp"

#include <algorithm>

namespace backline::control {
namespace {

constexpr std::uint64_t kBusy = 50'000'000;   // ns between two turns while events are subscribed to
constexpr std::uint64_t kQuiet = 500'000'000; // and else

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

} // namespace

double Health::period_ns() const {
    const process::TimeAnchor anchor = cycle_.anchor();
    return anchor.rate > 0.0 ? static_cast<double>(anchor.frames) / anchor.rate * 1e9 : 0.0;
}

double Health::uptime_s() const {
    return static_cast<double>(now_ns() - started_ns_) * 1e-9;
}

/// Moves the cycle's own maximum to ours, so that each of our readers has one of its own.
void Health::harvest() {
    const std::uint64_t most = cycle_.counters().max_ticks.exchange(0);
    max_ticks_ = std::max(max_ticks_, most);
    max_since_xrun_ = std::max(max_since_xrun_, most);
}

bool Health::xrun_was_ours() {
    const std::lock_guard lock(mutex_);
    harvest();
    const auto most = std::max(std::exchange(max_since_xrun_, 0),
                               cycle_.counters().last_ticks.load(std::memory_order_relaxed));
    const double period = period_ns();
    return period > 0.0 && static_cast<double>(most) * ns_per_tick() > period;
}

Load Health::take_load() {
    const double period = period_ns();
    const std::lock_guard lock(mutex_);
    harvest();
    const auto most = static_cast<double>(std::exchange(max_ticks_, 0)) * ns_per_tick();
    if (period <= 0.0) return {};
    return {smooth_ns_ / period, most / period};
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
    {
        const std::lock_guard lock(mutex_);
        harvest();
    }

    process::Report report;
    while (cycle_.take_report(report)) {
        const std::string name = name_of(*engine_.model(), report.handle);
        if (name.empty()) continue; // it has left
        if (report.kind == process::Report::Kind::plugin_error) {
            log::limited(LogLevel::warning, "plugin_error", "node \"{}\": process failed {} times",
                         name, report.count);
            subscriptions_.event(protocol::message("/event/alert", name, "process() failed"));
            continue;
        }
        log::limited(LogLevel::warning, "scrubbed", "\"{}\": {} samples were not finite", name,
                     report.count);
        subscriptions_.event(
            protocol::message("/event/scrubbed", name, static_cast<std::int32_t>(report.count)));
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
    const bool good = event.name == "jack_back" || event.name == "recovered";
    if (!good)
        replies_.note(
            {0.0, "", event.subject.empty() ? address : event.subject, event.name, event.text});
    if (event.name == "jack_lost" || event.name == "jack_stalled")
        subscriptions_.event(message(address, jack.server));
    else if (event.name == "jack_back")
        subscriptions_.event(message(address, jack.server, static_cast<std::int32_t>(jack.rate),
                                     static_cast<std::int32_t>(jack.period)));
    else if (event.name == "bypassed")
        subscriptions_.event(message(address, event.subject, event.text));
    else if (event.name == "recovered")
        subscriptions_.event(message(address, event.subject));
    else
        subscriptions_.event(
            message("/event/alert", event.subject,
                    event.name == "alert" ? event.text : event.name + ": " + event.text));
}

} // namespace backline::control
