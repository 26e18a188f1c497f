// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <atomic>
#include <bit>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace backline::rt {

/// Which plugin instances have jobs waiting, as a bitmap the audio thread sets and workers clear,
/// and the place where idle workers sleep. The only code of the audio thread that makes a system
/// call: one futex wake at the end of a cycle, and only when jobs were added and a worker sleeps.
class ReadySet {
  public:
    /// Slots there are, from 0.
    static constexpr std::uint32_t kSlots = 4096;

    /// Says that `slot` (< kSlots) has a job waiting. [worker, or any but audio]
    void mark(std::uint32_t slot) noexcept { add(slot / 64, std::uint64_t{1} << (slot % 64)); }

    /// Slots below `count` (<= kSlots) may be noted from now on. [loader, one at a time]
    void reach(std::uint32_t count) noexcept {
        if (count > reach_.load(std::memory_order_relaxed))
            reach_.store(count, std::memory_order_release);
    }

    /// As mark(), for the audio thread and its helpers: workers hear of it at publish(). A locked
    /// instruction would make each submission wait until the job it has just written has left the
    /// processor, 0.2 us and more; now one does for all of a cycle, when most have. One thread per
    /// slot. [audio]
    BACKLINE_RT void note(std::uint32_t slot) noexcept {
        noted_[slot].store(true, std::memory_order_relaxed);
        any_noted_.store(true, std::memory_order_relaxed);
    }

    /// Marks what was noted. By the thread that holds the cycle, after the helpers' work has come
    /// back to it: so what they have put into their rings is there before the mark. [audio]
    BACKLINE_RT void publish() noexcept {
        if (!any_noted_.load(std::memory_order_relaxed)) return;
        any_noted_.store(false, std::memory_order_relaxed);
        const std::uint32_t reach = reach_.load(std::memory_order_acquire);
        for (std::uint32_t word = 0; word * 64 < reach; ++word) {
            std::uint64_t bits = 0;
            for (std::uint32_t i = 0; i < 64; ++i) {
                std::atomic<bool>& noted = noted_[word * 64 + i];
                if (!noted.load(std::memory_order_relaxed)) continue;
                noted.store(false, std::memory_order_relaxed);
                bits |= std::uint64_t{1} << i;
            }
            if (bits != 0) add(word, bits);
        }
    }

    /// Takes the first marked slot at or after `hint` (< kSlots), going round; -1 when there is
    /// none. A worker that goes on behind the slot it took last serves all of them in turn.
    /// [worker]
    std::int32_t take(std::uint32_t hint) noexcept {
        const std::int32_t slot = take_from(hint);
        return slot < 0 && hint != 0 ? take_from(0) : slot;
    }

    /// Whether a slot is marked; now and then also when the last one was just taken. [any]
    bool any() const noexcept { return summary_.load(std::memory_order_seq_cst) != 0; }

    /// Wakes one sleeping worker if any slot is marked; the woken one wakes the next. [audio,
    /// worker]
    BACKLINE_RT void wake_one() noexcept {
        if (any() && sleepers_.load(std::memory_order_seq_cst) != 0) wake(1);
    }

    /// Wakes everybody, for shutdown and for changes of the pool. [any but audio]
    void wake_all() noexcept { wake(INT_MAX); }

    /// Sleeps until woken, at most `timeout_ms`; returns at once when a slot is marked. [worker]
    void sleep(int timeout_ms) noexcept {
        const std::uint32_t seen = epoch_.load(std::memory_order_seq_cst);
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        if (!any()) {
            const timespec limit{timeout_ms / 1000, (timeout_ms % 1000) * 1'000'000L};
            syscall(SYS_futex, &epoch_, FUTEX_WAIT_PRIVATE, seen, &limit, nullptr, 0);
        }
        sleepers_.fetch_sub(1, std::memory_order_seq_cst);
    }

  private:
    BACKLINE_RT void add(std::uint32_t word, std::uint64_t bits) noexcept {
        // Always written, though the bits may be set: what was put into the rings has to be there
        // before a worker that takes a bit looks for it.
        words_[word % 64].fetch_or(bits, std::memory_order_seq_cst); // g++ 12 knows no better bound
        // Seen set, it is cleared later, and who clears it looks at the word after that: our bits
        // are seen.
        const std::uint64_t summary = std::uint64_t{1} << word;
        if ((summary_.load(std::memory_order_seq_cst) & summary) == 0)
            summary_.fetch_or(summary, std::memory_order_seq_cst);
    }

    std::int32_t take_from(std::uint32_t first) noexcept {
        const std::uint32_t first_word = first / 64;
        std::uint64_t summary =
            summary_.load(std::memory_order_seq_cst) & (~std::uint64_t{0} << first_word);
        for (; summary != 0; summary &= summary - 1) {
            const auto word = static_cast<unsigned>(std::countr_zero(summary));
            const std::uint64_t eligible = ~std::uint64_t{0}
                                           << (word == first_word ? first % 64 : 0);
            // Clear the summary first: a mark() in between sets it again.
            summary_.fetch_and(~(std::uint64_t{1} << word), std::memory_order_seq_cst);
            std::uint64_t bits = words_[word].load(std::memory_order_seq_cst);
            std::int32_t taken = -1;
            while (taken < 0 && (bits & eligible) != 0) {
                const std::uint64_t bit = bits & eligible & (~(bits & eligible) + 1);
                if (words_[word].compare_exchange_weak(bits, bits & ~bit,
                                                       std::memory_order_seq_cst)) {
                    bits &= ~bit;
                    taken = static_cast<std::int32_t>(word * 64)
                            + static_cast<std::int32_t>(std::countr_zero(bit));
                }
            }
            if (bits != 0) summary_.fetch_or(std::uint64_t{1} << word, std::memory_order_seq_cst);
            if (taken >= 0) return taken;
        }
        return -1;
    }

    BACKLINE_RT void wake(int count) noexcept {
        epoch_.fetch_add(1, std::memory_order_seq_cst);
        syscall(SYS_futex, &epoch_, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
    }

    static_assert(kSlots == 64 * 64);
    static_assert(sizeof(std::atomic<std::uint32_t>) == 4, "a futex is 32 bits");
    alignas(kCacheLine) std::atomic<std::uint64_t> summary_{0};
    alignas(kCacheLine) std::atomic<std::uint64_t> words_[64]{};
    // Of the audio thread and its helpers alone.
    alignas(kCacheLine) std::atomic<bool> noted_[kSlots]{};
    alignas(kCacheLine) std::atomic<bool> any_noted_{false};
    std::atomic<std::uint32_t> reach_{0};
    alignas(kCacheLine) std::atomic<std::uint32_t> epoch_{0};
    std::atomic<std::uint32_t> sleepers_{0};
};

} // namespace backline::rt
