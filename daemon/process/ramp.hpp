// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <cstdint>
#include <memory>

namespace backline::process {

/// The way a switched gain takes: the running sum of a Hann window (F. J. Harris, "On the use of
/// windows for harmonic analysis with the discrete Fourier transform", Proc. IEEE 66(1), 1978,
/// section V.C). A step convolved with that window leaves -107 dBFS above 5 kHz of a full-scale
/// 997 Hz sine at -6 dBFS; a straight line of the same 10 ms leaves -71.
class RampShape {
  public:
    /// How long switched gains take.
    static constexpr double kSeconds = 0.010;

    /// For ramps of `seconds` at `rate` frames per second. Allocates. [engine]
    RampShape(double rate, double seconds);

    /// Length of the way.
    std::uint32_t frames() const noexcept { return frames_; }
    /// The part of the way, 0..1, that is done in the frame that is `age` (< frames()) frames after
    /// the first; the last is 1.
    BACKLINE_RT float at(std::uint32_t age) const noexcept { return steps_[age]; }

  private:
    std::uint32_t frames_;
    std::unique_ptr<float[]> steps_;
};

/// A gain that is switched: its target convolved with the window of RampShape, however often and
/// however closely the target changes. Outlives plans. [audio, unless nobody runs it]
class Ramp {
  public:
    /// Settled at `value`.
    explicit Ramp(float value) noexcept : base_(value), target_(value) {}

    /// Goes to `target`; the first frame that differs is the one after `wait` frames from now.
    BACKLINE_RT void to(float target, std::uint32_t wait = 0) noexcept;
    /// Is at `value` from now on.
    BACKLINE_RT void jump(float value) noexcept {
        target_ = value;
        settle();
    }
    /// Is at its target from now on.
    BACKLINE_RT void settle() noexcept {
        base_ = target_;
        count_ = 0;
    }

    /// Whether it is on its way.
    BACKLINE_RT bool moving() const noexcept { return count_ != 0; }
    /// Where it goes, or is.
    BACKLINE_RT float target() const noexcept { return target_; }
    /// Whether it is settled at exactly `value`.
    BACKLINE_RT bool rests_at(float value) const noexcept { return count_ == 0 && base_ == value; }

    /// Writes the gains of the next `frames` and returns how many it wrote: from there on the gain
    /// is target(). With `shape` nullptr the target is reached at once.
    BACKLINE_RT std::uint32_t run(const RampShape* shape, float* gains,
                                  std::uint32_t frames) noexcept;

  private:
    /// A change of the target, under way or still to come.
    struct Step {
        float change;
        std::int32_t age; ///< frames since it began; negative: frames until it does
    };
    /// More changes than this within one window wait for the oldest to be over.
    static constexpr std::uint32_t kSteps = 16;

    float base_; ///< the sum of all changes that are over
    float target_;
    std::uint32_t count_ = 0;
    std::uint32_t length_ = 0; ///< of the window, frames; as of the newest run()
    Step steps_[kSteps];
};

/// Multiplies by what run() wrote: the first `moving` gains, then `rest`. In place or not. [audio]
BACKLINE_RT void apply_gain(float* to, const float* from, const float* gains, std::uint32_t moving,
                            float rest, std::uint32_t frames) noexcept;

} // namespace backline::process
