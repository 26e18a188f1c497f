// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "rig.hpp"

#include <cmath>
#include <gtest/gtest.h>

namespace backline::process {
namespace {

using namespace test;
constexpr Handle kInput{2, 1};
constexpr Handle kOutput{3, 1};

/// input -> output, both known by handle.
struct Strips : ::testing::Test {
    Rig rig;
    Probe unused;

    void SetUp() override {
        PlanBuilder build;
        const Wire wire = build.wire();
        build.input(rig.input, {0}, {wire}).output(rig.output, {0}, {wire});
        rig.start(build.take(), unused);
        auto command = std::make_unique<Command>();
        command->slots.push_back({kInput, &rig.input.bank, nullptr});
        command->slots.push_back({kOutput, &rig.output.bank, nullptr});
        rig.push(std::move(command));
        rig.run(0);
    }
    float level(std::uint32_t frames = 16) { return rig.run(frames).back(); }
    void set(Strip& strip, Handle handle, std::uint32_t param, double value) {
        rig.cycle.set(handle, strip.cells[param], param, value);
    }
};

TEST_F(Strips, GainIsInDecibels) {
    set(rig.input, kInput, Strip::kGain, -6.0);
    EXPECT_FLOAT_EQ(level(), static_cast<float>(std::pow(10.0, -6.0 / 20.0)));
    set(rig.output, kOutput, Strip::kGain, 6.0);
    EXPECT_NEAR(level(), 1.0f, 1e-6f);
    set(rig.input, kInput, Strip::kGain, 0.0);
    set(rig.output, kOutput, Strip::kGain, 0.0);
    EXPECT_EQ(level(), 1.0f);
    set(rig.output, kOutput, Strip::kGain, Strip::kGainMin);
    EXPECT_EQ(level(), 0.0f);
}

TEST_F(Strips, MuteKeepsTheGain) {
    set(rig.output, kOutput, Strip::kGain, -20.0);
    set(rig.output, kOutput, Strip::kMute, 1.0);
    EXPECT_EQ(level(), 0.0f);
    set(rig.output, kOutput, Strip::kMute, 0.0);
    EXPECT_FLOAT_EQ(level(), 0.1f);
}

TEST_F(Strips, TheMasterMutesOutputsBesideTheirOwnSwitch) {
    rig.cycle.set({0, 1}, rig.master.cells[0], Master::kMute, 1.0);
    EXPECT_EQ(level(), 0.0f);
    set(rig.output, kOutput, Strip::kMute, 1.0);
    rig.cycle.set({0, 1}, rig.master.cells[0], Master::kMute, 0.0);
    EXPECT_EQ(level(), 0.0f);
    set(rig.output, kOutput, Strip::kMute, 0.0);
    EXPECT_EQ(level(), 1.0f);
}

TEST_F(Strips, ATimedGainTakesEffectAtItsFrame) {
    rig.push(set_at(100, kOutput, -20.0, Strip::kGain, true));
    rig.push(set_at(200, {0, 1}, 1.0, Master::kMute, true));
    const auto heard = rig.run(256);
    EXPECT_EQ(heard[99], 1.0f);
    EXPECT_FLOAT_EQ(heard[100], 0.1f);
    EXPECT_FLOAT_EQ(heard[199], 0.1f);
    EXPECT_EQ(heard[200], 0.0f);
}

TEST_F(Strips, TheMeterCoversExactlyTheFramesSinceItWasLastAsked) {
    rig.signal = [](std::uint64_t frame) { return frame % 2 == 0 ? 0.5f : -1.25f; };
    Meter::Channel seen{};
    rig.input.meter.read(&seen); // of the run before this test
    rig.run(1000);
    rig.run(0);
    Meter::Channel first{};
    // The answer lies there since the first cycle after the question, and covers that one.
    EXPECT_EQ(rig.input.meter.read(&first), 1000u);
    EXPECT_EQ(first.peak, 1.25f);
    EXPECT_EQ(first.clipped, 500u);
    EXPECT_NEAR(first.square_sum, 500 * 0.25 + 500 * 1.5625, 1e-9);
    // Not answered again before another cycle.
    EXPECT_EQ(rig.input.meter.read(&first), 0u);
    rig.signal = [](std::uint64_t) { return 0.25f; };
    rig.run(300);
    EXPECT_EQ(rig.input.meter.read(&first), 300u);
    EXPECT_EQ(first.peak, 0.25f);
    EXPECT_EQ(first.clipped, 0u);
    EXPECT_NEAR(first.square_sum, 300 * 0.0625, 1e-9);
    // What was heard while nobody asked is not lost.
    rig.run(100);
    rig.signal = [](std::uint64_t) { return 0.75f; };
    rig.run(3);
    EXPECT_EQ(rig.input.meter.read(&first), 100u);
    rig.run(50);
    EXPECT_EQ(rig.input.meter.read(&first), 53u);
    EXPECT_EQ(first.peak, 0.75f);
}

TEST_F(Strips, InputsAreMeteredBehindTheirGainAndOutputsBehindTheirs) {
    set(rig.input, kInput, Strip::kGain, -20.0);
    set(rig.output, kOutput, Strip::kMute, 1.0);
    Meter::Channel seen{};
    rig.input.meter.read(&seen);
    rig.output.meter.read(&seen);
    rig.run(64);
    EXPECT_EQ(rig.input.meter.read(&seen), 64u);
    EXPECT_FLOAT_EQ(seen.peak, 0.1f);
    EXPECT_EQ(rig.output.meter.read(&seen), 64u);
    EXPECT_EQ(seen.peak, 0.0f);
}

TEST(Meter, ShortBlocksAndTheirRemaindersAreCountedInFull) {
    for (std::uint32_t frames = 1; frames <= 9; ++frames) {
        Meter meter(1);
        std::vector<float> samples(frames, 0.5f);
        samples.back() = -1.0f;
        meter.add(0, samples.data(), frames);
        meter.publish(frames);
        Meter::Channel seen{};
        ASSERT_EQ(meter.read(&seen), frames);
        EXPECT_EQ(seen.peak, 1.0f);
        EXPECT_EQ(seen.clipped, 1u);
        EXPECT_EQ(seen.square_sum, 1.0 + 0.25 * (frames - 1));
    }
}

} // namespace
} // namespace backline::process
