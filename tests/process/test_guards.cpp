// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Costs, budgets, and what becomes of nodes that exceed them or deliver what is no sound. Nodes
// burn time by the clock that they are measured with, at least so much; nothing here depends on how
// fast the machine is.
#include "rig.hpp"

#include "daemon/rt/tick_rate.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <thread>

#if defined(__x86_64__)
#    include <xmmintrin.h>
#endif

#include <gtest/gtest.h>

namespace backline::process {
namespace {

using namespace test;
using Kind = Report::Kind;
using Reason = Report::Reason;

constexpr Handle kNode{1, 1};
constexpr std::uint32_t kFrames = 256; // 5.33 ms

bl_status pass(const float* in, float* out, const bl_process& p) {
    std::copy_n(in, p.frames, out);
    return BL_OK;
}

/// Passes its input on after a time of this part of the period.
auto burning(const double& part) {
    return [&part](const float* in, float* out, const bl_process& p) {
        const auto ns = static_cast<std::uint64_t>(part * p.frames / 48000.0 * 1e9);
        for (const std::uint64_t end = rt::monotonic_ns() + ns; rt::monotonic_ns() < end;) {
        }
        return pass(in, out, p);
    };
}

/// A chain of nodes between an input and an output.
class Guards : public testing::Test {
  protected:
    void start(std::initializer_list<Probe*> probes, std::uint32_t max_slice = 1024) {
        PlanBuilder build(max_slice);
        Wire last = build.wire();
        build.input(rig.input, {0}, {last});
        auto command = std::make_unique<Command>();
        std::uint32_t slot = 0;
        for (Probe* probe : probes) {
            const Wire next = build.wire();
            build.node(probe->node, {last}, next);
            probe->node.handle = {++slot, 1};
            command->slots.push_back({probe->node.handle, &probe->node.bank, &probe->node});
            last = next;
        }
        build.output(rig.output, {0}, {last});
        command->plan = build.take();
        rig.push(std::move(command));
        rig.cycle.apply_idle(0);
        rig.done();
        // Ticks have to be known in ns before there are budgets.
        std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    void budget(const Budget& given, Handle handle = kNode) {
        auto command = std::make_unique<Command>();
        command->budgets.push_back({handle, given});
        ASSERT_TRUE(rig.push(std::move(command)));
        ASSERT_TRUE(rig.cycle.apply_idle(0));
        ASSERT_TRUE(rig.done());
    }
    /// Runs until there is a report of this kind.
    std::optional<Report> report_of(Kind kind, int cycles = 100) {
        for (int i = 0; i < cycles; ++i) {
            rig.run(kFrames);
            for (Report report; rig.cycle.take_report(report);)
                if (report.kind == kind) return report;
        }
        return std::nullopt;
    }
    bool switched(const Probe& probe) {
        return rig.cycle.value(probe.cells[probe.node.param_count]) >= 0.5;
    }

    Rig rig;
    Probe a, b, c;
    double part = 0.5; ///< of the period
};

TEST(OverrunWindow, FillsAtEightOfSixteen) {
    OverrunWindow window;
    for (int i = 0; i < 7; ++i)
        EXPECT_FALSE(window.add(true));
    EXPECT_TRUE(window.add(true));
    for (int i = 0; i < 7; ++i) // begins anew
        EXPECT_FALSE(window.add(true));
    for (int i = 0; i < 16; ++i)
        EXPECT_FALSE(window.add(false));
    for (int i = 0; i < 7; ++i)
        EXPECT_FALSE(window.add(true));
    for (int i = 0; i < 9; ++i)
        EXPECT_FALSE(window.add(false)); // 7 of 16
    EXPECT_FALSE(window.add(true));      // the oldest has left
    window.clear();
    // Every other cycle is as bad.
    int cycles = 0;
    for (bool full = false; !full; ++cycles)
        full = window.add(cycles % 2 == 0);
    EXPECT_EQ(cycles, 15);
    window.clear();
    for (int i = 0; i < 1000; ++i)
        EXPECT_FALSE(window.add(i % 3 == 0)); // a third of them is not
}

TEST(FaultWindow, FillsAtTheThirdWithinASecond) {
    FaultWindow window;
    EXPECT_FALSE(window.add(0, 1000.0));
    EXPECT_FALSE(window.add(600, 1000.0));
    EXPECT_FALSE(window.add(1001, 1000.0)); // the first is too old
    EXPECT_TRUE(window.add(1600, 1000.0));
    EXPECT_FALSE(window.add(1601, 1000.0)); // begins anew
    EXPECT_FALSE(window.add(1602, 1000.0));
    window.clear();
    EXPECT_FALSE(window.add(1603, 1000.0));
}

TEST_F(Guards, CostIsCountedByPeriodWhateverItsSlices) {
    part = 0.2; // of each slice, hence of the period
    a.act = burning(part);
    start({&a}, 64);
    for (int i = 0; i < 5; ++i)
        rig.run(kFrames);
    EXPECT_EQ(a.cost.periods.load(), 5u);
    EXPECT_EQ(a.cost.calls.load(), 20u);
    // The whole period's time, not a slice's.
    const rt::TickRate rate;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const double ms = a.cost.histogram.quantile(0.0001) * rate.ns_per_tick() * 1e-6;
    EXPECT_GT(ms, 0.2 * 5.33 * 0.93);
    EXPECT_GE(static_cast<double>(a.cost.max_ticks.load()) * 1.07, a.cost.histogram.quantile(1.0));
}

TEST_F(Guards, ANodeOverItsBudgetIsBypassedAndItsSwitchShowsIt) {
    a.act = burning(part);
    start({&a});
    budget({30.0, Budget::Policy::bypass});
    const auto overrun = report_of(Kind::overrun);
    ASSERT_TRUE(overrun);
    EXPECT_EQ(overrun->handle, kNode);
    EXPECT_GT(overrun->cost, 30.0);
    EXPECT_EQ(overrun->limit, 30.0);
    EXPECT_TRUE(a.node.bypassed);
    EXPECT_TRUE(switched(a));
    Report bypassed;
    ASSERT_TRUE(rig.cycle.take_report(bypassed));
    EXPECT_EQ(bypassed.kind, Kind::bypassed);
    EXPECT_EQ(bypassed.reason, Reason::overrun);
    EXPECT_EQ(bypassed.handle, kNode);

    const std::size_t calls = a.calls.size();
    EXPECT_EQ(calls, 8u);
    EXPECT_EQ(rig.run(kFrames).back(), 1.0f);
    EXPECT_EQ(a.calls.size(), calls); // it is not run any more
}

TEST_F(Guards, TheUserBringsItBackWithItsCountersAtZero) {
    a.act = burning(part);
    start({&a});
    budget({30.0, Budget::Policy::bypass});
    ASSERT_TRUE(report_of(Kind::bypassed));
    const std::size_t calls = a.calls.size();
    const int resets = a.resets;
    ASSERT_TRUE(rig.cycle.set(kNode, a.cells[1], 1, 0.0));
    for (int i = 0; i < 7; ++i)
        rig.run(kFrames);
    EXPECT_FALSE(switched(a));
    EXPECT_EQ(a.calls.size(), calls + 7);
    EXPECT_EQ(a.resets, resets + 1);
    rig.run(kFrames); // the eighth again
    EXPECT_TRUE(switched(a));
}

TEST_F(Guards, ReportOnlySaysSoAtMostOnceASecond) {
    a.act = burning(part);
    start({&a});
    budget({30.0, Budget::Policy::report});
    ASSERT_TRUE(report_of(Kind::overrun));
    EXPECT_FALSE(report_of(Kind::overrun, 40)); // 213 ms
    EXPECT_FALSE(a.node.bypassed);
    EXPECT_TRUE(report_of(Kind::overrun, 200));
}

TEST_F(Guards, WithoutABudgetNothingHappens) {
    a.act = burning(part);
    start({&a});
    budget({30.0, Budget::Policy::off});
    EXPECT_FALSE(report_of(Kind::overrun, 30));
    EXPECT_FALSE(a.node.bypassed);
}

TEST_F(Guards, NothingIsOverItsBudgetOffline) {
    a.act = burning(part);
    start({&a});
    budget({1.0, Budget::Policy::bypass});
    for (int i = 0; i < 30; ++i)
        rig.run(kFrames, true);
    EXPECT_FALSE(a.node.bypassed);
    EXPECT_EQ(rig.cycle.counters().late.load(), 0u);
    EXPECT_EQ(rig.cycle.counters().histogram.quantile(0.5), 0.0);
}

TEST_F(Guards, AnOverloadTakesAnalysesFirstThenByPriority) {
    // 40 % each, within their own budgets; together more than the 90 % of the cycle.
    part = 0.4;
    for (Probe* probe : {&a, &b, &c}) {
        probe->act = burning(part);
        probe->node.guard.set({100.0, Budget::Policy::bypass}); // a busy machine adds to it
    }
    a.node.guard.priority = 10;
    b.node.guard.priority = 90;
    c.node.guard.analysis = true;
    c.node.guard.priority = 100;
    start({&a, &b, &c});
    const auto first = report_of(Kind::bypassed);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->handle, c.node.handle);
    EXPECT_EQ(first->reason, Reason::overload);
    EXPECT_GT(first->cost, 90.0);
    EXPECT_FALSE(a.node.bypassed || b.node.bypassed); // one per window
    part = 0.5;
    const auto second = report_of(Kind::bypassed);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->handle, a.node.handle);
    EXPECT_FALSE(b.node.bypassed);
    EXPECT_GE(rig.cycle.counters().late.load(), 8u); // three times 40 %
}

TEST_F(Guards, AmongEqualsTheCostliestGoes) {
    const double small = 0.2, large = 0.75;
    for (Probe* probe : {&a, &b})
        probe->node.guard.set({100.0, Budget::Policy::bypass});
    a.act = burning(small);
    b.act = burning(large);
    start({&a, &b});
    const auto first = report_of(Kind::bypassed);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->handle, b.node.handle);
}

