// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/worker/pool.hpp"
#include "tests/worker/fake_client.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace backline::worker {
namespace {

using test::FakeClient;
using test::wait_for;

/// A client whose job returns when the test allows it. A pool that gave it up may still be inside,
/// so it lives as long as the program.
struct Stuck {
    std::atomic<bool> release{false}, ended{false};
    FakeClient client;

    explicit Stuck(std::uint32_t work_class)
        : client(
            [this](std::uint64_t) {
                wait_for([this] { return release.load(); }, std::chrono::seconds(60));
                ended = true;
            },
            64, false, work_class) {}

    static Stuck& make(std::uint32_t work_class) {
        static auto& all = *new std::vector<std::unique_ptr<Stuck>>; // never freed
        return *all.emplace_back(std::make_unique<Stuck>(work_class));
    }
};

class PoolWithAStuckJob : public testing::TestWithParam<std::uint32_t> {};

TEST_P(PoolWithAStuckJob, GivesUpTheThreadAndCarriesOn) {
    Pool pool({.count = 1});
    Stuck& stuck = Stuck::make(GetParam());
    std::atomic<int> worked{0};
    FakeClient healthy([&](std::uint64_t) { ++worked; }, 64, false, GetParam());
    pool.add(stuck.client.client);
    pool.add(healthy.client);
    stuck.client.submit(pool, 0);
    pool.ready().wake_one();
    ASSERT_TRUE(wait_for([&] { return pool.running_s(stuck.client.client) > 0.02; }));
    EXPECT_FALSE(pool.drain(stuck.client.client, 0.02));
    EXPECT_EQ(pool.abandoned(), 0u);

    EXPECT_FALSE(pool.remove(stuck.client.client, 0.02));
    EXPECT_EQ(pool.abandoned(), 1u);
    for (std::uint64_t i = 0; i < 10; ++i)
        healthy.submit(pool, i);
    EXPECT_TRUE(pool.drain(healthy.client, 20.0));
    EXPECT_EQ(worked, 10);

    // Its slot is not given to anybody before the job has returned.
    FakeClient newcomer([](std::uint64_t) {});
    pool.add(newcomer.client);
    EXPECT_NE(newcomer.client.slot, stuck.client.client.slot);
    stuck.release = true;
    ASSERT_TRUE(wait_for([&] { return stuck.ended.load(); }));
    EXPECT_TRUE(wait_for([&] { // the late thread has let go: the slot is free again
        FakeClient probe([](std::uint64_t) {});
        pool.add(probe.client);
        const bool same = probe.client.slot == stuck.client.client.slot;
        return pool.remove(probe.client, 1.0) && same;
    }));
    EXPECT_TRUE(pool.remove(newcomer.client, 20.0));
    EXPECT_TRUE(pool.remove(healthy.client, 20.0));
    EXPECT_EQ(pool.abandoned(), 1u);
}

TEST_P(PoolWithAStuckJob, EndsWithoutIt) {
    auto pool = std::make_unique<Pool>(Pool::Options{.count = 2});
    Stuck& stuck = Stuck::make(GetParam());
    pool->add(stuck.client.client);
    stuck.client.submit(*pool, 0);
    pool->ready().wake_one();
    ASSERT_TRUE(wait_for([&] { return pool->running_s(stuck.client.client) > 0.0; }));
    const auto began = std::chrono::steady_clock::now();
    pool.reset();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    EXPECT_GE(took.count(), 0.4) << "it gets half a second";
    EXPECT_LT(took.count(), 3.0);
    stuck.release = true; // comes back to a pool that is gone
    EXPECT_TRUE(wait_for([&] { return stuck.ended.load(); }));
}

INSTANTIATE_TEST_SUITE_P(Classes, PoolWithAStuckJob, testing::Values(BL_WORK_LIVE, BL_WORK_IO),
                         [](const auto& work_class) {
                             return work_class.param == BL_WORK_IO ? "Io" : "Live";
                         });

TEST(PoolEnd, IsQuickWhenNothingIsStuck) {
    for (int i = 0; i < 20; ++i) {
        auto pool = std::make_unique<Pool>(Pool::Options{.count = 4});
        const auto began = std::chrono::steady_clock::now();
        pool.reset();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
        EXPECT_LT(took.count(), 0.45);
    }
}

} // namespace
} // namespace backline::worker
