// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// @file
/// Test signals and measurements for the plugin tests; slow and plain on purpose.

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "tests/support/plugin_host.hpp"

namespace backline::test {

using Samples = std::vector<float>;

inline double db(double amplitude) {
    return 20.0 * std::log10(std::max(amplitude, 1e-30));
}

/// A sine of peak `amplitude`.
inline Samples sine(double frequency, double rate, size_t frames, double amplitude) {
    Samples x(frames);
    for (size_t i = 0; i < frames; ++i)
        x[i] = static_cast<float>(
            amplitude
            * std::sin(2.0 * std::numbers::pi * frequency * static_cast<double>(i) / rate));
    return x;
}

/// Uniform noise within +-amplitude.
inline Samples noise(size_t frames, uint32_t seed, float amplitude = 0.5f) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-amplitude, amplitude);
    Samples x(frames);
    for (float& sample : x)
        sample = uniform(random);
    return x;
}

inline Samples impulse(size_t frames, float amplitude = 1.0f) {
    Samples x(frames);
    x[0] = amplitude;
    return x;
}

inline double peak(const Samples& x, size_t from = 0) {
    double most = 0.0;
    for (size_t i = from; i < x.size(); ++i)
        most = std::max(most, std::fabs(double{x[i]}));
    return most;
}

inline double rms(const Samples& x, size_t from = 0) {
    double sum = 0.0;
    for (size_t i = from; i < x.size(); ++i)
        sum += double{x[i]} * x[i];
    return std::sqrt(sum / static_cast<double>(x.size() - from));
}

/// DTFT of `x` at `frequency`: of an impulse response, the transfer function.
inline std::complex<double> dtft(const Samples& x, double frequency, double rate) {
    std::complex<double> sum = 0.0;
    for (size_t i = 0; i < x.size(); ++i)
        sum +=
            double{x[i]}
            * std::polar(1.0, -2.0 * std::numbers::pi * frequency * static_cast<double>(i) / rate);
    return sum;
}

/// Peak of what an 8th-order Butterworth high-pass at `corner` Hz leaves of x from frame `from` on.
inline double residue_above(const Samples& x, double corner, double rate, size_t from) {
    std::vector<double> y(x.begin(), x.end());
    const double w = 2.0 * std::numbers::pi * corner / rate;
    for (int k = 0; k < 4; ++k) {
        const double q = 0.5 / std::cos(std::numbers::pi * (2 * k + 1) / 16.0);
        const double alpha = std::sin(w) / (2.0 * q);
        const double a0 = 1.0 + alpha;
        const double b0 = (1.0 + std::cos(w)) / 2.0 / a0;
        const double a1 = -2.0 * std::cos(w) / a0;
        const double a2 = (1.0 - alpha) / a0;
        double z1 = 0.0, z2 = 0.0;
        for (double& sample : y) {
            const double in = sample;
            sample = b0 * in + z1;
            z1 = -2.0 * b0 * in - a1 * sample + z2;
            z2 = b0 * in - a2 * sample;
        }
    }
    double most = 0.0;
    for (size_t i = from; i < y.size(); ++i)
        most = std::max(most, std::fabs(y[i]));
    return most;
}

inline bool all_finite(const Signal& signal) {
    return std::all_of(signal.begin(), signal.end(), [](const Samples& x) {
        return std::all_of(x.begin(), x.end(), [](float v) { return std::isfinite(v); });
    });
}

inline bool same_bits(const Signal& a, const Signal& b) {
    if (a.size() != b.size()) return false;
    for (size_t c = 0; c < a.size(); ++c)
        if (a[c].size() != b[c].size()
            || std::memcmp(a[c].data(), b[c].data(), a[c].size() * sizeof(float)) != 0)
            return false;
    return true;
}

/// `count` random sets, sorted, of any numeric parameter within its range; the first few at frame
/// 0, some at one frame.
inline std::vector<Set> random_sets(const bl_descriptor& d, uint64_t frames, size_t count,
                                    uint32_t seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> unit(0.0, 1.0);
    std::vector<Set> sets;
    for (size_t i = 0; i < count; ++i) {
        const bl_param& p = d.params[random() % d.param_count];
        if (p.scale == BL_SCALE_FILE) continue;
        double value = p.min + unit(random) * (p.max - p.min);
        if (p.scale == BL_SCALE_LOG) value = p.min * std::pow(p.max / p.min, unit(random));
        if (p.scale >= BL_SCALE_INTEGER) value = std::round(value);
        if (i % 7 == 0) value = p.max;
        if (i % 11 == 0) value = p.min;
        const auto frame = i < 3 ? 0 : static_cast<uint64_t>(unit(random) * double(frames));
        sets.push_back({frame, p.symbol, value});
        if (i % 5 == 0) sets.push_back({frame, p.symbol, p.def});
    }
    std::stable_sort(sets.begin(), sets.end(),
                     [](const Set& a, const Set& b) { return a.frame < b.frame; });
    return sets;
}

/// Fails unless every output of a run with parameter events has the same bits however it is cut
/// into process() calls, and in place where the plugin allows it.
inline void expect_slicing_changes_no_bit(const std::string& plugin,
                                          const PluginHost::Config& config,
                                          const std::map<std::string, Signal>& inputs,
                                          uint64_t frames, const std::vector<Set>& sets) {
    const auto run = [&](const Slicing& slicing, bool in_place) {
        PluginHost host(plugin);
        PluginHost::Config own = config;
        own.in_place = in_place;
        host.activate(own);
        return host.run_ports(inputs, frames, sets, slicing);
    };
    const auto expected = run(slices_of(256), false);
    double most = 0.0;
    for (const auto& [symbol, signal] : expected)
        for (const Samples& x : signal)
            most = std::max(most, peak(x));
    ASSERT_GT(most, 0.0) << "nothing to compare";
    const auto compare = [&](const Slicing& slicing, bool in_place, const std::string& how) {
        const auto got = run(slicing, in_place);
        for (const auto& [symbol, signal] : expected)
            EXPECT_TRUE(same_bits(signal, got.at(symbol))) << plugin << ':' << symbol << ' ' << how;
    };
    for (const uint32_t n : {1u, 17u, 64u, 1000u})
        compare(slices_of(n), false, "in calls of " + std::to_string(n));
    for (const uint32_t seed : {1u, 2u, 3u})
        compare(random_slices(config.max_frames, seed), false, "in calls of random length");
    const PluginHost host(plugin);
    const bl_descriptor& d = host.descriptor();
    for (uint32_t i = 0; i < d.port_count; ++i)
        if ((d.ports[i].flags & BL_PORT_IN_PLACE) != 0)
            compare(random_slices(config.max_frames, 4), true, "in place");
}

} // namespace backline::test
