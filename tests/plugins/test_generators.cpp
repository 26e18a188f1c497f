// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "tests/plugins/signals.hpp"

using namespace backline::test;

namespace {

constexpr double kRate = 48000.0;

Signal generate(const char* plugin, uint64_t frames, const std::vector<Set>& sets,
                double rate = kRate, uint32_t channels = 1) {
    PluginHost host(plugin);
    host.activate({.rate = rate, .channels = channels});
    return host.run({}, frames, sets, slices_of(1024));
}

void expect_repeatable(const char* plugin, const std::vector<Set>& sets) {
    PluginHost host(plugin);
    host.activate({.channels = 2});
    const Signal first = host.run({}, 5000, sets);
    EXPECT_GT(peak(first[1]), 0.0);
    host.reset();
    EXPECT_TRUE(same_bits(first, host.run({}, 5000))) << "after reset";
    host.activate({.channels = 2});
    EXPECT_TRUE(same_bits(first, host.run({}, 5000, sets))) << "after another activation";
}

TEST(Generators, SlicingChangesNoBit) {
    for (const char* plugin : {"tone", "noise", "impulse"})
        for (const uint32_t channels : {1u, 8u}) {
            PluginHost host(plugin);
            auto sets = random_sets(host.descriptor(), 15000, 60, channels);
            for (Set& set : sets)
                if (set.symbol == "period") set.value /= 3000.0;
            expect_slicing_changes_no_bit(plugin, {.channels = channels}, {}, 15000, sets);
        }
}

TEST(Generators, ResetStartsAgain) {
    expect_repeatable("tone", {{0, "frequency", 440.0}});
    expect_repeatable("noise", {{0, "seed", 7.0}, {0, "type", 1.0}});
    expect_repeatable("impulse", {{0, "period", 3.3}});
}

TEST(Tone, LevelAndFrequencyAreRight) {
    for (const double rate : {44100.0, 48000.0, 192000.0})
        for (const double f : {1.0, 997.0, 20000.0}) {
            const auto frames = static_cast<uint64_t>(rate);
            const Samples out =
                generate("tone", frames, {{0, "frequency", f}, {0, "level", -6.0}}, rate)[0];
            // Against the ideal: whole periods, so the projection onto it is the amplitude.
            const Samples ideal = sine(f, rate, frames, std::pow(10.0, -6.0 / 20.0));
            double residue = 0.0;
            for (size_t i = 0; i < frames; ++i)
                residue = std::max(residue, std::fabs(double{out[i]} - ideal[i]));
            EXPECT_LT(db(residue), -138.0) << rate << ' ' << f; // one float rounding
        }
}

TEST(Tone, PhaseHoldsThroughLongRuns) {
    PluginHost host("tone");
    host.activate({.max_frames = 1u << 20, .channels = 1});
    const std::vector<Set> sets{{0, "frequency", 1000.0}, {0, "level", 0.0}};
    const Samples first = host.run({}, 48, sets)[0];
    const uint64_t frames = uint64_t{48000} * 60;
    for (uint64_t done = 0; done < frames; done += 1u << 20)
        host.run({}, 1u << 20, {}, slices_of(1u << 20));
    const auto phase = static_cast<double>((host.time * 1000) % 48000) / 48000.0;
    const Samples later = host.run({}, 48)[0];
    for (size_t i = 0; i < 48; ++i) {
        const double turns = phase + static_cast<double>(i) / 48.0;
        ASSERT_NEAR(later[i], std::sin(2.0 * std::numbers::pi * turns), 1e-6) << i;
    }
}

TEST(Tone, StepsDoNotClick) {
    const uint64_t at = 12000;
    for (const Set& step : {Set{at, "level", -96.0}, Set{at, "level", -20.0}}) {
        const Samples out =
            generate("tone", 2 * at, {{0, "frequency", 997.0}, {0, "level", -6.0}, step})[0];
        EXPECT_LT(db(residue_above(out, 5000.0, kRate, at / 2)), -100.0);
    }
    const Samples out =
        generate("tone", 2 * at,
                 {{0, "frequency", 997.0}, {0, "level", -6.0}, {at, "frequency", 1500.0}})[0];
    EXPECT_LT(db(residue_above(out, 5000.0, kRate, at / 2)), -80.0);
    EXPECT_EQ(peak(generate("tone", 4800, {{0, "level", -96.0}})[0]), 0.0);
}

TEST(Tone, ChannelsAreAlike) {
    const Signal out = generate("tone", 3000, {}, kRate, 8);
    ASSERT_EQ(out.size(), 8u);
    for (const Samples& y : out)
        EXPECT_EQ(y, out[0]);
}

TEST(Noise, WhiteIsNormalAndLevelIsItsRms) {
    const Samples out = generate("noise", 2000000, {{0, "level", -20.0}})[0];
    const double level = rms(out);
    EXPECT_NEAR(db(level), -20.0, 0.02);
    double mean = 0.0, fourth = 0.0, lag = 0.0;
    for (size_t i = 1; i < out.size(); ++i) {
        const double x = out[i] / level;
        mean += x;
        fourth += x * x * x * x;
        lag += x * out[i - 1] / level;
    }
    const auto n = static_cast<double>(out.size());
    EXPECT_LT(std::fabs(mean / n), 4.0 / std::sqrt(n));
    EXPECT_LT(std::fabs(lag / n), 4.0 / std::sqrt(n));
    EXPECT_NEAR(fourth / n, 3.0, 0.05);
}

TEST(Noise, SeedsAndChannelsAreUncorrelated) {
    const size_t frames = 200000;
    const Signal one = generate("noise", frames, {{0, "seed", 1.0}}, kRate, 3);
    const Signal two = generate("noise", frames, {{0, "seed", 2.0}}, kRate, 3);
    std::vector<Samples> all(one.begin(), one.end());
    all.insert(all.end(), two.begin(), two.end());
    for (size_t a = 0; a < all.size(); ++a)
        for (size_t b = 0; b < a; ++b) {
            double sum = 0.0;
            for (size_t i = 0; i < frames; ++i)
                sum += double{all[a][i]} * all[b][i];
            const double r = sum / static_cast<double>(frames) / rms(all[a]) / rms(all[b]);
            EXPECT_LT(std::fabs(r), 4.5 / std::sqrt(double(frames))) << a << ' ' << b;
        }
    // More channels leave the first ones as they are.
    EXPECT_EQ(generate("noise", frames, {{0, "seed", 1.0}})[0], one[0]);
}

TEST(Noise, SettingTheSeedStartsAgain) {
    const Samples out = generate("noise", 3000, {{0, "type", 1.0}, {1500, "seed", 1.0}})[0];
    EXPECT_TRUE(std::equal(out.begin(), out.begin() + 1500, out.begin() + 1500));
}

TEST(Noise, PinkFallsThreeDecibelsPerOctave) {
    // Octave-band levels of long averaged periodograms.
    const size_t size = 1u << 14;
    const size_t blocks = 160;
    const Samples out =
        generate("noise", size * blocks, {{0, "type", 1.0}, {0, "level", -20.0}})[0];
    EXPECT_NEAR(db(rms(out)), -20.0, 0.3);
    std::vector<double> power(size / 2);
    std::vector<std::complex<double>> work(size);
    for (size_t b = 0; b < blocks; ++b) {
        for (size_t i = 0; i < size; ++i) {
            const double hann =
                0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * double(i) / double(size));
            work[i] = hann * double{out[b * size + i]};
        }
        // Radix-2 transform, in place.
        for (size_t i = 1, j = 0; i < size; ++i) {
            size_t bit = size >> 1;
            for (; (j & bit) != 0; bit >>= 1)
                j ^= bit;
            j ^= bit;
            if (i < j) std::swap(work[i], work[j]);
        }
        for (size_t half = 1; half < size; half *= 2)
            for (size_t k = 0; k < half; ++k) {
                const auto w = std::polar(1.0, -std::numbers::pi * double(k) / double(half));
                for (size_t i = k; i < size; i += 2 * half) {
                    const auto t = w * work[i + half];
                    work[i + half] = work[i] - t;
                    work[i] += t;
                }
            }
        for (size_t i = 0; i < size / 2; ++i)
            power[i] += std::norm(work[i]);
    }
    std::vector<double> bands;
    for (double low = 20.0; low * 2.0 < 20500.0; low *= 2.0) {
        double density = 0.0; // mean of power * f: constant for pink
        int bins = 0;
        for (size_t i = 0; i < size / 2; ++i) {
            const double f = double(i) * kRate / double(size);
            if (f < low || f >= 2.0 * low) continue;
            density += power[i] * f;
            ++bins;
        }
        bands.push_back(10.0 * std::log10(density / bins));
    }
    double mean = 0.0;
    for (const double band : bands)
        mean += band / double(bands.size());
    for (size_t i = 0; i < bands.size(); ++i)
        // The lowest octaves hold few bins: three standard deviations more.
        EXPECT_NEAR(bands[i], mean, 0.3 + (i < 2 ? 0.3 : 0.0)) << "octave " << i;
}

