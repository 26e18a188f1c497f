// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace backline::rt {

/// Counts of values in buckets of equal ratio, eight to the octave, so that a quantile is right to
/// 6.25 % at any size: one store per value, no memory that grows. One writer; any readers, to whom
/// values that come while they look may be there or not.
class Histogram {
  public:
    static constexpr std::uint32_t kSteps = 8;    ///< to the octave
    static constexpr std::uint32_t kOctaves = 40; ///< larger values count as the largest
    static constexpr std::uint32_t kBuckets = kSteps * (kOctaves - 2); ///< in all

    /// Counts a value. [writer]
    BACKLINE_RT void add(std::uint64_t value) noexcept {
        std::atomic<std::uint64_t>& count = counts_[bucket(value)];
        count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

    /// The value that a fraction `p` (0..1) of the values do not exceed, by the nearest rank; 0
    /// while there are none. [any]
    double quantile(double p) const noexcept {
        std::array<std::uint64_t, kBuckets> counts;
        std::uint64_t all = 0;
        for (std::uint32_t i = 0; i < kBuckets; ++i)
            all += counts[i] = counts_[i].load(std::memory_order_relaxed);
        if (all == 0) return 0.0;
        const double rank = p * static_cast<double>(all);
        std::uint64_t below = 0;
        for (std::uint32_t i = 0; i < kBuckets; ++i) {
            below += counts[i];
            if (below != 0 && static_cast<double>(below) >= rank) return middle(i);
        }
        return middle(kBuckets - 1);
    }

    /// The bucket of a value: exact below 2 * kSteps, then the leading one and the three bits after
    /// it.
    BACKLINE_RT static constexpr std::uint32_t bucket(std::uint64_t value) noexcept {
        if (value < kSteps) return static_cast<std::uint32_t>(value);
        const auto shift = static_cast<std::uint32_t>(std::bit_width(value)) - 4;
        const std::uint32_t index =
            (shift + 1) * kSteps + static_cast<std::uint32_t>(value >> shift & (kSteps - 1));
        return index < kBuckets ? index : kBuckets - 1;
    }
    /// The middle of a bucket's values.
    static constexpr double middle(std::uint32_t index) noexcept {
        if (index < 2 * kSteps) return static_cast<double>(index);
        const std::uint32_t shift = index / kSteps - 1;
        const auto first = static_cast<double>(std::uint64_t{kSteps + index % kSteps} << shift);
        return first + 0.5 * static_cast<double>(std::uint64_t{1} << shift);
    }

  private:
    std::array<std::atomic<std::uint64_t>, kBuckets> counts_{};
};

} // namespace backline::rt
