// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/rt/record_ring.hpp"
#include "tests/rt/stress.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

namespace backline::rt {
namespace {

/// Fills a record so that its size and number can be told from any byte of it.
void fill(std::byte* at, std::uint32_t size, std::uint64_t number) {
    for (std::uint32_t i = 0; i < size; ++i)
        at[i] = static_cast<std::byte>(test::mix(number * 1000 + i) & 0xffu);
}

bool matches(const RecordRing::Record& record, std::uint32_t size, std::uint64_t number) {
    if (record.data == nullptr || record.size != size) return false;
    for (std::uint32_t i = 0; i < size; ++i)
        if (record.data[i] != static_cast<std::byte>(test::mix(number * 1000 + i) & 0xffu))
            return false;
    return true;
}

TEST(RecordRing, TakesRecordsUpToHalfOfItself) {
    RecordRing ring(1024);
    EXPECT_EQ(ring.reserve(512), nullptr);
    EXPECT_EQ(ring.front().data, nullptr);
    ASSERT_NE(ring.reserve(504), nullptr);
    ring.commit();
    EXPECT_EQ(ring.front().size, 504u);
}

TEST(RecordRing, IsFullAndThenHasRoomAgain) {
    RecordRing ring(256);
    unsigned records = 0;
    while (ring.reserve(24) != nullptr) {
        ring.commit();
        ++records;
    }
    EXPECT_EQ(records, 8u); // 32 bytes each with their header
    ring.pop();
    EXPECT_NE(ring.reserve(24), nullptr);
    EXPECT_EQ(ring.reserve(32), nullptr);
}

TEST(RecordRing, KeepsAnEmptyRecord) {
    RecordRing ring(256);
    ASSERT_NE(ring.reserve(0), nullptr);
    ring.commit();
    const RecordRing::Record record = ring.front();
    EXPECT_NE(record.data, nullptr);
    EXPECT_EQ(record.size, 0u);
    ring.pop();
    EXPECT_EQ(ring.front().data, nullptr);
}

TEST(RecordRing, ShowsNothingBeforeCommitAndTheLastOfTwoReservations) {
    RecordRing ring(256);
    ASSERT_NE(ring.reserve(100), nullptr);
    EXPECT_EQ(ring.front().data, nullptr);
    std::byte* const room = ring.reserve(8);
    fill(room, 8, 3);
    ring.commit();
    EXPECT_TRUE(matches(ring.front(), 8, 3));
    ring.pop();
    EXPECT_EQ(ring.front().data, nullptr);
}

TEST(RecordRing, KeepsRecordsWholeAtTheEndOfItsMemory) {
    // Every size meets every position of a small ring, with 0 to 2 records waiting.
    for (std::uint32_t waiting = 0; waiting < 3; ++waiting) {
        RecordRing ring(512);
        std::uint64_t written = 0, read = 0;
        const auto size_of = [](std::uint64_t n) {
            return static_cast<std::uint32_t>(test::mix(n) % 80);
        };
        for (unsigned i = 0; i < 20'000; ++i) {
            while (written - read <= waiting) {
                std::byte* const room = ring.reserve(size_of(written));
                ASSERT_NE(room, nullptr);
                ASSERT_EQ(reinterpret_cast<std::uintptr_t>(room) % 8, 0u);
                fill(room, size_of(written), written);
                ring.commit();
                ++written;
            }
            ASSERT_TRUE(matches(ring.front(), size_of(read), read)) << read;
            ring.pop();
            ++read;
        }
    }
}

TEST(RecordRing, LosesNothingBetweenTwoThreads) {
    constexpr std::uint64_t kRecords = test::kStressItems / 10;
    RecordRing ring(4096);
    const auto size_of = [](std::uint64_t n) {
        return static_cast<std::uint32_t>(test::mix(n) % 200);
    };
    std::uint64_t full = 0;
    std::thread producer([&] {
        for (std::uint64_t n = 0; n < kRecords; ++n) {
            std::byte* room = nullptr;
            while ((room = ring.reserve(size_of(n))) == nullptr) {
                ++full;
                std::this_thread::yield();
            }
            fill(room, size_of(n), n);
            ring.commit();
        }
    });
    std::uint64_t wrong = 0;
    for (std::uint64_t n = 0; n < kRecords; ++n) {
        RecordRing::Record record = ring.front();
        for (; record.data == nullptr; record = ring.front())
            std::this_thread::yield();
        wrong += matches(record, size_of(n), n) ? 0 : 1;
        ring.pop();
    }
    producer.join();
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ(ring.front().data, nullptr);
    EXPECT_GT(full, 0u);
}

} // namespace
} // namespace backline::rt
