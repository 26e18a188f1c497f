// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What the cycle does about nodes that take too long or deliver what is no sound. All of it is off
// where nothing is in real time, but for the counting of costs.
#include "daemon/process/cycle.hpp"

#include "daemon/rt/ticks.hpp"

#include <limits>
#include <utility>

namespace backline::process {

namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
/// Readings of both clocks are taken this far apart at least, so that an interruption between the
/// two of a pair means little; past the second figure they are not compared again, because a
/// machine that was suspended meanwhile counts them differently.
constexpr std::uint64_t kShortest = 20'000'000;
constexpr std::uint64_t kLongest = 10'000'000'000;

std::uint64_t in_frames(double seconds) noexcept {
    return seconds > 0.0 ? static_cast<std::uint64_t>(seconds) : 0;
}

} // namespace

void Cycle::measure_ticks(std::uint64_t began) noexcept {
    const std::uint64_t passed = counters_.entered_ns.load(std::memory_order_relaxed) - first_ns_;
    if (passed < kShortest || (passed > kLongest && ticks_per_second_ != 0.0)) return;
    ticks_per_second_ =
        static_cast<double>(began - first_ticks_) / static_cast<double>(passed) * 1e9;
}

void Cycle::begin_guards(const Period& period, std::uint64_t began) noexcept {
    const std::uint64_t now = rt::monotonic_ns();
    counters_.entered_ns.store(now, std::memory_order_relaxed);
    measure_ticks(began);
    real_time_ = !period.offline && period.rate > 0.0;
    second_ = period.rate;
    const double seconds = real_time_ ? static_cast<double>(period.frames) / period.rate : 0.0;
    period_ticks_ = real_time_ && ticks_per_second_ != 0.0 ? seconds * ticks_per_second_ : kNever;
    pulse_->enter(real_time_ ? now : 0, static_cast<std::uint64_t>(seconds * 1e9));
}

/// What each node took in this period goes to its account; all together, since then the memory of
/// one is fetched while that of another is counted.
void Cycle::account() noexcept {
    if (!plan_) return;
    for (Node* node : plan_->nodes) {
        NodeGuard& guard = node->guard;
        const std::uint64_t spent = std::exchange(guard.spent, 0);
        const std::uint32_t slices = std::exchange(guard.slices, 0);
        if (slices == 0 || node->bypassed) continue;
        node->cost->add(spent, slices);
        guard.newest = spent;
        // A signed difference, of values far below 2^63.
        guard.recent +=
            static_cast<std::uint64_t>(static_cast<std::int64_t>(spent - guard.recent) / 8);
        if (!guard.overruns.add(static_cast<double>(spent) > guard.limit * period_ticks_)) continue;
        guard.over = true;
        guards_due_ = true;
    }
}

/// At the end of a cycle that took `spent` ticks.
void Cycle::run_guards(std::uint64_t spent) noexcept {
    if (!real_time_) return;
    counters_.histogram.add(spent);
    if (spent > counters_.peak_ticks.load(std::memory_order_relaxed))
        counters_.peak_ticks.store(spent, std::memory_order_relaxed);
    const double cost = static_cast<double>(spent) / period_ticks_;
    if (cost > 1.0) {
        counters_.late_ns.store(rt::monotonic_ns(), std::memory_order_relaxed);
        counters_.late.store(counters_.late.load(std::memory_order_relaxed) + 1,
                             std::memory_order_release);
    }
    if (!plan_) return;
    const bool overload = overloads_.add(cost > overload_);
    if (guards_due_) {
        guards_due_ = false;
        for (Node* node : plan_->nodes)
            if (node->guard.over) judge(*node);
    } else if (overload) {
        shed(cost);
    }
}

/// A node was over its budget in too many cycles.
void Cycle::judge(Node& node) noexcept {
    NodeGuard& guard = node.guard;
    guard.over = false;
    if (node.bypassed || guard.budget.policy == Budget::Policy::off) return;
    Report report_of{.kind = Report::Kind::overrun, .handle = node.handle};
    report_of.cost = static_cast<double>(guard.newest) / period_ticks_ * 100.0;
    report_of.limit = guard.budget.percent;
    if (clock_ >= guard.quiet_until) {
        report(report_of);
        guard.quiet_until = clock_ + in_frames(second_);
    }
    if (guard.budget.policy != Budget::Policy::bypass) return;
    report_of.reason = Report::Reason::overrun;
    guard_bypass(node, report_of);
}

/// The cycle took too long too often: one node goes, the one that is missed least.
void Cycle::shed(double cost) noexcept {
    const auto before = [](const Node& a, const Node& b) {
        if (a.guard.analysis != b.guard.analysis) return a.guard.analysis;
        if (!a.guard.analysis && a.guard.priority != b.guard.priority)
            return a.guard.priority < b.guard.priority;
        return a.guard.recent > b.guard.recent;
    };
    Node* victim = nullptr;
    for (Node* node : plan_->nodes)
        if (!node->bypassed && node->guard.budget.policy == Budget::Policy::bypass
            && (victim == nullptr || before(*node, *victim)))
            victim = node;
    Report why{.kind = Report::Kind::overload};
    why.cost = cost * 100.0;
    why.limit = overload_ * 100.0;
    if (victim != nullptr) {
        why.reason = Report::Reason::overload;
        guard_bypass(*victim, why);
    } else if (clock_ >= overload_quiet_until_) {
        overload_quiet_until_ = clock_ + in_frames(second_);
        report(why);
    }
}

/// Samples of a node were not finite in this cycle; it has been reset.
void Cycle::count_fault(Node& node) noexcept {
    if (!real_time_ || node.bypassed || !node.guard.faults.add(clock_, second_)) return;
    Report why{.kind = Report::Kind::bypassed};
    why.reason = Report::Reason::faults;
    guard_bypass(node, why);
}

/// The daemon itself bypasses a node, from the next slice on. Its switch shows it, and setting that
/// brings the node back.
void Cycle::guard_bypass(Node& node, const Report& why) noexcept {
    node.bypassed = true;
    node.wet.to(0.0f);
    if (!plan_->shape) node.wet.settle();
    node.guard.clear();
    node.bank.impose(node.param_count, 1.0);
    Report told = why;
    told.kind = Report::Kind::bypassed;
    told.handle = node.handle;
    report(told);
}

} // namespace backline::process
