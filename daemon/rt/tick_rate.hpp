// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/ticks.hpp"

#include <ctime>

namespace backline::rt {

/// Nanoseconds of CLOCK_MONOTONIC_RAW, the clock JACK uses. Reads the vDSO, no system call. [any]
inline std::uint64_t monotonic_ns() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u
           + static_cast<std::uint64_t>(now.tv_nsec);
}

/// How many nanoseconds one tick of ticks() lasts, measured against the clock over the time since
/// construction: better the longer the daemon runs. [control side]
class TickRate {
  public:
    /// Begins to measure.
    TickRate() noexcept : ticks_(ticks()), ns_(monotonic_ns()) {}

    /// Valid from 1 ms after construction on; 0 before.
    double ns_per_tick() const noexcept {
        const std::uint64_t ns = monotonic_ns() - ns_;
        const std::uint64_t passed = ticks() - ticks_;
        return ns < 1'000'000 || passed == 0
                   ? 0.0
                   : static_cast<double>(ns) / static_cast<double>(passed);
    }

  private:
    std::uint64_t ticks_;
    std::uint64_t ns_;
};

} // namespace backline::rt