TEST_F(Guards, AnOverloadThatNobodyMayEndIsReported) {
    part = 1.1;
    a.act = burning(part);
    start({&a});
    budget({50.0, Budget::Policy::off});
    const auto overload = report_of(Kind::overload);
    ASSERT_TRUE(overload);
    EXPECT_EQ(overload->handle, Handle{});
    EXPECT_FALSE(a.node.bypassed);
    EXPECT_FALSE(report_of(Kind::overload, 40));
}

TEST_F(Guards, ThreeScrubbedCyclesInASecondBypassTheNode) {
    bool broken = false;
    a.act = [&](const float* in, float* out, const bl_process& p) {
        pass(in, out, p);
        if (broken) out[3] = std::numeric_limits<float>::quiet_NaN();
        return BL_OK;
    };
    start({&a});
    const auto fail_once = [&](bool offline = false) {
        broken = true;
        const std::vector<float> heard = rig.run(kFrames, offline);
        broken = false;
        for (std::uint32_t i = 0; i < kFrames; ++i)
            EXPECT_EQ(heard[i], i == 3 ? 0.0f : 1.0f);
    };
    const auto a_second = [&] {
        for (std::uint32_t frames = 0; frames <= 48000; frames += kFrames)
            rig.run(kFrames);
    };
    fail_once();
    a_second();
    fail_once();
    fail_once();
    a_second();
    EXPECT_EQ(a.resets, 3);
    EXPECT_FALSE(a.node.bypassed);
    for (int i = 0; i < 5; ++i) // no seconds pass offline
        fail_once(true);
    EXPECT_FALSE(a.node.bypassed);
    fail_once();
    fail_once();
    EXPECT_FALSE(a.node.bypassed);
    fail_once();
    EXPECT_TRUE(a.node.bypassed);
    EXPECT_TRUE(switched(a));
    std::optional<Report> last;
    for (Report report; rig.cycle.take_report(report);)
        last = report;
    ASSERT_TRUE(last);
    EXPECT_EQ(last->kind, Kind::bypassed);
    EXPECT_EQ(last->reason, Reason::faults);
    EXPECT_EQ(a.cost.scrubbed.load(), 11u);

    // Back, with no memory of it.
    rig.cycle.set(kNode, a.cells[1], 1, 0.0);
    fail_once();
    fail_once();
    EXPECT_FALSE(a.node.bypassed);
}

