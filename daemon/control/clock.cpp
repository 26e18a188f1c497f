// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/clock.hpp"

#include <cmath>
#include <limits>

#include <ctime>

namespace backline::control {
namespace {

constexpr std::int64_t kGiga = 1'000'000'000;
constexpr std::uint64_t kSampleEvery = 1'000'000'000; // ns

std::int64_t read(clockid_t clock) noexcept {
    timespec now{};
    clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * kGiga + now.tv_nsec;
}

} // namespace

std::uint64_t now_ns() noexcept {
    return static_cast<std::uint64_t>(read(CLOCK_MONOTONIC_RAW));
}

std::int64_t WallClock::to_raw(protocol::TimeTag tag) {
    sample();
    return tag.unix_ns() - offset_;
}

protocol::TimeTag WallClock::from_raw(std::uint64_t raw_ns) {
    sample();
    return protocol::TimeTag::from_unix_ns(static_cast<std::int64_t>(raw_ns) + offset_);
}

void WallClock::sample() {
    const std::uint64_t now = now_ns();
    if (sampled_at_ != 0 && now - sampled_at_ < kSampleEvery) return;
    sampled_at_ = now;
    // Of several tries the one with the least time between its two looks at the raw clock.
    std::int64_t best = std::numeric_limits<std::int64_t>::max();
    for (int i = 0; i < 4; ++i) {
        const std::int64_t before = read(CLOCK_MONOTONIC_RAW);
        const std::int64_t wall = read(CLOCK_REALTIME);
        const std::int64_t after = read(CLOCK_MONOTONIC_RAW);
        if (after - before >= best) continue;
        best = after - before;
        offset_ = wall - (before + best / 2);
    }
}

std::uint64_t frame_at(const process::TimeAnchor& anchor, std::int64_t raw_ns,
                       double fallback_rate) noexcept {
    const double rate = anchor.rate > 0.0 ? anchor.rate : fallback_rate;
    const auto ahead = static_cast<double>(raw_ns - static_cast<std::int64_t>(anchor.ns));
    const double frame = std::round(ahead * rate / static_cast<double>(kGiga));
    if (frame < -static_cast<double>(anchor.clock)) return 0;
    return anchor.clock + static_cast<std::uint64_t>(static_cast<std::int64_t>(frame));
}

std::uint64_t raw_at(const process::TimeAnchor& anchor, std::uint64_t frame) noexcept {
    if (anchor.rate <= 0.0) return now_ns();
    const auto ahead = static_cast<double>(static_cast<std::int64_t>(frame - anchor.clock));
    const auto ns = static_cast<std::int64_t>(ahead * static_cast<double>(kGiga) / anchor.rate);
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(anchor.ns) + ns);
}

} // namespace backline::control
