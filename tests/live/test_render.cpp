// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// `backlined render`: the same bits for every period.
#include "protocol/codec.hpp"
#include "tests/live/live.hpp"

#include <cstddef>
#include <cstring>
#include <fstream>
#include <map>
#include <random>

namespace backline::test {
namespace {

using protocol::Message;
using protocol::message;

constexpr int kRate = 48000;
constexpr int kFrames = 60'000; ///< 1.25 s

/// Every built-in plugin, some of them in a feedback loop. Analysis is not heard, and must not be.
constexpr const char* kEverything = R"(format = 1
connect = [
    "in -> filter -> mixer:in1",
    "tone -> mixer:in2",
    "noise -> gain -> mixer:in3",
    "impulse -> delay -> mixer:in4",
    "player -> mixer:in5",
    "mixer -> echo -> out",
    "echo -> loss -> echo feedback 200",
    "mixer -> level",
    "mixer -> spectrum",
]
[input.in]
channels = 1
[output.out]
channels = 2
gain = -3.0
[node.filter]
plugin = "backline.filter"
channels = 1
params = { type = "band", cutoff = 1500.0, resonance = 3.0 }
[node.tone]
plugin = "backline.tone"
params = { frequency = 440.0, level = -20.0 }
[node.noise]
plugin = "backline.noise"
params = { type = "pink", level = -30.0, seed = 7 }
[node.gain]
plugin = "backline.gain"
params = { gain = -3.0 }
[node.impulse]
plugin = "backline.impulse"
params = { period = 333.0 }
[node.delay]
plugin = "backline.delay"
params = { time = 61.3, feedback = 0.6, mix = 0.7 }
[node.player]
plugin = "backline.player"
params = { file = "made.wav", loop = true, level = -12.0 }
[node.mixer]
plugin = "backline.mixer"
params = { gain1 = -6.0, pan2 = -0.5, pan4 = 0.8 }
[node.echo]
plugin = "backline.filter"
channels = 2
params = { type = "low", cutoff = 5000.0 }
[node.loss]
plugin = "backline.gain"
channels = 2
params = { gain = -9.0 }
[node.level]
plugin = "backline.level"
channels = 2
[node.spectrum]
plugin = "backline.spectrum"
channels = 2
)";

/// A score: each bundle after its size, its time in seconds from the beginning.
class Score {
  public:
    void at(double seconds, std::vector<Message> messages) {
        const protocol::TimeTag time{
            static_cast<std::uint64_t>(std::llround(seconds * 4294967296.0))};
        const auto framed =
            protocol::frame(protocol::encode(protocol::bundle(std::move(messages), time)));
        bytes_.append(reinterpret_cast<const char*>(framed.data()), framed.size());
    }
    const std::string& bytes() const { return bytes_; }

