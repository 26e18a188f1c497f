// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "rig.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace backline::process {
namespace {

using namespace test;

TEST(DueHeap, GivesCommandsBackByFrameAndThenByNumber) {
    constexpr std::uint32_t kCount = 5000;
    DueHeap heap(kCount);
    EXPECT_TRUE(heap.empty());
    EXPECT_EQ(heap.first(), nullptr);
    EXPECT_EQ(heap.first_frame(), UINT64_MAX);
    std::mt19937 random(3);
    std::vector<Command> commands(kCount);
    for (std::uint32_t i = 0; i < kCount; ++i) {
        commands[i].frame = 1 + random() % 400; // many share a frame
        commands[i].number = i;
        heap.push(&commands[i]);
    }
    EXPECT_EQ(heap.count(), kCount);
    std::pair<std::uint64_t, std::uint64_t> last{0, 0};
    for (std::uint32_t i = 0; i < kCount; ++i) {
        const Command* command = heap.first();
        EXPECT_EQ(heap.first_frame(), command->frame);
        const std::pair now{command->frame, command->number};
        ASSERT_TRUE(i == 0 || last < now) << i;
        last = now;
        heap.pop();
    }
    EXPECT_TRUE(heap.empty());
}

TEST(DueHeap, TakesWhatComesWhileItIsEmptied) {
    DueHeap heap(64);
    std::mt19937 random(4);
    std::vector<Command> commands(64);
    std::vector<Command*> spare;
    for (Command& command : commands)
        spare.push_back(&command);
    std::uint64_t clock = 0;
    std::uint64_t number = 0;
    for (int i = 0; i < 20000; ++i) {
        if (!spare.empty() && random() % 2 == 0) {
            spare.back()->frame = clock + random() % 50;
            spare.back()->number = ++number;
            heap.push(spare.back());
            spare.pop_back();
        } else if (!heap.empty()) {
            ASSERT_GE(heap.first_frame(), clock);
            clock = heap.first_frame();
            spare.push_back(heap.first());
            heap.pop();
        }
    }
    EXPECT_GT(clock, 1000u);
}

/// 64 values a millisecond, as dense as an automation can be: each at its frame, whatever the
/// period, and none late.
TEST(DueHeap, ADenseBurstIsAppliedFrameByFrameInRealTime) {
    for (const std::uint32_t period : {64u, 256u, 1024u}) {
        Rig rig;
        Probe probe;
        rig.start_chain(probe);
        std::mt19937 random(5);
        std::vector<std::uint64_t> frames;
        for (int i = 0; i < 10000; ++i)
            frames.push_back(3000 + random() % 7500); // 64 a millisecond
        auto submitted = frames;
        std::sort(submitted.begin(), submitted.end());
        std::size_t next = 0;
        std::size_t done = 0;
        std::vector<std::uint64_t> wrong;
        while (rig.clock < 12000) {
            // 50 ms ahead, as the engine does.
            for (; next < submitted.size() && submitted[next] < rig.clock + 2400 + period; ++next)
                ASSERT_TRUE(rig.push(set_at(submitted[next], {1, 1}, static_cast<double>(next))));
            rig.run(period);
            while (const auto command = rig.done()) {
                ++done;
                if (command->applied_frame != command->frame) wrong.push_back(command->frame);
            }
        }
        EXPECT_EQ(done, frames.size());
        EXPECT_TRUE(wrong.empty()) << wrong.size() << " of period " << period;
        EXPECT_EQ(rig.cycle.counters().late_commands.load(), 0u);
    }
}

} // namespace
} // namespace backline::process
