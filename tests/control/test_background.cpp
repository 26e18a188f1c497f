// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/background.hpp"
#include "daemon/control/inbox.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <gtest/gtest.h>
#include <memory>
#include <poll.h>
#include <thread>

namespace backline::control {
namespace {

using namespace std::chrono_literals;

TEST(Background, TasksRunInOrderOnAnotherThread) {
    Background background("bl-test");
    std::vector<int> order;
    std::promise<std::thread::id> done;
    EXPECT_TRUE(background.run([&] { order.push_back(1); }));
    EXPECT_TRUE(background.run([&] { order.push_back(2); }));
    EXPECT_TRUE(background.run([&] { done.set_value(std::this_thread::get_id()); }));
    auto future = done.get_future();
    ASSERT_EQ(future.wait_for(5s), std::future_status::ready);
    EXPECT_NE(future.get(), std::this_thread::get_id());
    EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(Background, ATaskThatHangsHoldsUpNobody) {
    auto release = std::make_shared<std::promise<void>>();
    auto gate = release->get_future().share();
    std::promise<void> began;
    const auto begin = std::chrono::steady_clock::now();
    {
        Background background("bl-test");
        background.run([gate, &began] {
            began.set_value();
            gate.wait();
        });
        began.get_future().wait();
        std::size_t taken = 0;
        while (background.run([] {}))
            ++taken;
        EXPECT_EQ(taken, Background::kWaiting) << "what waits is bounded";
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    release->set_value();
}

TEST(Inbox, WakesAndForgets) {
    Inbox inbox;
    pollfd poll{inbox.fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&poll, 1, 0), 0);
    int ran = 0;
    inbox.post([&] { ++ran; });
    inbox.post([&] { ++ran; });
    EXPECT_EQ(::poll(&poll, 1, 0), 1);
    inbox.run();
    EXPECT_EQ(ran, 2);
    EXPECT_EQ(::poll(&poll, 1, 0), 0);
    inbox.post([&] { ++ran; });
    inbox.close();
    inbox.post([&] { ++ran; });
    inbox.run();
    EXPECT_EQ(ran, 2);
}

} // namespace
} // namespace backline::control