  private:
    std::string bytes_;
};

/// Edits of every kind, at times that fall on no period's border.
Score edits() {
    Score score;
    score.at(0.1, {message("/node/tone/frequency", 1000.0f), message("/node/gain/gain", -20.0f)});
    score.at(0.20003, {message("/bypass/filter", true)});
    score.at(0.25, {message("/node/add", "extra", "backline.delay", "channels", 2, "time", 35.0f),
                    message("/connect", "mixer", "extra"), message("/connect", "extra", "out")});
    score.at(0.3777, {message("/disconnect", "noise", "gain")});
    score.at(0.41, {message("/node/player/playing", false)});
    score.at(0.5, {message("/node/rename", "extra", "second"), message("/output/out/gain", -9.0f)});
    score.at(0.6, {message("/node/replace", "delay", "backline.gain")});
    score.at(0.75, {message("/node/remove", "second")});
    score.at(0.8, {message("/node/player/playing", true), message("/bypass/filter", false)});
    score.at(0.9, {message("/mute", true)});
    score.at(1.0, {message("/mute", false)});
    return score;
}

class Rendering : public testing::Test {
  protected:
    void SetUp() override {
        std::filesystem::create_directory(folder_ / "audio");
        write_bytes(folder_ / "backline.toml",
                    "[files]\naudio = [\"" + (folder_ / "audio") + "\"]\n");
        write_bytes(folder_ / "everything.toml", kEverything);
        // At another rate than the render's, so that it is resampled.
        std::vector<float> sound(2 * 30'000);
        for (std::size_t i = 0; i < sound.size(); ++i)
            sound[i] = 0.3f * std::sin(static_cast<float>(i / 2) * (i % 2 == 0 ? 0.05f : 0.07f));
        write_sound(folder_ / "audio/made.wav", sound, 2, 44100);
        write_sound(folder_ / "in.wav", noise(kFrames), 1, kRate);
    }

    /// The bytes of the file that a render writes.
    std::string render(const std::string& rack, const std::vector<std::string>& more) {
        const std::string output = folder_ / "out.wav";
        std::filesystem::remove(output);
        std::vector<std::string> words{kBacklined, "--config",     folder_ / "backline.toml",
                                       "render",   folder_ / rack, "--output",
                                       output,     "--tail",       "0"};
        words.insert(words.end(), more.begin(), more.end());
        Program program(words,
                        {"BACKLINE_PLUGIN_PATH=" BACKLINE_PLUGINS ":" BACKLINE_FIXTURES "/good"},
                        folder_ / "render");
        EXPECT_EQ(program.wait(60s), 0) << program.err();
        return read_text(output);
    }
    std::string with_period(std::vector<std::string> words, int period) {
        words.insert(words.end(), {"--period", std::to_string(period)});
        return render("everything.toml", words);
    }
    /// The sound of a file, given its bytes.
    std::vector<float> samples(const std::string& bytes) {
        return read_sound(write_bytes(folder_ / "heard.wav", bytes));
    }

    TemporaryDirectory folder_;
};

constexpr int kPeriods[] = {1, 17, 64, 256, 1000, 1024, 4096};

TEST_F(Rendering, EveryPluginAndALoopSoundTheSameAtEveryPeriod) {
    const std::vector<std::string> words{"--input", folder_ / "in.wav"};
    const std::string reference = with_period(words, 256);
    const std::vector<float> heard = samples(reference);
    ASSERT_EQ(heard.size(), 2u * kFrames);
    double sum = 0.0;
    for (const float x : heard) {
        ASSERT_TRUE(std::isfinite(x));
        sum += double{x} * double{x};
    }
    EXPECT_GT(std::sqrt(sum / static_cast<double>(heard.size())), 0.01);
    for (const int period : kPeriods)
        EXPECT_TRUE(with_period(words, period) == reference) << "period " << period;
}

TEST_F(Rendering, EditsOfAScoreLandOnTheirFrameAtEveryPeriod) {
    std::vector<std::string> words{"--input", folder_ / "in.wav"};
    const std::vector<float> plain = samples(with_period(words, 256));
    write_bytes(folder_ / "edits.osc", edits().bytes());
    words.insert(words.end(), {"--score", folder_ / "edits.osc"});
    const std::string reference = with_period(words, 256);
    const std::vector<float> edited = samples(reference);
    ASSERT_EQ(edited.size(), plain.size());
    // The first edit is at 0.1 s: not one sample is different before, and soon one is.
    const auto first = static_cast<std::size_t>(
        std::mismatch(plain.begin(), plain.end(), edited.begin()).first - plain.begin());
    EXPECT_GE(first / 2, 4800u);
    EXPECT_LT(first / 2, 4816u);
    // Muted from 0.9 s to 1.0 s, after a ramp of 10 ms.
    EXPECT_NE(edited[2u * 43'300], 0.0f);
    for (std::size_t i = 2u * 43'680; i < 2u * 48'000; ++i)
        ASSERT_EQ(edited[i], 0.0f) << "frame " << i / 2;
    EXPECT_NE(edited[2u * 48'010], 0.0f);
    for (const int period : kPeriods)
        EXPECT_TRUE(with_period(words, period) == reference) << "period " << period;
}

TEST_F(Rendering, TenThousandChangesOfAScoreLandOnTheirFrames) {
    write_bytes(folder_ / "trim.toml",
                "format = 1\nconnect = [\"in -> trim -> out\"]\n[input.in]\nchannels = 1\n"
                "[output.out]\nchannels = 1\n[node.trim]\nplugin = \"org.example.minimal\"\n"
                "channels = 1\n");
    write_sound(folder_ / "ones.wav", std::vector<float>(kFrames, 1.0f), 1, kRate);
    std::mt19937 random(5);
    Score score;
    std::map<int, float> expected; // the last of a frame counts
    for (int i = 0; i < 10'000; ++i) {
        const int frame = static_cast<int>(random() % kFrames);
        const float value = static_cast<float>(random() % 4000) / 1000.0f;
        score.at(frame / static_cast<double>(kRate), {message("/node/trim/gain", value)});
        expected[frame] = value;
    }
    write_bytes(folder_ / "dense.osc", score.bytes());
    for (const int period : {64, 1000}) {
        const std::vector<float> heard = samples(
            render("trim.toml", {"--input", folder_ / "ones.wav", "--score", folder_ / "dense.osc",
                                 "--period", std::to_string(period)}));
        ASSERT_EQ(heard.size(), static_cast<std::size_t>(kFrames));
        float value = 1.0f;
        int wrong = 0;
        for (int i = 0; i < kFrames; ++i) {
            if (const auto now = expected.find(i); now != expected.end()) value = now->second;
            wrong += heard[static_cast<std::size_t>(i)] == value ? 0 : 1;
        }
        EXPECT_EQ(wrong, 0) << "frames off, period " << period;
    }
}

TEST_F(Rendering, RampsAndSnapshotsOfAScoreSoundTheSameAtEveryPeriod) {
    Score score;
    score.at(0.05, {message("/snapshot/store", "dry")});
    score.at(0.1, {message("/node/gain/gain/ramp", -40.0f, 0.21f, -3.0f, 0.1f, "s"),
                   message("/node/echo/cutoff/ramp", 200.0f, 0.3f, "exp"),
                   message("/output/out/gain/ramp", -20.0f, 0.17f)});
    score.at(0.33, {message("/node/gain/gain", -12.0f), message("/snapshot/store", "wet")});
    score.at(0.51, {message("/snapshot/recall", "dry", 0.2f)});
    score.at(0.83, {message("/snapshot/recall", "wet")});
    write_bytes(folder_ / "moves.osc", score.bytes());
    const std::vector<std::string> words{"--input", folder_ / "in.wav", "--score",
                                         folder_ / "moves.osc"};
    const std::string reference = with_period(words, 256);
    EXPECT_NE(samples(reference), samples(with_period({"--input", folder_ / "in.wav"}, 256)));
    for (const int period : kPeriods)
        EXPECT_TRUE(with_period(words, period) == reference) << "period " << period;
}

TEST_F(Rendering, InnerBundlesOfAScoreHaveTheirOwnTime) {
    const auto tag = [](double seconds) {
        return protocol::TimeTag{static_cast<std::uint64_t>(std::llround(seconds * 4294967296.0))};
    };
    const auto written = [&](double outer, double inner) {
        protocol::Bundle all = protocol::bundle({message("/output/out/gain", -6.0f)}, tag(outer));
        all.elements.emplace_back(
            protocol::bundle({message("/output/out/mute", true)}, tag(inner)));
        const auto framed = protocol::frame(protocol::encode(all));
        return write_bytes(folder_ / "nested.osc",
                           {reinterpret_cast<const char*>(framed.data()), framed.size()});
    };
    const std::vector<float> heard =
        samples(with_period({"--input", folder_ / "in.wav", "--score", written(0.1, 0.2)}, 256));
    EXPECT_NE(heard[2 * 9'000], 0.0f);
    for (std::size_t i = 2 * 10'500; i < heard.size(); ++i)
        ASSERT_EQ(heard[i], 0.0f) << i / 2;
    Program program({kBacklined, "--config", folder_ / "backline.toml", "render",
                     folder_ / "everything.toml", "--output", folder_ / "out.wav", "--score",
                     written(0.2, 0.1), "--tail", "0.5"},
                    {"BACKLINE_PLUGIN_PATH=" BACKLINE_PLUGINS}, folder_ / "render");
    EXPECT_EQ(program.wait(20s), 78);
    EXPECT_NE(program.err().find("before its outer"), std::string::npos) << program.err();
}

TEST_F(Rendering, OfNothingButWiresIsTheInput) {
    write_bytes(folder_ / "wires.toml", "format = 1\nconnect = [\"in -> out\"]\n[input.in]\n"
                                        "channels = 1\n[output.out]\nchannels = 1\n");
    for (const std::string& input : {folder_ / "in.wav", "in=" + (folder_ / "in.wav")})
        EXPECT_EQ(samples(render("wires.toml", {"--input", input})), noise(kFrames));
}

TEST_F(Rendering, AWrongScoreIsRefusedByItsBundle) {
    Score score;
    score.at(0.1, {message("/node/tone/frequency", 1000.0f)});
    score.at(0.2, {message("/node/nobody/frequency", 1000.0f)});
    const auto refusal = [&](const std::string& bytes) {
        write_bytes(folder_ / "bad.osc", bytes);
        Program program({kBacklined, "--config", folder_ / "backline.toml", "render",
                         folder_ / "everything.toml", "--output", folder_ / "out.wav", "--score",
                         folder_ / "bad.osc", "--tail", "0.5"},
                        {"BACKLINE_PLUGIN_PATH=" BACKLINE_PLUGINS}, folder_ / "render");
        EXPECT_EQ(program.wait(20s), 78);
        return program.err();
    };
    EXPECT_NE(refusal(score.bytes()).find("bundle 2"), std::string::npos);
    EXPECT_NE(refusal(score.bytes().substr(0, score.bytes().size() - 3)).find("bundle 2"),
              std::string::npos);
    Score query;
    query.at(0.1, {message("/graph")});
    EXPECT_NE(refusal(query.bytes()).find("/graph"), std::string::npos);
}

} // namespace
} // namespace backline::test
