// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Ramps through the engine, and time at the end of 32 bits.
#include "daemon/engine/ramp.hpp"
#include "tests/support/offline_engine.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace backline::engine {
namespace {

using process::Shape;
using test::OfflineEngine;

OfflineEngine::Setup setup(std::uint64_t start = 0) {
    OfflineEngine::Setup result{{PLUGIN_DIR, FIXTURE_DIR}, PROBE};
    result.start_clock = start;
    return result;
}
Target param(const char* node, const char* symbol) {
    return {Target::Kind::node_param, node, symbol, false};
}
SetValue set(const char* node, const char* symbol, Value value) {
    return {param(node, symbol), std::move(value)};
}
Ramp ramp(Target target, std::vector<Ramp::Stretch> stretches, Shape shape = Shape::linear) {
    return {std::move(target), std::move(stretches), shape};
}

/// in -> trim (multiplies by "gain" from the very frame on) -> main
void build(OfflineEngine& host, double gain = 1.0) {
    ASSERT_TRUE(host.edit({AddStrip{true, "in", 1, {}}, AddStrip{false, "main", 1, {}},
                           AddNode{"trim", "org.example.minimal", 1, {{"gain", gain}}},
                           AddNode{"eq", "backline.filter", 1, {}},
                           AddNode{"mix", "backline.mixer", {}, {}}, Connect{"in", "trim", {}},
                           Connect{"trim", "main", {}}})
                    .ok);
}
std::vector<float> run(OfflineEngine& host, std::uint64_t frames, std::uint32_t period) {
    return host.run(frames, period, 0, [&](std::uint64_t, std::uint32_t n) {
        std::fill_n(host.driver.input(0), n, 1.0f);
    });
}
double heard(OfflineEngine& host, const char* node, const char* symbol) {
    return resolve(*host.engine.model(), param(node, symbol)).cell->heard.load();
}

TEST(Ramp, MovesAndIsReadBack) {
    OfflineEngine host(setup());
    build(host);
    ASSERT_TRUE(host.edit({ramp(param("trim", "gain"), {{3.0, 0.1}, {2.0, 0.1}})}).ok);
    run(host, 2400, 480);
    EXPECT_NEAR(heard(host, "trim", "gain"), 2.0, 0.05);
    run(host, 2400, 480);
    EXPECT_NEAR(heard(host, "trim", "gain"), 3.0, 0.05);
    run(host, 9600, 480);
    EXPECT_EQ(heard(host, "trim", "gain"), 2.0);
    // Seconds of 0 are a set; a first stretch of 0 says where it begins.
    ASSERT_TRUE(host.edit({ramp(param("trim", "gain"), {{0.5, 0.0}})}).ok);
    EXPECT_EQ(run(host, 64, 64).back(), 0.5f);
    ASSERT_TRUE(host.edit({ramp(param("trim", "gain"), {{3.0, 0.0}, {4.0, 0.1}})}).ok);
    EXPECT_NEAR(run(host, 64, 64).back(), 3.0f, 0.02f);
    ASSERT_TRUE(host.edit({set("trim", "gain", 1.0)}).ok);
    EXPECT_EQ(run(host, 9600, 64).back(), 1.0f) << "a set has ended it";
}

TEST(Ramp, TheLastWordOfARequestCounts) {
    OfflineEngine host(setup());
    build(host);
    ASSERT_TRUE(
        host.edit({ramp(param("trim", "gain"), {{4.0, 0.01}}), set("trim", "gain", 0.25)}).ok);
    EXPECT_EQ(run(host, 4800, 64).back(), 0.25f);
    ASSERT_TRUE(
        host.edit({set("trim", "gain", 2.0), ramp(param("trim", "gain"), {{3.0, 0.01}})}).ok);
    const auto samples = run(host, 4800, 64);
    EXPECT_GE(samples.front(), 2.0f);
    EXPECT_EQ(samples.back(), 3.0f);
    // The same with requests that come together.
    host.submit({ramp(param("trim", "gain"), {{4.0, 0.01}})}, host.driver.clock() + 100);
    host.submit({set("trim", "gain", 0.5)}, host.driver.clock() + 100);
    EXPECT_EQ(run(host, 4800, 64).back(), 0.5f);
    // In a transaction with the node it concerns.
    ASSERT_TRUE(host.edit({AddNode{"new", "org.example.minimal", 1, {{"gain", 0.5}}},
                           ramp(param("new", "gain"), {{4.0, 0.01}})})
                    .ok);
    run(host, 4800, 64);
    EXPECT_EQ(heard(host, "new", "gain"), 4.0);
}

TEST(Ramp, OfIntegersStepsAndOfGainsMovesThem) {
    OfflineEngine host(setup());
    build(host);
    const Target gain{Target::Kind::output, "main", "gain", false};
    ASSERT_TRUE(host.edit({ramp(gain, {{-6.0, 0.1}})}).ok);
    const auto samples = run(host, 9600, 64);
    EXPECT_LT(samples[2400], samples[64]);
    EXPECT_NEAR(20.0 * std::log10(samples.back()), -6.0, 1e-4);
}

TEST(Ramp, MistakesAreNamedAndChangeNothing) {
    OfflineEngine host(setup());
    build(host);
    run(host, 64, 64);
    const Target gain{Target::Kind::output, "main", "gain", false};
    const struct {
        Op op;
        const char* code;
        const char* part;
    } mistakes[] = {
        {ramp(param("nobody", "gain"), {{1.0, 1.0}}), "no_such_node", "nobody"},
        {ramp(param("trim", "loud"), {{1.0, 1.0}}), "no_such_parameter", "loud"},
        {ramp(param("eq", "type"), {{1.0, 1.0}}), "bad_type", "number"},
        {ramp({Target::Kind::node_bypass, "eq", "", false}, {{1.0, 1.0}}), "bad_type", "bypass"},
        {ramp(param("trim", "gain"), {{1.0, -1.0}}), "out_of_range", "got -1"},
        {ramp(param("trim", "gain"), {{1.0, std::nan("")}}), "out_of_range", "nan"},
        {ramp(param("trim", "gain"), {{1.0, 1e9}}), "out_of_range", "86400"},
        {ramp(param("trim", "gain"), {{1.0, 80000.0}, {2.0, 80000.0}}), "out_of_range", "86400"},
        {ramp(param("trim", "gain"), {{1.0, 1.0}, {5.0, 1.0}}), "out_of_range", "got 5"},
        {ramp(param("trim", "gain"), {{std::nan(""), 1.0}}), "out_of_range", "nan"},
        {ramp(param("trim", "gain"), {{0.0, 1.0}}, Shape::exponential), "out_of_range", "exp"},
        {ramp(param("trim", "gain"), {{1.0, 1.0}, {0.0, 1.0}}, Shape::exponential), "out_of_range",
         "1 to 0"},
        {ramp(gain, {{6.0, 1.0}}, Shape::exponential), "out_of_range", "0 to 6"},
    };
    for (const auto& mistake : mistakes) {
        const Completion outcome = host.edit({set("trim", "gain", 0.0), mistake.op});
        EXPECT_FALSE(outcome.ok) << mistake.part;
        EXPECT_EQ(outcome.code, mistake.code) << outcome.message;
        EXPECT_NE(outcome.message.find(mistake.part), std::string::npos) << outcome.message;
        EXPECT_EQ(outcome.failed_op, 1u) << outcome.message;
    }
    EXPECT_EQ(run(host, 64, 64).back(), 1.0f) << "nothing has changed";
    EXPECT_THROW((void)shape_of("sine"), CommandError);
}

TEST(Ramp, OnesThatAreReplacedMakeRoomForOthers) {
    OfflineEngine host(setup());
    build(host);
    for (std::uint32_t i = 0; i < 2 * process::Curves::kMax; ++i) {
        const double value = i % 2 == 0 ? 2.0 : 3.0;
        ASSERT_TRUE(host.edit({ramp(param("trim", "gain"), {{value, 1.0}})}).ok) << i;
    }
    run(host, 49000, 960);
    EXPECT_EQ(heard(host, "trim", "gain"), 3.0);
}

/// A thousand values, ramps and graph edits at random frames.
std::vector<float> automate(std::uint64_t start, std::uint32_t period) {
    OfflineEngine host(setup(start));
    build(host);
    std::mt19937 random(7);
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t frame = start + random() % 24000;
        const double value = 0.001 + 3.9 * static_cast<double>(random() % 1000) / 1000.0;
        switch (random() % 4) {
        case 0:
            host.submit({ramp(param("trim", "gain"), {{value, 0.01}, {1.0, 0.02}},
                              static_cast<Shape>(random() % 3))},
                        frame);
            break;
        case 1:
            host.submit({StoreSnapshot{"a"}}, frame);
            host.submit({RecallSnapshot{"a", 0.001 * static_cast<double>(random() % 3)}},
                        frame + random() % 2000);
            break;
        default:
            host.submit({set("trim", "gain", value)}, frame);
        }
    }
    host.submit({Disconnect{"trim", "main"}}, start + 20001);
    host.submit({Connect{"trim", "main", {}}}, start + 20101);
    return host.run(30000, period, 0, [&](std::uint64_t at, std::uint32_t n) {
        for (std::uint32_t i = 0; i < n; ++i)
            host.driver.input(0)[i] = std::sin(0.01f * static_cast<float>((at - start + i) % 1000));
    });
}

