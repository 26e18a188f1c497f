// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/sample_time.hpp"
#include "protocol/messages.hpp"

#include <cstdint>

namespace backline::control {

/// Nanoseconds of CLOCK_MONOTONIC_RAW, the clock of JACK and of process::TimeAnchor. Any thread.
std::uint64_t now_ns() noexcept;

/// Nanoseconds since 1970 of a timetag, of whose seconds only the lower 32 bits travel: in the NTP
/// era that brings it within a day of @p now_unix_ns, if one does, else in the era of now. So tags
/// go on where the era ends in 2036, and one of 1900 is past rather than ahead.
std::int64_t unix_ns_near(protocol::TimeTag tag, std::int64_t now_unix_ns) noexcept;

/// Ties the wall clock, in which OSC tells time, to CLOCK_MONOTONIC_RAW, in which everything else
/// is told. Whoever steps the wall clock moves what is sent afterwards and nothing that is already
/// scheduled. One thread.
class WallClock {
  public:
    /// The moment of @p tag in ns of CLOCK_MONOTONIC_RAW, read as unix_ns_near() does; negative
    /// when it lies before that clock began. Not for kImmediately.
    std::int64_t to_raw(protocol::TimeTag tag);
    /// The wall-clock time of a moment of CLOCK_MONOTONIC_RAW.
    protocol::TimeTag from_raw(std::uint64_t raw_ns);

  private:
    void sample();

    std::int64_t offset_ = 0;      ///< wall clock - raw clock, ns
    std::uint64_t sampled_at_ = 0; ///< raw; 0 = never
};

using engine::frame_at;
using engine::raw_at;

} // namespace backline::control
