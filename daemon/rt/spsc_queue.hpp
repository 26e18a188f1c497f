// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace backline::rt {

/// Bounded queue between one producer thread and one consumer thread; wait-free on both sides.
/// Memory is allocated and touched by the constructor only. Full and empty are normal and reported,
/// never waited for.
template <typename T>
class SpscQueue {
    static_assert(std::is_nothrow_default_constructible_v<T>);
    static_assert(std::is_nothrow_move_assignable_v<T>);

  public:
    /// Holds at least `capacity` elements (rounded up to a power of two). Throws std::bad_alloc.
    explicit SpscQueue(std::size_t capacity)
        : mask_(std::bit_ceil(capacity < 2 ? std::size_t{2} : capacity) - 1),
          slots_(std::make_unique<T[]>(mask_ + 1)) {}

    SpscQueue(const SpscQueue&) = delete;
    SpscQueue& operator=(const SpscQueue&) = delete;

    /// How many elements fit. [any]
    std::size_t capacity() const noexcept { return mask_ + 1; }

    /// Appends; false when full. [producer]
    [[nodiscard]] BACKLINE_RT bool try_push(T value) noexcept {
        const std::size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - cached_head_ > mask_) {
            cached_head_ = head_.load(std::memory_order_acquire);
            if (tail - cached_head_ > mask_) return false;
        }
        slots_[tail & mask_] = std::move(value);
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }

    /// How many more elements surely fit. [producer]
    BACKLINE_RT std::size_t free_space() noexcept {
        cached_head_ = head_.load(std::memory_order_acquire);
        return mask_ + 1 - (tail_.load(std::memory_order_relaxed) - cached_head_);
    }

    /// The oldest element, or nullptr when empty; valid until pop(). [consumer]
    BACKLINE_RT T* front() noexcept {
        const std::size_t head = head_.load(std::memory_order_relaxed);
        if (head == cached_tail_) {
            cached_tail_ = tail_.load(std::memory_order_acquire);
            if (head == cached_tail_) return nullptr;
        }
        return &slots_[head & mask_];
    }

    /// Discards the oldest element; front() must have returned it. [consumer]
    BACKLINE_RT void pop() noexcept {
        head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

    /// Takes the oldest element; false when empty. [consumer]
    [[nodiscard]] BACKLINE_RT bool try_pop(T& out) noexcept {
        T* slot = front();
        if (slot == nullptr) return false;
        out = std::move(*slot);
        pop();
        return true;
    }

    /// A momentary count; exact only when both sides are at rest. [any]
    std::size_t size() const noexcept {
        const std::size_t head = head_.load(std::memory_order_acquire);
        return tail_.load(std::memory_order_acquire) - head;
    }

  private:
    // Read by both sides, written by neither after construction.
    const std::size_t mask_;
    const std::unique_ptr<T[]> slots_;
    // Written by the producer; its copy of head_ spares it a shared line until the queue looks
    // full.
    alignas(kCacheLine) std::atomic<std::size_t> tail_{0};
    std::size_t cached_head_ = 0;
    // Written by the consumer, likewise.
    alignas(kCacheLine) std::atomic<std::size_t> head_{0};
    std::size_t cached_tail_ = 0;
};

} // namespace backline::rt
