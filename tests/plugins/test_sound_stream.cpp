// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/dsp/sound_stream.hpp"
#include "tests/plugins/sound_files.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace backline::dsp;
using namespace backline::test;

/// The first `frames` frames of a source's stream, without or with end.
std::vector<float> take(SoundSource& source, size_t frames) {
    std::vector<float> x;
    while (x.size() < frames * source.channels()) {
        const auto chunk = source.next();
        x.insert(x.end(), chunk.begin(), chunk.end());
    }
    x.resize(frames * source.channels());
    return x;
}

/// Resamples all of `x` in one call: what the streaming must come to.
std::vector<float> resampled_whole(const std::vector<float>& x, int channels, double ratio) {
    std::vector<float> out(static_cast<size_t>(static_cast<double>(x.size()) * ratio)
                           + 64 * static_cast<size_t>(channels));
    SRC_DATA data{};
    data.data_in = x.data();
    data.input_frames = static_cast<long>(x.size()) / channels;
    data.data_out = out.data();
    data.output_frames = static_cast<long>(out.size()) / channels;
    data.src_ratio = ratio;
    src_simple(&data, SRC_SINC_MEDIUM_QUALITY, channels);
    out.resize(static_cast<size_t>(data.output_frames_gen * channels));
    return out;
}

std::vector<float> repeated(const std::vector<float>& x, size_t times) {
    std::vector<float> all;
    for (size_t i = 0; i < times; ++i)
        all.insert(all.end(), x.begin(), x.end());
    return all;
}

TEST(SoundSource, RepeatsTheFileExactly) {
    const TemporaryDirectory dir;
    // Around the size of a chunk, in memory; and a file too long to be kept there.
    for (const size_t frames : {size_t{1}, size_t{100}, size_t{1023}, size_t{1024}, size_t{1025},
                                size_t{3 * 1024}, size_t{600000}}) {
        const std::vector<float> x = noise(frames);
        SoundSource source(write_sound(dir / "a.wav", x, 1, 48000), 48000, 8);
        EXPECT_EQ(take(source, frames * 2 + 777), [&] {
            auto all = repeated(x, 2 + 777 / frames + 1);
            all.resize(frames * 2 + 777);
            return all;
        }()) << frames;
        source.restart();
        EXPECT_EQ(take(source, std::min<size_t>(frames, 5000)),
                  std::vector<float>(
                      x.begin(), x.begin() + static_cast<long>(std::min<size_t>(frames, 5000))));
    }
}

TEST(SoundSource, ResamplesTheRepeatedFileAsIfItWereOne) {
    const TemporaryDirectory dir;
    for (const auto& [from, to] :
         {std::pair{44100, 48000}, {48000, 44100}, {8000, 48000}, {96000, 48000}, {22050, 96000}})
        for (const size_t frames : {size_t{30}, size_t{1000}, size_t{4097}}) {
            const std::vector<float> x = noise(frames * 2);
            SoundSource source(write_sound(dir / "a.wav", x, 2, from), to, 2);
            const double ratio = static_cast<double>(to) / from;
            std::vector<float> expected =
                resampled_whole(repeated(x, 12000 / frames + 2), 2, ratio);
            expected.resize(static_cast<size_t>(10000 * ratio) * 2);
            EXPECT_EQ(take(source, expected.size() / 2), expected) << from << " " << frames;
        }
}

TEST(SoundSource, EndingIsHowTheUnrepeatedFileEnds) {
    const TemporaryDirectory dir;
    for (const auto& [from, to] : {std::pair{44100, 48000}, {96000, 44100}, {48000, 48000}})
        for (const size_t frames : {size_t{1}, size_t{20}, size_t{1024}, size_t{5000}}) {
            const std::vector<float> x = noise(frames);
            SoundSource source(write_sound(dir / "a.wav", x, 1, from), to, 1);
            const double ratio = static_cast<double>(to) / from;
            std::vector<float> stream;
            for (size_t pass = 1; pass <= 3; ++pass) {
                do {
                    const auto chunk = source.next();
                    stream.insert(stream.end(), chunk.begin(), chunk.end());
                } while (!source.at_seam());
                EXPECT_DOUBLE_EQ(source.seconds(), static_cast<double>(pass * frames) / from);
                std::vector<float> whole = stream;
                const auto ending = source.ending();
                whole.insert(whole.end(), ending.begin(), ending.end());
                const std::vector<float> expected =
                    from == to ? repeated(x, pass) : resampled_whole(repeated(x, pass), 1, ratio);
                EXPECT_EQ(whole, expected) << from << " " << frames << " pass " << pass;
            }
        }
}

