// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include <pthread.h>

namespace backline::system {

/// How a thread is made.
struct ThreadOptions {
    std::string name;                     ///< 1..15 bytes, shown by ps and perf.
    std::size_t stack_bytes = 256 * 1024; ///< At least PTHREAD_STACK_MIN; rounded up to pages.
    bool prefault = false;                ///< Touch the whole stack before `body` runs.
    int fifo_priority = 0;                ///< SCHED_FIFO 1..99; 0: the ordinary scheduler.
};

/// A POSIX thread with a name, a stack of stated size and every asynchronous signal blocked. What
/// std::thread cannot do is what the daemon needs: to wait for a thread with a limit, and to leave
/// one behind that does not come back. Owned and used by one thread at a time.
class Thread {
  public:
    /// No thread.
    Thread() noexcept = default;

    /// Starts `body`. When SCHED_FIFO is refused the thread runs without it, see fifo_error().
    /// `body` may not throw. Throws std::invalid_argument for options out of range,
    /// std::system_error when no thread can be made.
    Thread(const ThreadOptions& options, std::function<void()> body);

    /// Joins, without a limit.
    ~Thread();

    Thread(Thread&& other) noexcept;
    Thread& operator=(Thread&& other) noexcept; ///< Joins the thread it replaces.

    /// True while there is a thread neither joined nor abandoned.
    bool joinable() const noexcept { return joinable_; }

    /// Waits until the thread has ended. Needs joinable().
    void join();

    /// Waits at most `limit`; false when the thread still runs. Needs joinable().
    bool join_for(std::chrono::nanoseconds limit);

    /// Lets the thread go on alone, its stack and `body` freed when it ends, if it does. Whatever
    /// `body` refers to must outlive it. Needs joinable().
    void abandon();

    /// 0 when the wanted priority was granted or none was wanted, else the errno of the refusal.
    int fifo_error() const noexcept { return fifo_error_; }

    /// The POSIX handle. Needs joinable().
    pthread_t native_handle() const noexcept { return handle_; }

  private:
    pthread_t handle_{};
    bool joinable_ = false;
    int fifo_error_ = 0;
};

/// Touches every page between the calling frame and the end of the calling thread's stack, so that
/// the thread never faults on it again (once memory is locked, or until it is swapped). For threads
/// that Thread did not make, such as JACK's. Blocks nothing; call it once, outside the cycle.
void prefault_stack();

} // namespace backline::system
