// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <complex>
#include <gtest/gtest.h>
#include <numbers>
#include <set>
#include <vector>

#include "plugins/dsp/delay_line.hpp"
#include "plugins/dsp/pan.hpp"
#include "plugins/dsp/pink_filter.hpp"
#include "plugins/dsp/sine.hpp"
#include "plugins/dsp/smoother.hpp"
#include "plugins/dsp/white_noise.hpp"

using namespace backline::dsp;

namespace {

TEST(Smoother, ConvolvesItsTargetWithThreeRunningMeans) {
    for (const double rate : {8000.0, 44100.0, 192000.0}) {
        Smoother smoother;
        smoother.prepare(rate, -10.0, 30.0, 5.0);
        const auto box = static_cast<size_t>(std::round(rate * 0.005));
        std::vector<double> targets;
        std::vector<double> got;
        for (size_t i = 0; i < 12 * box; ++i) {
            if (i == box) smoother.set(-7.0);
            if (i == 2 * box + box / 3) smoother.set(22.0);
            if (i == 3 * box) smoother.set(30.0);
            targets.push_back(smoother.target());
            got.push_back(smoother.next());
        }
        std::vector<double> expected = targets;
        for (int pass = 0; pass < 3; ++pass) {
            std::vector<double> mean(expected.size());
            double sum = 5.0 * static_cast<double>(box); // settled before the start
            for (size_t i = 0; i < mean.size(); ++i) {
                sum += expected[i] - (i >= box ? expected[i - box] : 5.0);
                mean[i] = sum / static_cast<double>(box);
            }
            expected = mean;
        }
        for (size_t i = 0; i < got.size(); ++i)
            ASSERT_NEAR(got[i], expected[i], 1e-7) << rate << ' ' << i;
        EXPECT_EQ(smoother.moving(), 0u);
        EXPECT_EQ(smoother.next(), 30.0) << "settles exactly";
    }
}

TEST(Smoother, KeepsWithinItsRange) {
    Smoother smoother;
    smoother.prepare(48000.0, 0.0, 1.0, 0.0);
    for (int i = 0; i < 20000; ++i) {
        if (i % 37 == 0) smoother.set(i % 2 == 0 ? 1.0 : 0.0);
        const double value = smoother.next();
        ASSERT_GE(value, 0.0);
        ASSERT_LE(value, 1.0);
    }
}

TEST(Smoother, FollowsTheLaw) {
    Smoothed<LogLaw> cutoff;
    cutoff.prepare(48000.0, 20.0, 20000.0, 100.0);
    cutoff.set(10000.0);
    std::vector<double> values(cutoff.moving());
    ASSERT_EQ(cutoff.ramp(values.data(), 100000), values.size());
    EXPECT_NEAR(values[values.size() / 2 - 1], 1000.0, 15.0) << "half way is the geometric mean";
    EXPECT_EQ(values.back(), 10000.0);
    EXPECT_EQ(cutoff.ramp(values.data(), 10), 0u);

    Smoothed<DecibelLaw> gain;
    gain.prepare(48000.0, -96.0, 24.0, -96.0);
    EXPECT_EQ(gain.next(), 0.0);
}

TEST(DelayTap, IsExactOnPolynomialsAndOnWholeFrames) {
    for (const double delay : {0.25, 1.0, 1.5, 2.75, 3.1, 4.0, 9.3, 1000.6}) {
        const DelayTap tap = DelayTap::at(delay);
        const int order = static_cast<int>(tap.count) - 1;
        EXPECT_EQ(order, delay == std::floor(delay)
                             ? 0
                             : 2 * std::clamp(static_cast<int>(delay), 1, 4) - 1);
        EXPECT_EQ(tap.newest == 0, delay < 1.0) << "a loop would miss its own sample";
        for (int power = 0; power <= order; ++power) {
            double sum = 0.0;
            for (uint32_t k = 0; k < tap.count; ++k)
                sum += double{tap.weights[k]} * std::pow(tap.newest + k - std::floor(delay), power);
            // Float weights of up to 0.6 on powers of up to 4^7.
            EXPECT_NEAR(sum, std::pow(delay - std::floor(delay), power),
                        1e-6 * std::pow(4.0, power))
                << delay << ' ' << power;
        }
    }
}

TEST(DelayLine, HasForgottenAfterReset) {
    DelayLine line;
    line.prepare(100);
    for (int i = 0; i < 500; ++i)
        line.push(1.0f);
    EXPECT_NEAR(line.read(DelayTap::at(50.5)), 1.0f, 1e-6f);
    line.reset();
    EXPECT_EQ(line.read(DelayTap::at(0.0)), 0.0f);
    line.push(0.5f);
    EXPECT_EQ(line.read(DelayTap::at(0.0)), 0.5f);
    EXPECT_EQ(line.read(DelayTap::at(1.0)), 0.0f);
    EXPECT_EQ(line.read(DelayTap::at(50.5)), 0.0f);
}

TEST(Sine, IsSineEverywhere) {
    for (int64_t phase = INT32_MIN; phase <= INT32_MAX; phase += 99991) {
        const double turns = static_cast<double>(phase) / 4294967296.0;
        ASSERT_NEAR(sine_of_turns(static_cast<int32_t>(phase)),
                    std::sin(2.0 * std::numbers::pi * turns), 1e-9)
            << phase;
    }
}

TEST(Phase, DriftsByNothingInAnHour) {
    const double rate = 48000.0, frequency = 997.3;
    const auto increment = Phase::increment(frequency, rate);
    const int64_t frames = int64_t{3600} * 48000;
    Phase phase;
    for (int64_t i = 0; i < frames; ++i)
        phase.advance(increment);
    const long double turns = 997.3L / 48000.0L * static_cast<long double>(frames);
    const auto expected = static_cast<double>(turns - std::floor(turns));
    const double got = static_cast<uint32_t>(phase.advance(0)) / 4294967296.0;
    EXPECT_LT(std::fabs(std::remainder(got - expected, 1.0)), 1e-6);
}

TEST(PinkFilter, FallsThreeDecibelsPerOctaveAtAnyRate) {
    for (const double rate : {44100.0, 48000.0, 88200.0, 96000.0, 192000.0}) {
        PinkFilter filter;
        filter.prepare(rate);
        std::vector<double> response(static_cast<size_t>(rate));
        double energy = 0.0;
        for (size_t i = 0; i < response.size(); ++i) {
            response[i] = filter.process(i == 0 ? 1.0 : 0.0);
            energy += response[i] * response[i];
        }
        EXPECT_NEAR(energy, 1.0, 1e-6) << "pink is as loud as white at " << rate;
        std::vector<double> levels; // relative to -3.01 dB per octave
        for (double f = 20.0; f < 20001.0; f *= std::exp2(1.0 / 6.0)) {
            const auto turn = std::polar(1.0, -2.0 * std::numbers::pi * f / rate);
            std::complex<double> h = 0.0, z = 1.0;
            for (const double x : response) {
                h += x * z;
                z *= turn;
            }
            levels.push_back(10.0 * std::log10(std::norm(h) * f));
        }
        const auto [low, high] = std::minmax_element(levels.begin(), levels.end());
        EXPECT_LT(*high - *low, 0.5) << "within +-0.25 dB at " << rate;
    }
}

TEST(Random, MatchesThePublishedGenerator) {
    Random random({1, 2, 3, 4});
    for (const uint64_t expected :
         {uint64_t{41943041}, uint64_t{58720359}, uint64_t{3588806011781223},
          uint64_t{3591011842654386}, uint64_t{9228616714210784205u}})
        EXPECT_EQ(random(), expected);
}

TEST(Random, StreamsDifferAndRepeat) {
    std::set<uint64_t> seen;
    for (uint64_t seed = 0; seed < 20; ++seed)
        for (uint64_t stream = 0; stream < 8; ++stream) {
            Random random;
            random.seed(seed, stream);
            for (int i = 0; i < 100; ++i)
                EXPECT_TRUE(seen.insert(random()).second);
        }
    Random a, b;
    a.seed(5, 3);
    b.seed(5, 3);
    for (int i = 0; i < 1000; ++i)
        ASSERT_EQ(a(), b());
}

TEST(Pan, KeepsThePower) {
    for (double position = -1.0; position <= 1.0; position += 0.125) {
        const StereoGain gain = constant_power_pan(position);
        EXPECT_NEAR(gain.left * gain.left + gain.right * gain.right, 1.0, 1e-12);
        EXPECT_EQ(std::max(balance(position).left, balance(position).right), 1.0);
    }
    EXPECT_EQ(balance(1.0).left, 0.0);
    EXPECT_EQ(balance(-1.0).right, 0.0);
}

} // namespace
