// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/plugins/sound_files.hpp"
#include "tests/support/plugin_host.hpp"

#include <fftw3.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

using namespace backline::test;

constexpr double kRate = 48000.0;
/// Keeps FFTW loaded as the daemon does, and empties its planner before leak checkers look.
class Fftw : public testing::Environment {
    void TearDown() override { fftwf_cleanup(); }
};
[[maybe_unused]] const testing::Environment* const kFftw =
    testing::AddGlobalTestEnvironment(new Fftw);

enum Window { kHann, kBlackmanHarris, kFlatTop, kRectangular };
enum Hop { kWhole, kHalf, kQuarter, kEighth };

class SpectrumTest : public testing::Test {
  protected:
    /// Runs with these settings from the start; results of earlier runs are gone.
    void run(const Signal& in, uint64_t frames, int size, int hop, int window,
             double averaging = 0.0, const Slicing& slicing = slices_of(256)) {
        host.activate({.rate = kRate,
                       .max_frames = 4096,
                       .channels = static_cast<uint32_t>(std::max<size_t>(in.size(), 1))});
        host.results.clear();
        host.run(in, frames,
                 {{0, "size", static_cast<double>(size)},
                  {0, "hop", static_cast<double>(hop)},
                  {0, "window", static_cast<double>(window)},
                  {0, "averaging", averaging}},
                 slicing);
    }
    std::vector<Result> of(const std::string& symbol) const {
        std::vector<Result> found;
        for (const Result& r : host.results)
            if (r.index == host.result(symbol)) found.push_back(r);
        return found;
    }
    PluginHost host{"spectrum"};
};

TEST_F(SpectrumTest, ToneIsReadToAHundredthOfABin) {
    // Largest error of the level in dB by window; the issue is 0.02 flat-top, 0.05 Hann.
    const double tolerance[] = {0.01, 0.01, 0.01, 0.1};
    for (int window = kHann; window <= kFlatTop; ++window)
        for (const int size : {0, 2, 4}) {
            const double bin_hz = kRate / (512 << size);
            for (const double bin : {20.0, 30.1, 40.25, 57.5, 83.49, 120.77, 200.999})
                for (const double amplitude : {1.0, 0.01}) {
                    const double frequency = bin * bin_hz;
                    run({sine(16384, frequency, kRate, amplitude, 0.7)}, 16384, size, kHalf,
                        window);
                    const auto frequencies = of("peak_frequency"), levels = of("peak_level");
                    ASSERT_GT(frequencies.size(), 2u);
                    for (size_t i = 0; i < frequencies.size(); ++i) {
                        EXPECT_NEAR(frequencies[i].values[0] / bin_hz, bin, 0.01)
                            << "window " << window << " size " << (512 << size);
                        EXPECT_NEAR(levels[i].values[0], 20.0 * std::log10(amplitude),
                                    tolerance[window])
                            << "window " << window << " bin " << bin;
                    }
                }
        }
}

TEST_F(SpectrumTest, WorstErrorsOfTheDefaultWindow) {
    double worst_bins = 0, worst_db = 0;
    const double bin_hz = kRate / 2048;
    for (int i = 0; i < 200; ++i) {
        const double bin = 30.0 + i * 4.3717171;
        run({sine(4096, bin * bin_hz, kRate, 0.5, i)}, 4096, 2, kHalf, kHann);
        for (const Result& r : of("peak_frequency"))
            worst_bins = std::max(worst_bins, std::abs(r.values[0] / bin_hz - bin));
        for (const Result& r : of("peak_level"))
            worst_db = std::max(worst_db, std::abs(r.values[0] + 6.0206));
    }
    RecordProperty("worst_frequency_error_bins", testing::PrintToString(worst_bins));
    RecordProperty("worst_level_error_db", testing::PrintToString(worst_db));
    EXPECT_LT(worst_bins, 1e-3);
    EXPECT_LT(worst_db, 1e-3);
}

