// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <atomic>
#include <cstdint>
#include <utility>

namespace backline::rt {

/// What the audio side is doing at this moment, for those who look when it no longer answers: the
/// watchdog, the handler of a crash, and the next start. Plain data that may lie in shared memory;
/// written with relaxed stores by the threads that run the cycle, read by any.
struct Pulse {
    /// The audio thread, which is number 0, and its helpers.
    static constexpr std::uint32_t kThreads = 16;

    /// One thread that runs nodes.
    struct alignas(kCacheLine) Thread {
        /// node_word() of the node whose code it runs; 0 = none.
        std::atomic<std::uint64_t> running{0};
        std::atomic<std::int32_t> id{0}; ///< of the kernel; 0 = not known
    };

    /// rt::monotonic_ns() at the entry of the cycle that runs; 0 = none does, or not in real time.
    alignas(kCacheLine) std::atomic<std::uint64_t> entered_ns{0};
    std::atomic<std::uint64_t> period_ns{0}; ///< length of that cycle's period
    Thread threads[kThreads];

    /// A cycle begins; for one that is not in real time `entered` is 0. [audio]
    BACKLINE_RT void enter(std::uint64_t entered, std::uint64_t period) noexcept {
        period_ns.store(period, std::memory_order_relaxed);
        entered_ns.store(entered, std::memory_order_release);
    }
    /// It has ended. [audio]
    BACKLINE_RT void leave() noexcept { entered_ns.store(0, std::memory_order_release); }
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "readable from a signal handler");

/// A slot and its generation in one word; 0 only for generation 0, which nobody has.
constexpr std::uint64_t node_word(std::uint32_t slot, std::uint32_t generation) noexcept {
    return generation == 0 ? 0 : std::uint64_t{generation} << 32 | slot;
}
/// The slot of a node_word().
constexpr std::uint32_t slot_of(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>(word);
}
/// The generation of a node_word().
constexpr std::uint32_t generation_of(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>(word >> 32);
}

/// The kernel's number of the calling thread, where whoever prepared it has said: asking is a
/// system call, which the audio thread may not make.
inline constinit thread_local std::int32_t current_thread_id = 0;
/// Where the calling thread notes the node it runs; nullptr outside of a PulseThread.
inline constinit thread_local std::atomic<std::uint64_t>* current_mark = nullptr;

/// For its scope the calling thread is one of those that run the cycle. [audio]
class PulseThread {
  public:
    /// `index` < Pulse::kThreads; nobody else has it meanwhile. The pulse outlives the scope.
    BACKLINE_RT PulseThread(Pulse& pulse, std::uint32_t index) noexcept
        : former_(std::exchange(current_mark, &pulse.threads[index].running)) {
        pulse.threads[index].id.store(current_thread_id, std::memory_order_relaxed);
    }
    BACKLINE_RT ~PulseThread() noexcept { current_mark = former_; }
    PulseThread(const PulseThread&) = delete;
    PulseThread& operator=(const PulseThread&) = delete;

  private:
    std::atomic<std::uint64_t>* former_;
};

/// For its scope the calling thread runs a node's code; one store before and one after. [audio]
class InNode {
  public:
    /// `word`: node_word() of the node.
    BACKLINE_RT explicit InNode(std::uint64_t word) noexcept : mark_(current_mark) {
        if (mark_ != nullptr) mark_->store(word, std::memory_order_relaxed);
    }
    BACKLINE_RT ~InNode() noexcept {
        if (mark_ != nullptr) mark_->store(0, std::memory_order_relaxed);
    }
    InNode(const InNode&) = delete;
    InNode& operator=(const InNode&) = delete;

  private:
    std::atomic<std::uint64_t>* const mark_;
};

} // namespace backline::rt
