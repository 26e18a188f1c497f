// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "tests/plugins/signals.hpp"

using namespace backline::test;

namespace {

constexpr double kRate = 48000.0;

std::string nth(const char* stem, uint32_t n) {
    return stem + std::to_string(n);
}

Signal mix(uint32_t channels, const std::map<std::string, Signal>& inputs, uint64_t frames,
           const std::vector<Set>& sets) {
    PluginHost host("mixer");
    host.activate({.channels = channels});
    return host.run_ports(inputs, frames, sets).at("out");
}

TEST(Mixer, SlicingChangesNoBit) {
    for (const uint32_t channels : {1u, 2u}) {
        std::map<std::string, Signal> inputs;
        for (uint32_t n = 1; n <= 8; ++n)
            for (uint32_t c = 0; c < channels; ++c)
                inputs[nth("in", n)].push_back(noise(12000, 10 * n + c));
        // Inputs that fall silent meet the hint in some slices and not in others.
        for (Samples& x : inputs["in3"])
            std::fill(x.begin() + 3000, x.begin() + 7000, 0.0f);
        PluginHost host("mixer");
        expect_slicing_changes_no_bit("mixer", {.channels = channels}, inputs, 12000,
                                      random_sets(host.descriptor(), 12000, 200, channels));
    }
}

TEST(Mixer, PansMonoAtConstantPower) {
    const Samples in(10, 0.5f);
    for (const double pan : {-1.0, -0.5, 0.0, 0.3, 1.0}) {
        const Signal out = mix(1, {{"in2", {in}}}, 10, {{0, "pan2", pan}});
        const double left = out[0][9] / 0.5, right = out[1][9] / 0.5;
        EXPECT_NEAR(left * left + right * right, 1.0, 1e-6) << pan;
        EXPECT_NEAR(std::atan2(right, left), (pan + 1.0) * std::numbers::pi / 4.0, 1e-6) << pan;
    }
    const Signal centre = mix(1, {{"in1", {in}}}, 10, {});
    EXPECT_NEAR(db(centre[0][0] / 0.5), -3.0103, 1e-3);
    EXPECT_EQ(mix(1, {{"in1", {in}}}, 10, {{0, "pan1", -1.0}})[1][9], 0.0f);
    EXPECT_EQ(mix(1, {{"in1", {in}}}, 10, {{0, "pan1", 1.0}})[0][9], 0.0f);
}

TEST(Mixer, BalancesStereo) {
    const Signal in{Samples(10, 0.5f), Samples(10, 0.25f)};
    const Signal centre = mix(2, {{"in1", in}}, 10, {});
    EXPECT_EQ(centre[0][9], 0.5f);
    EXPECT_EQ(centre[1][9], 0.25f);
    const Signal right = mix(2, {{"in1", in}}, 10, {{0, "pan1", 1.0}});
    EXPECT_EQ(right[0][9], 0.0f);
    EXPECT_EQ(right[1][9], 0.25f);
    const Signal half = mix(2, {{"in1", in}}, 10, {{0, "pan1", -0.5}});
    EXPECT_EQ(half[0][9], 0.5f);
    EXPECT_NEAR(half[1][9], 0.25 * std::sqrt(2.0) * std::sin(std::numbers::pi / 8.0), 1e-7);
}

TEST(Mixer, SumsWithinOneRounding) {
    std::map<std::string, Signal> inputs;
    std::vector<Set> sets;
    for (uint32_t n = 1; n <= 8; ++n) {
        inputs[nth("in", n)] = {noise(2000, n), noise(2000, n + 100)};
        sets.push_back({0, nth("gain", n), -3.0 * n});
    }
    const Signal out = mix(2, inputs, 2000, sets);
    for (size_t c = 0; c < 2; ++c)
        for (size_t i = 0; i < 2000; ++i) {
            double sum = 0.0;
            for (uint32_t n = 1; n <= 8; ++n)
                sum += std::pow(10.0, -3.0 * n / 20.0) * double{inputs[nth("in", n)][c][i]};
            const auto expected = static_cast<float>(sum);
            ASSERT_LE(std::fabs(double{out[c][i]} - sum),
                      std::fabs(double{std::nextafter(expected, 2.0f)} - expected))
                << c << ' ' << i;
        }
}

TEST(Mixer, EachMuteSilencesItsInputOnly) {
    for (uint32_t muted = 1; muted <= 8; ++muted) {
        std::map<std::string, Signal> inputs;
        for (uint32_t n = 1; n <= 8; ++n)
            inputs[nth("in", n)] = {Samples(10, std::ldexp(1.0f, -static_cast<int>(n)))};
        const Signal out = mix(1, inputs, 10, {{0, nth("mute", muted), 1.0}});
        const double all = 1.0 - std::ldexp(1.0, -8);
        const double expected = (all - std::ldexp(1.0, -static_cast<int>(muted))) / std::sqrt(2.0);
        EXPECT_NEAR(out[0][5], expected, 1e-6) << muted;
        EXPECT_NEAR(out[1][5], expected, 1e-6) << muted;
    }
}

TEST(Mixer, GainPanAndMuteDoNotClick) {
    const uint64_t at = 12000;
    const Signal in{sine(997.0, kRate, 2 * at, 0.5)};
    for (const std::vector<Set>& step : {
             std::vector<Set>{{at, "gain1", -20.0}},
             std::vector<Set>{{0, "pan1", -1.0}, {at, "pan1", 1.0}},
             std::vector<Set>{{at, "mute1", 1.0}},
             std::vector<Set>{{0, "mute1", 1.0}, {at, "mute1", 0.0}, {at + 300, "pan1", 0.7}},
         })
        for (const Samples& y : mix(1, {{"in1", in}}, 2 * at, step))
            EXPECT_LT(db(residue_above(y, 5000.0, kRate, at / 2)), -100.0) << step.back().symbol;
}

TEST(Mixer, SilenceInSilenceOutAndResetSettles) {
    PluginHost host("mixer");
    host.activate({.channels = 1});
    for (const Samples& y : host.run({}, 2000, random_sets(host.descriptor(), 2000, 50, 1)))
        EXPECT_EQ(peak(y), 0.0);
    host.activate({.channels = 1});
    const Samples in(100, 1.0f);
    host.run({in}, 100, {{0, "pan1", -1.0}, {50, "mute1", 1.0}});
    host.reset();
    EXPECT_EQ(peak(host.run({in}, 100)[0]), 0.0);
}

} // namespace