TEST_F(Guards, ASetThatComesAfterTheGuardCounts) {
    bool broken = true;
    a.act = [&](const float* in, float* out, const bl_process& p) {
        pass(in, out, p);
        if (broken) out[0] = std::numeric_limits<float>::infinity();
        return BL_OK;
    };
    start({&a});
    ASSERT_TRUE(report_of(Kind::bypassed));
    broken = false;
    // A timed value for its frame, too.
    const std::uint64_t frame = rig.cycle.anchor().clock + kFrames + 10;
    rig.push(set_at(frame, kNode, 0.0, 1, true));
    rig.run(kFrames);
    EXPECT_FALSE(a.node.bypassed);
    EXPECT_FALSE(switched(a));
}

TEST_F(Guards, NodesAreNotTimedWhereNobodyWantsIt) {
    Cycle::Options options;
    options.timing = false;
    Rig other(options);
    other.start_chain(a);
    for (int i = 0; i < 3; ++i)
        other.run(kFrames);
    EXPECT_EQ(a.calls.size(), 3u);
    EXPECT_EQ(a.cost.periods.load(), 0u);
}

#if defined(__x86_64__)
TEST_F(Guards, DenormalsAreFlushedWhateverAPluginDid) {
    unsigned modes = 0;
    a.act = [](const float* in, float* out, const bl_process& p) {
        _mm_setcsr(_mm_getcsr() & ~0x8040u);
        return pass(in, out, p);
    };
    b.act = [&](const float* in, float* out, const bl_process& p) {
        modes = _mm_getcsr() & 0x8040u;
        return pass(in, out, p);
    };
    start({&b, &a});
    rig.run(kFrames);
    modes = 0;
    rig.run(kFrames);
    EXPECT_EQ(modes, 0x8040u);
}
#endif

