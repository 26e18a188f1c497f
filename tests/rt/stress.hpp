// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace backline::test {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr std::uint64_t kStressItems = 500'000; ///< fewer where each access is checked
#else
inline constexpr std::uint64_t kStressItems = 10'000'000;
#endif

/// A mixing function (SplitMix64's finaliser, Steele, Lea and Flood, OOPSLA 2014): neighbours in,
/// unrelated numbers out.
constexpr std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

} // namespace backline::test
