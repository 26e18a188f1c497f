// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/plugins/sound_files.hpp"
#include "tests/support/plugin_host.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace {

using namespace backline::test;

class LevelTest : public testing::Test {
  protected:
    std::vector<Result> of(const std::string& symbol) const {
        std::vector<Result> found;
        for (const Result& r : host.results)
            if (r.index == host.result(symbol)) found.push_back(r);
        return found;
    }
    PluginHost host{"level"};
};

TEST_F(LevelTest, SineReadsItsLevels) {
    host.activate({.channels = 2});
    // 1 kHz has a sample on its crest at 48 kHz, and 300 periods in the window.
    host.run({sine(48000, 1000, 48000, 0.5), sine(48000, 1000, 48000, 1e-4)}, 48000);
    for (const Result& r : of("peak")) {
        EXPECT_NEAR(r.values[0], -6.0206, 1e-4);
        EXPECT_NEAR(r.values[1], -80.0, 1e-4);
    }
    for (const Result& r : of("rms")) { // also while the window is filling: it holds whole periods
        EXPECT_NEAR(r.values[0], -9.0309, 1e-4);
        EXPECT_NEAR(r.values[1], -83.0103, 1e-4);
    }
    EXPECT_EQ(of("peak").size(), 20u);
    EXPECT_EQ(of("rms").size(), 20u);
    EXPECT_EQ(of("clips").back().values, (std::vector<float>{0, 0}));
}

TEST_F(LevelTest, FullScaleSquareIsZeroAndSilenceIsTheFloor) {
    host.activate({.channels = 3});
    std::vector<float> square(9600);
    for (size_t n = 0; n < square.size(); ++n)
        square[n] = n % 96 < 48 ? 1.0f : -1.0f;
    host.run({square, {}, std::vector<float>(9600, 1e-30f)}, 9600);
    EXPECT_EQ(host.tail(), UINT64_MAX) << "silence is measured, not skipped";
    EXPECT_EQ(of("rms").back().values, (std::vector<float>{0, -200, -200}));
    EXPECT_EQ(of("peak").back().values, (std::vector<float>{0, -200, -200}));
}

TEST_F(LevelTest, WindowIsThreeHundredMillisecondsRectangular) {
    host.activate({.channels = 1});
    host.run({std::vector<float>(4800, 1.0f)}, 48000); // 100 ms of full scale
    const auto rms = of("rms");
    EXPECT_EQ(rms[1].values[0], 0.0f);
    EXPECT_NEAR(rms[3].values[0], -3.0103, 1e-4) << "half of 200 ms";
    EXPECT_NEAR(rms[5].values[0], -4.7712, 1e-4) << "a third of 300 ms";
    EXPECT_NEAR(rms[6].values[0], -7.7815, 1e-4) << "50 ms of it have left";
    EXPECT_EQ(rms[7].values[0], -200.0f);
}

TEST_F(LevelTest, NoSamplePeakIsMissedAndEachIsReportedOnce) {
    host.activate({.channels = 1});
    std::vector<float> x(48000);
    x[2400] = 0.25f; // the first frame of the second stretch of 50 ms
    x[47999] = -0.5f;
    host.run({x}, 48000);
    const auto peak = of("peak");
    for (size_t i = 0; i < peak.size(); ++i) {
        const double expected = i == 1 ? -12.0412 : i == 19 ? -6.0206 : -200.0;
        EXPECT_NEAR(peak[i].values[0], expected, 1e-4) << i;
    }
}

TEST_F(LevelTest, ClipsAreCountedExactly) {
    host.activate({.channels = 2});
    std::vector<float> x = noise(96000);
    const std::vector<float> clipped = {1.0f, -1.0f, 1.5f, -3.0f, 32767.0f / 32768.0f};
    for (size_t i = 0; i < 123; ++i)
        x[i * 701 + i % 3] = clipped[i % clipped.size()];
    for (size_t i = 0; i < 50; ++i)
        x[90000 + i] = 32766.0f / 32768.0f; // loud, not clipped
    host.run({x, noise(96000)}, 96000, {}, random_slices(1024, 3));
    EXPECT_EQ(of("clips").back().values, (std::vector<float>{123, 0}));
    host.reset();
    host.run({noise(9600)}, 9600);
    EXPECT_EQ(of("clips").back().values, (std::vector<float>{0, 0}));
}

TEST_F(LevelTest, FramesComeAtTheRateSet) {
    for (const double rate : {1.0, 20.0, 33.0, 50.0}) {
        host.activate({.channels = 1});
        host.results.clear();
        host.run({}, 480000, {{0, "rate", rate}}, slices_of(1024));
        EXPECT_EQ(of("clips").size(), static_cast<size_t>(rate * 10.0)) << rate;
    }
}

TEST_F(LevelTest, TimeIsTheMiddleOfWhatWasMeasured) {
    host.activate({.channels = 1});
    host.run({}, 48000);
    EXPECT_EQ(of("peak")[0].time, 1200u);
    EXPECT_EQ(of("peak")[9].time, 24000u - 1200u);
    EXPECT_EQ(of("rms")[0].time, 1200u) << "no more than 50 ms are in the window";
    EXPECT_EQ(of("rms")[9].time, 24000u - 7200u);
    EXPECT_EQ(of("clips")[9].time, 24000u);
}

TEST_F(LevelTest, SlicingChangesNoBit) {
    const std::vector<Set> sets = {{1, "rate", 50}, {7777, "rate", 13}, {30001, "rate", 31}};
    std::vector<float> gated = noise(48000, 5); // with a stretch of hinted silence
    std::fill(gated.begin() + 20000, gated.begin() + 30000, 0.0f);
    const auto run = [&](uint32_t max_frames, const Slicing& slicing) {
        host.activate({.rate = 44100, .max_frames = max_frames, .channels = 2});
        host.results.clear();
        host.run({noise(48000), gated}, 48000, sets, slicing);
        return host.results;
    };
    const std::vector<Result> expected = run(256, slices_of(256));
    ASSERT_GT(expected.size(), 50u);
    for (const auto& [max_frames, slicing] : {std::pair{1u, slices_of(1)},
                                              {64u, slices_of(17)},
                                              {1024u, slices_of(1000)},
                                              {4096u, slices_of(4096)},
                                              {4096u, random_slices(4096, 9)}}) {
        const std::vector<Result> got = run(max_frames, slicing);
        ASSERT_EQ(got.size(), expected.size());
        for (size_t i = 0; i < got.size(); ++i) {
            EXPECT_EQ(got[i].index, expected[i].index);
            EXPECT_EQ(got[i].time, expected[i].time);
            EXPECT_EQ(got[i].values, expected[i].values) << i;
        }
    }
}

TEST_F(LevelTest, EveryRateAndWidthWorks) {
    for (const double rate : {8000.0, 11025.0, 22050.0, 192000.0}) {
        host.activate({.rate = rate, .channels = 8});
        host.results.clear();
        const auto frames = static_cast<uint64_t>(rate);
        host.run(Signal(8, std::vector<float>(frames, 0.5f)), frames);
        EXPECT_NEAR(static_cast<double>(of("rms").size()), 20.0, 1.0) << rate;
        const std::vector<float> rms = of("rms").back().values;
        EXPECT_EQ(rms.size(), 8u);
        for (const float v : rms)
            EXPECT_NEAR(v, -6.0206, 1e-4) << rate;
    }
}

} // namespace