TEST(SoundSource, KeepsTheFirstChannels) {
    const TemporaryDirectory dir;
    const std::vector<float> x = noise(6 * 2000);
    SoundSource source(write_sound(dir / "a.wav", x, 6, 48000), 48000, 2);
    ASSERT_EQ(source.channels(), 2u);
    const std::vector<float> got = take(source, 2000);
    for (size_t i = 0; i < 2000; ++i) {
        ASSERT_EQ(got[2 * i], x[6 * i]);
        ASSERT_EQ(got[2 * i + 1], x[6 * i + 1]);
    }
}

TEST(SoundSource, ResamplingKeepsToneClean) {
    const TemporaryDirectory dir;
    for (const auto& [from, to] : {std::pair{44100, 48000}, {48000, 44100}, {96000, 48000}})
        for (const double frequency : {997.0, 5000.0, 10000.0, 17000.0}) {
            SoundSource source(
                write_sound(dir / "a.wav", sine(80000, frequency, from, 0.5), 1, from), to, 1);
            const std::vector<float> got = take(source, 30000);
            const double residual = residual_db(got, 500, 30000, frequency, to);
            EXPECT_LT(residual, -115.0) << from << " to " << to << ", " << frequency << " Hz";
        }
}

/// Plays like the audio thread would: reads, and gives back.
std::vector<float> play(SoundStream& stream, SoundStream::Cursor& at, size_t frames, bool loop) {
    std::vector<float> x;
    while (x.size() < frames * stream.channels()) {
        const auto left = static_cast<uint32_t>(frames - x.size() / stream.channels());
        const SoundStream::Piece piece = stream.read(at, std::min(left, 300u), loop);
        if (piece.frames == 0) {
            if (stream.ready(at, loop).over) break;
            stream.release(at);
            const uint64_t before = stream.ready(at, loop).frames;
            stream.refill();
            if (stream.ready(at, loop).frames == before) break;
            continue;
        }
        x.insert(x.end(), piece.samples, piece.samples + size_t{piece.frames} * stream.channels());
    }
    return x;
}

TEST(SoundStream, PlaysOnceOrForEver) {
    const TemporaryDirectory dir;
    for (const size_t frames : {size_t{50}, size_t{900}, size_t{1024}, size_t{6000}}) {
        const std::vector<float> x = noise(frames);
        const std::string path = write_sound(dir / "a.wav", x, 1, 48000);
        SoundStream once(path, 48000, 1, 1000);
        SoundStream::Cursor at;
        EXPECT_EQ(play(once, at, frames + 100, false), x) << frames;
        EXPECT_DOUBLE_EQ(once.seconds(at), static_cast<double>(frames) / 48000.0);
        SoundStream repeats(path, 48000, 1, 1000);
        at = {};
        auto expected = repeated(x, 30000 / frames + 1);
        expected.resize(30000);
        EXPECT_EQ(play(repeats, at, 30000, true), expected) << frames;
    }
}

TEST(SoundStream, LoopIsDecidedAtTheEndItself) {
    const TemporaryDirectory dir;
    // The second file is shorter than the spacing of noted ends (2000 / 62 frames).
    for (const auto& [frames, passes] : {std::pair<size_t, size_t>{700, 5}, {20, 0}}) {
        const std::vector<float> x = noise(frames);
        SoundStream stream(write_sound(dir / "a.wav", x, 1, 44100), 48000, 1, 1000);
        SoundStream::Cursor at;
        std::vector<float> got = play(stream, at, frames * 9 / 2, true); // far read ahead of this
        const std::vector<float> rest = play(stream, at, 100000, false);
        got.insert(got.end(), rest.begin(), rest.end());
        EXPECT_TRUE(stream.ready(at, false).over);
        const auto played = static_cast<size_t>(std::lround(
            static_cast<double>(got.size()) * 44100.0 / 48000.0 / static_cast<double>(frames)));
        EXPECT_EQ(got, resampled_whole(repeated(x, played), 1, 48000.0 / 44100.0));
        if (passes > 0)
            EXPECT_EQ(played, passes);
        else
            EXPECT_LE(played, 8u) << "stops within two spacings";
    }
}

