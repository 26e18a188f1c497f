// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Untimed sets and commands: their order, their limits, and targets that are gone.
#include "rig.hpp"

#include <gtest/gtest.h>

namespace backline::process {
namespace {

using namespace test;
constexpr Handle kNode{1, 1};

TEST(Edits, SetsAndCommandsTakeEffectInTheOrderOfTheirNumbers) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    rig.cycle.set(kNode, probe.cells[0], 0, 2.0);
    rig.push(set_at(0, kNode, 3.0));
    EXPECT_EQ(rig.run(16).front(), 3.0f);
    rig.push(set_at(0, kNode, 4.0));
    rig.cycle.set(kNode, probe.cells[0], 0, 5.0);
    EXPECT_EQ(rig.run(16).front(), 5.0f);
    EXPECT_EQ(probe.node.bank.value(0), 5.0);
    EXPECT_EQ(rig.cycle.value(probe.cells[0]), 5.0);
}

TEST(Edits, ManySetsOfOneParameterBecomeItsNewestValue) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    for (int i = 1; i <= 100000; ++i)
        ASSERT_TRUE(rig.cycle.set(kNode, probe.cells[0], 0, i));
    EXPECT_FALSE(rig.cycle.heard(probe.cells[0]));
    EXPECT_EQ(rig.cycle.value(probe.cells[0]), 100000.0);
    rig.run(64);
    EXPECT_TRUE(rig.cycle.heard(probe.cells[0]));
    EXPECT_EQ(rig.cycle.value(probe.cells[0]), 100000.0);
    const std::vector<Probe::Heard> expected = {{0, 0, 100000.0}};
    EXPECT_EQ(probe.heard(), expected);
}

TEST(Edits, AFullSetQueueRefusesAndChangesNothing) {
    Rig rig;
    std::vector<ParamCell> cells(20000);
    std::uint32_t taken = 0;
    while (taken < cells.size() && rig.cycle.set(kNode, cells[taken], taken, 1.0))
        ++taken;
    ASSERT_LT(taken, cells.size());
    EXPECT_GE(taken, 16384u);
    EXPECT_EQ(cells[taken].wanted.load(), 0.0);
    EXPECT_FALSE(cells[taken].queued.load());
}

TEST(Edits, WhatIsForANodeThatIsGoneIsCountedAndNeverReachesItsSuccessor) {
    Rig rig;
    Probe first;
    Probe second;
    rig.start_chain(first);
    // The successor takes the slot between the set and the cycle.
    auto swap = std::make_unique<Command>();
    swap->slots.push_back({{1, 2}, &second.node.bank, &second.node});
    rig.push(std::move(swap));
    rig.cycle.set(kNode, first.cells[0], 0, 9.0);
    rig.push(set_at(0, kNode, 9.0));
    rig.push(set_at(10, kNode, 9.0));
    rig.run(64);
    EXPECT_EQ(rig.cycle.counters().stale_sets.load(), 3u);
    EXPECT_EQ(second.node.bank.event_count() + second.node.bank.waiting_count(), 0u);
    rig.done();
    EXPECT_EQ(rig.done()->stale_sets, 1u);
    EXPECT_EQ(rig.done()->stale_sets, 1u);

    rig.cycle.set({1, 2}, second.cells[0], 0, 7.0);
    rig.run(64);
    EXPECT_EQ(second.node.bank.value(0), 7.0);
    // Slots that never existed, and the one that means nobody.
    rig.push(set_at(0, {Cycle::kSlots, 1}, 1.0));
    rig.push(set_at(0, {5, 0}, 1.0));
    rig.run(64);
    EXPECT_EQ(rig.cycle.counters().stale_sets.load(), 5u);
}

TEST(Edits, AnEmptiedSlotTakesNothing) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    auto empty = std::make_unique<Command>();
    empty->slots.push_back({{1, 0}, nullptr, nullptr});
    rig.push(std::move(empty));
    rig.cycle.set(kNode, probe.cells[0], 0, 9.0);
    rig.run(64);
    EXPECT_EQ(rig.cycle.counters().stale_sets.load(), 1u);
    EXPECT_TRUE(probe.heard().empty());
}

