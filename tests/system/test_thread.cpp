// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/thread.hpp"

#include "daemon/system/realtime.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace backline::system {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_THREAD__)
#    define SKIP_WITHOUT_OWN_STACK() GTEST_SKIP() << "the sanitizer makes and uses the stacks"
#else
#    define SKIP_WITHOUT_OWN_STACK() static_cast<void>(0)
#endif

ThreadOptions named(const char* name) {
    ThreadOptions options;
    options.name = name;
    return options;
}

TEST(Thread, HasItsNameAndStack) {
    ThreadOptions options = named("bl-fifteen-char");
    options.stack_bytes = 300 * 1024 + 1;
    std::string name;
    std::size_t stack = 0;
    Thread(options, [&] {
        char text[16] = {};
        pthread_getname_np(pthread_self(), text, sizeof text);
        name = text;
        pthread_attr_t attributes;
        pthread_getattr_np(pthread_self(), &attributes);
        pthread_attr_getstacksize(&attributes, &stack);
        pthread_attr_destroy(&attributes);
    });
    EXPECT_EQ(name, "bl-fifteen-char");
#if !defined(__SANITIZE_THREAD__) // which enlarges it
    EXPECT_EQ(stack, 304u * 1024);
#endif
}

TEST(Thread, BlocksAsynchronousSignalsOnly) {
    sigset_t mask;
    Thread(named("bl-test"), [&] { pthread_sigmask(SIG_BLOCK, nullptr, &mask); });
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGALRM, SIGCHLD})
        EXPECT_EQ(sigismember(&mask, number), 1) << number;
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS})
        EXPECT_EQ(sigismember(&mask, number), 0) << number;
}

TEST(Thread, LeavesTheMakersSignalsAlone) {
    sigset_t before, after;
    pthread_sigmask(SIG_BLOCK, nullptr, &before);
    Thread(named("bl-test"), [] {});
    pthread_sigmask(SIG_BLOCK, nullptr, &after);
    for (int number = 1; number < 32; ++number)
        EXPECT_EQ(sigismember(&before, number), sigismember(&after, number)) << number;
}

TEST(Thread, RefusesOptionsOutOfRange) {
    EXPECT_THROW(Thread(named(""), [] {}), std::invalid_argument);
    EXPECT_THROW(Thread(named("sixteen-chars-xx"), [] {}), std::invalid_argument);
    ThreadOptions options = named("bl-test");
    options.fifo_priority = 100;
    EXPECT_THROW(Thread(options, [] {}), std::invalid_argument);
    options = named("bl-test");
    options.stack_bytes = 1;
    EXPECT_THROW(Thread(options, [] {}), std::invalid_argument);
}

TEST(Thread, JoinWithALimit) {
    std::atomic<bool> go{false};
    Thread thread(named("bl-test"), [&] { go.wait(false); });
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(thread.join_for(30ms));
    const auto waited = std::chrono::steady_clock::now() - start;
    EXPECT_GE(waited, 30ms);
    EXPECT_LT(waited, 5s);
    EXPECT_TRUE(thread.joinable());
    go = true;
    go.notify_all();
    EXPECT_TRUE(thread.join_for(10s));
    EXPECT_FALSE(thread.joinable());
}

TEST(Thread, AbandonedGoesOnAlone) {
    struct Shared {
        std::atomic<bool> go{false}, done{false};
    };
    const auto shared = std::make_shared<Shared>();
    {
        Thread thread(named("bl-test"), [shared] {
            shared->go.wait(false);
            shared->done = true;
            shared->done.notify_all();
        });
        thread.abandon();
        EXPECT_FALSE(thread.joinable());
    } // does not wait: nothing has told it to go yet
    EXPECT_FALSE(shared->done);
    shared->go = true;
    shared->go.notify_all();
    shared->done.wait(false);
    EXPECT_TRUE(shared->done);
}

TEST(Thread, Moves) {
    std::atomic<int> ran{0};
    Thread a(named("bl-test"), [&] { ++ran; });
    Thread b(std::move(a));
    EXPECT_FALSE(a.joinable()); // NOLINT(bugprone-use-after-move): the state after is the contract
    EXPECT_TRUE(b.joinable());
    b = Thread(named("bl-test"), [&] { ++ran; }); // joins the first
    EXPECT_GE(ran, 1);
    b.join();
    EXPECT_EQ(ran, 2);
    Thread none;
    EXPECT_FALSE(none.joinable());
}

TEST(Thread, RealTimeWhenPermitted) {
    ThreadOptions options = named("bl-test");
    options.fifo_priority = 5;
    int policy = -1;
    sched_param param{};
    Thread thread(options, [&] { pthread_getschedparam(pthread_self(), &policy, &param); });
    thread.join();
    if (highest_fifo_priority() >= 5) {
        EXPECT_EQ(thread.fifo_error(), 0);
        EXPECT_EQ(policy, SCHED_FIFO);
        EXPECT_EQ(param.sched_priority, 5);
    } else {
        EXPECT_EQ(thread.fifo_error(), EPERM);
        EXPECT_EQ(policy, SCHED_OTHER);
    }
}

/// Pages of the calling thread's stack that are in memory, and how many there are.
std::pair<std::size_t, std::size_t> resident_stack() {
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    void* lowest = nullptr;
    std::size_t size = 0, guard = 0;
    pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_getguardsize(&attributes, &guard);
    pthread_attr_destroy(&attributes);
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> map((size - guard) / page);
    mincore(static_cast<char*>(lowest) + guard, size - guard, map.data());
    std::size_t resident = 0;
    for (const unsigned char m : map)
        resident += m & 1u;
    return {resident, map.size()};
}

/// A stack that glibc has not handed out before: larger than all it keeps for reuse.
std::size_t unused_stack_bytes() {
    static std::size_t bytes = 4 << 20;
    return bytes += 64 << 10;
}

TEST(Thread, PrefaultTouchesTheWholeStack) {
    SKIP_WITHOUT_OWN_STACK();
    ThreadOptions options = named("bl-test");
    options.stack_bytes = unused_stack_bytes();
    std::pair<std::size_t, std::size_t> plain, touched;
    Thread(options, [&] { plain = resident_stack(); });
    options.prefault = true;
    Thread(options, [&] { touched = resident_stack(); });
    EXPECT_LT(plain.first, plain.second / 2); // else the test proves nothing
    EXPECT_EQ(touched.first, touched.second);
    EXPECT_GE(touched.second, 60u);
}

/// Uses 100 KiB of stack, and no address sanitizer's shadow of it.
__attribute__((noinline, no_sanitize_address)) int deep() {
    volatile char room[100 * 1024];
    for (std::size_t i = 0; i < sizeof room; i += 512)
        room[i] = 1;
    return room[512];
}

TEST(Thread, PrefaultedStackDoesNotFault) {
    SKIP_WITHOUT_OWN_STACK();
    ThreadOptions options = named("bl-test");
    const auto faults = [&options] {
        long count = -1;
        Thread(options, [&count] {
            rusage before{}, after{};
            getrusage(RUSAGE_THREAD, &before);
            EXPECT_EQ(deep(), 1);
            getrusage(RUSAGE_THREAD, &after);
            count = after.ru_minflt - before.ru_minflt;
        });
        return count;
    };
    options.stack_bytes = unused_stack_bytes();
    const long plain = faults();
    options.stack_bytes = unused_stack_bytes();
    options.prefault = true;
    const long touched = faults();
    EXPECT_LE(touched, 2); // of the code, not of the 25 pages of stack
    EXPECT_GE(plain, 20);
}

} // namespace
} // namespace backline::system
