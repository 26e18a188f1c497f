// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/clock.hpp"

#include <cstdlib>
#include <limits>

#include <ctime>

namespace backline::control {
namespace {

constexpr std::int64_t kGiga = 1'000'000'000;
constexpr std::int64_t kDay = 86'400;                 // s
constexpr std::uint64_t kSampleEvery = 1'000'000'000; // ns

std::int64_t read(clockid_t clock) noexcept {
    timespec now{};
    clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * kGiga + now.tv_nsec;
}

} // namespace

std::int64_t unix_ns_near(protocol::TimeTag tag, std::int64_t now_unix_ns) noexcept {
    constexpr std::int64_t era = std::int64_t{1} << 32; // seconds
    const std::int64_t now = now_unix_ns / kGiga + protocol::kNtpToUnixSeconds;
    const auto seconds = static_cast<std::int64_t>(tag.ntp >> 32);
    std::int64_t since_1900 = now / era * era + seconds;
    for (const std::int64_t other : {since_1900 - era, since_1900 + era})
        if (std::abs(other - now) <= kDay) since_1900 = other;
    // Rounded as unix_ns() does.
    const std::uint64_t fraction = tag.ntp & 0xffff'ffff;
    const auto ns = static_cast<std::int64_t>((fraction * kGiga + (std::uint64_t{1} << 31)) >> 32);
    return (since_1900 - protocol::kNtpToUnixSeconds) * kGiga + ns;
}

std::uint64_t now_ns() noexcept {
    return static_cast<std::uint64_t>(read(CLOCK_MONOTONIC_RAW));
}

std::int64_t WallClock::to_raw(protocol::TimeTag tag) {
    sample();
    const std::int64_t now = static_cast<std::int64_t>(now_ns()) + offset_;
    return unix_ns_near(tag, now) - offset_;
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

} // namespace backline::control
