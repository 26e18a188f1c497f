// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Edits that are due at a frame.
#include "rig.hpp"

#include <gtest/gtest.h>

namespace backline::process {
namespace {

using namespace test;
constexpr Handle kNode{1, 1};

TEST(TimedEdits, AValueTakesEffectAtItsVeryFrame) {
    for (const std::uint32_t period : {1u, 64u, 1000u, 1024u}) {
        Rig rig;
        Probe probe;
        rig.start_chain(probe);
        rig.push(set_at(1234, kNode, 0.5));
        std::vector<float> heard;
        while (heard.size() < 2000) {
            const auto more = rig.run(period);
            heard.insert(heard.end(), more.begin(), more.end());
        }
        EXPECT_EQ(heard[1233], 1.0f) << period;
        EXPECT_EQ(heard[1234], 0.5f) << period;
        EXPECT_EQ(rig.done()->applied_frame, 1234u) << period;
        EXPECT_EQ(rig.cycle.counters().late_commands.load(), 0u) << period;
    }
}

TEST(TimedEdits, EqualFramesKeepTheOrderInWhichTheyCame) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    rig.push(set_at(200, kNode, 2.0));
    rig.push(set_at(100, kNode, 3.0));
    rig.push(set_at(200, kNode, 4.0));
    rig.push(set_at(100, kNode, 5.0));
    const auto heard = rig.run(300);
    EXPECT_EQ(heard[99], 1.0f);
    EXPECT_EQ(heard[100], 5.0f);
    EXPECT_EQ(heard[200], 4.0f);
}

TEST(TimedEdits, ANodeGetsAtMost64EventsACallAndStillEachAtItsFrame) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    std::vector<Probe::Heard> expected;
    for (std::uint32_t i = 0; i < 200; ++i) {
        rig.push(set_at(1 + 5 * i, kNode, i));
        expected.push_back({1 + 5 * i, 0, static_cast<double>(i)});
    }
    for (int i = 0; i < 20 && probe.heard().size() < expected.size(); ++i)
        rig.run(1024, true);
    EXPECT_EQ(probe.heard(), expected);
    EXPECT_GT(probe.calls.size(), 3u);
    for (const Probe::Call& call : probe.calls)
        EXPECT_LE(call.events.size(), ParamBank::kEventsPerCycle);
}

TEST(TimedEdits, ValuesForOneFrameAreNotParted) {
    constexpr std::uint32_t kParams = 100;
    Rig rig;
    Probe probe(kParams);
    rig.start_chain(probe);
    for (std::uint32_t i = 0; i < kParams; ++i)
        rig.push(set_at(10, kNode, i, i));
    for (std::uint32_t i = 0; i < kParams; ++i)
        rig.push(set_at(20, kNode, 2.0 * i, i));
    rig.run(1024, true);
    const auto heard = probe.heard();
    ASSERT_EQ(heard.size(), 2 * kParams);
    for (std::uint32_t i = 0; i < 2 * kParams; ++i)
        EXPECT_EQ(heard[i].time, i < kParams ? 10u : 20u) << i;
    for (const Probe::Call& call : probe.calls)
        for (const bl_param_event& event : call.events)
            EXPECT_LT(event.frame, call.frames);
}

TEST(TimedEdits, AnUntimedValueComesBeforeALaterTimedOne) {
    constexpr std::uint32_t kParams = 200;
    Rig rig;
    Probe probe(kParams);
    rig.start_chain(probe);
    // Far more than one call's worth of untimed values: the last ones wait for several cycles.
    for (std::uint32_t i = 0; i < kParams; ++i)
        rig.cycle.set(kNode, probe.cells[i], i, 1.0);
    rig.push(set_at(30, kNode, 2.0, kParams - 1)); // within the slice
    rig.push(set_at(0, kNode, 2.0, kParams - 2));  // at its first frame
    for (int i = 0; i < 8; ++i)
        rig.run(64);
    std::vector<double> last(kParams, 0.0);
    for (const Probe::Heard& event : probe.heard())
        last[event.param] = event.value;
    EXPECT_EQ(last[kParams - 1], 2.0);
    EXPECT_EQ(last[kParams - 2], 2.0);
    EXPECT_EQ(last[0], 1.0);
    EXPECT_EQ(probe.node.bank.value(kParams - 1), 2.0);
    for (const Probe::Call& call : probe.calls)
        for (std::size_t i = 1; i < call.events.size(); ++i)
            EXPECT_LE(call.events[i - 1].frame, call.events[i].frame);
}

TEST(TimedEdits, InRealTimeACycleIsCutFourTimesAndTheRestIsLate) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    for (std::uint32_t i = 1; i <= 6; ++i)
        rig.push(set_at(100 * i, kNode, i, 0, true));
    rig.run(1000);
    std::vector<std::uint32_t> lengths;
    for (const Probe::Call& call : probe.calls)
        lengths.push_back(call.frames);
    EXPECT_EQ(lengths, (std::vector<std::uint32_t>{100, 100, 100, 100, 600}));
    rig.run(1000);
    for (std::uint64_t i = 1; i <= 6; ++i)
        EXPECT_EQ(rig.done()->applied_frame, i <= 4 ? 100 * i : 1000u);
    EXPECT_EQ(rig.cycle.counters().late_commands.load(), 2u);
    EXPECT_GE(rig.cycle.counters().deferred.load(), 1u);
    EXPECT_EQ(probe.node.bank.value(0), 6.0);
}

TEST(TimedEdits, OfflineACycleIsCutAsOftenAsItTakes) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    for (std::uint32_t i = 1; i <= 60; ++i)
        rig.push(set_at(10 * i, kNode, i, 0, true));
    const auto heard = rig.run(1000, true);
    for (std::uint32_t i = 1; i <= 60; ++i) {
        EXPECT_EQ(heard[10 * i], static_cast<float>(i));
        EXPECT_EQ(rig.done()->applied_frame, 10 * i);
    }
    EXPECT_EQ(rig.cycle.counters().late_commands.load(), 0u);
}

TEST(TimedEdits, ACommandWhoseFrameIsPastIsAppliedAtOnceAndCounted) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    rig.run(500);
    rig.push(set_at(100, kNode, 3.0));
    EXPECT_EQ(rig.run(100).front(), 3.0f);
    EXPECT_EQ(rig.done()->applied_frame, 500u);
    EXPECT_EQ(rig.cycle.counters().late_commands.load(), 1u);
}

TEST(TimedEdits, APlanIsExchangedAtItsFrame) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    auto command = std::make_unique<Command>();
    command->frame = 77;
    command->plan = PlanBuilder().take(); // nothing: outputs keep what was in the buffer
    rig.push(std::move(command));
    const auto heard = rig.run(256);
    EXPECT_EQ(heard[76], 1.0f);
    EXPECT_EQ(heard[77], 1e9f);
    EXPECT_EQ(rig.done()->applied_frame, 77u);
}

TEST(TimedEdits, LongPeriodsRunInSlices) {
    Cycle::Options options;
    options.max_frames = 128;
    Rig rig(options);
    EXPECT_EQ(rig.cycle.max_frames(), 128u);
    Probe probe;
    rig.start_chain(probe, 128);
    rig.run(1000);
    ASSERT_EQ(probe.calls.size(), 8u);
    for (const Probe::Call& call : probe.calls)
        EXPECT_LE(call.frames, 128u);
    EXPECT_EQ(probe.calls.back().time + probe.calls.back().frames, 1000u);
}

} // namespace
} // namespace backline::process
