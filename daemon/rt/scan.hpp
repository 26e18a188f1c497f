// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <bit>
#include <cstdint>

namespace backline::rt {

/// What a look at a block of samples found.
struct Scan {
    bool finite; ///< no NaN and no infinity
    bool silent; ///< every sample is +0 or -0
};

/// Looks at `frames` samples in one pass of integer operations that the compiler vectorises.
/// Adding one exponent step to the exponent bits carries into the sign bit only for NaN and Inf.
BACKLINE_RT inline Scan scan(const float* samples, std::uint32_t frames) noexcept {
    std::uint32_t overflow = 0;
    std::uint32_t any = 0;
    for (std::uint32_t i = 0; i < frames; ++i) {
        const auto bits = std::bit_cast<std::uint32_t>(samples[i]);
        overflow |= (bits & 0x7f800000u) + 0x00800000u;
        any |= bits;
    }
    return {(overflow & 0x80000000u) == 0, (any & 0x7fffffffu) == 0};
}

/// Replaces every NaN and infinity by 0 and returns how many there were.
BACKLINE_RT inline std::uint32_t scrub(float* samples, std::uint32_t frames) noexcept {
    std::uint32_t found = 0;
    for (std::uint32_t i = 0; i < frames; ++i) {
        const auto bits = std::bit_cast<std::uint32_t>(samples[i]);
        if ((bits & 0x7f800000u) == 0x7f800000u) {
            samples[i] = 0.0f;
            ++found;
        }
    }
    return found;
}

} // namespace backline::rt
