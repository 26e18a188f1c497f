// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/clock.hpp"

#include <chrono>
#include <gtest/gtest.h>

namespace backline::control {
namespace {

constexpr std::int64_t kGiga = 1'000'000'000;

process::TimeAnchor anchor(std::uint64_t clock, std::uint64_t ns) {
    process::TimeAnchor result;
    result.clock = clock;
    result.ns = ns;
    result.frames = 256;
    result.rate = 48000.0;
    return result;
}

TEST(Clock, FramesAreCountedFromWhenTheNewestCycleBegan) {
    const auto at = anchor(1'000'000, 50 * kGiga);
    EXPECT_EQ(frame_at(at, 50 * kGiga, 0.0), 1'000'000u);
    EXPECT_EQ(frame_at(at, 51 * kGiga, 0.0), 1'048'000u);
    EXPECT_EQ(frame_at(at, 49 * kGiga, 0.0), 952'000u);
    // To the nearest sample: one lasts 20.8 us.
    EXPECT_EQ(frame_at(at, 50 * kGiga + 20'833, 0.0), 1'000'001u);
    EXPECT_EQ(frame_at(at, 50 * kGiga + 10'000, 0.0), 1'000'000u);
    EXPECT_EQ(frame_at(at, 50 * kGiga + 86'400 * kGiga, 0.0), 1'000'000u + 86'400u * 48'000u);
    EXPECT_EQ(frame_at(at, 0, 0.0), 0u) << "before the clock began is its beginning";
}

TEST(Clock, WithoutACycleTheRateIsTheGraphs) {
    process::TimeAnchor none;
    none.clock = 500;
    none.ns = static_cast<std::uint64_t>(kGiga);
    EXPECT_EQ(frame_at(none, 2 * kGiga, 44100.0), 44'600u);
}

TEST(Clock, FramesAndTimesAreInverse) {
    const auto at = anchor(1'000'000, 50 * kGiga);
    for (const std::uint64_t frame : {1'000'000ULL, 1'000'001ULL, 999'000ULL, 5'000'000ULL})
        EXPECT_EQ(frame_at(at, static_cast<std::int64_t>(raw_at(at, frame)), 0.0), frame);
}

TEST(Clock, ATagIsReadInTheEraThatBringsItNearNow) {
    constexpr std::int64_t era = (std::int64_t{1} << 32) - protocol::kNtpToUnixSeconds; // 2036
    const auto tag = [](std::uint64_t seconds) { return protocol::TimeTag{seconds << 32}; };
    // On both sides of the end of the era tags mean the moment they were made for.
    for (const std::int64_t now : {era - 3600, era + 3600})
        for (const std::int64_t when : {era - 7200, era - 1, era, era + 1, era + 7200})
            EXPECT_EQ(unix_ns_near(protocol::TimeTag::from_unix_ns(when * kGiga), now * kGiga),
                      when * kGiga)
                << now - era << ' ' << when - era;
    // Far from it they are read in the era of now: 1900 is past, 2036 ahead.
    const std::int64_t now = 1'790'000'000;
    EXPECT_EQ(unix_ns_near(tag(0), now * kGiga), -protocol::kNtpToUnixSeconds * kGiga);
    EXPECT_EQ(unix_ns_near(tag(86'400), now * kGiga),
              (86'400 - protocol::kNtpToUnixSeconds) * kGiga);
    EXPECT_EQ(unix_ns_near(tag(0xffff'ffff), now * kGiga), (era - 1) * kGiga);
    const auto fine = protocol::TimeTag::from_unix_ns(now * kGiga + 123'456'789);
    EXPECT_EQ(unix_ns_near(fine, now * kGiga), now * kGiga + 123'456'789);
}

TEST(Clock, TheWallClockIsFollowed) {
    WallClock wall;
    const auto raw = static_cast<std::int64_t>(now_ns());
    const auto tag = protocol::TimeTag::at(std::chrono::system_clock::now());
    EXPECT_NEAR(static_cast<double>(wall.to_raw(tag) - raw), 0.0, 5e6) << "within 5 ms of now";
    const auto there = wall.from_raw(now_ns() + 3'000'000'000);
    EXPECT_NEAR(static_cast<double>(wall.to_raw(there) - raw), 3e9, 5e6);
}

} // namespace
} // namespace backline::control
