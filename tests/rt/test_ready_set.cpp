// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/rt/ready_set.hpp"
#include "tests/rt/stress.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace backline::rt {
namespace {

TEST(ReadySet, GivesOutEachMarkOnce) {
    ReadySet set;
    EXPECT_FALSE(set.any());
    EXPECT_EQ(set.take(0), -1);
    const std::set<std::int32_t> slots{0, 1, 63, 64, 65, 1000, 4095};
    for (const std::int32_t slot : slots) {
        set.mark(static_cast<std::uint32_t>(slot));
        set.mark(static_cast<std::uint32_t>(slot));
    }
    EXPECT_TRUE(set.any());
    std::set<std::int32_t> taken;
    for (std::size_t i = 0; i < slots.size(); ++i)
        taken.insert(set.take(500));
    EXPECT_EQ(taken, slots);
    EXPECT_EQ(set.take(0), -1);
    EXPECT_FALSE(set.any());
}

TEST(ReadySet, SearchesFromTheHintAndGoesRound) {
    ReadySet set;
    for (const std::uint32_t slot : {3u, 5u, 70u})
        set.mark(slot);
    EXPECT_EQ(set.take(4), 5);
    EXPECT_EQ(set.take(6), 70);
    EXPECT_EQ(set.take(71), 3);
    set.mark(3);
    set.mark(69);
    EXPECT_EQ(set.take(70), 3) << "slot 69 lies before the hint, in the hint's own word";
    EXPECT_EQ(set.take(4), 69);
}

TEST(ReadySet, ServesBusyNeighboursInTurn) {
    // Each is marked again as soon as it is taken, as a client with a backlog is.
    for (const std::vector<std::uint32_t>& busy :
         {std::vector<std::uint32_t>{0, 1, 2}, {3, 68}, {10, 11, 4000}}) {
        ReadySet set;
        for (const std::uint32_t slot : busy)
            set.mark(slot);
        std::vector<int> served(ReadySet::kSlots);
        std::uint32_t next = 0;
        for (int i = 0; i < 300; ++i) {
            const auto slot = static_cast<std::uint32_t>(set.take(next));
            ++served[slot];
            set.mark(slot);
            next = (slot + 1) % ReadySet::kSlots;
        }
        for (const std::uint32_t slot : busy)
            EXPECT_EQ(served[slot], 300 / static_cast<int>(busy.size())) << slot;
    }
}

TEST(ReadySet, WhatIsNotedIsMarkedWhenItIsPublished) {
    ReadySet set;
    set.reach(200);
    set.publish();
    EXPECT_EQ(set.take(0), -1);
    for (const std::uint32_t slot : {0u, 63u, 64u, 199u, 64u})
        set.note(slot);
    EXPECT_EQ(set.take(0), -1);
    set.publish();
    for (const std::int32_t slot : {0, 63, 64, 199, -1})
        EXPECT_EQ(set.take(0), slot);
    set.publish();
    EXPECT_EQ(set.take(0), -1) << "once";
    set.note(5);
    set.mark(6);
    set.publish();
    EXPECT_EQ(set.take(0), 5);
    EXPECT_EQ(set.take(0), 6);
}

/// A cycle's thread and its helper each fill rings of their own and note them; the helper's work
/// comes back before the end. A worker that is told of a slot finds all that was put there.
TEST(ReadySet, WorkersSeeWhatWasPutThereBefore) {
    constexpr std::uint32_t kSlots = 70; // two words
    constexpr std::uint64_t kCycles = test::kStressItems / 50;
    ReadySet set;
    set.reach(kSlots);
    std::vector<std::atomic<std::uint64_t>> put(kSlots), found(kSlots);
    std::atomic<std::uint64_t> begun{0}, helped{0};
    std::atomic<bool> over{false};
    const auto fill = [&](std::uint64_t cycle, std::uint32_t first) {
        for (std::uint32_t slot = first; slot < kSlots; slot += 2) {
            if (test::mix(cycle * kSlots + slot) % 4 != 0) continue;
            put[slot].store(put[slot].load(std::memory_order_relaxed) + 1,
                            std::memory_order_relaxed);
            set.note(slot);
        }
    };
    std::thread helper([&] {
        for (std::uint64_t cycle = 1; cycle <= kCycles; ++cycle) {
            while (begun.load(std::memory_order_acquire) < cycle)
                std::this_thread::yield();
            fill(cycle, 1);
            helped.store(cycle, std::memory_order_release);
        }
    });
    std::thread worker([&] {
        for (std::uint32_t next = 0;;) {
            const bool last = over.load();
            const std::int32_t slot = set.take(next);
            if (slot < 0) {
                if (last) return;
                std::this_thread::yield();
                continue;
            }
            const auto index = static_cast<std::uint32_t>(slot);
            found[index].store(put[index].load(std::memory_order_relaxed));
            next = (index + 1) % ReadySet::kSlots;
        }
    });
    for (std::uint64_t cycle = 1; cycle <= kCycles; ++cycle) {
        begun.store(cycle, std::memory_order_release);
        fill(cycle, 0);
        while (helped.load(std::memory_order_acquire) < cycle)
            std::this_thread::yield();
        set.publish();
    }
    helper.join();
    over.store(true);
    worker.join();
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
        EXPECT_GT(put[slot], 0u) << slot;
        EXPECT_EQ(found[slot], put[slot]) << slot << ": the last one was never looked for";
    }
}

