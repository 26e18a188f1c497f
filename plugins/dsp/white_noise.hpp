// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "plugins/dsp/sine.hpp"

namespace backline::dsp {

/// Uniform 64-bit numbers by xoshiro256++ (D. Blackman and S. Vigna, "Scrambled linear
/// pseudorandom number generators", ACM TOMS 47(4), 2021), seeded by SplitMix64 (G. Steele, D. Lea,
/// C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
class Random {
  public:
    Random() = default;
    /// Starts from a state, not all 0.
    explicit Random(const std::array<uint64_t, 4>& state) noexcept : state_(state) {}

    /// Starts stream number `stream` of `seed`: the same numbers every time, others for every other
    /// pair.
    void seed(uint64_t seed, uint64_t stream) noexcept {
        constexpr uint64_t kGamma = 0x9e3779b97f4a7c15;
        // A stream takes 4 numbers of the seed's sequence; `scattered` keeps neighbours apart.
        uint64_t at = scattered(seed + kGamma) + 4 * stream * kGamma;
        for (uint64_t& word : state_)
            word = scattered(at += kGamma);
    }

    /// The next number.
    uint64_t operator()() noexcept {
        const uint64_t out = std::rotl(state_[0] + state_[3], 23) + state_[0];
        const uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return out;
    }

  private:
    /// SplitMix64's finaliser: every input bit reaches every output bit.
    static uint64_t scattered(uint64_t x) noexcept {
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
        x = (x ^ x >> 27) * 0x94d049bb133111eb;
        return x ^ x >> 31;
    }
    std::array<uint64_t, 4> state_{};
};

/// White noise with a normal distribution of RMS 1, repeatable (G. Box and M. Muller, "A note on
/// the generation of random normal deviates", Ann. Math. Stat. 29, 1958).
class WhiteNoise {
  public:
    /// Starts again with channel `channel` of `seed`; channels are uncorrelated.
    void seed(uint64_t seed, uint64_t channel) noexcept {
        random_.seed(seed, channel);
        has_spare_ = false;
    }

    /// The next sample.
    double next() noexcept {
        if (has_spare_) {
            has_spare_ = false;
            return spare_;
        }
        // 53 bits, never 0: the largest deviate is 8.6.
        const double uniform = (static_cast<double>(random_() >> 11) + 1.0) * 0x1p-53;
        const double radius = std::sqrt(-2.0 * std::log(uniform));
        const auto angle = static_cast<uint32_t>(random_() >> 32);
        spare_ = radius * sine_of_turns(static_cast<int32_t>(angle));
        has_spare_ = true;
        return radius * sine_of_turns(static_cast<int32_t>(angle + (1u << 30)));
    }

  private:
    Random random_;
    double spare_ = 0.0;
    bool has_spare_ = false;
};

} // namespace backline::dsp