TEST(Edits, InRealTimeSetsBeyondTheBudgetWaitForTheNextCycle) {
    Rig rig;
    Probe probe(1500);
    rig.start_chain(probe);
    for (std::uint32_t i = 0; i < 1500; ++i)
        rig.cycle.set(kNode, probe.cells[i], i, 1.0 + i);
    rig.run(64);
    EXPECT_EQ(rig.cycle.counters().deferred.load(), 1u);
    EXPECT_EQ(probe.node.bank.waiting_count(), Cycle::kSetsPerCycle - ParamBank::kEventsPerCycle);
    EXPECT_TRUE(rig.cycle.heard(probe.cells[Cycle::kSetsPerCycle - 1]));
    EXPECT_FALSE(rig.cycle.heard(probe.cells[Cycle::kSetsPerCycle]));
    for (int i = 0; i < 30; ++i)
        rig.run(64);
    // All of them, once each, in their order, 64 to a call.
    const auto heard = probe.heard();
    ASSERT_EQ(heard.size(), 1500u);
    for (std::uint32_t i = 0; i < 1500; ++i) {
        EXPECT_EQ(heard[i].param, i);
        EXPECT_EQ(heard[i].value, 1.0 + i);
    }
    for (const Probe::Call& call : probe.calls)
        EXPECT_LE(call.events.size(), ParamBank::kEventsPerCycle);
}

TEST(Edits, OfflineThereIsNoBudget) {
    Rig rig;
    Probe probe(1500);
    rig.start_chain(probe);
    for (std::uint32_t i = 0; i < 1500; ++i)
        rig.cycle.set(kNode, probe.cells[i], i, 1.0);
    for (int i = 0; i < 40; ++i)
        rig.push(std::make_unique<Command>());
    rig.run(64, true);
    EXPECT_EQ(probe.heard().size(), 1500u);
    EXPECT_EQ(rig.cycle.counters().deferred.load(), 0u);
    int done = 0;
    while (rig.done())
        ++done;
    EXPECT_EQ(done, 40);
}

TEST(Edits, InRealTimeCommandsBeyondTheBudgetWaitForTheNextCycle) {
    Rig rig;
    for (std::uint32_t i = 0; i < Cycle::kCommandsPerCycle + 4; ++i)
        rig.push(std::make_unique<Command>());
    const auto applied = [&rig] {
        std::uint32_t count = 0;
        while (rig.done())
            ++count;
        return count;
    };
    rig.run(64);
    EXPECT_EQ(applied(), Cycle::kCommandsPerCycle);
    EXPECT_EQ(rig.cycle.counters().deferred.load(), 1u);
    rig.run(64);
    EXPECT_EQ(applied(), 4u);
    EXPECT_EQ(rig.cycle.in_flight(), 0u);
}

TEST(Edits, OnlySoManyCommandsAreInFlight) {
    Rig rig;
    for (std::uint32_t i = 0; i < Cycle::kCommandsInFlight; ++i)
        ASSERT_TRUE(rig.push(set_at(1000 + i % 1000, kNode, 1.0)));
    EXPECT_FALSE(rig.push(std::make_unique<Command>()));
    rig.run(2048, true); // all become due, and all come back
    std::uint32_t done = 0;
    while (rig.done())
        ++done;
    EXPECT_EQ(done, Cycle::kCommandsInFlight);
    EXPECT_TRUE(rig.push(std::make_unique<Command>()));
    // What still waits is freed with the cycle, whether it was taken over or not.
    rig.push(set_at(1u << 30, kNode, 1.0));
    rig.run(64);
    rig.push(std::make_unique<Command>());
}

TEST(Edits, APlanGoesInAndTheOneItReplacesComesBack) {
    Rig rig;
    Probe probe;
    EXPECT_EQ(rig.run(32), std::vector<float>(32, 0.0f)); // without a plan there is silence
    PlanBuilder build;
    const Wire in = build.wire();
    build.input(rig.input, {0}, {in}).output(rig.output, {0}, {in});
    auto plan = build.take();
    plan->number = 7;
    rig.start(std::move(plan), probe);
    EXPECT_EQ(rig.run(32), std::vector<float>(32, 1.0f));
    auto next = std::make_unique<Command>();
    next->plan = PlanBuilder().take();
    rig.push(std::move(next));
    rig.run(32);
    const auto done = rig.done();
    ASSERT_TRUE(done && done->plan);
    EXPECT_EQ(done->plan->number, 7u);
    EXPECT_EQ(done->applied_frame, 64u);
}

TEST(Edits, FilesAreExchangedAndResetsReachThePlugin) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    int old_file = 1;
    int new_file = 2;
    probe.file = &old_file;
    auto command = std::make_unique<Command>();
    command->files.push_back({&probe.node, 0, &new_file});
    command->resets_all = true;
    EXPECT_TRUE(command->cuts());
    rig.push(std::move(command));
    rig.run(32);
    EXPECT_EQ(probe.file, &new_file);
    EXPECT_EQ(rig.done()->files[0].object, &old_file);
    EXPECT_EQ(probe.resets, 1);
}

} // namespace
} // namespace backline::process
