// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Parameters that move over time.
#include "rig.hpp"

#include <cmath>
#include <gtest/gtest.h>

namespace backline::process {
namespace {

using namespace test;
constexpr Handle kNode{1, 1};

std::unique_ptr<Command> curve_at(std::uint64_t frame, std::vector<Leg> legs,
                                  Shape shape = Shape::linear, std::uint32_t param = 0) {
    auto command = std::make_unique<Command>();
    command->frame = frame;
    command->curves = std::make_unique<CurveSet>();
    Curve curve;
    curve.handle = kNode;
    curve.param = param;
    curve.shape = shape;
    curve.leg_count = static_cast<std::uint32_t>(legs.size());
    command->curves->curves.push_back(curve);
    command->curves->legs = std::move(legs);
    return command;
}

std::vector<float> render(Rig& rig, std::uint64_t frames, std::uint32_t period,
                          bool offline = true) {
    std::vector<float> heard;
    while (heard.size() < frames) {
        const auto now =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(period, frames - heard.size()));
        const auto more = rig.run(now, offline);
        heard.insert(heard.end(), more.begin(), more.end());
    }
    return heard;
}

TEST(Curve, ShapesMeetTheirEndsAndTheirLaw) {
    for (const Shape shape : {Shape::linear, Shape::exponential, Shape::smooth}) {
        EXPECT_NEAR(shaped(shape, 20.0, 2000.0, 0.0), 20.0, 1e-12);
        EXPECT_NEAR(shaped(shape, 20.0, 2000.0, 1.0), 2000.0, 1e-9);
    }
    EXPECT_NEAR(shaped(Shape::linear, 20.0, 2000.0, 0.5), 1010.0, 1e-9);
    EXPECT_NEAR(shaped(Shape::exponential, 20.0, 2000.0, 0.5), 200.0, 1e-9);
    EXPECT_NEAR(shaped(Shape::exponential, -20.0, -2000.0, 0.5), -200.0, 1e-9);
    EXPECT_NEAR(shaped(Shape::smooth, 0.0, 1.0, 0.5), 0.5, 1e-12);
    EXPECT_LT(shaped(Shape::smooth, 0.0, 1.0, 0.1), 0.03);
    EXPECT_NEAR(shaped(Shape::exponential, -1.0, 1.0, 0.5), 0.0, 1e-12) << "a straight line";
}

TEST(Curve, MovesFromTheValueOfTheMomentInStepsOf64FramesAndEndsExactly) {
    Rig rig;
    Probe probe;
    probe.node.bank.preset(0, 1.0);
    rig.start_chain(probe);
    rig.push(set_at(100, kNode, 0.25));
    rig.push(curve_at(130, {{640, 1.25}}));
    rig.push(set_at(2000, kNode, 0.0));
    const auto heard = render(rig, 3000, 3000);
    EXPECT_EQ(heard[100], 0.25f);
    EXPECT_EQ(heard[191], 0.25f) << "the first point of the grid after its beginning is 192";
    for (std::uint64_t at = 192; at < 770; at += 64)
        for (std::uint64_t i = at; i < at + 64; ++i)
            EXPECT_NEAR(heard[i], 0.25 + static_cast<double>(at - 130) / 640.0, 1e-6) << i;
    for (std::uint64_t i = 832; i < 2000; ++i)
        EXPECT_EQ(heard[i], 1.25f);
    EXPECT_EQ(heard[2000], 0.0f);
    EXPECT_EQ(probe.node.bank.value(0), 0.0);
    EXPECT_EQ(probe.cells[0].heard.load(), 0.0);
    EXPECT_TRUE(rig.cycle.take_curves()) << "it comes back when it is over";
    EXPECT_FALSE(rig.cycle.take_curves());
}

TEST(Curve, GoesFromBreakpointToBreakpoint) {
    Rig rig;
    Probe probe;
    probe.node.bank.preset(0, 1.0);
    rig.start_chain(probe);
    rig.push(curve_at(64, {{640, 2.0}, {640, 4.0}, {1280, 1.0}}));
    const auto heard = render(rig, 2000, 100);
    EXPECT_NEAR(heard[64 + 320], 1.5, 1e-6);
    EXPECT_EQ(heard[64 + 640], 4.0f) << "a stretch of no length is a step";
    EXPECT_NEAR(heard[64 + 960], 2.5, 1e-6);
    EXPECT_EQ(heard[64 + 1280], 1.0f);
}

TEST(Curve, EndsWithTheNextValueTimedOrNot) {
    Rig rig;
    Probe probe;
    probe.node.bank.preset(0, 1.0);
    rig.start_chain(probe);
    rig.push(curve_at(1, {{6400, 2.0}}));
    rig.push(set_at(1000, kNode, 0.5));
    auto heard = render(rig, 3000, 256);
    EXPECT_GT(heard[999], 1.1f);
    for (std::size_t i = 1000; i < heard.size(); ++i)
        ASSERT_EQ(heard[i], 0.5f) << i;
    rig.push(curve_at(0, {{6400, 2.0}}));
    heard = render(rig, 640, 64);
    EXPECT_GT(heard.back(), 0.6f);
    rig.cycle.set(kNode, probe.cells[0], 0, 0.75);
    heard = render(rig, 6400, 64);
    for (const float sample : heard)
        ASSERT_EQ(sample, 0.75f);
    EXPECT_TRUE(rig.cycle.take_curves());
    EXPECT_TRUE(rig.cycle.take_curves());
}

TEST(Curve, ANewOneTakesThePlaceOfTheOldWithoutAJump) {
    Rig rig;
    Probe probe;
    probe.node.bank.preset(0, 1.0);
    rig.start_chain(probe);
    rig.push(curve_at(1, {{64000, 101.0}}));
    rig.push(curve_at(3201, {{3200, 0.0}}));
    const auto heard = render(rig, 8000, 1000);
    for (std::size_t i = 64; i < heard.size(); ++i)
        ASSERT_LT(std::fabs(heard[i] - heard[i - 1]), 0.15f) << i;
    EXPECT_EQ(heard.back(), 0.0f);
    EXPECT_TRUE(rig.cycle.take_curves());
    EXPECT_TRUE(rig.cycle.take_curves());
}

TEST(Curve, TheSameSamplesForAnyPeriod) {
    const auto play = [](std::uint32_t period, bool offline, std::uint64_t start) {
        Cycle::Options options;
        options.start_clock = start;
        Rig rig(options);
        Probe probe(3);
        rig.start_chain(probe);
        rig.push(curve_at(start + 77, {{5000, 0.01}, {9000, 3.0}}, Shape::exponential));
        rig.push(curve_at(start + 6001, {{2000, -1.0}}, Shape::smooth));
        rig.push(curve_at(start + 500, {{3000, 7.0}}, Shape::smooth, 1));
        for (std::uint64_t i = 0; i < 200; ++i)
            rig.push(set_at(start + 9000 + 13 * i, kNode, 0.01 * static_cast<double>(i),
                            static_cast<std::uint32_t>(i % 3)));
        rig.push(curve_at(start + 9100, {{4000, 0.5}}, Shape::linear, 2));
        return render(rig, 16000, period, offline);
    };
    const auto reference = play(1, true, 0);
    EXPECT_NE(reference.front(), reference.back());
    for (const std::uint32_t period : {17u, 64u, 1000u, 4096u})
        for (const bool offline : {true, false})
            EXPECT_EQ(play(period, offline, 0), reference) << period << (offline ? " offline" : "");
    // Over the end of 32 bits the clock goes on.
    for (const std::uint32_t period : {64u, 1000u})
        EXPECT_EQ(play(period, false, (std::uint64_t{1} << 32) - 64 * 100), reference) << period;
}

TEST(Curve, OfANodeThatLeavesEndsWithIt) {
    Rig rig;
    auto probe = std::make_unique<Probe>();
    rig.start_chain(*probe);
    rig.push(curve_at(0, {{64000, 2.0}}));
    render(rig, 640, 64);
    auto command = std::make_unique<Command>();
    command->plan = PlanBuilder().take();
    command->slots.push_back({{1, 0}, nullptr, nullptr});
    rig.push(std::move(command));
    render(rig, 64, 64);
    EXPECT_TRUE(rig.cycle.take_curves());
    probe.reset();
    render(rig, 640, 64); // would touch the bank that is gone
    // One that comes too late comes back with its command.
    rig.push(curve_at(0, {{64000, 2.0}}));
    render(rig, 64, 64);
    std::uint32_t stale = 0;
    while (const auto done = rig.done())
        stale += done->curves ? done->stale_sets : 0;
    EXPECT_EQ(stale, 1u);
    EXPECT_FALSE(rig.cycle.take_curves());
}

TEST(Curve, WhileNoCycleComesItJumpsToItsEnd) {
    Rig rig;
    Probe probe;
    probe.node.bank.preset(0, 1.0);
    rig.start_chain(probe);
    rig.push(curve_at(0, {{64, 5.0}, {64000, 2.0}}));
    ASSERT_TRUE(rig.cycle.apply_idle(100));
    EXPECT_EQ(probe.cells[0].heard.load(), 2.0);
    EXPECT_EQ(rig.run(64).front(), 2.0f);
    EXPECT_TRUE(rig.cycle.take_curves());
}

TEST(Curve, ACaptureHasTheValueOfItsFrameAndASetMayReadOne) {
    Rig rig;
    Probe probe;
    probe.node.bank.preset(0, 1.0);
    rig.start_chain(probe);
    double noted = -1.0;
    rig.push(curve_at(64, {{640, 11.0}}));
    auto store = std::make_unique<Command>();
    store->frame = 400;
    store->captures.push_back({kNode, 0, &noted});
    rig.push(std::move(store));
    auto recall = std::make_unique<Command>();
    recall->frame = 900; // before the store is known to have happened
    recall->sets.push_back({kNode, 0, 0.0, &noted});
    rig.push(std::move(recall));
    const auto heard = render(rig, 1024, 1024);
    EXPECT_NEAR(noted, 1.0 + 10.0 * (384.0 - 64.0) / 640.0, 1e-9);
    EXPECT_EQ(heard[899], 11.0f);
    EXPECT_EQ(heard[900], static_cast<float>(noted));
}

TEST(Curve, InRealTimeSoManyAreLookedAtPerSliceAndAllArrive) {
    constexpr std::uint32_t kParams = 2000;
    Rig rig;
    Probe probe(kParams);
    rig.start_chain(probe);
    auto command = std::make_unique<Command>();
    command->curves = std::make_unique<CurveSet>();
    command->curves->legs.push_back({640, 3.0});
    for (std::uint32_t i = 0; i < kParams; ++i) {
        Curve curve;
        curve.handle = kNode;
        curve.param = i;
        command->curves->curves.push_back(curve);
    }
    rig.push(std::move(command));
    render(rig, 64, 64, false);
    probe.calls.clear();
    render(rig, 64, 64, false);
    ASSERT_EQ(probe.calls.size(), 1u);
    EXPECT_LE(probe.calls[0].events.size(), Curves::kPerSlice);
    render(rig, 64 * 16, 64, false);
    for (std::uint32_t i = 0; i < kParams; ++i)
        ASSERT_EQ(probe.node.bank.value(i), 3.0) << i;
    EXPECT_TRUE(rig.cycle.take_curves());
}

} // namespace
} // namespace backline::process
