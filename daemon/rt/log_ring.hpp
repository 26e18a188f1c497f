// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"
#include "daemon/rt/spsc_queue.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace backline::rt {

/// What the audio thread has to say: numbers only, turned into words by whoever drains the ring.
struct LogRecord {
    std::uint32_t code = 0; ///< What happened; the table of texts belongs to the consumer.
    std::int64_t a = 0;     ///< First number of the text.
    double b = 0.0;         ///< Second number of the text.
    std::uint64_t time = 0; ///< Sample clock of the cycle, frames.
};

/// The audio thread's log: one producer, one consumer, never waits. A full ring loses the newest
/// record and counts it.
class LogRing {
  public:
    /// Holds at least `capacity` records. Throws std::bad_alloc. [control]
    explicit LogRing(std::size_t capacity = 256) : queue_(capacity) {}

    /// Says something, or counts it as lost. [producer]
    BACKLINE_RT void push(const LogRecord& record) noexcept {
        if (!queue_.try_push(record))
            lost_.store(lost_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

    /// Takes the oldest record; false when there is none. [consumer]
    [[nodiscard]] bool try_pop(LogRecord& out) noexcept { return queue_.try_pop(out); }

    /// Records lost since the ring was made. [any]
    std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

  private:
    SpscQueue<LogRecord> queue_;
    alignas(kCacheLine) std::atomic<std::uint64_t> lost_{0}; // written by the producer only
};

} // namespace backline::rt