TEST(ReadySet, SleepReturnsAtOnceWhenSomethingIsMarkedAndInTimeWhenNot) {
    ReadySet set;
    set.mark(9);
    auto began = std::chrono::steady_clock::now();
    set.sleep(10'000);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
    EXPECT_EQ(set.take(0), 9);
    began = std::chrono::steady_clock::now();
    set.sleep(20);
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(19));
}

/// One producer marks a slot and wakes, workers sleep between; each mark must be seen although no
/// sleep ever ends by its timeout.
TEST(ReadySet, LosesNoWakeup) {
    constexpr std::uint64_t kRounds = test::kStressItems / 200;
    constexpr int kWorkers = 3;
    ReadySet set;
    std::atomic<std::uint64_t> seen{0};
    std::atomic<bool> over{false};
    std::atomic<int> slow{0};
    std::vector<std::thread> workers;
    for (int w = 0; w < kWorkers; ++w)
        workers.emplace_back([&] {
            std::uint32_t next = 0;
            while (!over.load()) {
                const std::int32_t slot = set.take(next);
                if (slot < 0) {
                    const auto began = std::chrono::steady_clock::now();
                    set.sleep(10'000);
                    if (std::chrono::steady_clock::now() - began > std::chrono::seconds(9)) ++slow;
                    continue;
                }
                set.wake_one();
                next = static_cast<std::uint32_t>(slot + 1) % ReadySet::kSlots;
                seen.fetch_add(1);
            }
        });
    std::uint64_t marked = 0;
    for (std::uint64_t n = 0; n < kRounds; ++n) {
        // One to three marks at once, so that the woken worker has to wake the next.
        const std::uint64_t marks = 1 + test::mix(n) % 3;
        for (std::uint64_t i = 0; i < marks; ++i)
            set.mark(static_cast<std::uint32_t>(test::mix(n) % 4000 + i * 31));
        set.wake_one();
        marked += marks;
        while (seen.load() != marked)
            std::this_thread::yield();
    }
    over.store(true);
    // A worker may be on its way to sleep: woken until all have gone.
    std::atomic<bool> joined{false};
    std::thread waker([&] {
        while (!joined.load()) {
            set.wake_all();
            std::this_thread::yield();
        }
    });
    for (std::thread& worker : workers)
        worker.join();
    joined.store(true);
    waker.join();
    EXPECT_EQ(seen.load(), marked);
    EXPECT_EQ(slow.load(), 0);
}

} // namespace
} // namespace backline::rt
