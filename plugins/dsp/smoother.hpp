// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// @file
/// Parameters without clicks. A smoother's output is its target convolved with a fixed kernel, a
/// quadratic B-spline, which is three running means of 5 ms: 15 ms in all, and never restarted, so
/// that a new value on the way adds no corner.
///
/// The running means are a cascaded integrator-comb filter in modular integer arithmetic
/// (E. Hogenauer, "An economical class of digital filters for decimation and interpolation", IEEE
/// Trans. ASSP 29(2), 1981, section II), hence without rounding: the state is a function of the
/// samples since the last change alone and gives the same bits however a run is cut.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "plugins/dsp/decibel.hpp"

namespace backline::dsp {

/// Smooths a value within a fixed range, linearly.
class Smoother {
  public:
    /// Length of the kernel in seconds (less above 400 kHz).
    static constexpr double kSeconds = 0.015;

    /// Allocates for values of min..max (min < max) at `rate` frames per second, and settles at
    /// `value`.
    void prepare(double rate, double min, double max, double value) {
        const double box = std::clamp(std::round(rate * kSeconds / 3.0), 1.0, 2000.0);
        box_ = static_cast<uint32_t>(box);
        const uint64_t volume = uint64_t{box_} * box_ * box_;
        // As many bits for the value as leave room for the sums: 39 at 48 kHz, 33 at 192 kHz.
        const int bits = std::min(63 - static_cast<int>(std::bit_width(volume)), 48);
        min_ = min;
        max_ = max;
        to_integer_ = std::ldexp(1.0, bits) / (max - min);
        from_sum_ = 1.0 / (to_integer_ * static_cast<double>(volume));
        history_.assign(size_t{3} * box_, 0);
        jump(value);
    }

    /// Settles at `value` (within the range) at once.
    void jump(double value) noexcept {
        target_ = std::clamp(value, min_, max_);
        integer_ = integer(target_);
        std::fill(history_.begin(), history_.end(), integer_);
        at_ = 0;
        sums_[0] = sums_[1] = 0;
        sums_[2] = integer_ * box_ * box_ * box_;
        moving_ = 0;
    }

    /// Goes to `value` (within the range), starting with the next sample.
    void set(double value) noexcept {
        value = std::clamp(value, min_, max_);
        if (value == target_) return;
        target_ = value;
        integer_ = integer(value);
        moving_ = 3 * box_;
    }

    /// The next sample's value; exactly the target when settled.
    double next() noexcept {
        if (moving_ == 0) return target_;
        const uint32_t length = 3 * box_;
        const auto ago = [&](uint32_t boxes) { // of 1..3 boxes
            const uint32_t index = at_ + (3 - boxes) * box_;
            return history_[index < length ? index : index - length];
        };
        sums_[0] += integer_ - 3 * (ago(1) - ago(2)) - ago(3);
        sums_[1] += sums_[0];
        sums_[2] += sums_[1];
        history_[at_] = integer_;
        if (++at_ == length) at_ = 0;
        if (--moving_ == 0) return target_;
        return min_ + static_cast<double>(sums_[2]) * from_sum_;
    }

    /// Samples until settled.
    uint32_t moving() const noexcept { return moving_; }
    /// Where it is going, exactly as set.
    double target() const noexcept { return target_; }

  private:
    uint64_t integer(double value) const noexcept {
        return static_cast<uint64_t>(std::llround((value - min_) * to_integer_));
    }

    std::vector<uint64_t> history_; ///< the last three boxes of input
    uint64_t integer_ = 0;
    uint64_t sums_[3] = {};
    uint32_t box_ = 1, at_ = 0, moving_ = 0;
    double min_ = 0.0, max_ = 1.0, target_ = 0.0;
    double to_integer_ = 1.0, from_sum_ = 1.0;
};

/// A law says along which line a parameter moves. `to_line` maps its unit to that line, `from_line`
/// back to the number the signal code works with, `settled` from the unit straight to that number,
/// without the detour's rounding. This one: the parameter itself moves in a straight line.
struct LinearLaw {
    static double to_line(double value) { return value; } ///< identity
    static double from_line(double line) { return line; } ///< identity
    static double settled(double value) { return value; } ///< identity
};

/// A level in dB moves linearly in dB and is used as an amplitude; kFloor dB and below are exactly
/// 0.
struct DecibelLaw {
    static constexpr double kFloor = -96.0; ///< dB
    /// The line is in dB.
    static double to_line(double db) { return db; }
    /// dB to amplitude.
    static double from_line(double db) { return db <= kFloor ? 0.0 : amplitude_of(db); }
    /// dB to amplitude.
    static double settled(double db) { return from_line(db); }
};

/// A frequency or ratio moves by equal ratios.
struct LogLaw {
    static double to_line(double value) { return std::log2(value); } ///< value > 0
    static double from_line(double line) { return std::exp2(line); } ///< the value
    static double settled(double value) { return value; }            ///< identity
};

/// A parameter set in its own unit, moved along its law, read as the number the signal code works
/// with (DecibelLaw: amplitude).
template <class Law>
class Smoothed {
  public:
    /// As Smoother::prepare, in the parameter's unit.
    void prepare(double rate, double min, double max, double value) {
        line_.prepare(rate, Law::to_line(min), Law::to_line(max), Law::to_line(value));
        settled_ = Law::settled(value);
    }
    /// Settles at `value` at once.
    void jump(double value) noexcept {
        line_.jump(Law::to_line(value));
        settled_ = Law::settled(value);
    }
    /// Goes to `value` from the next sample on.
    void set(double value) noexcept {
        line_.set(Law::to_line(value));
        settled_ = Law::settled(value);
    }
    /// Settles where it is going.
    void finish() noexcept { line_.jump(line_.target()); }

    /// The next sample's value.
    double next() noexcept {
        if (line_.moving() == 0) return settled_;
        const double line = line_.next();
        return line_.moving() == 0 ? settled_ : Law::from_line(line);
    }
    /// Writes the next values until settled, at most `frames`; returns how many.
    template <class Sample>
    uint32_t ramp(Sample* values, uint32_t frames) noexcept {
        const uint32_t n = std::min(frames, line_.moving());
        for (uint32_t i = 0; i < n; ++i)
            values[i] = static_cast<Sample>(next());
        return n;
    }

    /// Samples until settled; 0: next() returns target() from now on.
    uint32_t moving() const noexcept { return line_.moving(); }
    /// The value it settles at.
    double target() const noexcept { return settled_; }

  private:
    Smoother line_;
    double settled_ = 0.0;
};

} // namespace backline::dsp
