// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/dsp/fft.hpp"
#include "plugins/dsp/spectral_peak.hpp"
#include "plugins/dsp/window.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <random>
#include <vector>

namespace {

using namespace backline::dsp;

struct Named {
    const char* name;
    Window window;
    double scallop_db;      ///< of a line midway between two bins
    double noise_bandwidth; ///< bins
};
/// Figures of Harris 1978, table I; the flat top's follow from its coefficients.
const std::vector<Named> kWindows = {{"rectangular", Window::rectangular(), 3.92, 1.00},
                                     {"hann", Window::hann(), 1.42, 1.50},
                                     {"blackman-harris", Window::blackman_harris(), 0.83, 2.00},
                                     {"flat-top", Window::flat_top(), 0.01, 3.77}};

std::vector<float> random_signal(size_t size) {
    std::mt19937 generator(7);
    std::normal_distribution<float> normal;
    std::vector<float> x(size);
    for (float& value : x)
        value = normal(generator);
    return x;
}

TEST(Window, MeanAndNoiseBandwidthAreThoseOfTheSamples) {
    for (const Named& w : kWindows) {
        std::vector<float> samples(1024);
        w.window.fill(samples);
        double sum = 0, squares = 0;
        for (const float s : samples) {
            sum += double{s};
            squares += double{s} * double{s};
        }
        EXPECT_NEAR(sum / 1024.0, w.window.a[0], 1e-7) << w.name;
        EXPECT_NEAR(1024.0 * squares / (sum * sum), w.window.noise_bandwidth(), 1e-6) << w.name;
        EXPECT_NEAR(w.window.noise_bandwidth(), w.noise_bandwidth, 0.006) << w.name;
    }
}

TEST(Window, IsPeriodicWithItsMiddleAtHalfTheLength) {
    std::vector<float> hann(8);
    Window::hann().fill(hann);
    EXPECT_NEAR(hann[0], 0.0f, 1e-7f);
    EXPECT_FLOAT_EQ(hann[4], 1.0f);
    EXPECT_FLOAT_EQ(hann[2], 0.5f);
    for (size_t n = 1; n < 8; ++n)
        EXPECT_NEAR(hann[n], hann[8 - n], 1e-7f);
}

TEST(Window, LobeIsTheTransformOfTheSamples) {
    constexpr size_t kSize = 4096;
    for (const Named& w : kWindows) {
        std::vector<float> samples(kSize);
        w.window.fill(samples);
        for (const double bin : {0.0, 0.1, 0.5, 0.93, 1.0, 1.37, 2.0, 3.4}) {
            double transform = 0;
            for (size_t n = 0; n < kSize; ++n)
                transform += double{samples[n]}
                             * std::cos(2.0 * std::numbers::pi * bin
                                        * (static_cast<double>(n) - kSize / 2.0) / kSize);
            // The sampled window has half a frame more on its left: of no size at N = 4096.
            EXPECT_NEAR(transform / kSize, w.window.lobe(bin), 3e-4) << w.name << " at " << bin;
            EXPECT_DOUBLE_EQ(w.window.lobe(-bin), w.window.lobe(bin));
        }
        EXPECT_NEAR(-20.0 * std::log10(w.window.lobe(0.5) / w.window.lobe(0.0)), w.scallop_db, 0.01)
            << w.name;
    }
}

TEST(RealFft, IsTheDiscreteFourierTransform) {
    RealFft fft(64);
    const std::vector<float> x = random_signal(fft.size());
    std::copy(x.begin(), x.end(), fft.input().begin());
    fft.run();
    ASSERT_EQ(fft.bins(), 33u);
    for (size_t k = 0; k < fft.bins(); ++k) {
        std::complex<double> expected = 0;
        for (size_t n = 0; n < x.size(); ++n)
            expected +=
                double{x[n]}
                * std::polar(1.0, -2.0 * std::numbers::pi * static_cast<double>(k * n) / 64.0);
        EXPECT_LT(std::abs(std::complex<double>(fft.spectrum()[k]) - expected), 1e-5) << k;
    }
    EXPECT_EQ(std::vector<float>(fft.input().begin(), fft.input().end()), x) << "input is kept";
}

TEST(RealFft, KeepsTheEnergy) {
    for (const size_t size : {512u, 1024u, 2048u, 4096u, 8192u}) {
        RealFft fft(size);
        const std::vector<float> x = random_signal(size);
        std::copy(x.begin(), x.end(), fft.input().begin());
        fft.run();
        double time = 0, frequency = 0;
        for (const float v : x)
            time += double{v} * double{v};
        for (size_t k = 0; k < fft.bins(); ++k)
            frequency +=
                (k == 0 || k == size / 2 ? 1.0 : 2.0) * double{std::norm(fft.spectrum()[k])};
        EXPECT_NEAR(frequency / static_cast<double>(size) / time, 1.0, 1e-6) << size;
    }
}

TEST(RealFft, OwnNoiseIsBelowMinus140Decibels) {
    for (const size_t size : {512u, 8192u}) {
        RealFft fft(size);
        constexpr size_t kBin = 37;
        for (size_t n = 0; n < size; ++n)
            fft.input()[n] = static_cast<float>(
                std::sin(2.0 * std::numbers::pi * static_cast<double>(kBin * n % size)
                         / static_cast<double>(size)));
        fft.run();
        const double full = static_cast<double>(size) / 2.0;
        for (size_t k = 0; k < fft.bins(); ++k) {
            const double db = 20.0 * std::log10(double{std::abs(fft.spectrum()[k])} / full + 1e-30);
            if (k == kBin)
                EXPECT_NEAR(db, 0.0, 1e-5);
            else
                EXPECT_LT(db, -140.0) << size << " bin " << k;
        }
    }
}

TEST(SpectralPeak, OffsetInvertsTheLobe) {
    for (const Named& w : kWindows)
        for (int i = -50; i <= 50; ++i) {
            const double offset = i / 100.0;
            const auto line = [&](double bin) {
                return 3.0 * std::abs(w.window.lobe(bin - offset));
            };
            EXPECT_NEAR(line_offset(w.window, line(-1), line(0), line(1)), offset, 1e-7)
                << w.name << " at " << offset;
        }
}

TEST(SpectralPeak, FindsTheLineAndItsTop) {
    std::vector<float> power(100);
    const Window window = Window::hann();
    for (size_t k = 0; k < power.size(); ++k) {
        const double magnitude = 2.0 * window.lobe(static_cast<double>(k) - 41.3) / window.a[0];
        power[k] = static_cast<float>(magnitude * magnitude);
    }
    const SpectralPeak peak = find_peak(power, window);
    EXPECT_NEAR(peak.bin, 41.3, 1e-6);
    EXPECT_NEAR(peak.power, 4.0, 1e-5);
}

TEST(SpectralPeak, SilenceAndTheEdgesHaveNone) {
    std::vector<float> power(100);
    EXPECT_EQ(find_peak(power, Window::hann()).bin, 0.0);
    power.front() = power.back() = 1.0f;
    EXPECT_EQ(find_peak(power, Window::hann()).power, 0.0);
    EXPECT_EQ(find_peak(std::span(power).first(2), Window::hann()).power, 0.0);
}

} // namespace
