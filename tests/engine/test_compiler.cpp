// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/compiler.hpp"
#include "tests/support/offline_engine.hpp"

#include <gtest/gtest.h>

namespace backline::engine {
namespace {

using test::OfflineEngine;

OfflineEngine::Setup setup() {
    return {{PLUGIN_DIR}, PROBE};
}

std::vector<Op> chain(int length) {
    std::vector<Op> ops{AddStrip{true, "in", 1, {}}, AddStrip{false, "main", 1, {}}};
    std::string last = "in";
    for (int i = 0; i < length; ++i) {
        const std::string name = "g" + std::to_string(i);
        ops.push_back(AddNode{name, "backline.gain", 1u, {}});
        ops.push_back(Connect{last, name, {}});
        last = name;
    }
    ops.push_back(Connect{last, "main", {}});
    return ops;
}

TEST(Compiler, AChainWorksInPlaceInOneBuffer) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit(chain(100)).ok);
    EXPECT_EQ(host.engine.model()->buffers, 2u) << "silence and the one that is passed along";
}

TEST(Compiler, ASourceThatIsStillNeededIsNotOverwritten) {
    OfflineEngine host(setup());
    std::vector<Op> ops{AddStrip{true, "in", 1, {}},
                        AddStrip{false, "main", 2, {}},
                        AddNode{"g", "backline.gain", 1u, {{"gain", -96.0}}},
                        Connect{"in", "g", {}},
                        Connect{"g", "main:in.1", {}},
                        Connect{"in", "main:in.2", {}}};
    ASSERT_TRUE(host.edit(ops).ok);
    const auto feed = [&](std::uint64_t, std::uint32_t n) {
        std::fill_n(host.driver.input(0), n, 0.5f);
    };
    EXPECT_EQ(host.run(64, 64, 0, feed).back(), 0.0f);
    EXPECT_EQ(host.run(64, 64, 1, feed).back(), 0.5f);
}

TEST(Compiler, AMonoInputSpreadOverAStereoNodeIsNotWorkedOnInPlace) {
    OfflineEngine host(setup());
    std::vector<Op> ops{AddStrip{true, "in", 1, {}}, AddStrip{false, "main", 2, {}},
                        AddNode{"g", "backline.gain", 2u, {{"gain", -6.0}}}, Connect{"in", "g", {}},
                        Connect{"g", "main", {}}};
    ASSERT_TRUE(host.edit(ops).ok);
    const auto feed = [&](std::uint64_t, std::uint32_t n) {
        std::fill_n(host.driver.input(0), n, 0.5f);
    };
    const float left = host.run(64, 64, 0, feed).back();
    EXPECT_NEAR(left, 0.2506f, 1e-4f);
    EXPECT_EQ(host.run(64, 64, 1, feed).back(), left);
}

TEST(Compiler, AVeryLongChainCompiles) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit(chain(2000)).ok);
    EXPECT_EQ(host.engine.model()->nodes.size(), 2000u);
}

} // namespace
} // namespace backline::engine
