// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/thread.hpp"

#include <cerrno>
#include <climits>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

namespace backline::system {
namespace {

/// What the thread owns, so that an abandoned one needs nothing of its maker.
struct Birth {
    std::string name;
    std::function<void()> body;
    bool prefault;
};

void* run(void* argument) noexcept {
    const std::unique_ptr<Birth> birth(static_cast<Birth*>(argument));
    pthread_setname_np(pthread_self(), birth->name.c_str());
    if (birth->prefault) prefault_stack();
    birth->body();
    return nullptr;
}

/// Everything but what a thread raises itself: blocked, a fault would kill without its handler.
sigset_t asynchronous_signals() noexcept {
    sigset_t set;
    sigfillset(&set);
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT})
        sigdelset(&set, number);
    return set;
}

class Attributes {
  public:
    Attributes() { check(pthread_attr_init(&value_), "pthread_attr_init"); }
    ~Attributes() { pthread_attr_destroy(&value_); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;

    pthread_attr_t* get() noexcept { return &value_; }

    /// Ordinary scheduling for 0, whatever the maker's own is.
    void schedule(int fifo_priority) {
        sched_param param{};
        param.sched_priority = fifo_priority;
        pthread_attr_setinheritsched(&value_, PTHREAD_EXPLICIT_SCHED);
        pthread_attr_setschedpolicy(&value_, fifo_priority > 0 ? SCHED_FIFO : SCHED_OTHER);
        check(pthread_attr_setschedparam(&value_, &param), "thread priority");
    }

    static void check(int error, const char* what) {
        if (error != 0) throw std::system_error(error, std::generic_category(), what);
    }

  private:
    pthread_attr_t value_;
};

} // namespace

Thread::Thread(const ThreadOptions& options, std::function<void()> body) {
    if (options.name.empty() || options.name.size() > 15)
        throw std::invalid_argument("thread name \"" + options.name + "\" is 1..15 bytes");
    if (options.fifo_priority < 0 || options.fifo_priority > 99)
        throw std::invalid_argument("thread \"" + options.name + "\": priority is 0..99");
    if (options.stack_bytes < static_cast<std::size_t>(PTHREAD_STACK_MIN))
        throw std::invalid_argument("thread \"" + options.name + "\": stack is too small");

    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    Attributes attributes;
    Attributes::check(
        pthread_attr_setstacksize(attributes.get(), (options.stack_bytes + page - 1) / page * page),
        "stack size");
    const sigset_t blocked = asynchronous_signals();
    Attributes::check(pthread_attr_setsigmask_np(attributes.get(), &blocked), "signal mask");
    attributes.schedule(options.fifo_priority);

    auto birth = std::make_unique<Birth>(Birth{options.name, std::move(body), options.prefault});
    int error = pthread_create(&handle_, attributes.get(), run, birth.get());
    if (error == EPERM && options.fifo_priority > 0) {
        fifo_error_ = error;
        attributes.schedule(0);
        error = pthread_create(&handle_, attributes.get(), run, birth.get());
    }
    Attributes::check(error, ("thread \"" + options.name + "\"").c_str());
    birth.release(); // the thread's now
    joinable_ = true;
}

Thread::~Thread() {
    if (joinable_) join();
}

Thread::Thread(Thread&& other) noexcept
    : handle_(other.handle_),
      joinable_(std::exchange(other.joinable_, false)),
      fifo_error_(other.fifo_error_) {}

Thread& Thread::operator=(Thread&& other) noexcept {
    if (this == &other) return *this;
    if (joinable_) join();
    handle_ = other.handle_;
    joinable_ = std::exchange(other.joinable_, false);
    fifo_error_ = other.fifo_error_;
    return *this;
}

void Thread::join() {
    Attributes::check(pthread_join(handle_, nullptr), "join");
    joinable_ = false;
}

bool Thread::join_for(std::chrono::nanoseconds limit) {
#if defined(__SANITIZE_THREAD__) // knows only the older call, which a set wall clock can stretch
    constexpr clockid_t kClock = CLOCK_REALTIME;
#else
    constexpr clockid_t kClock = CLOCK_MONOTONIC;
#endif
    timespec until{};
    clock_gettime(kClock, &until);
    const auto end =
        std::chrono::seconds(until.tv_sec) + std::chrono::nanoseconds(until.tv_nsec) + limit;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(end);
    until.tv_sec = seconds.count();
    until.tv_nsec = (end - seconds).count();
#if defined(__SANITIZE_THREAD__)
    const int error = pthread_timedjoin_np(handle_, nullptr, &until);
#else
    const int error = pthread_clockjoin_np(handle_, nullptr, kClock, &until);
#endif
    if (error == ETIMEDOUT) return false;
    Attributes::check(error, "join");
    joinable_ = false;
    return true;
}

void Thread::abandon() {
    Attributes::check(pthread_detach(handle_), "detach");
    joinable_ = false;
}

#if defined(__has_attribute)
#    if __has_attribute(no_sanitize_address)
__attribute__((no_sanitize_address))
#    endif
#endif
void prefault_stack() {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    void* lowest = nullptr;
    std::size_t size = 0, guard = 0;
    pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_getguardsize(&attributes, &guard);
    pthread_attr_destroy(&attributes);

    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    char here = 0;
    // Downwards from this frame; the bytes keep their values, so that nothing in use is disturbed.
    auto at = reinterpret_cast<std::uintptr_t>(&here) & ~(page - 1);
    const auto end = reinterpret_cast<std::uintptr_t>(lowest) + guard;
    for (; at > end; at -= page) {
        volatile char* byte = reinterpret_cast<volatile char*>(at - page);
        *byte = *byte;
    }
}

} // namespace backline::system
