// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/loader.hpp"

#include "daemon/rt/thread_role.hpp"
#include "tests/plugin/fixture_info.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

namespace backline::plugin {
namespace {

using Outcome = Loader::Outcome;

/// Calls check() as the engine does until `condition` holds; false after 20 s.
template <typename Condition>
bool check_until(Loader& loader, Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        loader.check();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

TEST(Loader, RunsTasksInOrderOnAThreadOfItsOwn) {
    Loader loader(10.0, false);
    std::vector<int> order;
    char name[16] = {};
    rt::Role role = rt::Role::other;
    std::size_t stack = 0;
    std::atomic<int> done{0};
    for (int i = 0; i < 5; ++i)
        loader.run(
            [&, i] {
                order.push_back(i);
                role = rt::current_role;
                pthread_getname_np(pthread_self(), name, sizeof name);
                pthread_attr_t attributes;
                pthread_getattr_np(pthread_self(), &attributes);
                pthread_attr_getstacksize(&attributes, &stack);
                pthread_attr_destroy(&attributes);
            },
            [&, i](Outcome outcome) {
                EXPECT_EQ(outcome, Outcome::done);
                EXPECT_EQ(order.back(), i);
                ++done;
            });
    ASSERT_TRUE(check_until(loader, [&] { return done == 5; }));
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
    EXPECT_STREQ(name, "bl-loader");
    EXPECT_EQ(role, rt::Role::loader);
    EXPECT_GE(stack, 8u << 20); // a sanitizer adds to it
    EXPECT_TRUE(check_until(loader, [&] { return loader.waiting() == 0; }));
    EXPECT_EQ(loader.abandoned(), 0u);
}

TEST(Loader, AbandonsATaskOverItsLimitAndCarriesOn) {
    auto release = std::make_shared<std::atomic<bool>>(false);
    auto ended = std::make_shared<std::atomic<bool>>(false);
    Loader loader(0.05, false);
    std::atomic<int> timeouts{0}, dones{0};
    const auto count = [&](Outcome outcome) { ++(outcome == Outcome::timeout ? timeouts : dones); };
    loader.run(
        [release, ended] {
            while (!*release)
                std::this_thread::yield();
            *ended = true;
        },
        count);
    loader.run([] {}, count);
    EXPECT_EQ(loader.waiting(), 2u);
    ASSERT_TRUE(check_until(loader, [&] { return dones == 1; }));
    EXPECT_EQ(timeouts, 1);
    EXPECT_EQ(loader.abandoned(), 1u);
    *release = true; // its late end is nobody's business any more
    ASSERT_TRUE(check_until(loader, [&] { return ended->load(); }));
    loader.run([] {}, count);
    ASSERT_TRUE(check_until(loader, [&] { return dones == 2; }));
    EXPECT_EQ(timeouts, 1);
    EXPECT_EQ(loader.abandoned(), 1u);
}

TEST(Loader, LeavesAShortTaskAlone) {
    Loader loader(10.0, false);
    std::atomic<int> outcome{-1};
    loader.run([] { std::this_thread::sleep_for(std::chrono::milliseconds(30)); },
               [&](Outcome o) { outcome = static_cast<int>(o); });
    ASSERT_TRUE(check_until(loader, [&] { return outcome >= 0; }));
    EXPECT_EQ(outcome, static_cast<int>(Outcome::done));
}

TEST(Loader, EndsInHalfASecondAndDropsWhatWaits) {
    auto release = std::make_shared<std::atomic<bool>>(false);
    auto begun = std::make_shared<std::atomic<bool>>(false);
    auto ran = std::make_shared<std::atomic<int>>(0);
    auto loader = std::make_unique<Loader>(10.0, false);
    loader->run(
        [release, begun] {
            *begun = true;
            while (!*release)
                std::this_thread::yield();
        },
        [ran](Outcome) { ++*ran; });
    loader->run([ran] { ++*ran; }, [ran](Outcome) { ++*ran; });
    ASSERT_TRUE(check_until(*loader, [&] { return begun->load(); }));
    const auto began = std::chrono::steady_clock::now();
    loader.reset();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    EXPECT_GE(took.count(), 0.4);
    EXPECT_LT(took.count(), 3.0);
    *release = true;
    EXPECT_EQ(ran.use_count(), 2) << "the waiting task and its answer were freed";
    EXPECT_EQ(*ran, 0);
}

TEST(Loader, RunsInPlaceWhenOffline) {
    Loader loader(10.0, true);
    const std::thread::id here = std::this_thread::get_id();
    std::string order;
    loader.run(
        [&] {
            EXPECT_EQ(rt::current_role, rt::Role::loader);
            EXPECT_EQ(std::this_thread::get_id(), here);
            order += "task ";
        },
        [&](Outcome outcome) {
            EXPECT_EQ(outcome, Outcome::done);
            EXPECT_EQ(rt::current_role, rt::Role::other);
            order += "done";
        });
    EXPECT_EQ(order, "task done");
    loader.check();
    EXPECT_EQ(loader.waiting(), 0u);
}

TEST(Loader, SurvivesPluginsThatHang) {
    const auto info = test::fixture_info("faulty", "activate_hangs");
    const auto slow = test::fixture_info("faulty", "slow_create");
    // Shared with the hanging call for the rest of the program.
    static worker::Pool& pool = *new worker::Pool({.count = 1, .threads = false});
    struct Result {
        std::unique_ptr<Instance> instance;
        std::string error;
    };
    Loader loader(2.0, false);
    std::atomic<int> timeouts{0}, dones{0};
    const auto count = [&](Outcome outcome) { ++(outcome == Outcome::timeout ? timeouts : dones); };
    const auto load = [&](std::shared_ptr<const PluginInfo> which) {
        auto result = std::make_shared<Result>();
        loader.run(
            [which, result] {
                try {
                    result->instance = Instance::create(which, pool);
                    result->instance->activate(test::default_layout(*result->instance));
                } catch (const PluginError& error) {
                    result->error = error.what();
                }
            },
            count);
        return result;
    };
    const auto hanging = load(info);
    const auto patient = load(slow);
    ASSERT_TRUE(check_until(loader, [&] { return timeouts == 1 && dones == 1; }));
    ASSERT_NE(patient->instance, nullptr) << patient->error;
    EXPECT_EQ(patient->instance->current().rate, 48000.0);
}

} // namespace
} // namespace backline::plugin
