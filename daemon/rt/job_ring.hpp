// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace backline::rt {

/// Bounded queue of fixed-size jobs between the audio role (producer) and one worker at a time
/// (consumer), filled and read in place. With `drop_oldest` the ring has twice the room and the
/// worker skips what lies beyond `depth`, so that the producer never has to take anything back.
///
/// Counters: attempted = worked + dropped + pending at rest. One NULL from reserve() counts as one
/// attempted and one dropped.
class JobRing {
  public:
    /// A job where it lies in the ring.
    struct Job {
        const void* data;
        std::uint32_t size;
    };

    /// `bytes_max`: largest job; `depth`: jobs that may wait at once (>= 1). Allocates. [loader]
    JobRing(std::uint32_t bytes_max, std::uint32_t depth, bool drop_oldest)
        : bytes_max_(bytes_max),
          depth_(depth < 1 ? 1 : depth),
          capacity_(drop_oldest ? 2 * depth_ : depth_),
          stride_((kHeader + bytes_max + 15u) & ~std::size_t{15}),
          memory_(std::make_unique<Block[]>(stride_ * capacity_ / sizeof(Block))) {}

    /// Room for `size` bytes, 16-byte aligned, or nullptr (counted as dropped). [producer]
    BACKLINE_RT void* reserve(std::uint32_t size) noexcept {
        const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
        if (tail == full_at_) full_at_ = head_.load(std::memory_order_acquire) + capacity_;
        if (size > bytes_max_ || tail == full_at_) {
            refused_.store(refused_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
            return nullptr;
        }
        reserved_ = size;
        open_ = true;
        return slot(next_) + kHeader;
    }

    /// Hands over what reserve() returned; false when nothing is reserved. [producer]
    BACKLINE_RT bool submit() noexcept {
        if (!open_) return false;
        open_ = false;
        const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
        *reinterpret_cast<std::uint32_t*>(slot(next_)) = reserved_;
        next_ = next_ + 1 == capacity_ ? 0 : next_ + 1;
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }

    /// The job to work on next, skipping the oldest ones beyond `depth`; data is nullptr when none
    /// waits. Valid until pop(). [consumer]
    Job front() noexcept {
        std::uint64_t head = head_.load(std::memory_order_relaxed);
        const std::uint64_t waiting = tail_.load(std::memory_order_acquire) - head;
        if (waiting == 0) return {nullptr, 0};
        if (waiting > depth_) {
            skipped_.store(skipped_.load(std::memory_order_relaxed) + (waiting - depth_),
                           std::memory_order_relaxed);
            head += waiting - depth_;
            head_.store(head, std::memory_order_release);
        }
        const std::byte* at = slot(head % capacity_);
        return {at + kHeader, *reinterpret_cast<const std::uint32_t*>(at)};
    }

    /// Marks the job from front() as worked. [consumer]
    void pop() noexcept {
        worked_.store(worked_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

    /// Throws away all waiting jobs, counted as dropped. [consumer]
    void discard_all() noexcept {
        const std::uint64_t tail = tail_.load(std::memory_order_acquire);
        const std::uint64_t head = head_.load(std::memory_order_relaxed);
        skipped_.store(skipped_.load(std::memory_order_relaxed) + (tail - head),
                       std::memory_order_relaxed);
        head_.store(tail, std::memory_order_release);
    }

    /// Jobs waiting, the one at work included. [any]
    std::uint64_t pending() const noexcept {
        const std::uint64_t head = head_.load(std::memory_order_acquire);
        return tail_.load(std::memory_order_acquire) - head;
    }
    /// Attempts so far, refused ones included. [any]
    std::uint64_t submitted() const noexcept {
        return tail_.load(std::memory_order_acquire) + refused_.load(std::memory_order_relaxed);
    }
    /// Jobs handed over so far, without those refused. [any]
    std::uint64_t accepted() const noexcept { return tail_.load(std::memory_order_acquire); }
    /// How many of them are over, worked or skipped. [any]
    std::uint64_t finished() const noexcept { return head_.load(std::memory_order_acquire); }
    /// Jobs worked so far. [any]
    std::uint64_t worked() const noexcept { return worked_.load(std::memory_order_relaxed); }
    /// Jobs refused or skipped so far. [any]
    std::uint64_t dropped() const noexcept {
        return refused_.load(std::memory_order_relaxed) + skipped_.load(std::memory_order_relaxed);
    }

  private:
    static constexpr std::size_t kHeader = 16; // the size, padded so that the job stays aligned
    struct alignas(16) Block {
        std::byte bytes[16];
    };

    /// `index` < capacity_.
    std::byte* slot(std::uint64_t index) const noexcept {
        return reinterpret_cast<std::byte*>(memory_.get()) + index * stride_;
    }

    const std::uint32_t bytes_max_;
    const std::uint32_t depth_;
    const std::uint32_t capacity_;
    const std::size_t stride_;
    const std::unique_ptr<Block[]> memory_;
    // The producer's line. The tail at which the ring is full, as far as it knows: until then it
    // needs no look at the worker's line, which is in another processor's cache. `next_` is the
    // tail's slot, kept because a division costs as much as all the rest.
    alignas(kCacheLine) std::atomic<std::uint64_t> tail_{0};
    std::uint64_t full_at_ = capacity_;
    std::uint64_t next_ = 0;
    std::atomic<std::uint64_t> refused_{0};
    std::uint32_t reserved_ = 0;
    bool open_ = false;
    // The consumer's line.
    alignas(kCacheLine) std::atomic<std::uint64_t> head_{0};
    std::atomic<std::uint64_t> worked_{0};
    std::atomic<std::uint64_t> skipped_{0};
};

} // namespace backline::rt
