// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Does on its "audio" thread what the first argument says; rt_trap has to see it, and nothing when
// it says "clean". Ends by exit() or, with a second argument, by _exit().
#include "daemon/rt/ready_set.hpp"
#include "daemon/rt/thread_role.hpp"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <functional>
#include <map>
#include <mutex>
#include <pthread.h>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace {

constexpr int kSpans = 100;
constexpr int kBadSpan = 50;
constexpr std::size_t kPage = 4096;

// Out of the optimiser's sight, so that no pair of calls is taken away.
void* volatile kept;

[[gnu::noinline]] void throw_something() {
    throw 1;
}

} // namespace

int main(int argc, char** argv) {
    static std::mutex mutex;
    static std::condition_variable condition;
    static backline::rt::ReadySet ready;
    static char* const untouched = static_cast<char*>(
        mmap(nullptr, 8 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    static void* const block = std::malloc(100);
    static std::atomic<bool> stop{false};

    const std::map<std::string, std::function<void()>> deeds = {
        {"clean", [] {}},
        {"malloc", [] { kept = std::malloc(1000); }},
        {"free", [] { std::free(block); }},
        {"new", [] { kept = new int[10]; }},
        {"aligned", [] { kept = std::aligned_alloc(64, 640); }},
        {"lock", [] { const std::scoped_lock lock(mutex); }},
        {"signal", [] { condition.notify_one(); }},
        {"printf",
         [] {
             static char text[20];
             std::snprintf(text, sizeof text, "%d", getpagesize());
             kept = text;
         }},
        {"open", [] { close(open("/dev/null", O_RDONLY | O_CLOEXEC)); }},
        {"sleep", [] { usleep(1); }},
        {"raw", [] { syscall(SYS_getppid); }},
        {"dlopen", [] { kept = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL); }},
        {"throw",
         [] {
             try {
                 throw_something();
             } catch (int) {
             }
         }},
        {"fault",
         [] {
             for (std::size_t page = 0; page < 8; ++page)
                 untouched[page * kPage] = 1;
         }},
        // Allowed, and counted apart.
        {"wake",
         [] {
             ready.mark(0);
             while (ready.any())
                 ready.wake_one();
         }},
    };
    const auto deed = argc > 1 ? deeds.find(argv[1]) : deeds.end();
    if (deed == deeds.end()) {
        std::fprintf(stderr, "usage: rt_trap_sample DEED [quick]\n");
        return 2;
    }
    const std::function<void()>& act = deed->second;

    std::thread worker([] {
        while (!stop) {
            ready.sleep(10);
            ready.take(0);
        }
    });
    // All signals blocked, as the daemon's threads have them.
    std::thread audio([&] {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, nullptr);
        for (int span = 0; span < kSpans; ++span) {
            const backline::rt::AudioScope scope;
            if (span == kBadSpan) act();
        }
    });
    audio.join();
    stop = true;
    worker.join();
    if (argc > 2) _exit(0);
    return 0;
}
