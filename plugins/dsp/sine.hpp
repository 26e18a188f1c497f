// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace backline::dsp {

/// sin of a phase in turns of 2^32: the Taylor series of sin to the 13th order over a quarter turn,
/// -183 dB away from sin. Branch-free, so that loops over it vectorise.
inline double sine_of_turns(int32_t phase) noexcept {
    constexpr double kTurn = 1.0 / 4294967296.0;
    // Coefficients of sin(2 pi x) = sum c x^n: c = +-(2 pi)^n / n!
    constexpr double kPi2 = 6.283185307179586;
    constexpr double kSquare = kPi2 * kPi2;
    constexpr double c1 = kPi2;
    constexpr double c3 = -c1 * kSquare / (2.0 * 3.0);
    constexpr double c5 = -c3 * kSquare / (4.0 * 5.0);
    constexpr double c7 = -c5 * kSquare / (6.0 * 7.0);
    constexpr double c9 = -c7 * kSquare / (8.0 * 9.0);
    constexpr double c11 = -c9 * kSquare / (10.0 * 11.0);
    constexpr double c13 = -c11 * kSquare / (12.0 * 13.0);
    const double turns = static_cast<double>(phase) * kTurn; // -0.5 .. 0.5
    const double folded = 0.25 - std::fabs(std::fabs(turns) - 0.25);
    const double x = std::copysign(folded, turns);
    const double x2 = x * x;
    return x * (c1 + x2 * (c3 + x2 * (c5 + x2 * (c7 + x2 * (c9 + x2 * (c11 + x2 * c13))))));
}

/// Phase of an oscillator as a 64-bit fraction of a turn, which wraps by itself and never rounds:
/// the frequency is right to 2^-64 of the rate, for ever.
class Phase {
  public:
    /// What one frame adds at `frequency` Hz, at most rate/2.
    static uint64_t increment(double frequency, double rate) noexcept {
        return static_cast<uint64_t>(std::min(frequency / rate, 0.5) * 18446744073709551616.0);
    }
    /// Returns the phase in turns of 2^32, then moves on.
    int32_t advance(uint64_t increment) noexcept {
        const auto now = static_cast<int32_t>(static_cast<uint32_t>(phase_ >> 32));
        phase_ += increment;
        return now;
    }
    /// Back to phase 0.
    void reset() noexcept { phase_ = 0; }

  private:
    uint64_t phase_ = 0;
};

} // namespace backline::dsp
