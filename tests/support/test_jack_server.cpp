// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/jack_server.hpp"
#include "tests/support/waiting.hpp"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

namespace backline::test {
namespace {

std::size_t names_of(const std::string& server) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
        if (entry.path().filename().string().find(server) != std::string::npos) ++count;
    return count;
}

/// Starts a server in a process of its own that is killed with it; returns the server's name.
std::string killed_test() {
    const pid_t child = fork();
    if (child == 0) {
        JackServer server;
        server.start();
        ::kill(getpid(), SIGKILL);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    // Its server dies with it and is ours now; as long as nobody takes note, it seems to be there.
    EXPECT_GT(waitpid(-1, nullptr, 0), 0);
    return "bl" + std::to_string(child) + "-";
}

TEST(JackServerPlaces, OfTestsThatWereKilledAreGivenBack) {
    // Of this process alone, and not for the first time in a child, which would take it along.
    if (!isolate_shared_memory()) GTEST_SKIP() << "needs a /dev/shm of its own";
    ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    // More than there are places: each has to give back what the one before it left.
    std::string last;
    for (int i = 0; i < 10; ++i) {
        const auto began = Clock::now();
        const std::string name = killed_test();
        ASSERT_LT(seconds_since(began), 10.0) << "waited for a place";
        ASSERT_GT(names_of(name), 0u) << "it has left nothing: nothing was tested";
        EXPECT_EQ(last.empty() ? 0u : names_of(last), 0u);
        last = name;
    }
    JackServer server;
    server.start();
    EXPECT_EQ(names_of(last), 0u);
}

} // namespace
} // namespace backline::test
