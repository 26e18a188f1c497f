// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The engine in the audio thread's place, the lease between them, and what a cycle tells others.
#include "rig.hpp"

#include <gtest/gtest.h>

namespace backline::process {
namespace {

using namespace test;
constexpr Handle kNode{1, 1};

TEST(Idle, CommandsAndSetsAreAppliedWithoutACycle) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    rig.push(set_at(0, kNode, 2.0));
    rig.cycle.set(kNode, probe.cells[0], 0, 3.0);
    rig.push(set_at(48000, kNode, 4.0));
    ASSERT_TRUE(rig.cycle.apply_idle(100));
    EXPECT_TRUE(rig.done());
    EXPECT_FALSE(rig.done()); // the other one's time has not come
    EXPECT_EQ(rig.cycle.value(probe.cells[0]), 3.0);
    EXPECT_TRUE(probe.calls.empty());
    ASSERT_TRUE(rig.cycle.apply_idle(50000));
    EXPECT_TRUE(rig.done());
    EXPECT_EQ(rig.cycle.value(probe.cells[0]), 4.0);
    // The first cycle delivers what came together meanwhile, newest values only.
    EXPECT_EQ(rig.run(64).front(), 4.0f);
    const std::vector<Probe::Heard> expected = {{50000, 0, 4.0}};
    EXPECT_EQ(probe.heard(), expected);
}

TEST(Idle, TheClockNeverGoesBack) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    rig.cycle.apply_idle(5000);
    rig.cycle.apply_idle(100);
    rig.run(64);
    EXPECT_EQ(probe.calls.front().time, 5000u);
    EXPECT_EQ(rig.cycle.anchor().clock, 5000u);
}

TEST(Idle, ASilentHourOfEditsIsDeliveredInBoundedPieces) {
    constexpr std::uint32_t kParams = 200;
    Rig rig;
    Probe probe(kParams);
    rig.start_chain(probe);
    for (std::uint32_t round = 1; round <= 100; ++round) {
        for (std::uint32_t i = 0; i < kParams; ++i)
            rig.push(set_at(0, kNode, round, i));
        rig.push(set_at(0, {0, 1}, round % 2, Master::kMute));
        ASSERT_TRUE(rig.cycle.apply_idle(0));
        while (rig.done()) {
        }
    }
    for (int i = 0; i < 5; ++i)
        rig.run(64);
    EXPECT_EQ(probe.heard().size(), kParams);
    for (const Probe::Heard& event : probe.heard())
        EXPECT_EQ(event.value, 100.0);
    for (const Probe::Call& call : probe.calls)
        EXPECT_LE(call.events.size(), ParamBank::kEventsPerCycle);
}

TEST(Idle, ACycleThatFindsTheLeaseTakenIsSilentAndCounted) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    std::vector<float> heard;
    probe.on_reset = [&] { heard = rig.run(64); }; // a callback in the middle of an idle edit
    auto command = std::make_unique<Command>();
    command->resets_all = true;
    rig.push(std::move(command));
    ASSERT_TRUE(rig.cycle.apply_idle(0));
    EXPECT_EQ(heard, std::vector<float>(64, 0.0f));
    EXPECT_EQ(rig.cycle.counters().lease_taken.load(), 1u);
    EXPECT_EQ(rig.cycle.counters().cycles.load(), 0u);
    EXPECT_TRUE(probe.calls.empty());
    EXPECT_EQ(rig.run(64), std::vector<float>(64, 1.0f));
    EXPECT_EQ(rig.cycle.counters().cycles.load(), 1u);
}

TEST(Idle, WhileACycleRunsTheEngineDoesNotApply) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    bool applied = true;
    probe.act = [&](const float*, float* out, const bl_process& p) {
        rig.push(std::make_unique<Command>());
        applied = rig.cycle.apply_idle(0);
        std::fill_n(out, p.frames, 0.0f);
        return BL_OK;
    };
    rig.run(64);
    EXPECT_FALSE(applied);
    EXPECT_FALSE(rig.done());
    EXPECT_TRUE(rig.cycle.apply_idle(0));
    EXPECT_TRUE(rig.done());
}

TEST(Published, TheAnchorTiesFramesToTime) {
    Cycle::Options options;
    options.start_clock = 1000;
    Rig rig(options);
    EXPECT_EQ(rig.cycle.anchor().clock, 1000u);
    rig.run(256);
    rig.run(128);
    const TimeAnchor anchor = rig.cycle.anchor();
    EXPECT_EQ(anchor.clock, 1256u);
    EXPECT_EQ(anchor.frames, 128u);
    EXPECT_EQ(anchor.cycles, 2u);
    EXPECT_EQ(anchor.rate, 48000.0);
}

TEST(Published, CyclesAndNodesAreTimed) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    for (int i = 0; i < 10; ++i)
        rig.run(64);
    const CycleCounters& seen = rig.cycle.counters();
    EXPECT_EQ(seen.cycles.load(), 10u);
    EXPECT_GE(seen.cost_ticks.load(), seen.max_ticks.load());
    EXPECT_GE(seen.max_ticks.load(), seen.last_ticks.load());
    EXPECT_GT(seen.entered_ns.load(), 0u);
    EXPECT_EQ(probe.cost.calls.load(), 10u);
    EXPECT_EQ(probe.cost.periods.load(), 10u);
    EXPECT_GT(probe.cost.max_ticks.load(), 0u);
    EXPECT_LE(probe.cost.ticks.load(), seen.cost_ticks.load());
}

TEST(Published, OfflineWorkRunsAfterEverySlice) {
    int calls = 0;
    Cycle::Options options;
    options.work_now = [](void* context) { ++*static_cast<int*>(context); };
    options.work_context = &calls;
    Rig rig(options);
    rig.run(3000);
    EXPECT_EQ(calls, 0);
    rig.run(3000, true);
    EXPECT_EQ(calls, 3);
}

TEST(Published, ReportsThatFindNoRoomAreCounted) {
    Rig rig;
    Probe probe;
    probe.act = [](const float*, float*, const bl_process&) { return BL_ERROR; };
    rig.start_chain(probe);
    for (int cycle = 0; cycle < 1500; ++cycle)
        rig.run(1);
    Report report;
    std::uint64_t seen = 0;
    while (rig.cycle.take_report(report))
        ++seen;
    EXPECT_EQ(seen, 1024u);
    EXPECT_EQ(rig.cycle.counters().reports_lost.load(), 1500u - 1024u);
}

} // namespace
} // namespace backline::process
