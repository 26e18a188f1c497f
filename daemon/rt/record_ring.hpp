// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace backline::rt {

/// Bounded queue of records of any size up to half the ring, one producer and one consumer, each
/// record contiguous in memory. Used for worker responses and for results.
class RecordRing {
  public:
    /// A record where it lies in the ring.
    struct Record {
        const std::byte* data; ///< 8-byte aligned; nullptr when there is none
        std::uint32_t size;    ///< bytes
    };

    /// `bytes` of room, rounded up to a power of two. Allocates and touches. [loader]
    explicit RecordRing(std::size_t bytes)
        : mask_(std::bit_ceil(bytes < 256 ? std::size_t{256} : bytes) - 1),
          memory_(std::make_unique<std::uint64_t[]>((mask_ + 1) / sizeof(std::uint64_t))) {}

    /// Room for a record of `size` bytes (8-byte aligned), or nullptr when full. [producer]
    BACKLINE_RT std::byte* reserve(std::uint32_t size) noexcept {
        const std::size_t need = kHeader + padded(size);
        if (need > (mask_ + 1) / 2) return nullptr;
        std::size_t tail = tail_.load(std::memory_order_relaxed);
        const std::size_t to_end = mask_ + 1 - (tail & mask_);
        const std::size_t skip = need > to_end ? to_end : 0; // records never wrap
        if (mask_ + 1 - (tail - head_.load(std::memory_order_acquire)) < need + skip)
            return nullptr;
        if (skip != 0) {
            write_size(tail, kWrap);
            tail += skip;
        }
        reserved_at_ = tail;
        reserved_ = size;
        return base() + (tail & mask_) + kHeader;
    }

    /// Publishes the reserved record. [producer]
    BACKLINE_RT void commit() noexcept {
        write_size(reserved_at_, reserved_);
        tail_.store(reserved_at_ + kHeader + padded(reserved_), std::memory_order_release);
    }

    /// The oldest record; valid until pop(). [consumer]
    BACKLINE_RT Record front() noexcept {
        std::size_t head = head_.load(std::memory_order_relaxed);
        const std::size_t tail = tail_.load(std::memory_order_acquire);
        if (head == tail) return {nullptr, 0};
        std::uint32_t size = read_size(head);
        if (size == kWrap) {
            head += mask_ + 1 - (head & mask_);
            head_.store(head, std::memory_order_release);
            if (head == tail) return {nullptr, 0};
            size = read_size(head);
        }
        return {base() + (head & mask_) + kHeader, size};
    }

    /// Discards the record from front(). [consumer]
    BACKLINE_RT void pop() noexcept {
        const std::size_t head = head_.load(std::memory_order_relaxed);
        head_.store(head + kHeader + padded(read_size(head)), std::memory_order_release);
    }

  private:
    static constexpr std::size_t kHeader = 8;
    static constexpr std::uint32_t kWrap = 0xffffffffu;

    static std::size_t padded(std::uint32_t size) noexcept {
        return (std::size_t{size} + 7u) & ~std::size_t{7};
    }
    std::byte* base() const noexcept { return reinterpret_cast<std::byte*>(memory_.get()); }
    void write_size(std::size_t at, std::uint32_t size) noexcept {
        std::memcpy(base() + (at & mask_), &size, sizeof size);
    }
    std::uint32_t read_size(std::size_t at) const noexcept {
        std::uint32_t size = 0;
        std::memcpy(&size, base() + (at & mask_), sizeof size);
        return size;
    }

    const std::size_t mask_;
    const std::unique_ptr<std::uint64_t[]> memory_;
    alignas(kCacheLine) std::atomic<std::size_t> tail_{0};
    std::size_t reserved_at_ = 0;
    std::uint32_t reserved_ = 0;
    alignas(kCacheLine) std::atomic<std::size_t> head_{0};
};

} // namespace backline::rt
