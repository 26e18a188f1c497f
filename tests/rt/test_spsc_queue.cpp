// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/rt/spsc_queue.hpp"
#include "tests/rt/stress.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace backline::rt {
namespace {

TEST(SpscQueue, RoundsItsCapacityUp) {
    EXPECT_EQ(SpscQueue<int>(0).capacity(), 2u);
    EXPECT_EQ(SpscQueue<int>(5).capacity(), 8u);
    EXPECT_EQ(SpscQueue<int>(64).capacity(), 64u);
}

TEST(SpscQueue, IsFullAtItsCapacityAndEmptyAtTheEnd) {
    SpscQueue<int> queue(4);
    int out = -1;
    EXPECT_FALSE(queue.try_pop(out));
    EXPECT_EQ(queue.front(), nullptr);
    EXPECT_EQ(queue.free_space(), 4u);
    for (int i = 0; i < 4; ++i)
        EXPECT_TRUE(queue.try_push(i));
    EXPECT_FALSE(queue.try_push(4));
    EXPECT_EQ(queue.free_space(), 0u);
    EXPECT_EQ(queue.size(), 4u);
    for (int i = 0; i < 4; ++i) {
        ASSERT_TRUE(queue.try_pop(out));
        EXPECT_EQ(out, i);
    }
    EXPECT_FALSE(queue.try_pop(out));
    EXPECT_EQ(queue.size(), 0u);
}

TEST(SpscQueue, KeepsOrderAtEveryFillAndPosition) {
    for (unsigned fill = 1; fill <= 8; ++fill) {
        SpscQueue<unsigned> queue(8);
        unsigned written = 0, read = 0, out = 0;
        for (unsigned round = 0; round < 50; ++round) {
            for (unsigned i = 0; i < fill; ++i)
                ASSERT_TRUE(queue.try_push(written++));
            for (unsigned i = 0; i < fill; ++i) {
                ASSERT_TRUE(queue.try_pop(out));
                ASSERT_EQ(out, read++);
            }
        }
        EXPECT_FALSE(queue.try_pop(out));
    }
}

TEST(SpscQueue, MovesWhatItHolds) {
    SpscQueue<std::unique_ptr<int>> queue(2);
    ASSERT_TRUE(queue.try_push(std::make_unique<int>(7)));
    std::unique_ptr<int> out;
    ASSERT_TRUE(queue.try_pop(out));
    EXPECT_EQ(*out, 7);
}

struct Item {
    std::uint64_t number = 0;
    std::uint64_t check = 0;
};

TEST(SpscQueue, LosesNothingBetweenTwoThreads) {
    SpscQueue<Item> queue(256);
    std::uint64_t full = 0;
    std::thread producer([&] {
        for (std::uint64_t i = 0; i < test::kStressItems; ++i)
            while (!queue.try_push({i, test::mix(i)})) {
                ++full;
                std::this_thread::yield();
            }
    });
    std::uint64_t wrong = 0;
    for (std::uint64_t i = 0; i < test::kStressItems; ++i) {
        Item item;
        while (!queue.try_pop(item))
            std::this_thread::yield();
        wrong += item.number != i || item.check != test::mix(i) ? 1 : 0;
    }
    producer.join();
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ(queue.size(), 0u);
    EXPECT_GT(full, 0u) << "the queue was never full: nothing was tested at that boundary";
}

} // namespace
} // namespace backline::rt
