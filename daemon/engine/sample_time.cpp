// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/sample_time.hpp"

#include "daemon/rt/tick_rate.hpp"

#include <cmath>

namespace backline::engine {

namespace {

constexpr double kGiga = 1e9;

} // namespace

std::uint64_t frame_at(const process::TimeAnchor& anchor, std::int64_t raw_ns,
                       double fallback_rate) noexcept {
    const double rate = anchor.rate > 0.0 ? anchor.rate : fallback_rate;
    const auto ahead = static_cast<double>(raw_ns - static_cast<std::int64_t>(anchor.ns));
    const double frame = std::round(ahead * rate / kGiga);
    if (frame < -static_cast<double>(anchor.clock)) return 0;
    return anchor.clock + static_cast<std::uint64_t>(static_cast<std::int64_t>(frame));
}

std::uint64_t raw_at(const process::TimeAnchor& anchor, std::uint64_t frame) noexcept {
    if (anchor.rate <= 0.0) return rt::monotonic_ns();
    const auto ahead = static_cast<double>(static_cast<std::int64_t>(frame - anchor.clock));
    const auto ns = static_cast<std::int64_t>(ahead * kGiga / anchor.rate);
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(anchor.ns) + ns);
}

} // namespace backline::engine
