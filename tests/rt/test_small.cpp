// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The primitives that need no more than a few lines: scan, lease, log ring, roles, clocks,
// denormals.
#include "daemon/rt/denormals.hpp"
#include "daemon/rt/lease.hpp"
#include "daemon/rt/log_ring.hpp"
#include "daemon/rt/scan.hpp"
#include "daemon/rt/thread_role.hpp"
#include "daemon/rt/tick_rate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

namespace backline::rt {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(Scan, KnowsSilence) {
    std::vector<float> samples(67, 0.0f);
    samples[13] = -0.0f;
    EXPECT_TRUE(scan(samples.data(), 67).silent);
    EXPECT_TRUE(scan(samples.data(), 0).silent);
    samples[66] = std::numeric_limits<float>::denorm_min();
    EXPECT_FALSE(scan(samples.data(), 67).silent);
    EXPECT_TRUE(scan(samples.data(), 66).silent);
}

TEST(Scan, FindsWhatIsNotFiniteAnywhere) {
    for (const float bad : {kNan, -kNan, kInf, -kInf, std::numeric_limits<float>::signaling_NaN()})
        for (std::uint32_t at = 0; at < 67; ++at) {
            std::vector<float> samples(67, std::numeric_limits<float>::max());
            EXPECT_TRUE(scan(samples.data(), 67).finite);
            samples[at] = bad;
            EXPECT_FALSE(scan(samples.data(), 67).finite) << at;
            EXPECT_EQ(scrub(samples.data(), 67), 1u);
            EXPECT_EQ(samples[at], 0.0f);
            EXPECT_TRUE(scan(samples.data(), 67).finite);
        }
}

TEST(Lease, HasOneHolder) {
    Lease lease;
    EXPECT_TRUE(lease.try_take());
    EXPECT_FALSE(lease.try_take());
    EXPECT_TRUE(lease.taken());
    lease.give_back();
    EXPECT_FALSE(lease.taken());

    std::uint64_t together = 0; // guarded by the lease alone
    const auto work = [&] {
        for (int i = 0; i < 20'000; ++i) {
            while (!lease.try_take())
                std::this_thread::yield();
            ++together;
            lease.give_back();
        }
    };
    std::thread other(work);
    work();
    other.join();
    EXPECT_EQ(together, 40'000u);
}

TEST(LogRing, LosesTheNewestAndCounts) {
    LogRing ring(4);
    for (std::uint32_t i = 0; i < 6; ++i)
        ring.push({i, 0, 0.0, 0});
    EXPECT_EQ(ring.lost(), 2u);
    LogRecord record;
    for (std::uint32_t i = 0; i < 4; ++i) {
        ASSERT_TRUE(ring.try_pop(record));
        EXPECT_EQ(record.code, i);
    }
    EXPECT_FALSE(ring.try_pop(record));
}

TEST(ThreadRole, IsTheThreadsOwnAndComesBack) {
    EXPECT_EQ(current_role, Role::other);
    {
        const RoleScope engine(Role::engine);
        {
            const AudioScope audio;
            EXPECT_EQ(current_role, Role::audio);
            Role elsewhere = Role::audio;
            std::thread([&] { elsewhere = current_role; }).join();
            EXPECT_EQ(elsewhere, Role::other);
        }
        EXPECT_EQ(current_role, Role::engine);
    }
    EXPECT_EQ(current_role, Role::other);
}

TEST(TickRate, MeasuresTheCounterAgainstTheClock) {
    const TickRate rate;
    const std::uint64_t began_ns = monotonic_ns(), began = ticks();
    while (monotonic_ns() - began_ns < 20'000'000) {
    }
    const double ns = static_cast<double>(monotonic_ns() - began_ns);
    const double measured = static_cast<double>(ticks() - began) * rate.ns_per_tick();
    EXPECT_NEAR(measured / ns, 1.0, 0.02);
}

TEST(Denormals, AreZeroAfterTheCall) {
    float result = 1.0f;
    std::thread([&] {
        flush_denormals();
        volatile float small = std::numeric_limits<float>::min();
        small = small * 0.25f;
        result = small;
    }).join();
    EXPECT_EQ(result, 0.0f);
    volatile float small = std::numeric_limits<float>::min();
    small = small * 0.25f;
    EXPECT_GT(small, 0.0f) << "the call changed another thread";
}

} // namespace
} // namespace backline::rt
