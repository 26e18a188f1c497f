// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/schedule.hpp"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

namespace backline::engine {
namespace {

TEST(Schedule, GivesBackInTheOrderOfTimeAndThenOfArrival) {
    Schedule<std::string> schedule(8);
    EXPECT_TRUE(schedule.empty());
    EXPECT_TRUE(schedule.insert(20, 1, "c"));
    EXPECT_TRUE(schedule.insert(10, 2, "a"));
    EXPECT_TRUE(schedule.insert(20, 3, "d"));
    EXPECT_TRUE(schedule.insert(10, 4, "b"));
    EXPECT_TRUE(schedule.insert(-5, 5, "before"));
    std::string listed;
    schedule.each([&](std::int64_t, std::uint64_t id, const std::string&) {
        listed += std::to_string(id);
        return listed.size() < 4;
    });
    EXPECT_EQ(listed, "5241") << "until the listener has enough";
    EXPECT_EQ(schedule.next(), -5);
    std::string heard;
    while (!schedule.empty())
        heard += schedule.pop() + " ";
    EXPECT_EQ(heard, "before a b c d ");
}

TEST(Schedule, IsBoundedAndHasRoomAgainAfterwards) {
    Schedule<int> schedule(2);
    EXPECT_TRUE(schedule.insert(1, 1, 1));
    EXPECT_TRUE(schedule.insert(1, 2, 2));
    EXPECT_FALSE(schedule.insert(0, 3, 3));
    EXPECT_EQ(schedule.size(), 2u);
    EXPECT_EQ(schedule.pop(), 1);
    EXPECT_TRUE(schedule.insert(0, 3, 3));
    EXPECT_EQ(schedule.pop(), 3);
}

TEST(Schedule, EntriesAreFoundAndErasedById) {
    Schedule<int> schedule(16);
    for (int i = 0; i < 8; ++i)
        schedule.insert(i, static_cast<std::uint64_t>(i), 10 * i);
    EXPECT_EQ(*schedule.find(3), 30);
    EXPECT_EQ(schedule.erase(3), 30);
    EXPECT_EQ(schedule.find(3), nullptr);
    EXPECT_EQ(schedule.erase(3), std::nullopt);
    EXPECT_EQ(schedule.size(), 7u);
    // Two of one id are two entries.
    schedule.insert(100, 6, 61);
    EXPECT_TRUE(schedule.erase(6).has_value());
    EXPECT_TRUE(schedule.erase(6).has_value());
    EXPECT_FALSE(schedule.erase(6).has_value());
    EXPECT_EQ(schedule.pop(), 0);
    EXPECT_EQ(schedule.find(0), nullptr);
}

TEST(Schedule, SeventyThousandInAnyOrder) {
    constexpr std::size_t kCapacity = 65'536;
    Schedule<std::size_t> schedule(kCapacity);
    std::mt19937 random(1);
    std::size_t refused = 0;
    for (std::size_t i = 0; i < 70'000; ++i)
        refused += schedule.insert(static_cast<std::int64_t>(random() % 100'000), i, i) ? 0 : 1;
    EXPECT_EQ(refused, 70'000 - kCapacity);
    for (std::size_t i = 0; i < kCapacity; i += 2)
        ASSERT_TRUE(schedule.erase(i).has_value());
    std::int64_t last = 0;
    std::size_t count = 0;
    for (; !schedule.empty(); ++count) {
        ASSERT_GE(schedule.next(), last);
        last = schedule.next();
        ASSERT_EQ(schedule.pop() % 2, 1u);
    }
    EXPECT_EQ(count, kCapacity / 2);
}

} // namespace
} // namespace backline::engine
