// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Parallel paths arrive together, however late some of them are.
#include "tests/support/high_pass.hpp"
#include "tests/support/offline_engine.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace backline::engine {
namespace {

using test::OfflineEngine;

OfflineEngine::Setup setup() {
    return {{PLUGIN_DIR, FIXTURE_DIR}, PROBE};
}

constexpr const char* kLatent = "org.example.latent";

AddNode latent(const std::string& name, double frames) {
    return {name, kLatent, 1u, {{"frames", frames}}};
}

/// Noise through a dry path beside `nodes` latent ones, whose last inverts: what is left of both.
std::vector<float> null_of(int nodes, std::uint32_t period) {
    OfflineEngine host(setup());
    std::vector<Op> ops{AddStrip{true, "in", 1, {}}, AddStrip{false, "main", 1, {}},
                        Connect{"in", "main", {}}};
    std::string last = "in";
    for (int i = 0; i < nodes; ++i) {
        const std::string name = "l" + std::to_string(i);
        ops.push_back(latent(name, 7.0 + 61.0 * i));
        ops.push_back(Connect{last, name, {}});
        last = name;
    }
    ops.push_back(AddNode{"invert", kLatent, 1u, {{"frames", 0.0}, {"invert", true}}});
    ops.push_back(Connect{last, "invert", {}});
    ops.push_back(Connect{"invert", "main", {}});
    const Completion done = host.edit(ops);
    EXPECT_TRUE(done.ok) << done.message;
    std::mt19937 random(7);
    host.run(4096, period); // the plugins say how late they are
    return host.run(24000, period, 0, [&](std::uint64_t, std::uint32_t n) {
        for (std::uint32_t i = 0; i < n; ++i)
            host.driver.input(0)[i] =
                static_cast<float>(random()) / static_cast<float>(random.max()) - 0.5f;
    });
}

TEST(Latency, ADryPathBesideOneToEightLatentNodesCancels) {
    for (int nodes = 1; nodes <= 8; ++nodes) {
        for (const std::uint32_t period : {64u, 1000u}) {
            float worst = 0.0f;
            for (const float sample : null_of(nodes, period))
                worst = std::max(worst, std::fabs(sample));
            EXPECT_LE(20.0 * std::log10(worst + 1e-30), -140.0) << nodes << " nodes";
        }
    }
}

TEST(Latency, IsToldPerOutputAndRecomputedWhenAPluginSaysSo) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({AddStrip{true, "in", 1, {}}, AddStrip{false, "wet", 1, {}},
                           AddStrip{false, "dry", 1, {}}, latent("a", 100.0), latent("b", 29.0),
                           Connect{"in", "a", {}}, Connect{"a", "b", {}}, Connect{"b", "wet", {}},
                           Connect{"in", "dry", {}}})
                    .ok);
    EXPECT_EQ(host.engine.model()->outputs.at("wet").latency, 128u); // 64 each, as they begin
    host.run(4096, 256);
    auto model = host.engine.model();
    EXPECT_EQ(model->outputs.at("wet").latency, 129u);
    EXPECT_EQ(model->outputs.at("dry").latency, 0u);
    EXPECT_EQ(model->latency, 129u);
}

TEST(Latency, FeedbackIsLeftOut) {
    OfflineEngine host(setup());
    ASSERT_TRUE(
        host.edit({AddStrip{true, "in", 1, {}}, AddStrip{false, "main", 1, {}}, latent("a", 100.0),
                   Connect{"in", "a", {}}, Connect{"a", "main", {}}, Connect{"a", "a", 512}})
            .ok);
    host.run(4096, 64);
    EXPECT_EQ(host.engine.model()->latency, 100u);
    std::vector<float> heard = host.run(2048, 64, 0, [&](std::uint64_t first, std::uint32_t n) {
        std::fill_n(host.driver.input(0), n, 0.0f);
        if (first == 4096) host.driver.input(0)[0] = 1.0f;
    });
    EXPECT_EQ(heard[100], 1.0f);
    EXPECT_EQ(heard[100 + 512 + 100], 1.0f);
}

TEST(Latency, ABypassedNodeIsAsLateAsBefore) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({AddStrip{true, "in", 1, {}}, AddStrip{false, "main", 1, {}},
                           latent("a", 300.0), Connect{"in", "a", {}}, Connect{"a", "main", {}}})
                    .ok);
    host.submit({SetValue{{Target::Kind::node_bypass, "a", "", false}, true}}, 9000);
    host.submit({SetValue{{Target::Kind::node_bypass, "a", "", false}, false}}, 20000);
    const auto heard = host.run(40000, 256, 0, [&](std::uint64_t first, std::uint32_t n) {
        for (std::uint32_t i = 0; i < n; ++i)
            host.driver.input(0)[i] = static_cast<float>(first + i) * 1e-5f;
    });
    for (std::size_t i = 400; i < heard.size(); ++i)
        ASSERT_NEAR(heard[i], static_cast<float>(i - 300) * 1e-5f, 1e-6f) << i;
}

TEST(Latency, AnotherDelayOnALivePathDoesNotClick) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({AddStrip{true, "in", 1, {}}, AddStrip{false, "main", 1, {}},
                           Connect{"in", "main", {}}})
                    .ok);
    host.submit({latent("a", 333.0), Connect{"in", "a", {}}, Connect{"a", "main", {}}}, 12000);
    host.submit({RemoveNode{"a", false}}, 24000);
    const auto heard = host.run(36000, 256, 0, [&](std::uint64_t first, std::uint32_t n) {
        for (std::uint32_t i = 0; i < n; ++i)
            host.driver.input(0)[i] = static_cast<float>(
                0.25
                * std::sin(6.283185307179586 * 997.0 * static_cast<double>(first + i) / 48000.0));
    });
    test::HighPass high(5000.0, 48000.0);
    double worst = 0.0;
    for (std::size_t i = 0; i < heard.size(); ++i) {
        const double left = std::fabs(high.next(heard[i]));
        if (i > 2400) worst = std::max(worst, left);
    }
    EXPECT_LE(20.0 * std::log10(worst), -80.0);
}

} // namespace
} // namespace backline::engine
