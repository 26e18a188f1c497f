// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/rt/job_ring.hpp"
#include "tests/rt/stress.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>

namespace backline::rt {
namespace {

bool submit(JobRing& ring, std::uint64_t number) {
    void* const room = ring.reserve(sizeof number);
    if (room == nullptr) return false;
    std::memcpy(room, &number, sizeof number);
    return ring.submit();
}

std::uint64_t number_of(const JobRing::Job& job) {
    std::uint64_t number = 0;
    std::memcpy(&number, job.data, sizeof number);
    return number;
}

void expect_exact(const JobRing& ring) {
    EXPECT_EQ(ring.submitted(), ring.worked() + ring.dropped() + ring.pending());
}

TEST(JobRing, RefusesTheNewestWhenFull) {
    JobRing ring(16, 3, false);
    for (std::uint64_t i = 0; i < 3; ++i)
        EXPECT_TRUE(submit(ring, i));
    EXPECT_FALSE(submit(ring, 3));
    EXPECT_EQ(ring.pending(), 3u);
    EXPECT_EQ(ring.dropped(), 1u);
    for (std::uint64_t i = 0; i < 3; ++i) {
        EXPECT_EQ(number_of(ring.front()), i);
        ring.pop();
    }
    EXPECT_EQ(ring.front().data, nullptr);
    EXPECT_EQ(ring.worked(), 3u);
    expect_exact(ring);
}

TEST(JobRing, SkipsTheOldestWhenAskedTo) {
    JobRing ring(16, 3, true);
    for (std::uint64_t i = 0; i < 6; ++i)
        EXPECT_TRUE(submit(ring, i)) << i;
    EXPECT_FALSE(submit(ring, 6)) << "beyond twice the depth the worker is too late to skip";
    for (std::uint64_t i = 3; i < 6; ++i) {
        EXPECT_EQ(number_of(ring.front()), i);
        ring.pop();
    }
    EXPECT_EQ(ring.dropped(), 4u);
    expect_exact(ring);
}

TEST(JobRing, RefusesJobsThatAreTooLargeAndCountsThem) {
    JobRing ring(16, 3, false);
    EXPECT_EQ(ring.reserve(17), nullptr);
    EXPECT_NE(ring.reserve(16), nullptr);
    EXPECT_EQ(ring.dropped(), 1u);
}

TEST(JobRing, AlignsJobsAndKeepsTheirSize) {
    JobRing ring(24, 5, false);
    for (std::uint32_t size = 0; size <= 24; ++size) {
        void* const room = ring.reserve(size);
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(room) % 16, 0u);
        std::memset(room, 0xab, size);
        ASSERT_TRUE(ring.submit());
        EXPECT_EQ(ring.front().size, size);
        EXPECT_EQ(ring.front().data, room);
        ring.pop();
    }
}

TEST(JobRing, ReservesTheSameRoomUntilSubmitted) {
    JobRing ring(16, 2, false);
    EXPECT_FALSE(ring.submit());
    void* const room = ring.reserve(8);
    EXPECT_EQ(ring.reserve(16), room);
    EXPECT_EQ(ring.pending(), 0u);
    EXPECT_TRUE(ring.submit());
    EXPECT_FALSE(ring.submit());
    EXPECT_EQ(ring.pending(), 1u);
    EXPECT_EQ(ring.front().size, 16u);
}

TEST(JobRing, CountsWhatIsDiscarded) {
    JobRing ring(16, 4, false);
    for (std::uint64_t i = 0; i < 4; ++i)
        submit(ring, i);
    ring.front();
    ring.pop();
    ring.discard_all();
    EXPECT_EQ(ring.pending(), 0u);
    EXPECT_EQ(ring.accepted(), 4u);
    EXPECT_EQ(ring.finished(), 4u);
    EXPECT_EQ(ring.worked(), 1u);
    EXPECT_EQ(ring.dropped(), 3u);
    expect_exact(ring);
}

class JobRingStorm : public testing::TestWithParam<bool> {};

TEST_P(JobRingStorm, IsInOrderWithExactCounters) {
    constexpr std::uint64_t kJobs = test::kStressItems / 5;
    JobRing ring(16, 8, GetParam());
    std::atomic<bool> over{false};
    std::uint64_t taken = 0, out_of_order = 0, torn = 0;
    std::thread worker([&] {
        std::uint64_t newest = 0;
        for (;;) {
            const bool last = over.load(std::memory_order_acquire);
            const JobRing::Job job = ring.front();
            if (job.data == nullptr) {
                if (last) return;
                std::this_thread::yield();
                continue;
            }
            std::uint64_t words[2];
            std::memcpy(words, job.data, sizeof words);
            torn += words[1] != test::mix(words[0]) ? 1 : 0;
            out_of_order += words[0] <= newest ? 1 : 0;
            newest = words[0];
            ++taken;
            ring.pop();
        }
    });
    std::uint64_t handed_over = 0;
    for (std::uint64_t n = 1; n <= kJobs; ++n) {
        if (void* const room = ring.reserve(16)) {
            const std::uint64_t words[2] = {n, test::mix(n)};
            std::memcpy(room, words, sizeof words);
            ring.submit();
            ++handed_over;
        } else if (n % 3 == 0) {
            std::this_thread::yield();
        }
    }
    over.store(true, std::memory_order_release);
    worker.join();
    EXPECT_EQ(torn, 0u);
    EXPECT_EQ(out_of_order, 0u);
    EXPECT_EQ(ring.submitted(), kJobs);
    EXPECT_EQ(ring.accepted(), handed_over);
    EXPECT_EQ(ring.worked(), taken);
    EXPECT_EQ(ring.pending(), 0u);
    EXPECT_GT(ring.dropped(), 0u) << "never full: nothing was tested at that boundary";
    expect_exact(ring);
}

INSTANTIATE_TEST_SUITE_P(Policies, JobRingStorm, testing::Bool(), [](const auto& policy) {
    return policy.param ? "DropOldest" : "DropNewest";
});

} // namespace
} // namespace backline::rt
