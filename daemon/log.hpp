// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace backline::rt {
class LogRing;
}

/// Messages for the person who runs the daemon, on standard error: with "<N>" priorities when that
/// is the journal, with the time and level when it is not. Every function may be called from any
/// thread except the audio thread, which has rt::LogRing.
namespace backline::log {

/// Sets where messages go and which; call it once, before other threads run. Until then messages of
/// level info and above go to standard error.
void open(LogLevel level);

/// Changes which messages are written from now on.
void set_level(LogLevel level) noexcept;

/// The present level.
LogLevel level() noexcept;

/// Writes one message; line breaks and control characters in it are written as escapes, so that
/// text from the network cannot forge a line.
void write(LogLevel level, std::string_view message);

/// Formats (fmt's syntax) and writes, unless the level is not wanted.
template <typename... Args>
void debug(fmt::format_string<Args...> text, Args&&... args) {
    if (level() <= LogLevel::debug)
        write(LogLevel::debug, fmt::format(text, std::forward<Args>(args)...));
}
/// As debug().
template <typename... Args>
void info(fmt::format_string<Args...> text, Args&&... args) {
    if (level() <= LogLevel::info)
        write(LogLevel::info, fmt::format(text, std::forward<Args>(args)...));
}
/// As debug().
template <typename... Args>
void warning(fmt::format_string<Args...> text, Args&&... args) {
    if (level() <= LogLevel::warning)
        write(LogLevel::warning, fmt::format(text, std::forward<Args>(args)...));
}
/// As debug().
template <typename... Args>
void error(fmt::format_string<Args...> text, Args&&... args) {
    write(LogLevel::error, fmt::format(text, std::forward<Args>(args)...));
}

/// Lets through a few messages per key and counts the rest, so that what repeats a thousand times a
/// second fills no disk. Bounded: past `kMaxKeys` keys the rest share one. Any thread.
class RateLimit {
  public:
    using Clock = std::chrono::steady_clock;     ///< What time is measured with.
    static constexpr std::size_t kMaxKeys = 256; ///< Keys told apart.

    /// At most `burst` (>= 1) messages per key in every `window`.
    explicit RateLimit(std::uint32_t burst = 5, Clock::duration window = std::chrono::seconds(10));

    /// The number of messages held back since the last one let through when this one may be
    /// written; nothing when it may not.
    std::optional<std::uint64_t> admit(std::string_view key, Clock::time_point now = Clock::now());

  private:
    struct Entry {
        Clock::time_point window_start;
        std::uint32_t written = 0;
        std::uint64_t held_back = 0;
    };
    std::mutex mutex_;
    std::map<std::string, Entry, std::less<>> entries_;
    std::uint32_t burst_;
    Clock::duration window_;
};

/// Writes `message` unless five with this key were written in the last 10 s; the next one let
/// through says how many were not.
void write_limited(LogLevel level, std::string_view key, std::string_view message);

/// Formats and writes as write_limited().
template <typename... Args>
void limited(LogLevel at, std::string_view key, fmt::format_string<Args...> text, Args&&... args) {
    if (level() <= at) write_limited(at, key, fmt::format(text, std::forward<Args>(args)...));
}

/// What a code of the real-time log means: fmt text in which {a} and {b} are the record's numbers.
struct RealtimeText {
    LogLevel level;   ///< Of the message.
    const char* text; ///< fmt syntax.
};

/// Writes what the audio thread has logged, rate-limited per code; a record's code is its index in
/// `texts`, a code beyond them is written as a number. Takes at most 256 a call. Returns the
/// number of records taken. One thread only: the ring's consumer. What the ring lost is its lost().
std::size_t drain(rt::LogRing& ring, std::span<const RealtimeText> texts);

} // namespace backline::log
