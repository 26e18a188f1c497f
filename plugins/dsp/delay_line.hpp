// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace backline::dsp {

/// Weights that read a delay line between its samples: Lagrange interpolation over as many samples
/// as there are on both sides, at most 8 (7th order). Read in the middle of its span it never
/// amplifies at any frequency (T. Laakso et al., "Splitting the unit delay", IEEE Signal Processing
/// Magazine 13(1), 1996, section on Lagrange interpolation), so that a feedback loop below 1 stays
/// below 1; a whole number of samples is exact.
struct DelayTap {
    static constexpr uint32_t kMaxTaps = 8; ///< most samples one reading takes

    uint32_t newest = 0;                       ///< delay of the first weight's sample
    uint32_t count = 1;                        ///< of weights in use
    std::array<float, kMaxTaps> weights{1.0f}; ///< from the newest sample on

    /// For a delay of `frames` >= 0. Below 1 frame the newest sample is the current one.
    static DelayTap at(double frames) noexcept {
        const double whole = std::floor(frames);
        const double fraction = frames - whole;
        DelayTap tap;
        tap.newest = static_cast<uint32_t>(whole);
        if (fraction == 0.0) return tap;
        const uint32_t side = std::clamp(tap.newest, 1u, kMaxTaps / 2);
        tap.newest -= side - 1;
        tap.count = 2 * side;
        const double d = fraction + (side - 1); // from the first sample of the span
        // Weight k is the product over j != k of (d - j) / (k - j), as prefix times suffix.
        std::array<double, kMaxTaps + 1> suffix;
        suffix[tap.count] = 1.0;
        for (uint32_t j = tap.count; j-- > 0;)
            suffix[j] = suffix[j + 1] * (d - j);
        double prefix = 1.0;
        for (uint32_t k = 0; k < tap.count; ++k) {
            tap.weights[k] = static_cast<float>(prefix * suffix[k + 1]
                                                / (kFactorials[k] * kFactorials[tap.count - 1 - k]
                                                   * ((tap.count - 1 - k) % 2 == 0 ? 1.0 : -1.0)));
            prefix *= d - k;
        }
        return tap;
    }

  private:
    static constexpr std::array<double, kMaxTaps> kFactorials{1, 1, 2, 6, 24, 120, 720, 5040};
};

/// One channel's past, up to a length fixed when prepared.
class DelayLine {
  public:
    /// Allocates for delays of up to `max_frames`.
    void prepare(size_t max_frames) {
        line_.assign(std::bit_ceil(max_frames + DelayTap::kMaxTaps + 1), 0.0f);
        reset();
    }

    /// Forgets the past, in constant time.
    void reset() noexcept { known_ = 0; }

    /// Starts a new frame with sample `x`, at delay 0.
    void push(float x) noexcept {
        at_ = (at_ + 1) & (line_.size() - 1);
        line_[at_] = x;
        known_ += known_ < line_.size();
    }
    /// Adds to the sample at delay 0.
    void add(float x) noexcept { line_[at_] += x; }

    /// Reads through `tap`, which lies within the length prepared.
    float read(const DelayTap& tap) const noexcept {
        const size_t mask = line_.size() - 1;
        // What lies before the last reset is silence.
        const size_t known = known_ > tap.newest ? known_ - tap.newest : 0;
        const uint32_t count = static_cast<uint32_t>(std::min<size_t>(tap.count, known));
        const size_t first = at_ - tap.newest;
        float sum = 0.0f;
        for (uint32_t k = 0; k < count; ++k)
            sum += tap.weights[k] * line_[(first - k) & mask];
        return sum;
    }

  private:
    std::vector<float> line_{0.0f}; ///< a power of two long
    size_t at_ = 0;
    size_t known_ = 0; ///< samples pushed since the last reset, at most the length
};

} // namespace backline::dsp
