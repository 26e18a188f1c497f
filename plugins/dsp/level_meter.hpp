// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// @file
/// Peak, RMS and clip count of one channel.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace backline::dsp {

/// Decibels of a power; anything below -200 dB is -200.
inline double power_db(double power) noexcept {
    return 10.0 * std::log10(std::max(power, 1e-20));
}

/// Measures one channel in blocks of a fixed length: add() samples until the block is full, then
/// end_block(). Samples are summed by their place in the block, so that cutting a block into
/// several add() changes no bit. After the constructor everything is real-time safe.
class LevelMeter {
  public:
    /// A sample at or beyond the largest positive value of 16-bit sound is clipped.
    static constexpr float kClip = 1.0f - 1.0f / 32768.0f;

    /// Blocks of `block` frames; RMS over the last `blocks` of them, weighted equally.
    LevelMeter(uint32_t block, uint32_t blocks) : block_(block), sums_(blocks) {}

    /// Adds `n` samples; no more than fit into the block.
    void add(const float* x, uint32_t n) noexcept {
        Lanes lanes = lanes_; // a local copy cannot alias x: it stays in registers
        uint32_t i = 0;
        for (; i < n && (at_ + i) % kLanes != 0; ++i)
            lanes.add((at_ + i) % kLanes, x[i]);
        for (; i + kLanes <= n; i += kLanes)
            lanes.add(x + i);
        for (; i < n; ++i)
            lanes.add((at_ + i) % kLanes, x[i]);
        lanes_ = lanes;
        at_ += n;
    }
    /// Adds `n` samples of exactly 0; the same bits as add() of zeros.
    void add_silence(uint32_t n) noexcept { at_ += n; }

    /// Closes the block.
    void end_block() noexcept {
        double sum = 0.0;
        for (uint32_t l = 0; l < kLanes; ++l) {
            sum += double{lanes_.squares[l]};
            peak_ = std::max(peak_, lanes_.peaks[l]);
            clips_ += static_cast<uint64_t>(lanes_.clipped[l]);
        }
        lanes_ = {};
        at_ = 0;
        sums_[next_] = sum;
        next_ = (next_ + 1) % sums_.size();
        filled_ = std::min(filled_ + 1, sums_.size());
    }

    /// Largest magnitude of the blocks closed since the last call.
    float take_peak() noexcept { return std::exchange(peak_, 0.0f); }
    /// Mean of the squares over the window, or over what there is of it since the start.
    double mean_square() const noexcept {
        double sum = 0.0;
        for (const double s : sums_)
            sum += s;
        return sum / static_cast<double>(std::max<uint64_t>(window_frames(), 1));
    }
    /// Frames that mean_square() covers.
    uint64_t window_frames() const noexcept { return uint64_t{block_} * filled_; }
    /// Samples clipped since construction or reset().
    uint64_t clips() const noexcept { return clips_; }

    /// Forgets everything.
    void reset() noexcept {
        lanes_ = {};
        std::fill(sums_.begin(), sums_.end(), 0.0);
        at_ = 0;
        next_ = filled_ = 0;
        peak_ = 0.0f;
        clips_ = 0;
    }

  private:
    /// Independent sums, side by side in a vector type of the compiler that every CPU has.
    static constexpr uint32_t kLanes = 4;
    struct Lanes {
        using Floats [[gnu::vector_size(kLanes * sizeof(float))]] = float;
        using Counts [[gnu::vector_size(kLanes * sizeof(int32_t))]] = int32_t;
        Floats squares{};
        Floats peaks{};
        Counts clipped{};

        /// One sample into lane `l`.
        void add(uint32_t l, float x) noexcept {
            const float magnitude = std::abs(x);
            squares[l] += x * x;
            peaks[l] = magnitude > peaks[l] ? magnitude : peaks[l];
            clipped[l] += magnitude >= kClip ? 1 : 0;
        }
        /// A sample into each lane.
        void add(const float* x) noexcept {
            Floats v;
            std::memcpy(&v, x, sizeof v);
            const Floats magnitude = v < 0.0f ? -v : v;
            squares += v * v;
            peaks = magnitude > peaks ? magnitude : peaks;
            clipped -= magnitude >= kClip; // true is -1
        }
    };

    uint32_t block_;
    uint32_t at_ = 0; ///< frames in the open block
    Lanes lanes_;
    std::vector<double> sums_; ///< of squares, per block, circular
    std::size_t next_ = 0;
    std::size_t filled_ = 0;
    float peak_ = 0.0f;
    uint64_t clips_ = 0;
};

} // namespace backline::dsp