TEST(Impulse, RoundsTheTimesNotTheirSum) {
    const double period = 1000.4; // frames
    const Samples out = generate("impulse", 1000401, {{0, "period", period / 48.0}})[0];
    double count = 0.0;
    for (size_t i = 0; i < out.size(); ++i)
        if (out[i] != 0.0f) {
            EXPECT_EQ(out[i], 1.0f);
            EXPECT_NEAR(static_cast<double>(i), period * count, 0.501);
            ++count;
        }
    EXPECT_EQ(count, 1001.0);
}

TEST(Impulse, NeverComesTwiceInAFrame) {
    const Samples out = generate("impulse", 1000, {{0, "period", 0.001}})[0];
    EXPECT_EQ(out, Samples(1000, 1.0f));
}

TEST(Impulse, PeriodZeroIsOnce) {
    const Samples out = generate("impulse", 96000, {{0, "period", 0.0}, {0, "level", -20.0}})[0];
    EXPECT_NEAR(out[0], 0.1, 1e-7);
    EXPECT_EQ(peak(out, 1), 0.0);
}

TEST(Impulse, ANewPeriodCountsFromTheLastImpulse) {
    const Samples out = generate("impulse", 48000,
                                 {{0, "period", 100.0},
                                  {1000, "period", 50.0},
                                  {4000, "period", 10.0},
                                  {4100, "level", -96.0}})[0];
    std::vector<size_t> at;
    for (size_t i = 0; i < out.size(); ++i)
        if (out[i] != 0.0f) at.push_back(i);
    EXPECT_EQ(at, (std::vector<size_t>{0, 2400, 4000}));
}

} // namespace
