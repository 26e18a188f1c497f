// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/cycle.hpp"

#include <cstdint>

namespace backline::engine {

/// The sample clock at a moment of CLOCK_MONOTONIC_RAW: extrapolated at the nominal rate from when
/// the newest cycle began. @p fallback_rate counts while no cycle has run.
std::uint64_t frame_at(const process::TimeAnchor& anchor, std::int64_t raw_ns,
                       double fallback_rate) noexcept;

/// The moment at which the sample clock stood (or will stand) at @p frame, in ns of
/// CLOCK_MONOTONIC_RAW.
std::uint64_t raw_at(const process::TimeAnchor& anchor, std::uint64_t frame) noexcept;

} // namespace backline::engine
