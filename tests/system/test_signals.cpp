// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/signals.hpp"

#include <array>
#include <cerrno>
#include <thread>

#include <poll.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace backline::system {
namespace {

TEST(Signals, ArePolled) {
    Signals signals{SIGTERM, SIGHUP};
    EXPECT_EQ(signals.take(), std::nullopt);
    ASSERT_EQ(kill(getpid(), SIGHUP), 0);
    pollfd waiting{signals.fd(), POLLIN, 0};
    ASSERT_EQ(poll(&waiting, 1, 2000), 1);
    EXPECT_EQ(signals.take(), SIGHUP);
    EXPECT_EQ(signals.take(), std::nullopt);
}

TEST(Signals, AreBlockedInThreadsMadeLater) {
    Signals signals{SIGTERM};
    bool blocked = false;
    std::thread([&blocked] {
        sigset_t mask;
        pthread_sigmask(SIG_BLOCK, nullptr, &mask);
        blocked = sigismember(&mask, SIGTERM) == 1;
    }).join();
    EXPECT_TRUE(blocked);
}

TEST(Signals, GiveTheMaskBack) {
    sigset_t mask;
    { const Signals signals{SIGUSR2}; }
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    EXPECT_EQ(sigismember(&mask, SIGUSR2), 0);
}

TEST(Signals, AClosedPipeIsAnErrorCode) {
    const Signals signals{SIGTERM};
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    close(ends[0]);
    EXPECT_EQ(write(ends[1], "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
    close(ends[1]);
}

} // namespace
} // namespace backline::system
