// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/engine.hpp"
#include "protocol/messages.hpp"

#include <cstdint>

namespace backline::control {

/// Nanoseconds of CLOCK_MONOTONIC_RAW, the clock of JACK and of process::TimeAnchor. Any thread.
std::uint64_t now_ns() noexcept;

/// Ties the wall clock, in which OSC tells time, to CLOCK_MONOTONIC_RAW, in which everything else
/// is told. Whoever steps the wall clock moves what is sent afterwards and nothing that is already
/// scheduled. One thread.
class WallClock {
  public:
    /// The moment of @p tag in ns of CLOCK_MONOTONIC_RAW; negative when it lies before that clock
    /// began. Not for kImmediately.
    std::int64_t to_raw(protocol::TimeTag tag);
    /// The wall-clock time of a moment of CLOCK_MONOTONIC_RAW.
    protocol::TimeTag from_raw(std::uint64_t raw_ns);

  private:
    void sample();

    std::int64_t offset_ = 0;      ///< wall clock - raw clock, ns
    std::uint64_t sampled_at_ = 0; ///< raw; 0 = never
};

/// The sample clock at a moment of CLOCK_MONOTONIC_RAW: extrapolated at the nominal rate from when
/// the newest cycle began. @p fallback_rate counts while no cycle has run.
std::uint64_t frame_at(const process::TimeAnchor& anchor, std::int64_t raw_ns,
                       double fallback_rate) noexcept;

/// The moment at which the sample clock stood (or will stand) at @p frame, in ns of
/// CLOCK_MONOTONIC_RAW.
std::uint64_t raw_at(const process::TimeAnchor& anchor, std::uint64_t frame) noexcept;

} // namespace backline::control
