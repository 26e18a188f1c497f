// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace backline::audio {

/// Wakes the one thread that waits for it. Rung from JACK's notification threads, which may be
/// cancelled at any instruction: there is no lock that one could leave behind, and no descriptor.
class Doorbell {
  public:
    /// [any thread but the audio thread: a system call]
    void ring() noexcept {
        rings_.fetch_add(1, std::memory_order_seq_cst);
        syscall(SYS_futex, &rings_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }

    /// How often it was rung; pass it to wait() after having looked at everything.
    std::uint32_t rings() const noexcept { return rings_.load(std::memory_order_seq_cst); }

    /// Sleeps until it is rung again, at most `limit`; returns at once when it was rung since.
    void wait(std::uint32_t seen, std::chrono::nanoseconds limit) noexcept {
        if (limit.count() <= 0) return;
        const timespec time{static_cast<time_t>(limit.count() / 1'000'000'000),
                            static_cast<long>(limit.count() % 1'000'000'000)};
        syscall(SYS_futex, &rings_, FUTEX_WAIT_PRIVATE, seen, &time, nullptr, 0);
    }

  private:
    static_assert(sizeof(std::atomic<std::uint32_t>) == 4, "a futex is 32 bits");
    std::atomic<std::uint32_t> rings_{0};
};

} // namespace backline::audio
