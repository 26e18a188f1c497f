// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/plugins/sound_files.hpp"
#include "tests/support/plugin_host.hpp"

#include <gtest/gtest.h>
#include <samplerate.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace {

using namespace backline::test;

constexpr size_t kFade = 240; // 5 ms at 48 kHz

class PlayerTest : public testing::Test {
  protected:
    /// Activates at 48 kHz and puts a file of these samples in place.
    void load(const std::vector<float>& samples, int file_channels = 1, uint32_t channels = 1,
              int rate = 48000, Work work = Work::kAtOnce) {
        host.activate({.rate = 48000, .max_frames = 4096, .channels = channels, .work = work});
        host.results.clear();
        const std::string path = write_sound(dir / "a.wav", samples, file_channels, rate);
        ASSERT_EQ(host.load_file("file", path), "");
    }
    /// The first channel of the next frames.
    std::vector<float> play(uint64_t frames, const std::vector<Set>& sets = {},
                            const Slicing& slicing = slices_of(256)) {
        return host.run({}, frames, sets, slicing).at(0);
    }
    std::vector<float> values(const std::string& symbol) const {
        std::vector<float> found;
        for (const Result& r : host.results)
            if (r.index == host.result(symbol)) found.push_back(r.values.at(0));
        return found;
    }
    const TemporaryDirectory dir;
    PluginHost host{"player"};
};

std::vector<float> part(const std::vector<float>& x, size_t from, size_t frames) {
    std::vector<float> some(frames);
    for (size_t i = 0; i < frames && from + i < x.size(); ++i)
        some[i] = x[from + i];
    return some;
}

/// Largest step between neighbours of x[from, to).
float largest_step(const std::vector<float>& x, size_t from, size_t to) {
    float step = 0;
    for (size_t i = from + 1; i < to; ++i)
        step = std::max(step, std::abs(x[i] - x[i - 1]));
    return step;
}

