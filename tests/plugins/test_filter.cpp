// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <limits>

#include "tests/plugins/signals.hpp"

using namespace backline::test;

namespace {

constexpr double kRate = 48000.0;
enum Type { kLow, kHigh, kBand, kNotch };

/// The analog prototype seen through the bilinear transform.
double magnitude(Type type, double f, double cutoff, double q, double rate) {
    const double w =
        std::tan(std::numbers::pi * f / rate) / std::tan(std::numbers::pi * cutoff / rate);
    const std::complex<double> s(0.0, w);
    const std::complex<double> d = s * s + s / q + 1.0;
    switch (type) {
    case kLow:
        return std::abs(1.0 / d);
    case kHigh:
        return std::abs(s * s / d);
    case kBand:
        return std::abs(s / q / d);
    case kNotch:
        return std::abs((s * s + 1.0) / d);
    }
    return 0.0;
}

TEST(Filter, SlicingChangesNoBit) {
    for (const uint32_t channels : {1u, 2u, 8u}) {
        Signal in;
        for (uint32_t c = 0; c < channels; ++c)
            in.push_back(noise(15000, c));
        PluginHost host("filter");
        expect_slicing_changes_no_bit("filter", {.channels = channels}, {{"in", in}}, 15000,
                                      random_sets(host.descriptor(), 15000, 60, channels));
    }
}

TEST(Filter, MagnitudeIsAnalytic) {
    for (const double rate : {44100.0, 96000.0})
        for (const Type type : {kLow, kHigh, kBand, kNotch})
            for (const double cutoff : {100.0, 1000.0, 15000.0})
                for (const double q : {0.5, 0.7071067811865476, 10.0}) {
                    PluginHost host("filter");
                    host.activate({.rate = rate, .channels = 1});
                    const size_t frames = 65536;
                    const Signal out = host.run(
                        {impulse(frames)}, frames,
                        {{0, "type", double(type)}, {0, "cutoff", cutoff}, {0, "resonance", q}});
                    for (double f = 20.0; f < 20001.0; f *= 1.6) {
                        const double expected = magnitude(type, f, cutoff, q, rate);
                        if (expected < 1e-3) continue; // float output says less down there
                        EXPECT_NEAR(db(std::abs(dtft(out[0], f, rate))), db(expected), 0.002)
                            << "type " << type << " cutoff " << cutoff << " q " << q << " f " << f;
                    }
                }
}

TEST(Filter, NotchRemovesItsFrequency) {
    PluginHost host("filter");
    host.activate({.channels = 1});
    const Signal out = host.run({sine(1000.0, kRate, 96000, 0.5)}, 96000,
                                {{0, "type", double(kNotch)}, {0, "cutoff", 1000.0}});
    EXPECT_LT(db(peak(out[0], 48000)), -120.0);
}

TEST(Filter, StaysBoundedWhileEverythingMoves) {
    PluginHost host("filter");
    host.activate({.channels = 1});
    std::vector<Set> sets;
    for (uint64_t frame = 0; frame < 96000; frame += 48) { // 1 kHz between the extremes
        const bool odd = frame / 48 % 2 == 1;
        sets.push_back({frame, "cutoff", odd ? 20000.0 : 20.0});
        sets.push_back({frame, "resonance", odd ? 20.0 : 0.5});
        sets.push_back({frame, "type", double(frame / 48 % 4)});
    }
    const Signal out = host.run({noise(96000, 1, 1.0f)}, 96000, sets);
    EXPECT_TRUE(all_finite(out));
    EXPECT_LT(peak(out[0]), 25.0); // 20 is the gain of the highest resonance
}

TEST(Filter, ChangesDoNotClick) {
    const uint64_t at = 12000;
    const Signal in{sine(997.0, kRate, 2 * at, 0.5)};
    for (const std::vector<Set>& step : {
             std::vector<Set>{{0, "cutoff", 1000.0}, {at, "cutoff", 4000.0}},
             std::vector<Set>{{0, "cutoff", 18000.0}, {at, "cutoff", 200.0}},
             std::vector<Set>{{0, "cutoff", 1200.0}, {at, "resonance", 5.0}},
             std::vector<Set>{{0, "type", kLow}, {at, "type", kHigh}},
             std::vector<Set>{{0, "type", kBand}, {at, "type", kNotch}},
         }) {
        PluginHost host("filter");
        host.activate({.channels = 1});
        EXPECT_LT(db(residue_above(host.run(in, 2 * at, step)[0], 5000.0, kRate, at / 2)), -80.0)
            << step.back().symbol << ' ' << step.back().value;
    }
}

TEST(Filter, DecaysToExactSilence) {
    PluginHost host("filter");
    host.activate({.channels = 1});
    const std::vector<Set> sets{{0, "cutoff", 200.0}, {0, "resonance", 20.0}};
    host.run({noise(4800, 1)}, 4800, sets);
    const uint64_t tail = host.tail();
    EXPECT_NEAR(double(tail), 4.4 * 20.0 / 200.0 * kRate, 200.0);
    const Signal ringing = host.run({}, tail);
    EXPECT_GT(db(peak(ringing[0], tail - 2000)), -160.0) << "the tail is not exaggerated";
    EXPECT_LT(db(peak(host.run({}, 4800)[0])), -100.0) << "the tail is not understated";
    host.run({}, 480000);
    EXPECT_EQ(peak(host.run({}, 1000)[0]), 0.0);
}

TEST(Filter, ResetForgets) {
    PluginHost host("filter");
    host.activate({.channels = 2});
    const Signal in{noise(5000, 1), noise(5000, 2)};
    const std::vector<Set> sets{{0, "cutoff", 80.0}, {0, "resonance", 15.0}};
    const Signal first = host.run(in, 5000, sets);
    host.reset();
    EXPECT_TRUE(same_bits(first, host.run(in, 5000, {})));
    host.reset();
    for (const Samples& y : host.run({}, 100))
        EXPECT_EQ(peak(y), 0.0);
}

TEST(Filter, RecoversFromNaNByReset) {
    PluginHost host("filter");
    host.activate({.channels = 1});
    Samples in = noise(256, 1);
    in[3] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(all_finite(host.run({in}, 256)));
    host.reset();
    EXPECT_TRUE(all_finite(host.run({noise(256, 2)}, 256)));
}

} // namespace