TEST(Pulse, IsThereInRealTimeAndNamesTheNode) {
    rt::Pulse pulse;
    Cycle::Options options;
    options.pulse = &pulse;
    Rig rig(options);
    Probe probe;
    std::uint64_t entered = 0, period = 0, running = 0, reset_in = 0;
    probe.act = [&](const float* in, float* out, const bl_process& p) {
        entered = pulse.entered_ns;
        period = pulse.period_ns;
        running = pulse.threads[0].running;
        return pass(in, out, p);
    };
    probe.on_reset = [&] { reset_in = pulse.threads[0].running; };
    rig.start_chain(probe, 1024);
    rig.run(48);
    EXPECT_NE(entered, 0u);
    EXPECT_EQ(period, 1'000'000u);
    EXPECT_EQ(running, word_of(kNode));
    EXPECT_EQ(pulse.entered_ns.load(), 0u);
    EXPECT_EQ(pulse.threads[0].running.load(), 0u);
    rig.run(48, true);
    EXPECT_EQ(entered, 0u); // nobody waits for it
    EXPECT_EQ(running, word_of(kNode));

    auto command = std::make_unique<Command>();
    command->resets_all = true;
    rig.push(std::move(command));
    rig.cycle.apply_idle(0);
    EXPECT_EQ(reset_in, word_of(kNode));
}

} // namespace
} // namespace backline::process