TEST(SoundStream, StartsOverFromAnywhere) {
    const TemporaryDirectory dir;
    const std::vector<float> x = noise(20000);
    SoundStream stream(write_sound(dir / "a.wav", x, 1, 48000), 48000, 1, 2000);
    SoundStream::Cursor at;
    std::mt19937 generator(5);
    for (int i = 0; i < 50; ++i) {
        const size_t frames = generator() % 25000;
        auto expected = repeated(x, 2);
        expected.resize(frames);
        ASSERT_EQ(play(stream, at, frames, true), expected) << i;
        stream.release(at);
        stream.rewind(at);
        // What is left of the old round must not be heard, nor a filler's delay: the head is there.
        ASSERT_GE(stream.ready(at, true).frames, 2000u);
    }
}

TEST(SoundStream, ReaderAndFillerAgreeOnEverySample) {
    const TemporaryDirectory dir;
    std::vector<float> ramp(9973);
    for (size_t n = 0; n < ramp.size(); ++n)
        ramp[n] = static_cast<float>(n);
    SoundStream stream(write_sound(dir / "a.wav", ramp, 1, 48000), 48000, 1, 2048);
    std::atomic<bool> stop{false};
    std::thread filler([&] {
        while (!stop.load(std::memory_order_relaxed))
            stream.refill();
    });
    SoundStream::Cursor at;
    std::mt19937 generator(11);
    uint64_t wrong = 0, played = 0, position = 0;
    for (int rounds = 0; rounds < 120;) {
        const SoundStream::Piece piece = stream.read(at, generator() % 512 + 1, true);
        for (uint32_t i = 0; i < piece.frames; ++i, ++position)
            wrong += piece.samples[i] != ramp[position % ramp.size()] ? 1 : 0;
        stream.release(at);
        played += piece.frames;
        if (piece.frames == 0)
            std::this_thread::yield();
        else if (generator() % 100 == 0) {
            stream.rewind(at);
            position = 0;
            ++rounds;
        }
    }
    stop = true;
    filler.join();
    EXPECT_EQ(wrong, 0u);
    EXPECT_GT(played, 400000u);
}

std::string reason(const std::string& path, double rate = 48000) {
    try {
        SoundSource source(path, rate, 2);
    } catch (const std::runtime_error& e) {
        return e.what();
    }
    return "";
}

TEST(SoundSource, SaysWhatIsWrongWithAFile) {
    const TemporaryDirectory dir;
    EXPECT_EQ(reason(dir / "none.wav"), "sound file \"none.wav\": No such file or directory");
    std::filesystem::create_directory(dir / "folder.wav");
    EXPECT_EQ(reason(dir / "folder.wav"), "sound file \"folder.wav\": is not a regular file");
    const std::string text = reason(write_bytes(dir / "text.wav", "This is no sound at all."));
    EXPECT_EQ(text.find("sound file \"text.wav\": is not a sound file"), 0u) << text;
    EXPECT_NE(text.find("FLAC"), std::string::npos) << "names what can be read";
    EXPECT_NE(reason(write_bytes(dir / "nothing.wav", "")), "");
    EXPECT_EQ(reason(write_sound(dir / "empty.wav", {}, 1, 48000)),
              "sound file \"empty.wav\": holds no sound");
    EXPECT_NE(reason(write_sound(dir / "slow.wav", noise(100), 1, 1), 48000).find("1 Hz"),
              std::string::npos);
}

TEST(SoundSource, DamagedFileIsPlayedAsFarAsItGoesAndSaidSo) {
    const TemporaryDirectory dir;
    const std::string path =
        write_sound(dir / "a.flac", noise(200000), 1, 48000, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
    std::string bytes;
    {
        std::ifstream in(path, std::ios::binary);
        bytes.assign(std::istreambuf_iterator<char>(in), {});
    }
    SoundSource half(write_bytes(dir / "half.flac", bytes.substr(0, bytes.size() / 2)), 48000, 1);
    const std::vector<float> x = read_sound(path);
    const std::vector<float> got = take(half, 50000);
    EXPECT_EQ(got, std::vector<float>(x.begin(), x.begin() + 50000));
    // The header alone.
    const std::string header = reason(write_bytes(dir / "header.flac", bytes.substr(0, 100)));
    EXPECT_NE(header.find("header.flac"), std::string::npos) << header;
}

} // namespace
