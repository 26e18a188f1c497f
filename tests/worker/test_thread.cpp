// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/worker/thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

namespace backline::worker {
namespace {

using namespace std::chrono_literals;

TEST(Thread, HasItsNameItsStackAndNoSignals) {
    char name[16] = {};
    std::size_t stack = 0;
    bool blocked = false;
    std::atomic<bool> named{false};
    Thread thread("bl-test", 640 * 1024, [&] {
        while (!named)
            std::this_thread::yield();
        pthread_getname_np(pthread_self(), name, sizeof name);
        pthread_attr_t attributes;
        pthread_getattr_np(pthread_self(), &attributes);
        pthread_attr_getstacksize(&attributes, &stack);
        pthread_attr_destroy(&attributes);
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGINT) == 1;
    });
    named = true;
    EXPECT_TRUE(thread.join_for(20s));
    EXPECT_STREQ(name, "bl-test");
    EXPECT_GE(stack, 640u * 1024u); // a sanitizer adds to it
    EXPECT_TRUE(blocked);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    EXPECT_EQ(sigismember(&mask, SIGTERM), 0) << "the caller's mask is as before";
}

TEST(Thread, IsWaitedForWithALimit) {
    std::atomic<bool> release{false};
    Thread thread("bl-test", 256 * 1024, [&] {
        while (!release)
            std::this_thread::yield();
    });
    EXPECT_FALSE(thread.join_for(10ms));
    EXPECT_TRUE(thread.joinable());
    release = true;
    EXPECT_TRUE(thread.join_for(20s));
    EXPECT_FALSE(thread.joinable());
    EXPECT_TRUE(thread.join_for(0ms));
}

TEST(Thread, CanBeLeftBehindAndFreesWhatItSharesInTheEnd) {
    auto shared = std::make_shared<std::atomic<bool>>(false);
    const std::weak_ptr<std::atomic<bool>> watch = shared;
    Thread thread("bl-test", 256 * 1024, [own = shared] {
        while (!*own)
            std::this_thread::yield();
    });
    thread.abandon();
    EXPECT_FALSE(thread.joinable());
    *shared = true;
    shared.reset();
    for (int i = 0; i < 20'000 && !watch.expired(); ++i)
        std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(watch.expired());
}

TEST(Thread, MovesAndJoinsAtItsEnd) {
    std::atomic<int> ran{0};
    {
        Thread first("bl-test", 256 * 1024, [&] { ++ran; });
        Thread second = std::move(first);
        EXPECT_FALSE(first.joinable());
        second = Thread("bl-test", 256 * 1024, [&] { ++ran; });
    }
    EXPECT_EQ(ran, 2);
}

TEST(Thread, RefusesAStackThatIsNone) {
    EXPECT_THROW(Thread("bl-test", 1, [] {}), std::system_error);
}

} // namespace
} // namespace backline::worker
