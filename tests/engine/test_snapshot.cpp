// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/snapshot.hpp"
#include "tests/support/offline_engine.hpp"

#include <gtest/gtest.h>

namespace backline::engine {
namespace {

using test::OfflineEngine;

Target param(const char* node, const char* symbol) {
    return {Target::Kind::node_param, node, symbol, false};
}
const Target kMainGain{Target::Kind::output, "main", "gain", false};
const Target kInMute{Target::Kind::input, "in", "mute", false};
const Target kBypass{Target::Kind::node_bypass, "eq", "", false};

class SnapshotTest : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(host.edit({AddStrip{true, "in", 1, {}}, AddStrip{false, "main", 1, {}},
                               AddNode{"trim", "org.example.minimal", 1, {{"gain", 2.0}}},
                               AddNode{"eq", "backline.filter", 1, {{"cutoff", 100.0}}},
                               Connect{"in", "trim", {}}, Connect{"trim", "main", {}}})
                        .ok);
        run(64);
    }
    void run(std::uint64_t frames) {
        host.run(frames, 64, 0, [&](std::uint64_t, std::uint32_t n) {
            std::fill_n(host.driver.input(0), n, 1.0f);
        });
    }
    double value(const Target& target) {
        return resolve(*host.engine.model(), target).cell->heard.load();
    }
    std::string code(std::vector<Op> ops) {
        const Completion outcome = host.edit(std::move(ops));
        message = outcome.message;
        return outcome.ok ? "" : outcome.code;
    }

    OfflineEngine host{OfflineEngine::Setup{{PLUGIN_DIR, FIXTURE_DIR}, PROBE}};
    std::string message;
};

TEST_F(SnapshotTest, RecallBringsEveryValueBackAtOneFrame) {
    ASSERT_EQ(code({StoreSnapshot{"verse"}}), "");
    ASSERT_EQ(code({SetValue{param("trim", "gain"), 0.5}, SetValue{param("eq", "cutoff"), 9000.0},
                    SetValue{param("eq", "type"), std::string("high")}, SetValue{kBypass, true},
                    SetValue{kMainGain, -20.0}, SetValue{kInMute, true}}),
              "");
    ASSERT_EQ(code({StoreSnapshot{"chorus"}}), "");
    run(64);
    ASSERT_EQ(code({RecallSnapshot{"verse"}}), "");
    EXPECT_EQ(value(param("trim", "gain")), 2.0);
    EXPECT_EQ(value(param("eq", "cutoff")), 100.0);
    EXPECT_EQ(value(param("eq", "type")), 0.0);
    EXPECT_EQ(value(kBypass), 0.0);
    EXPECT_EQ(value(kMainGain), 0.0);
    EXPECT_EQ(value(kInMute), 0.0);
    const auto token = host.submit({RecallSnapshot{"chorus"}}, host.driver.clock() + 777);
    run(2000);
    EXPECT_EQ(host.completions.at(token).frame, host.completions.at(token).due);
    EXPECT_EQ(value(param("trim", "gain")), 0.5);
    EXPECT_EQ(value(param("eq", "type")), 1.0);
    EXPECT_EQ(value(kBypass), 1.0);
    EXPECT_EQ(value(kMainGain), -20.0);
    EXPECT_EQ(value(kInMute), 1.0);
}

TEST_F(SnapshotTest, AMorphMovesNumbersAlongTheirScaleAndSwitchesAtItsBeginning) {
    ASSERT_EQ(code({StoreSnapshot{"low"}}), "");
    ASSERT_EQ(code({SetValue{param("trim", "gain"), 4.0}, SetValue{param("eq", "cutoff"), 10000.0},
                    SetValue{kBypass, true}}),
              "");
    run(64);
    ASSERT_EQ(code({RecallSnapshot{"low", 0.2}}), "");
    run(4800);
    EXPECT_NEAR(value(param("trim", "gain")), 3.0, 0.03);
    EXPECT_NEAR(value(param("eq", "cutoff")), 1000.0, 50.0) << "by equal ratios";
    EXPECT_EQ(value(kBypass), 0.0);
    run(5000);
    EXPECT_EQ(value(param("trim", "gain")), 2.0);
    EXPECT_EQ(value(param("eq", "cutoff")), 100.0);
}

