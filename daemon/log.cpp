// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/log.hpp"

#include "daemon/rt/log_ring.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>

#include <fmt/core.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace backline::log {
namespace {

// LogLevel -> spdlog's levels and syslog's priorities (syslog(3): debug 7, info 6, warning 4, err
// 3).
constexpr std::array kSpdlogLevel{spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                  spdlog::level::err};

/// %*: "<N>", the priority as the journal reads it from a stream (sd-daemon(3)).
class PriorityFlag : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm&,
                spdlog::memory_buf_t& out) override {
        const char digit = message.level >= spdlog::level::err    ? '3'
                           : message.level >= spdlog::level::warn ? '4'
                           : message.level >= spdlog::level::info ? '6'
                                                                  : '7';
        for (const char c : {'<', digit, '>'})
            out.push_back(c);
    }
    std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<PriorityFlag>();
    }
};

/// True when standard error is the journal's socket: $JOURNAL_STREAM names its device and inode,
/// and a redirected child must not mistake its own stderr for it (systemd.exec(5)).
bool stderr_is_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
    return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

spdlog::logger& logger() {
    static spdlog::logger instance("backline", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    return instance;
}

std::atomic<LogLevel> current_level{LogLevel::info};

/// Control characters as escapes; everything else, UTF-8 included, as it is.
std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n')
            result += "\\n";
        else if (byte < 0x20 || byte == 0x7f)
            result += fmt::format("\\x{:02x}", byte);
        else
            result += c;
    }
    return result;
}

} // namespace

void open(LogLevel level) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<PriorityFlag>('*').set_pattern(
        stderr_is_journal() ? "%*%v" : "%Y-%m-%d %H:%M:%S.%e %l: %v");
    logger().set_formatter(std::move(formatter));
    logger().set_level(spdlog::level::trace); // ours decides
    logger().flush_on(spdlog::level::trace);
    set_level(level);
}

void set_level(LogLevel level) noexcept {
    current_level.store(level, std::memory_order_relaxed);
}

LogLevel level() noexcept {
    return current_level.load(std::memory_order_relaxed);
}

void write(LogLevel level, std::string_view message) {
    if (level < log::level()) return;
    logger().log(kSpdlogLevel[static_cast<std::size_t>(level)], printable(message));
}

RateLimit::RateLimit(std::uint32_t burst, Clock::duration window)
    : burst_(std::max(burst, 1u)), window_(window) {}

std::optional<std::uint64_t> RateLimit::admit(std::string_view key, Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    auto it = entries_.find(key);
    if (it == entries_.end()) {
        if (entries_.size() >= kMaxKeys) key = {}; // the keys that came too late share one
        it = entries_.try_emplace(std::string(key), Entry{now, 0, 0}).first;
    }
    Entry& entry = it->second;
    if (now - entry.window_start >= window_) {
        entry.window_start = now;
        entry.written = 0;
    }
    if (entry.written >= burst_) {
        ++entry.held_back;
        return std::nullopt;
    }
    ++entry.written;
    return std::exchange(entry.held_back, 0);
}

void write_limited(LogLevel level, std::string_view key, std::string_view message) {
    if (level < log::level()) return;
    static RateLimit limit;
    const auto held_back = limit.admit(key);
    if (!held_back) return;
    if (*held_back == 0)
        write(level, message);
    else
        write(level, fmt::format("{} ({} more like this were not written)", message, *held_back));
}

std::size_t drain(rt::LogRing& ring, std::span<const RealtimeText> texts) {
    constexpr std::size_t kAtMost = 256;
    std::size_t taken = 0;
    for (rt::LogRecord record; taken < kAtMost && ring.try_pop(record); ++taken) {
        const std::string key = fmt::format("rt {}", record.code);
        if (record.code >= texts.size()) {
            write_limited(
                LogLevel::warning, key,
                fmt::format("audio thread: code {} ({}, {})", record.code, record.a, record.b));
            continue;
        }
        const RealtimeText& text = texts[record.code];
        write_limited(
            text.level, key,
            fmt::format(fmt::runtime(text.text), fmt::arg("a", record.a), fmt::arg("b", record.b)));
    }
    return taken;
}

} // namespace backline::log
