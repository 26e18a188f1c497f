// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <cstdint>

#if defined(__x86_64__)
#    include <x86intrin.h>
#endif

namespace backline::rt {

/// The processor's time-stamp counter: cheap enough for every node boundary (about 8 ns), in ticks.
/// The control side converts with a rate it measures (see tick_rate.hpp).
BACKLINE_RT inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
    return __rdtsc();
#elif defined(__aarch64__)
    std::uint64_t value;
    asm volatile("mrs %0, cntvct_el0" : "=r"(value));
    return value;
#else
#    error "no cycle counter known for this processor"
#endif
}

} // namespace backline::rt