TEST_F(SnapshotTest, FollowsARenameAndSparesWhatCameLater) {
    ASSERT_EQ(code({StoreSnapshot{"a"}}), "");
    ASSERT_EQ(code({RenameNode{"trim", "level"}, RenameStrip{false, "main", "out"},
                    AddNode{"trim", "org.example.minimal", 1, {{"gain", 3.0}}},
                    SetValue{param("level", "gain"), 0.25}}),
              "");
    ASSERT_EQ(code({RecallSnapshot{"a"}}), "");
    EXPECT_EQ(value(param("level", "gain")), 2.0);
    EXPECT_EQ(value(param("trim", "gain")), 3.0);
}

TEST_F(SnapshotTest, WhatIsGoneIsNamedAndNothingChanges) {
    ASSERT_EQ(code({StoreSnapshot{"a"}}), "");
    ASSERT_EQ(code({SetValue{param("trim", "gain"), 0.25}, RemoveNode{"eq"}}), "");
    EXPECT_EQ(code({RecallSnapshot{"a"}}), "no_such_node");
    EXPECT_NE(message.find("\"eq\""), std::string::npos) << message;
    EXPECT_NE(message.find("\"a\""), std::string::npos) << message;
    EXPECT_EQ(code({RecallSnapshot{"a", 1.0}}), "no_such_node");
    ASSERT_EQ(code({AddNode{"eq", "backline.gain", 1, {}}}), "");
    EXPECT_EQ(code({RecallSnapshot{"a"}}), "no_such_parameter");
    run(64);
    EXPECT_EQ(value(param("trim", "gain")), 0.25);
    EXPECT_EQ(code({RecallSnapshot{"b"}}), "no_such_snapshot");
    EXPECT_EQ(code({RemoveSnapshot{"b"}}), "no_such_snapshot");
    EXPECT_EQ(code({StoreSnapshot{"not a name"}}), "bad_name");
    EXPECT_EQ(code({RecallSnapshot{"a", -1.0}}), "out_of_range");
    EXPECT_EQ(code({RemoveSnapshot{"a"}}), "");
    EXPECT_TRUE(host.engine.model()->snapshots.empty());
}

TEST_F(SnapshotTest, StoreAndRecallAreDueLikeAnyValue) {
    const std::uint64_t now = host.driver.clock();
    host.submit({SetValue{param("trim", "gain"), 1.0}}, now + 100);
    host.submit({StoreSnapshot{"a"}}, now + 200);
    host.submit({SetValue{param("trim", "gain"), 3.0}}, now + 300);
    const auto recall = host.submit({RecallSnapshot{"a"}}, now + 400);
    std::vector<float> samples = host.run(1000, 1000, 0, [&](std::uint64_t, std::uint32_t n) {
        std::fill_n(host.driver.input(0), n, 1.0f);
    });
    EXPECT_TRUE(host.completions.at(recall).ok) << host.completions.at(recall).message;
    EXPECT_EQ(samples[399], 3.0f);
    EXPECT_EQ(samples[400], 1.0f);
}

TEST_F(SnapshotTest, InATransactionItIsAllOrNothing) {
    EXPECT_EQ(
        code({StoreSnapshot{"a"}, SetValue{param("trim", "gain"), 0.5}, RecallSnapshot{"nothing"}}),
        "no_such_snapshot");
    run(64);
    EXPECT_EQ(value(param("trim", "gain")), 2.0);
    EXPECT_TRUE(host.engine.model()->snapshots.empty());
    std::vector<Op> ops;
    for (std::size_t i = 0; i <= kSnapshotsMax; ++i)
        ops.push_back(StoreSnapshot{"s" + std::to_string(i)});
    EXPECT_EQ(code(ops), "queue_full");
}

TEST_F(SnapshotTest, MoreThanCanMoveAtOnceIsRefusedAndComesBackAtOnceInstead) {
    std::vector<Op> ops;
    for (int i = 0; i < 520; ++i) // of 16 numbers each
        ops.push_back(AddNode{"m" + std::to_string(i), "backline.mixer", {}, {}});
    ops.push_back(StoreSnapshot{"many"});
    ASSERT_EQ(code(std::move(ops)), "") << message;
    ASSERT_EQ(code({SetValue{param("m519", "gain8"), -40.0}}), "");
    EXPECT_EQ(code({RecallSnapshot{"many", 1.0}}), "queue_full");
    EXPECT_EQ(value(param("m519", "gain8")), -40.0);
    EXPECT_EQ(code({RecallSnapshot{"many"}}), "") << message;
    EXPECT_EQ(value(param("m519", "gain8")), 0.0);
}

} // namespace
} // namespace backline::engine