TEST_F(PlayerTest, EveryFormatComesOutAsDecoded) {
    const std::vector<float> x = noise(2 * 40000);
    for (const auto& [name, format] : {std::pair{"pcm16.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
                                       {"pcm24.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24},
                                       {"float.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT},
                                       {"pcm16.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
                                       {"pcm24.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24},
                                       {"vorbis.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS}}) {
        host.activate({.rate = 48000, .channels = 2});
        const std::string path = write_sound(dir / name, x, 2, 48000, format);
        ASSERT_EQ(host.load_file("file", path), "") << name;
        const std::vector<float> decoded = read_sound(path);
        ASSERT_EQ(decoded.size(), x.size()) << name;
        const Signal out = host.run({}, 45000);
        for (size_t n = 0; n < 45000; ++n)
            for (size_t c = 0; c < 2; ++c)
                ASSERT_EQ(out[c][n], n < decoded.size() / 2 ? decoded[2 * n + c] : 0.0f)
                    << name << " frame " << n;
    }
}

TEST_F(PlayerTest, LongFilesOfEveryFormatAreStreamed) {
    const std::vector<float> x = noise(700000); // over 14 s: more than memory, head and ring hold
    for (const auto& [name, format] : {std::pair{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
                                       {"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
                                       {"a.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS}}) {
        host.activate({.rate = 48000, .channels = 1});
        const std::string path = write_sound(dir / name, x, 1, 48000, format);
        const std::vector<float> decoded = read_sound(path);
        ASSERT_EQ(decoded.size(), x.size());
        ASSERT_EQ(host.load_file("file", path), "");
        const std::vector<float> out =
            play(1000000, {{0, "loop", 1}, {750000, "playing", 0}, {760000, "playing", 1}});
        EXPECT_EQ(part(out, 0, 700000), decoded) << name;
        EXPECT_EQ(part(out, 700000, 50000), part(decoded, 0, 50000)) << name;
        EXPECT_EQ(part(out, 760000, 240000), part(decoded, 0, 240000)) << name;
    }
}

TEST_F(PlayerTest, ChannelsWrapAround) {
    const std::vector<float> x = noise(2 * 1000);
    load(x, 2, 5);
    const Signal stereo = host.run({}, 1000);
    for (size_t c = 0; c < 5; ++c)
        for (size_t n = 0; n < 1000; ++n)
            ASSERT_EQ(stereo[c][n], x[2 * n + c % 2]);
    load(x, 1, 8);
    for (const auto& channel : host.run({}, 2000))
        EXPECT_EQ(channel, x);
    load(x, 2, 1);
    for (size_t n = 0; n < 1000; ++n)
        ASSERT_EQ(play(1).at(0), x[2 * n]);
}

TEST_F(PlayerTest, LoopHasThePeriodOfTheFile) {
    for (const size_t frames : {size_t{1}, size_t{997}, size_t{48000}, size_t{130001}}) {
        const std::vector<float> x = noise(frames);
        load(x);
        const std::vector<float> out = play(300000, {{0, "loop", 1}});
        for (size_t n = 0; n < out.size(); ++n)
            ASSERT_EQ(out[n], x[n % frames]) << frames << " frame " << n;
    }
}

TEST_F(PlayerTest, ResampledLoopHasNoSeam) {
    // 44100 frames hold whole periods of both tones; so does every pass of 48000 frames.
    for (const double frequency : {441.0, 5000.0}) {
        load(sine(44100, frequency, 44100, 0.5), 1, 1, 44100);
        const std::vector<float> out = play(480000, {{0, "loop", 1}});
        EXPECT_LT(residual_db(out, 1000, out.size(), frequency, 48000), -110.0) << frequency;
    }
    // A file whose length is no whole number of frames at 48 kHz: 1001 / 44100 s.
    load(sine(1001, 44100.0 * 7 / 1001, 44100, 0.5), 1, 1, 44100);
    const std::vector<float> out = play(480000, {{0, "loop", 1}});
    EXPECT_LT(residual_db(out, 1000, out.size(), 44100.0 * 7 / 1001, 48000), -110.0);
}

TEST_F(PlayerTest, ResamplingIsWhatTheLibraryMakesOfTheWholeFile) {
    const std::vector<float> x = noise(100000);
    load(x, 1, 1, 44100);
    std::vector<float> expected(110000);
    SRC_DATA data{};
    data.data_in = x.data();
    data.input_frames = 100000;
    data.data_out = expected.data();
    data.output_frames = 110000;
    data.src_ratio = 48000.0 / 44100.0;
    ASSERT_EQ(src_simple(&data, SRC_SINC_MEDIUM_QUALITY, 1), 0);
    EXPECT_EQ(play(110000), expected) << "to the last frame, with silence behind";
}

TEST_F(PlayerTest, LoopSwitchedOffEndsWithThePass) {
    const std::vector<float> x = noise(30000);
    load(x);
    const std::vector<float> out = play(100000, {{0, "loop", 1}, {59999, "loop", 0}});
    for (size_t n = 0; n < out.size(); ++n)
        ASSERT_EQ(out[n], n < 60000 ? x[n % 30000] : 0.0f) << n;
    load(x);
    const std::vector<float> on = play(100000, {{29999, "loop", 1}, {60001, "loop", 0}});
    for (size_t n = 0; n < on.size(); ++n)
        ASSERT_EQ(on[n], n < 90000 ? x[n % 30000] : 0.0f) << n;
}

TEST_F(PlayerTest, StopFadesAndStartBeginsAtTheFirstSample) {
    const std::vector<float> x(400000, 0.5f);
    load(x);
    // The second stop comes when the head is long over and the ring must be filled anew.
    const std::vector<float> out = play(300000, {{1000, "playing", 0},
                                                 {2000, "playing", 1},
                                                 {200000, "playing", 0},
                                                 {200100, "playing", 1}});
    EXPECT_EQ(out[999], 0.5f);
    for (size_t n = 1001; n < 1000 + kFade; ++n)
        EXPECT_LE(out[n], out[n - 1]);
    EXPECT_GT(out[1000 + kFade - 1], 0.0f);
    EXPECT_EQ(out[1000 + kFade], 0.0f);
    EXPECT_LT(largest_step(out, 999, 1999), 0.5f * 2.1f / kFade);
    EXPECT_EQ(out[1999], 0.0f);
    EXPECT_EQ(part(out, 2000, 198000), part(x, 0, 198000)) << "the file's own attack";
    EXPECT_EQ(part(out, 200100 + kFade, 99000), part(x, 0, 99000));
    EXPECT_TRUE(values("underruns").empty());
}

TEST_F(PlayerTest, GoesOnWhereItStopped) {
    const std::vector<float> x = noise(200000);
    load(x);
    const std::vector<float> out =
        play(100000, {{0, "from_start", 0}, {70000, "playing", 0}, {80000, "playing", 1}});
    EXPECT_EQ(part(out, 0, 70000), part(x, 0, 70000));
    EXPECT_EQ(part(out, 70000 + kFade, 10000 - kFade), std::vector<float>(10000 - kFade));
    EXPECT_EQ(part(out, 80000 + kFade, 19000), part(x, 70000 + kFade, 19000));
    for (size_t n = 0; n < kFade; ++n) {
        // What leaves and what enters are the same frames, and their gains add up to one.
        EXPECT_NEAR(out[70000 + n] + out[80000 + n], x[70000 + n], 1e-6f);
        EXPECT_LE(std::abs(out[80000 + n]), std::abs(x[70000 + n]));
    }
}

TEST_F(PlayerTest, StopAndGoWithinAFadeIsSeamless) {
    const std::vector<float> x(100000, 0.5f);
    load(x);
    std::vector<Set> sets = {{0, "from_start", 0}};
    for (uint64_t n = 0; n < 40; ++n)
        sets.push_back({10000 + n * 37, "playing", static_cast<double>(n % 2)});
    const std::vector<float> out = play(20000, sets);
    EXPECT_LT(largest_step(out, 9000, 20000), 0.5f * 5.0f / kFade);
    EXPECT_EQ(out.back(), 0.5f);
}

TEST_F(PlayerTest, StartsOverAfterTheEndEitherWay) {
    const std::vector<float> x = noise(60000);
    for (const double from_start : {0.0, 1.0}) {
        load(x, 1, 1, 44100);
        const std::vector<float> out = play(
            200000, {{0, "from_start", from_start}, {90000, "playing", 0}, {100000, "playing", 1}});
        EXPECT_EQ(part(out, 70000, 30000), std::vector<float>(30000));
        EXPECT_EQ(part(out, 100000, 100000), part(out, 0, 100000 - 0));
    }
}

TEST_F(PlayerTest, NewFileCrossesOverAndNoneIsSilence) {
    host.activate({.rate = 48000, .channels = 1});
    EXPECT_EQ(play(1000), std::vector<float>(1000)) << "no file yet";
    load(std::vector<float>(100000, 0.5f));
    play(5000);
    const std::vector<float> y(100000, 0.25f);
    ASSERT_EQ(host.load_file("file", write_sound(dir / "b.wav", y, 1, 48000)), "");
    const std::vector<float> out = play(5000);
    EXPECT_NEAR(out[0], 0.75f, 0.01f);
    EXPECT_LT(largest_step(out, 0, 5000), 0.5f * 2.1f / kFade);
    EXPECT_EQ(part(out, kFade, 4000), part(y, 0, 4000));
    ASSERT_EQ(host.load_file("file", ""), "");
    const std::vector<float> none = play(1000);
    EXPECT_NEAR(none[0], 0.25f, 0.01f);
    EXPECT_EQ(none[kFade], 0.0f);
}

TEST_F(PlayerTest, LevelIsInDecibelsAndMovesSmoothly) {
    load(std::vector<float>(100000, 0.5f));
    const std::vector<float> out = play(30000, {{10000, "level", -6.0}, {20000, "level", -96.0}});
    EXPECT_EQ(out[9999], 0.5f);
    EXPECT_NEAR(out[19999], 0.5 * std::pow(10.0, -0.3), 1e-6);
    EXPECT_LT(largest_step(out, 0, 20000), 0.002f);
    EXPECT_EQ(out[29999], 0.0f);
}

TEST_F(PlayerTest, TellsItsPlaceTenTimesASecond) {
    load(noise(2 * 22050), 1, 1, 44100); // one second
    play(48000 * 3, {{0, "loop", 1}, {48000 * 2, "loop", 0}});
    const std::vector<float> positions = values("position");
    ASSERT_EQ(positions.size(), 30u);
    for (int i = 1; i < 30; ++i) {
        if (i % 10 == 0) continue; // at the seam itself it is either end
        EXPECT_NEAR(positions[static_cast<size_t>(i - 1)], 0.1 * (i % 10), 1e-6) << i;
    }
    EXPECT_NEAR(positions[29], 1.0, 1e-4) << "stays at the end";
    EXPECT_EQ(host.results.at(0).time, 4800u);
}

TEST_F(PlayerTest, SlicingChangesNoBit) {
    const std::vector<Set> sets = {
        {1, "loop", 1},         {5003, "level", -3},    {50001, "playing", 0},
        {50100, "playing", 1},  {150001, "playing", 0}, {150002, "from_start", 0},
        {151111, "playing", 1}, {200000, "level", 6},   {230003, "loop", 0},
        {249999, "playing", 0}, {250050, "playing", 1}, {251000, "from_start", 1},
        {252000, "playing", 0}, {252001, "playing", 1}};
    const std::vector<float> x = noise(2 * 61234);
    for (const int rate : {48000, 44100}) {
        const auto run = [&](uint32_t max_frames, const Slicing& slicing) {
            host.activate(
                {.rate = 48000, .max_frames = max_frames, .channels = 2, .offline = true});
            host.results.clear();
            EXPECT_EQ(host.load_file("file", write_sound(dir / "a.wav", x, 2, rate)), "");
            return host.run({}, 300000, sets, slicing);
        };
        const Signal expected = run(256, slices_of(256));
        const std::vector<Result> results = host.results;
        ASSERT_GT(*std::max_element(expected[0].begin(), expected[0].end()), 0.4f);
        for (const auto& [max_frames, slicing] : {std::pair{1u, slices_of(1)},
                                                  {64u, slices_of(17)},
                                                  {1024u, slices_of(1000)},
                                                  {4096u, slices_of(4096)},
                                                  {4096u, random_slices(4096, 2)}}) {
            EXPECT_EQ(run(max_frames, slicing), expected);
            ASSERT_EQ(host.results.size(), results.size());
            for (size_t i = 0; i < results.size(); ++i) {
                EXPECT_EQ(host.results[i].time, results[i].time);
                EXPECT_EQ(host.results[i].values, results[i].values);
            }
            EXPECT_EQ(host.dropped, 0u);
        }
    }
}

TEST_F(PlayerTest, LateDiskIsAFadedPauseThatLosesNothing) {
    std::vector<float> x(300000);
    for (size_t n = 0; n < x.size(); ++n)
        x[n] = 0.25f + static_cast<float>(n) * 1e-6f;
    load(x, 1, 1, 48000, Work::kHeld);
    const std::vector<float> before = play(60000); // the head is a second
    ASSERT_EQ(values("underruns"), std::vector<float>{1});
    size_t stop = 0;
    while (before[stop] == x[stop])
        ++stop;
    EXPECT_GE(stop + kFade, 48000u);
    EXPECT_LT(largest_step(before, 0, before.size()), 0.3f * 2.1f / kFade);
    EXPECT_EQ(before[stop + kFade], 0.0f);
    EXPECT_EQ(before.back(), 0.0f);
    host.work_all();
    const std::vector<float> after = play(40000);
    EXPECT_LT(largest_step(after, 0, after.size()), 0.3f * 2.1f / kFade);
    EXPECT_EQ(part(after, kFade, 30000), part(x, stop + kFade, 30000)) << "not a frame is missing";
    EXPECT_EQ(values("underruns").size(), 1u);
}

TEST_F(PlayerTest, DiskIsAskedInTime) {
    load(noise(600000), 1, 1, 48000, Work::kHeld);
    play(1);
    host.work_all();
    const uint64_t first = host.submitted;
    play(48000 * 2 - 100); // the head, and half of the ring
    EXPECT_EQ(host.submitted, first) << "there is enough";
    play(48000 / 4);
    EXPECT_GT(host.submitted, first);
    EXPECT_LE(host.submitted, first + 5) << "and no flood while the disk is slow";
    EXPECT_EQ(host.dropped, 0u);
}

TEST_F(PlayerTest, SaysWhyAFileCannotBePlayed) {
    host.activate({.rate = 48000, .channels = 2});
    EXPECT_EQ(host.load_file("file", dir / "none.wav"),
              "sound file \"none.wav\": No such file or directory");
    const std::string garbage =
        host.load_file("file", write_bytes(dir / "garbage.ogg", std::string(5000, 'x')));
    EXPECT_EQ(garbage.find("sound file \"garbage.ogg\": is not a sound file that can be read"), 0u);
    EXPECT_EQ(play(1000), std::vector<float>(1000));
}

TEST_F(PlayerTest, ResetKeepsTheFileAndThePlace) {
    const std::vector<float> x = noise(100000);
    load(x);
    play(20000);
    host.reset();
    const std::vector<float> out = play(10000);
    EXPECT_EQ(part(out, kFade, 9000), part(x, 20000 + kFade, 9000));
    EXPECT_LT(std::abs(out[0]), 1e-3f);
}

} // namespace