TEST_F(SpectrumTest, RectangularWindowReadsTonesFarFromTheEdges) {
    const double bin_hz = kRate / 2048;
    for (const double bin : {300.0, 400.3, 512.5}) {
        run({sine(8192, bin * bin_hz, kRate, 0.5)}, 8192, 2, kHalf, kRectangular);
        for (const Result& r : of("peak_frequency"))
            EXPECT_NEAR(r.values[0] / bin_hz, bin, 0.01);
        for (const Result& r : of("peak_level"))
            EXPECT_NEAR(r.values[0], -6.0206, 0.05);
    }
}

TEST_F(SpectrumTest, MagnitudeOfAFullScaleSineAtItsBinIsZero) {
    for (int window = kHann; window <= kRectangular; ++window)
        for (int size = 0; size < 5; ++size) {
            const size_t bins = (256u << size) + 1;
            run({sine(8192, 40 * kRate / (512 << size), kRate)}, 8192, size, kWhole, window);
            const auto magnitude = of("magnitude");
            ASSERT_EQ(magnitude.size(), 8192u / (512u << size));
            for (const Result& r : magnitude) {
                ASSERT_EQ(r.values.size(), bins);
                EXPECT_NEAR(r.values[40], 0.0f, 1e-4f);
                EXPECT_LT(r.values[60], -110.0f) << "leakage is gone beyond the lobe";
                EXPECT_GE(*std::min_element(r.values.begin(), r.values.end()), -200.0f);
            }
        }
}

TEST_F(SpectrumTest, FlatTopReadsATonesLevelAnywhereWithoutInterpolation) {
    for (const double bin : {40.0, 40.2, 40.4, 40.5}) {
        run({sine(8192, bin * kRate / 2048, kRate)}, 8192, 2, kHalf, kFlatTop);
        for (const Result& r : of("magnitude"))
            EXPECT_NEAR(*std::max_element(r.values.begin(), r.values.end()), 0.0, 0.02) << bin;
    }
}

TEST_F(SpectrumTest, ConstantAndHalfTheRateReadTheirAmplitude) {
    std::vector<float> x(2048);
    for (size_t n = 0; n < x.size(); ++n)
        x[n] = 0.5f + (n % 2 == 0 ? 0.25f : -0.25f);
    run({x}, 2048, 2, kWhole, kHann);
    const std::vector<float> magnitude = of("magnitude").at(0).values;
    EXPECT_NEAR(magnitude.front(), -6.0206, 1e-4);
    EXPECT_NEAR(magnitude.back(), -12.0412, 1e-4);
}

TEST_F(SpectrumTest, KeepsTheEnergyOfTheSignal) {
    for (int size = 0; size < 5; ++size) {
        const std::vector<float> x = noise(512u << size);
        run({x}, x.size(), size, kWhole, kRectangular);
        const std::vector<float> magnitude = of("magnitude").at(0).values;
        double time = 0, frequency = 0;
        for (const float v : x)
            time += double{v} * double{v} / static_cast<double>(x.size());
        for (size_t k = 0; k < magnitude.size(); ++k) {
            const bool edge = k == 0 || k + 1 == magnitude.size();
            frequency += (edge ? 1.0 : 0.5) * std::pow(10.0, double{magnitude[k]} / 10.0);
        }
        EXPECT_NEAR(frequency / time, 1.0, 1e-5) << size;
    }
}

TEST_F(SpectrumTest, ChannelsAreAveraged) {
    const std::vector<float> tone = sine(4096, 40 * kRate / 2048, kRate);
    std::vector<float> inverted = tone;
    for (float& v : inverted)
        v = -v;
    run({tone, std::vector<float>(4096)}, 4096, 2, kHalf, kHann);
    EXPECT_NEAR(of("peak_level").at(0).values[0], -6.0206, 1e-3);
    run({tone, tone, tone}, 4096, 2, kHalf, kHann);
    EXPECT_NEAR(of("peak_level").at(0).values[0], 0.0, 1e-3);
    run({tone, inverted}, 4096, 2, kHalf, kHann);
    EXPECT_EQ(of("peak_level").at(0).values[0], -200.0f);
    EXPECT_EQ(of("peak_frequency").at(0).values[0], 0.0f);
}

