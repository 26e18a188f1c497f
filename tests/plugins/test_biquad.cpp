// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <complex>
#include <gtest/gtest.h>
#include <numbers>
#include <random>
#include <vector>

#include "plugins/dsp/biquad.hpp"

using namespace backline::dsp;

namespace {

using Coefficients = Biquad::Coefficients;

struct Setting {
    double frequency, q, gain_db, rate;
};
const Setting kSettings[] = {{1200.0, 1.0, 3.0, 48000.0},     {20.0, 20.0, 24.0, 192000.0},
                             {20.0, 0.1, -24.0, 48000.0},     {23000.0, 5.0, 12.0, 48000.0},
                             {100.0, 0.7071, -12.0, 44100.0}, {12000.0, 20.0, -24.0, 48000.0}};

Coefficients peak(const Setting& s) {
    return Coefficients::peak(s.frequency, s.q, s.gain_db, s.rate);
}

std::vector<float> noise(size_t length) {
    std::mt19937 random(7);
    std::uniform_real_distribution<float> sample(-0.5f, 0.5f);
    std::vector<float> x(length);
    std::generate(x.begin(), x.end(), [&] { return sample(random); });
    return x;
}

/// The difference equation as it stands.
std::vector<double> direct(const Coefficients& c, const std::vector<float>& in) {
    std::vector<double> out;
    double x1 = 0.0, x2 = 0.0, y1 = 0.0, y2 = 0.0;
    for (const float x : in) {
        const double y = c.b0 * x + c.b1 * x1 + c.b2 * x2 - c.a1 * y1 - c.a2 * y2;
        x2 = x1;
        x1 = x;
        y2 = y1;
        y1 = y;
        out.push_back(y);
    }
    return out;
}

TEST(Biquad, LooksAheadToTheSameFilter) {
    const std::vector<float> in = noise(96001); // odd
    for (const Setting& setting : kSettings) {
        const std::vector<double> expected = direct(peak(setting), in);
        Biquad filter;
        filter.set(peak(setting));
        std::vector<float> out(in.size());
        filter.process(in.data(), out.data(), static_cast<uint32_t>(in.size()));
        for (size_t i = 0; i < in.size(); ++i)
            ASSERT_NEAR(out[i], expected[i], 1e-7 * std::max(1.0, std::abs(expected[i])))
                << setting.frequency << " Hz, frame " << i;
    }
}

TEST(Biquad, PeaksAsTheAnalogPrototypeDoes) {
    // H(s) = (s^2 + s A/Q + 1) / (s^2 + s/(A Q) + 1), s = j tan(w/2) / tan(w0/2).
    for (const Setting& s : kSettings) {
        const Coefficients c = peak(s);
        const double a = std::pow(10.0, s.gain_db / 40.0);
        for (const double hz : {5.0, 20.0, 100.0, 1200.0, 5000.0, 12000.0, 20000.0}) {
            const double half = std::numbers::pi / s.rate;
            const std::complex<double> p(
                0.0, std::tan(hz * half) / std::tan(std::min(s.frequency, 0.49 * s.rate) * half));
            const double expected =
                std::abs((p * p + p * a / s.q + 1.0) / (p * p + p / (a * s.q) + 1.0));
            const std::complex<double> z = std::polar(1.0, -2.0 * half * hz);
            const double got =
                std::abs((c.b0 + z * (c.b1 + z * c.b2)) / (1.0 + z * (c.a1 + z * c.a2)));
            EXPECT_NEAR(got / expected, 1.0, 1e-6) << s.frequency << " Hz, at " << hz;
        }
    }
}

TEST(Biquad, GivesTheSameBitsHoweverARunIsCut) {
    const std::vector<float> in = noise(4096);
    for (const Setting& setting : kSettings) {
        Biquad whole, cut;
        whole.set(peak(setting));
        cut.set(peak(setting));
        std::vector<float> expected(in.size());
        whole.process(in.data(), expected.data(), static_cast<uint32_t>(in.size()));
        std::vector<float> out = in; // in place
        std::mt19937 random(3);
        for (uint32_t at = 0; at < out.size();) {
            const auto n = std::min(static_cast<uint32_t>(random() % 9),
                                    static_cast<uint32_t>(out.size()) - at);
            cut.process(out.data() + at, out.data() + at, n);
            at += n;
        }
        ASSERT_EQ(out, expected) << setting.frequency << " Hz";
    }
}

TEST(Biquad, SettlesOnNewCoefficientsAndForgetsAtReset) {
    const std::vector<float> in = noise(48000);
    const Coefficients first = peak(kSettings[0]), second = peak(kSettings[4]);
    Biquad filter;
    filter.set(first);
    std::vector<float> out(in.size());
    filter.process(in.data(), out.data(), 1001);
    filter.set(second);
    filter.process(in.data() + 1001, out.data() + 1001, 46999);

    const std::vector<double> before = direct(first, in), after = direct(second, in);
    for (size_t i = 0; i < 1001; ++i)
        ASSERT_NEAR(out[i], before[i], 1e-7) << i;
    for (size_t i = 40000; i < in.size(); ++i) // by then the past has died away
        ASSERT_NEAR(out[i], after[i], 1e-7) << i;

    filter.reset();
    filter.process(in.data(), out.data(), 500);
    for (size_t i = 0; i < 500; ++i)
        ASSERT_NEAR(out[i], after[i], 1e-7) << i;
}

TEST(Biquad, PassesAnythingOnUntilItIsSet) {
    const std::vector<float> in = noise(33);
    std::vector<float> out(in.size());
    Biquad().process(in.data(), out.data(), 33);
    EXPECT_EQ(out, in);
}

} // namespace
