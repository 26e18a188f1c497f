// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <limits>

#include "tests/plugins/signals.hpp"

using namespace backline::test;

namespace {

constexpr double kRate = 48000.0;

/// Milliseconds of a delay in frames.
double ms(double frames) {
    return frames / kRate * 1000.0;
}

Signal echo(const Signal& in, uint64_t frames, const std::vector<Set>& sets) {
    PluginHost host("delay");
    host.activate({.channels = static_cast<uint32_t>(in.size())});
    return host.run(in, frames, sets);
}

TEST(Delay, SlicingChangesNoBit) {
    for (const uint32_t channels : {1u, 2u, 8u}) {
        Signal in;
        for (uint32_t c = 0; c < channels; ++c)
            in.push_back(noise(15000, c));
        PluginHost host("delay");
        auto sets = random_sets(host.descriptor(), 15000, 60, channels);
        for (Set& set : sets) // times at which echoes and ends of glides fall within the run
            if (set.symbol == "time") set.value /= 50.0;
        expect_slicing_changes_no_bit("delay", {.channels = channels}, {{"in", in}}, 15000, sets);
    }
}

TEST(Delay, WholeFramesAreExact) {
    const Samples in = noise(30000, 1);
    for (const uint32_t frames : {0u, 1u, 2u, 3u, 4u, 5u, 64u, 24000u}) {
        const Samples out =
            echo({in}, 30000, {{0, "time", ms(frames)}, {0, "feedback", 0.0}, {0, "mix", 1.0}})[0];
        for (size_t i = 0; i < 30000; ++i)
            ASSERT_NEAR(out[i], i < frames ? 0.0f : in[i - frames], 1e-6f) << frames << ' ' << i;
    }
}

TEST(Delay, FractionsAreRightToAHundredthOfAFrame) {
    for (const double delay : {5.1, 7.5, 33.25, 100.9, 2000.5}) {
        const Samples out =
            echo({impulse(4096)}, 4096,
                 {{0, "time", ms(delay)}, {0, "feedback", 0.0}, {0, "mix", 1.0}})[0];
        for (double f = 100.0; f < 0.3 * kRate; f *= 1.5) {
            const std::complex<double> h = dtft(out, f, kRate);
            const double turns = f / kRate * delay;
            const double error = std::arg(h * std::polar(1.0, 2.0 * std::numbers::pi * turns));
            EXPECT_LT(std::fabs(error / (2.0 * std::numbers::pi * f / kRate)), 0.01)
                << delay << ' ' << f;
            EXPECT_NEAR(db(std::abs(h)), 0.0, f < 10000.0 ? 0.1 : 0.6) << delay << ' ' << f;
            EXPECT_LE(std::abs(h), 1.000001) << "interpolation must not amplify";
        }
    }
}

TEST(Delay, EchoesRepeatByTheFeedback) {
    const Samples out = echo({impulse(10000)}, 10000,
                             {{0, "time", ms(1000)}, {0, "feedback", 0.5}, {0, "mix", 1.0}})[0];
    for (int k = 1; k < 10; ++k)
        EXPECT_NEAR(out[static_cast<size_t>(1000 * k)], std::ldexp(1.0, 1 - k), 1e-6);
    EXPECT_EQ(out[0], 0.0f);
    EXPECT_EQ(out[500], 0.0f);
}

TEST(Delay, MixRunsFromDryToWet) {
    const Samples in = noise(3000, 1);
    const Samples dry = echo({in}, 3000, {{0, "mix", 0.0}})[0];
    EXPECT_EQ(dry, in);
    const Samples half =
        echo({in}, 3000, {{0, "mix", 0.25}, {0, "time", ms(100)}, {0, "feedback", 0.0}})[0];
    for (size_t i = 100; i < 3000; ++i)
        ASSERT_NEAR(half[i], 0.75 * in[i] + 0.25 * in[i - 100], 1e-6);
}

TEST(Delay, StaysBoundedAtTheHighestFeedback) {
    for (const double delay : {0.0, 0.3, 1.0, 1.5, 2.4, 3.7, 20.5, 480.3}) {
        PluginHost host("delay");
        host.activate({.channels = 1});
        const std::vector<Set> sets{
            {0, "time", ms(delay)}, {0, "feedback", 0.999}, {0, "mix", 1.0}};
        const Samples in = noise(48000, 3);
        const Samples out = host.run({in}, 48000, sets)[0];
        EXPECT_TRUE(all_finite({out}));
        const double early = rms(host.run({}, 48000)[0]);
        EXPECT_LE(rms(host.run({}, 48000)[0]), early) << "it decays at " << delay;
    }
}

TEST(Delay, GlidesWithoutAClick) {
    const uint64_t at = 24000;
    const Signal in{sine(997.0, kRate, 4 * at, 0.5)};
    for (const auto& [from, to] : {std::pair{100.0, 350.0}, {350.0, 100.0}, {20.0, 20.4}}) {
        const Samples out = echo(in, 4 * at,
                                 {{0, "time", from},
                                  {0, "mix", 1.0},
                                  {0, "feedback", 0.0},
                                  {at, "time", to},
                                  {at + 2000, "time", from},
                                  {at + 5000, "time", to}})[0];
        EXPECT_LT(db(residue_above(out, 5000.0, kRate, at - 100)), -80.0) << from << ' ' << to;
        EXPECT_NEAR(peak(out, at), 0.5, 0.01) << "what is in the line keeps its level";
    }
}

TEST(Delay, GlideArrives) {
    const Samples in = noise(60000, 1);
    const Samples out = echo({in}, 60000,
                             {{0, "time", ms(500)},
                              {0, "mix", 1.0},
                              {0, "feedback", 0.0},
                              {10000, "time", ms(3000)}})[0];
    // 2500 frames at half a frame per frame, and the smoother's 15 ms.
    for (size_t i = 10000 + 5000 + 720; i < 60000; ++i)
        ASSERT_EQ(out[i], in[i - 3000]) << i;
}

TEST(Delay, FeedbackAndMixDoNotClick) {
    const uint64_t at = 24000;
    const Signal in{sine(997.0, kRate, 2 * at, 0.5)};
    for (const char* symbol : {"feedback", "mix"}) {
        // 40.12 ms: 40 turns of the sine, so that the echo is in phase.
        const Samples out =
            echo(in, 2 * at,
                 {{0, "time", 40.12}, {0, "mix", 0.9}, {0, "feedback", 0.5}, {at, symbol, 0.0}})[0];
        EXPECT_LT(db(residue_above(out, 5000.0, kRate, at - 100)), -80.0) << symbol;
    }
}

TEST(Delay, AnnouncesItsTail) {
    PluginHost host("delay");
    host.activate({.channels = 1});
    host.run({}, 10, {{0, "time", 100.0}, {0, "feedback", 0.5}});
    // 0.5^20 is -120.4 dB: 20 repeats after the first echo.
    EXPECT_NEAR(double(host.tail()), 21 * 4800, 21 * 10);
    host.run({noise(4800, 1)}, 4800);
    host.run({}, host.tail());
    EXPECT_LT(db(peak(host.run({}, 9600)[0])), -115.0);
    host.run({}, 48000, {{0, "feedback", 0.0}});
    EXPECT_NEAR(double(host.tail()), 4800, 10);
    host.run({}, 10, {{0, "feedback", 0.999}, {0, "time", 5000.0}});
    EXPECT_EQ(host.tail(), uint64_t{600} * 48000) << "capped";
    EXPECT_EQ(host.latency(), 0u);
}

TEST(Delay, ResetForgets) {
    PluginHost host("delay");
    host.activate({.channels = 2});
    const Signal in{noise(5000, 1), noise(5000, 2)};
    const std::vector<Set> sets{{0, "time", 10.3}, {0, "feedback", 0.9}, {0, "mix", 0.7}};
    const Signal first = host.run(in, 5000, sets);
    host.reset();
    EXPECT_TRUE(same_bits(first, host.run(in, 5000)));
    host.reset();
    for (const Samples& y : host.run({}, 3000))
        EXPECT_EQ(peak(y), 0.0);
}

TEST(Delay, RecoversFromNaNByReset) {
    PluginHost host("delay");
    host.activate({.channels = 1});
    const std::vector<Set> sets{{0, "time", 1.0}, {0, "feedback", 0.9}};
    Samples in = noise(256, 1);
    in[3] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(all_finite(host.run({in}, 256, sets)));
    host.reset();
    EXPECT_TRUE(all_finite(host.run({noise(2000, 2)}, 2000)));
}

TEST(Delay, DecaysWithoutDenormals) {
    PluginHost host("delay");
    host.activate({.channels = 1});
    host.run({noise(480, 1)}, 480, {{0, "time", 1.0}, {0, "feedback", 0.5}, {0, "mix", 1.0}});
    bool denormal = false;
    for (const Samples decay = host.run({}, 48000)[0]; const float y : decay)
        denormal = denormal || std::fpclassify(y) == FP_SUBNORMAL;
    EXPECT_FALSE(denormal);
    EXPECT_EQ(peak(host.run({}, 1000)[0]), 0.0) << "decays to exact silence";
}

} // namespace