TEST_F(SpectrumTest, TimeIsTheCentreOfTheWindow) {
    for (int hop = kWhole; hop <= kEighth; ++hop) {
        run({noise(20480)}, 20480, 1, hop, kHann);
        const auto magnitude = of("magnitude");
        const uint64_t step = 1024u >> hop;
        ASSERT_EQ(magnitude.size(), (20480u - 1024u) / step + 1);
        for (size_t i = 0; i < magnitude.size(); ++i)
            EXPECT_EQ(magnitude[i].time, 512 + i * step);
        EXPECT_EQ(of("peak_frequency")[3].time, magnitude[3].time);
        EXPECT_EQ(of("peak_level")[3].time, magnitude[3].time);
    }
}

TEST_F(SpectrumTest, SlicingChangesNoBit) {
    // Sizes, hops and windows change at frames that suit nobody.
    const std::vector<Set> sets = {
        {1, "window", 1},   {5000, "size", 0},    {5000, "hop", 3},        {9001, "averaging", .2},
        {15013, "size", 4}, {30007, "window", 3}, {40000, "averaging", 0}, {41111, "size", 1}};
    const auto run_sets = [&](uint32_t max_frames, const Slicing& slicing) {
        host.activate({.rate = kRate, .max_frames = max_frames, .channels = 2});
        host.results.clear();
        host.run({noise(60000), noise(60000, 2)}, 60000, sets, slicing);
        EXPECT_EQ(host.dropped, 0u);
        return host.results;
    };
    const std::vector<Result> expected = run_sets(256, slices_of(256));
    ASSERT_GT(expected.size(), 300u);
    for (const auto& [max_frames, slicing] : {std::pair{1u, slices_of(1)},
                                              {64u, slices_of(17)},
                                              {1024u, slices_of(1000)},
                                              {4096u, slices_of(4096)},
                                              {4096u, random_slices(4096, 4)}}) {
        const std::vector<Result> got = run_sets(max_frames, slicing);
        ASSERT_EQ(got.size(), expected.size());
        for (size_t i = 0; i < got.size(); ++i) {
            ASSERT_EQ(got[i].index, expected[i].index);
            ASSERT_EQ(got[i].time, expected[i].time);
            ASSERT_EQ(got[i].values, expected[i].values) << i;
        }
    }
}

TEST_F(SpectrumTest, SettingsHoldFromTheirFrameOn) {
    host.activate({.rate = kRate, .channels = 1});
    host.run({noise(20000)}, 20000, {{0, "size", 0}, {5003, "size", 1}});
    const auto magnitude = of("magnitude");
    const auto changed = std::find_if(magnitude.begin(), magnitude.end(),
                                      [](const Result& r) { return r.values.size() == 513; });
    ASSERT_NE(changed, magnitude.end());
    EXPECT_EQ(changed->time, 5003u + 512u);
    EXPECT_LE(std::prev(changed)->time, 5003u - 256u);
}

TEST_F(SpectrumTest, LostBlocksNeverEndUpInAWindow) {
    // The tone lies in the middle of a bin: one jump of its phase within a window would fill the
    // bins around it.
    const std::vector<float> tone = sine(48000, 37 * kRate / 1024, kRate);
    host.activate({.rate = kRate, .channels = 1, .work = Work::kHeld});
    const std::vector<Set> sets = {{0, "size", 1}, {0, "hop", 2}, {0, "window", 3}};
    const auto part = [&](size_t from, size_t frames, const std::vector<Set>& how) {
        host.run({{tone.begin() + static_cast<long>(from),
                   tone.begin() + static_cast<long>(from + frames)}},
                 frames, how);
    };
    part(0, 20000, sets); // more than may wait: the newest are refused
    EXPECT_GT(host.dropped, 0u);
    host.work_all();
    const size_t before = of("magnitude").size();
    EXPECT_GT(before, 50u);
    part(20000, 10000, {});
    host.work_all();
    const auto magnitude = of("magnitude");
    EXPECT_GT(magnitude.size(), before + 20);
    for (const Result& r : magnitude)
        for (size_t k = 0; k < r.values.size(); ++k) {
            if (k == 37)
                EXPECT_NEAR(r.values[k], 0.0f, 1e-3f);
            else
                ASSERT_LT(r.values[k], -110.0f) << "bin " << k << " at " << r.time;
        }
    // No window covers a frame of the gap, so the step over it is longer than a window.
    uint64_t longest = 0;
    for (size_t i = 1; i < magnitude.size(); ++i)
        longest = std::max(longest, magnitude[i].time - magnitude[i - 1].time);
    EXPECT_GT(longest, 1024u);
}

