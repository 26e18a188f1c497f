// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Budgets as the engine keeps them, and what the neighbours of a bad node hear, to the bit.
#include "tests/support/offline_engine.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace backline::engine {
namespace {

using process::Budget;
using test::OfflineEngine;
using Policy = Budget::Policy;

OfflineEngine::Setup setup() {
    return {{PLUGIN_DIR, FAULTY_DIR}, PROBE};
}

TEST(Budgets, AreKeptByTheGraphAndByItsRack) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({AddNode{"a", "backline.gain", 1u, {}}}).ok);
    EXPECT_FALSE(host.engine.model()->nodes.at("a").budget);
    const std::uint64_t revision = host.engine.model()->revision;
    const Budget budget{30.0, Policy::report};
    ASSERT_TRUE(host.edit({SetBudget{"a", budget}}).ok);
    EXPECT_EQ(host.engine.model()->nodes.at("a").budget, budget);
    EXPECT_EQ(host.engine.model()->revision, revision + 1);
    EXPECT_EQ(host.engine.to_rack().nodes.at(0).budget, budget);
    // Together with the node, and over what is put in its place.
    ASSERT_TRUE(host.edit({AddNode{"b", "backline.gain", 1u, {}}, SetBudget{"b", budget},
                           RenameNode{"b", "c"}, ReplaceNode{"c", "backline.filter"}})
                    .ok);
    EXPECT_EQ(host.engine.model()->nodes.at("c").budget, budget);
    const Rack rack = host.engine.to_rack();
    ASSERT_TRUE(host.edit({LoadRack{rack}}).ok);
    EXPECT_EQ(host.engine.to_rack(), rack);
}

TEST(Budgets, OutOfRangeChangeNothing) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({AddNode{"a", "backline.gain", 1u, {}}}).ok);
    const Rack before = host.engine.to_rack();
    for (const double percent : {0.0, -1.0, 100.1, std::nan(""), HUGE_VAL}) {
        const Completion how = host.edit(
            {SetBudget{"a", {50.0, Policy::off}}, SetBudget{"a", {percent, Policy::bypass}}});
        EXPECT_FALSE(how.ok);
        EXPECT_EQ(how.code, "out_of_range") << how.message;
        EXPECT_EQ(how.failed_op, 1u);
    }
    EXPECT_EQ(host.edit({SetBudget{"b", {}}}).code, "no_such_node");
    EXPECT_EQ(host.engine.to_rack(), before);
}

TEST(Budgets, WhatIsPutInThePlaceOfABypassedNodeIsBypassed) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({AddNode{"a", "backline.gain", 1u, {}}}).ok);
    ASSERT_TRUE(host.edit({SetValue{{Target::Kind::node_bypass, "a", "", false}, true}}).ok);
    host.run(64, 64);
    ASSERT_TRUE(host.edit({ReplaceNode{"a", "backline.gain"}}).ok);
    host.run(64, 64);
    EXPECT_TRUE(host.engine.model()->nodes.at("a").bypassed());
}

/// What a filter and an echo make of noise, beside a node of this plugin that goes wrong halfway.
std::vector<float> beside(const std::string& plugin) {
    OfflineEngine host(setup());
    std::vector<Op> ops{
        AddStrip{false, "main", 1, {}},
        AddStrip{false, "spare", 1, {}},
        AddNode{"noise", "backline.noise", 1u, {}},
        AddNode{"filter", "backline.filter", 1u, {{"cutoff", 900.0}, {"resonance", 4.0}}},
        AddNode{"echo", "backline.delay", 1u, {{"time", 10.0}, {"feedback", 0.7}}},
        Connect{"noise", "filter", {}},
        Connect{"filter", "echo", {}},
        Connect{"echo", "main", {}}};
    if (!plugin.empty()) {
        ops.push_back(AddNode{"bad", plugin, 1u, {}});
        ops.push_back(Connect{"filter", "bad", {}});
        ops.push_back(Connect{"bad", "spare", {}});
    }
    const Completion how = host.edit(std::move(ops));
    EXPECT_TRUE(how.ok) << how.message;
    std::vector<float> heard = host.run(4800, 256);
    if (!plugin.empty()) {
        const Completion set =
            host.edit({SetValue{{Target::Kind::node_param, "bad", "fault", false}, true}});
        EXPECT_TRUE(set.ok) << set.message;
    }
    const std::vector<float> rest = host.run(4800, 256);
    heard.insert(heard.end(), rest.begin(), rest.end());
    return heard;
}

TEST(Neighbours, OfABadNodeAreTheSameToTheBit) {
    const std::vector<float> alone = beside("");
    ASSERT_NE(alone.back(), 0.0f);
    for (const char* plugin :
         {"org.example.emits_nan", "org.example.emits_denormals", "org.example.returns_error"})
        EXPECT_EQ(beside(plugin), alone) << plugin;
}

} // namespace
} // namespace backline::engine