TEST(Time, AutomationSoundsTheSameAtEveryPeriod) {
    const auto reference = automate(0, 1);
    for (const std::uint32_t period : {17u, 64u, 1000u, 4096u})
        EXPECT_EQ(automate(0, period), reference) << period;
}

TEST(Time, NothingHappensWhereTheFrameClockPasses32Bits) {
    const std::uint64_t start = (std::uint64_t{1} << 32) - 64 * 200;
    const auto reference = automate(0, 256);
    for (const std::uint32_t period : {64u, 1000u})
        EXPECT_EQ(automate(start, period), reference) << period;
}

TEST(Time, TenThousandChangesAtRandomFramesLandOnThem) {
    OfflineEngine host(setup());
    build(host);
    std::mt19937 random(11);
    std::map<std::uint64_t, float> expected; // by frame; the last of a frame counts
    std::map<std::uint64_t, std::uint64_t> frames;
    for (int i = 0; i < 10000; ++i) {
        const std::uint64_t frame = 1 + random() % 479'000;
        const auto value = static_cast<float>(random() % 4000) / 1000.0f;
        frames[host.submit({set("trim", "gain", double{value})}, frame)] = frame;
        expected[frame] = value;
    }
    const auto samples = run(host, 480'000, 1024);
    for (const auto& [token, frame] : frames)
        ASSERT_EQ(host.completions.at(token).frame, frame);
    float value = 1.0f;
    for (std::uint64_t i = 0; i < samples.size(); ++i) {
        if (const auto here = expected.find(i); here != expected.end()) value = here->second;
        ASSERT_EQ(samples[i], value) << i;
    }
}

} // namespace
} // namespace backline::engine