TEST_F(SpectrumTest, AJumpOfTheClockStartsANewWindow) {
    const std::vector<float> tone = sine(48000, 37 * kRate / 1024, kRate);
    host.activate({.rate = kRate, .channels = 1});
    host.run({tone}, 3000, {{0, "size", 1}, {0, "window", 3}});
    host.time += 12345; // as when the node was bypassed meanwhile
    const uint64_t resumed = host.time;
    host.results.clear();
    host.run({tone}, 3000);
    const auto magnitude = of("magnitude");
    ASSERT_FALSE(magnitude.empty());
    EXPECT_EQ(magnitude[0].time, resumed + 512);
    for (const Result& r : magnitude)
        EXPECT_LT(r.values[60], -110.0f);
}

TEST_F(SpectrumTest, AveragingDecaysWithItsTimeConstant) {
    std::vector<float> x = sine(24000, 40 * kRate / 1024, kRate);
    run({x}, 72000, 1, kHalf, kHann, 0.25);
    const auto level = of("peak_level");
    // Once the tone has left the window, each hop of 512 costs 4.343 hop / (tau rate) dB.
    const double step = 10.0 / std::log(10.0) * 512.0 / (0.25 * kRate);
    size_t checked = 0;
    for (size_t i = 1; i < level.size(); ++i)
        if (level[i - 1].time > 24000 + 512 && level[i].values[0] > -150) {
            EXPECT_NEAR(level[i - 1].values[0] - level[i].values[0], step, 1e-3);
            ++checked;
        }
    EXPECT_GT(checked, 50u);
    EXPECT_NEAR(level[0].values[0], 0.0, 1e-3) << "the first window is not averaged with silence";
}

TEST_F(SpectrumTest, AveragingSettlesNoiseAndOffDoesNotAverage) {
    const auto spread = [&](double averaging) {
        run({noise(96000, 8)}, 96000, 0, kWhole, kHann, averaging);
        double sum = 0, squares = 0, count = 0;
        const auto magnitude = of("magnitude");
        for (size_t i = magnitude.size() / 2; i < magnitude.size(); ++i) {
            const double power = std::pow(10.0, double{magnitude[i].values[100]} / 10.0);
            sum += power, squares += power * power, ++count;
        }
        return std::sqrt(squares / count - sum * sum / count / count) / (sum / count);
    };
    EXPECT_NEAR(spread(0.0), 1.0, 0.25); // chi-squared with two degrees of freedom
    // About 2 tau / hop = 187 independent windows.
    EXPECT_LT(spread(1.0), 0.15);
}

TEST_F(SpectrumTest, ResetForgetsSignalAndAverage) {
    host.activate({.rate = kRate, .channels = 1});
    host.run({sine(10000, 5000, kRate)}, 10000, {{0, "averaging", 1.0}});
    host.reset();
    host.results.clear();
    const uint64_t from = host.time;
    host.run({}, 4096);
    ASSERT_FALSE(of("peak_level").empty());
    EXPECT_EQ(of("peak_level")[0].time, from + 1024);
    for (const Result& r : of("peak_level"))
        EXPECT_EQ(r.values[0], -200.0f);
}

} // namespace
