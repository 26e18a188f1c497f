// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <atomic>
#include <cstdint>
#include <type_traits>

namespace backline::rt {

/// The newest value of a small record, written by one real-time thread and read by any other. The
/// writer is wait-free; a reader retries while it is being overtaken. Fields pass through relaxed
/// atomic words, so that a torn read is detected and never undefined.
template <typename T>
class LatestValue {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(std::uint64_t) == 0);
    static constexpr unsigned kWords = sizeof(T) / sizeof(std::uint64_t);

  public:
    /// [the one writer]
    BACKLINE_RT void write(const T& value) noexcept {
        std::uint64_t words[kWords];
        __builtin_memcpy(words, &value, sizeof value);
        const std::uint64_t version = version_.load(std::memory_order_relaxed);
        version_.store(version + 1, std::memory_order_relaxed);
        // Release on each word: a reader that sees one of them sees the odd version as well.
        for (unsigned i = 0; i < kWords; ++i)
            words_[i].store(words[i], std::memory_order_release);
        version_.store(version + 2, std::memory_order_release);
    }

    /// [any]
    T read() const noexcept {
        for (;;) {
            const std::uint64_t before = version_.load(std::memory_order_acquire);
            std::uint64_t words[kWords];
            for (unsigned i = 0; i < kWords; ++i)
                words[i] = words_[i].load(std::memory_order_acquire);
            if ((before & 1) == 0 && version_.load(std::memory_order_relaxed) == before) {
                T value;
                __builtin_memcpy(&value, words, sizeof value);
                return value;
            }
        }
    }

  private:
    alignas(kCacheLine) std::atomic<std::uint64_t> version_{0};
    std::atomic<std::uint64_t> words_[kWords]{};
};

} // namespace backline::rt
