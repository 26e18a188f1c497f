// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/params.hpp"
#include "daemon/rt/annotations.hpp"
#include "daemon/rt/spsc_queue.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace backline::process {

/// How a ramp gets from one value to the next.
enum class Shape : std::uint8_t {
    linear,      ///< equal differences in equal times
    exponential, ///< equal ratios in equal times; a straight line where a value is 0 or changes
                 ///< sign
    smooth,      ///< S: the cubic 3x^2 - 2x^3, level at both ends
};

/// The value a fraction `x` (0..1) of the way between two values. [any]
BACKLINE_RT double shaped(Shape shape, double from, double to, double x) noexcept;

/// One stretch of a curve.
struct Leg {
    std::uint64_t end = 0; ///< frames from the beginning of the curve, ascending
    double to = 0.0;       ///< value at `end`
};

struct CurveSet;

/// The course of one parameter over time, from its value of the moment on. The first members are
/// the engine's; the rest belongs to the audio role once it runs.
struct Curve {
    Handle handle;
    std::uint32_t param = 0;
    Shape shape = Shape::linear;
    bool whole = false;             ///< of an integer: rounded
    std::uint32_t first_leg = 0;    ///< in CurveSet::legs
    std::uint32_t leg_count = 1;    ///< at least 1
    const double* target = nullptr; ///< not null: the last leg's `to` is read here at the start

    CurveSet* set = nullptr;
    ParamBank* bank = nullptr;
    std::uint64_t start = 0; ///< sample clock
    double from = 0.0;       ///< value at the beginning of the present leg
    std::uint32_t leg = 0;   ///< the present one, from 0
    std::uint32_t place = 0; ///< in the list of those that run
};

/// Curves that were prepared together and are freed together, once none of them runs.
struct CurveSet {
    std::vector<Curve> curves;
    std::vector<Leg> legs;
    std::uint32_t running = 0; ///< [audio]
};

/// The curves that run. Each is looked at on a fixed grid of the sample clock, whatever the period:
/// its value becomes an event of the parameter there, which the plugin smooths as it does any
/// other. A parameter has one curve at most. Touched by the audio role, or by the engine under the
/// lease, unless marked otherwise.
class Curves {
  public:
    static constexpr std::uint32_t kGrid = 64;      ///< frames between two values
    static constexpr std::uint32_t kMax = 8192;     ///< handed over and not taken back
    static constexpr std::uint32_t kPerSlice = 512; ///< looked at per slice in real time

    /// Allocates.
    Curves();
    ~Curves();
    Curves(const Curves&) = delete;
    Curves& operator=(const Curves&) = delete;

    /// Starts a curve at `clock` in place of the one the parameter had; a parameter that `bank`
    /// does not have is left alone. [audio]
    BACKLINE_RT void start(CurveSet& set, Curve& curve, ParamBank& bank,
                           std::uint64_t clock) noexcept;
    /// Ends the curve of a parameter, if it has one: it keeps the value it had. [audio]
    BACKLINE_RT void cancel(ParamBank& bank, std::uint32_t param) noexcept {
        if (param < bank.count() && bank.curve(param) != nullptr) end(*bank.curve(param));
    }
    /// Ends all curves of a bank that leaves. [audio]
    BACKLINE_RT void forget(ParamBank& bank) noexcept;
    /// Delivers the values of this frame, when the clock is on the grid; all of them, or as many as
    /// a slice may take in real time, the others at the next. [audio]
    BACKLINE_RT void run(std::uint64_t clock, bool all) noexcept;
    /// Brings every curve to its last value: no time passes by frames now. [audio]
    BACKLINE_RT void jump() noexcept;
    /// How long a slice that begins at `clock` may be. [audio]
    BACKLINE_RT std::uint32_t longest_slice(std::uint64_t clock) const noexcept {
        return count_ == 0 ? UINT32_MAX : kGrid - static_cast<std::uint32_t>(clock % kGrid);
    }

    /// A set of which nothing runs any more, to be freed; nullptr when there is none. [engine]
    std::unique_ptr<CurveSet> take_back() noexcept;

  private:
    BACKLINE_RT bool deliver(Curve& curve, std::uint64_t clock) noexcept;
    BACKLINE_RT void end(Curve& curve) noexcept;

    std::unique_ptr<Curve*[]> running_;
    std::uint32_t count_ = 0;
    std::uint32_t at_ = 0; ///< which is looked at next when not all are
    rt::SpscQueue<CurveSet*> back_;
};

} // namespace backline::process
