// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/worker/pool.hpp"
#include "tests/worker/fake_client.hpp"

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <vector>

namespace backline::worker {
namespace {

using test::FakeClient;
using test::wait_for;

TEST(PoolOffline, RunsEverythingBySlotInTheCallersThread) {
    std::vector<std::string> runs;
    for (int run = 0; run < 2; ++run) {
        Pool pool({.threads = false});
        EXPECT_EQ(pool.count(), 0u);
        EXPECT_TRUE(pool.stats().empty());
        std::string order;
        const std::thread::id here = std::this_thread::get_id();
        std::list<FakeClient> clients;
        for (int i = 0; i < 4; ++i)
            clients.emplace_back(
                [&order, here, i](std::uint64_t number) {
                    EXPECT_EQ(rt::current_role, rt::Role::worker);
                    EXPECT_EQ(std::this_thread::get_id(), here);
                    order += std::to_string(i) + "." + std::to_string(number) + " ";
                },
                8, false, i % 2 == 0 ? BL_WORK_LIVE : BL_WORK_IO);
        for (FakeClient& client : clients)
            pool.add(client.client);
        const rt::RoleScope audio(rt::Role::audio);
        // In whatever order they are submitted.
        for (auto client = clients.rbegin(); client != clients.rend(); ++client)
            client->submit(pool, 1);
        for (FakeClient& client : clients)
            client.submit(pool, 2);
        pool.run_now();
        EXPECT_EQ(rt::current_role, rt::Role::audio);
        EXPECT_FALSE(pool.ready().any());
        pool.run_now(); // nothing waits
        for (FakeClient& client : clients) {
            EXPECT_EQ(client.jobs.worked(), 2u);
            EXPECT_TRUE(pool.remove(client.client, 1.0));
        }
        runs.push_back(order);
    }
    EXPECT_EQ(runs[0], "0.1 0.2 1.1 1.2 2.1 2.2 3.1 3.2 ");
    EXPECT_EQ(runs[0], runs[1]);
}

TEST(PoolOffline, DrainRunsTheJobsItself) {
    Pool pool({.threads = false});
    int worked = 0;
    FakeClient client([&](std::uint64_t) { ++worked; });
    pool.add(client.client);
    client.submit(pool, 1);
    client.submit(pool, 2);
    EXPECT_TRUE(pool.drain(client.client, 1.0));
    EXPECT_EQ(worked, 2);
    client.submit(pool, 3);
    EXPECT_TRUE(pool.remove(client.client, 1.0));
    EXPECT_EQ(worked, 2);
    EXPECT_EQ(client.jobs.dropped(), 1u);
}

TEST(PoolOffline, WaitsInFreewheelForWhatAWorkerIsAt) {
    Pool pool({.count = 2});
    std::atomic<bool> begun{false};
    std::vector<std::uint64_t> worked;
    FakeClient client([&](std::uint64_t number) {
        begun = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        worked.push_back(number); // no lock: run_now() and the worker take turns
    });
    pool.add(client.client);
    for (std::uint64_t i = 0; i < 5; ++i)
        client.submit(pool, i);
    pool.ready().wake_one();
    ASSERT_TRUE(wait_for([&] { return begun.load(); }));
    pool.run_now();
    EXPECT_EQ(client.jobs.pending(), 0u);
    EXPECT_EQ(worked, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
    EXPECT_TRUE(pool.remove(client.client, 20.0));
    EXPECT_EQ(client.overlaps, 0);
}

} // namespace
} // namespace backline::worker
