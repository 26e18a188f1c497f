// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <limits>

#include "tests/plugins/signals.hpp"

using namespace backline::test;

namespace {

constexpr double kRate = 48000.0;

Signal run_gain(const Signal& in, const std::vector<Set>& sets, uint64_t frames,
                double rate = kRate) {
    PluginHost host("gain");
    host.activate({.rate = rate, .channels = static_cast<uint32_t>(in.size())});
    return host.run(in, frames, sets);
}

TEST(Gain, SlicingChangesNoBit) {
    for (const uint32_t channels : {1u, 2u, 5u}) {
        Signal in;
        for (uint32_t c = 0; c < channels; ++c)
            in.push_back(noise(20000, c));
        PluginHost host("gain");
        expect_slicing_changes_no_bit("gain", {.channels = channels}, {{"in", in}}, 20000,
                                      random_sets(host.descriptor(), 20000, 60, channels));
    }
}

TEST(Gain, FirstValueAppliesAtOnce) {
    const Samples in(1000, 0.25f);
    const Signal out = run_gain({in}, {{0, "gain", 6.0}, {0, "gain", -12.0}}, 1000);
    for (const float y : out[0])
        ASSERT_NEAR(y, 0.25 * std::pow(10.0, -12.0 / 20.0), 1e-8);
}

TEST(Gain, DefaultIsExactlyUnity) {
    const Signal in{noise(3000, 1), noise(3000, 2)};
    EXPECT_TRUE(same_bits(in, run_gain(in, {}, 3000)));
}

TEST(Gain, LevelFollowsTheDecibelScale) {
    const Samples in(100, 1.0f);
    for (const double gain : {-95.9, -60.0, -20.0, -6.0206, 0.0, 12.0, 24.0})
        EXPECT_NEAR(db(run_gain({in}, {{0, "gain", gain}}, 100)[0][99]), gain, 1e-4) << gain;
}

TEST(Gain, LowestValueIsExactSilence) {
    const Signal out = run_gain({noise(4000, 1)}, {{0, "gain", 0.0}, {1000, "gain", -96.0}}, 4000);
    EXPECT_GT(peak(out[0]), 0.4);
    for (size_t i = 1720; i < 4000; ++i) // 15 ms on
        ASSERT_EQ(out[0][i], 0.0f) << i;
}

TEST(Gain, SilenceStaysSilence) {
    PluginHost host("gain");
    EXPECT_EQ(peak(run_gain({{}}, random_sets(host.descriptor(), 4000, 40, 1), 4000)[0]), 0.0);
}

TEST(Gain, RampIsMonotonicAndDoneAfterFifteenMilliseconds) {
    const Samples in(3000, 1.0f);
    const Signal out = run_gain({in}, {{0, "gain", -20.0}, {1000, "gain", 0.0}}, 3000);
    EXPECT_NEAR(out[0][999], 0.1, 1e-7);
    for (size_t i = 1000; i < 1720; ++i)
        ASSERT_GE(out[0][i], out[0][i - 1]) << i;
    EXPECT_NEAR(db(out[0][1358]), -10.0, 0.1); // linear in dB: half way is half the decibels
    EXPECT_LT(out[0][1700], 1.0f);
    for (size_t i = 1720; i < 3000; ++i)
        ASSERT_EQ(out[0][i], 1.0f) << i;
}

TEST(Gain, StepsDoNotClick) {
    for (const double rate : {44100.0, 48000.0, 96000.0, 192000.0}) {
        const auto at = static_cast<uint64_t>(rate / 4.0);
        const auto ms = static_cast<uint64_t>(rate / 1000.0);
        const Signal in{sine(997.0, rate, 2 * at, 0.5)};
        // One step each, then three that overtake one another.
        for (const std::vector<Set>& steps : {
                 std::vector<Set>{{0, "gain", 0.0}, {at, "gain", -6.0}},
                 std::vector<Set>{{0, "gain", -96.0}, {at, "gain", 0.0}},
                 std::vector<Set>{{0, "gain", 0.0}, {at, "gain", -96.0}},
                 std::vector<Set>{{0, "gain", 0.0},
                                  {at, "gain", -30.0},
                                  {at + 4 * ms, "gain", 3.0},
                                  {at + 9 * ms, "gain", -50.0}},
             })
            EXPECT_LT(db(residue_above(run_gain(in, steps, 2 * at, rate)[0], 5000.0, rate, at / 2)),
                      -100.0)
                << rate;
    }
}

TEST(Gain, ResetSettlesAndForgetsTheRamp) {
    PluginHost host("gain");
    host.activate({.channels = 1});
    const Samples in(500, 1.0f);
    host.run({in}, 100, {{0, "gain", 0.0}, {50, "gain", -20.0}});
    host.reset();
    for (const Samples settled = host.run({in}, 500)[0]; const float y : settled)
        ASSERT_NEAR(y, 0.1, 1e-7);
    host.reset();
    EXPECT_NEAR(host.run({in}, 10, {{0, "gain", 0.0}})[0][0], 1.0, 1e-7) << "no ramp after reset";
}

TEST(Gain, ReactivationStartsFromTheDefaults) {
    PluginHost host("gain");
    const Samples in(100, 1.0f);
    host.activate({.channels = 1});
    host.run({in}, 100, {{0, "gain", -20.0}});
    host.activate({.rate = 96000.0, .channels = 3});
    const Signal out = host.run({in, in, in}, 100);
    ASSERT_EQ(out.size(), 3u);
    for (const Samples& y : out)
        EXPECT_EQ(y, in);
}

TEST(Gain, CarriesSixtyFourChannels) {
    Signal in;
    for (uint32_t c = 0; c < 64; ++c)
        in.push_back(noise(300, c));
    EXPECT_TRUE(same_bits(in, run_gain(in, {}, 300)));
}

TEST(Gain, KeepsNoTraceOfANaN) {
    PluginHost host("gain");
    host.activate({.channels = 1});
    Samples in = noise(256, 1);
    in[3] = std::numeric_limits<float>::quiet_NaN();
    host.run({in}, 256);
    EXPECT_TRUE(all_finite(host.run({noise(256, 2)}, 256)));
    EXPECT_EQ(host.latency(), 0u);
    EXPECT_EQ(host.tail(), 0u);
}

} // namespace
