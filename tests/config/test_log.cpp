// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/log.hpp"

#include "daemon/rt/log_ring.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace backline::log {
namespace {

/// What `act` wrote to standard error; with `journal`, standard error says it is the journal.
std::string written(bool journal, const std::function<void()>& act) {
    const std::string path = ::testing::TempDir() + "backline_log_" + std::to_string(getpid());
    const int before = dup(STDERR_FILENO);
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(file, STDERR_FILENO);
    struct stat status {};
    fstat(file, &status);
    if (journal)
        setenv("JOURNAL_STREAM",
               (std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino)).c_str(), 1);
    act();
    unsetenv("JOURNAL_STREAM");
    dup2(before, STDERR_FILENO);
    close(before);
    close(file);
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    unlink(path.c_str());
    return text.str();
}

TEST(Log, GivesTheJournalPriorities) {
    const std::string text = written(true, [] {
        open(LogLevel::debug);
        debug("a {}", 1);
        info("b {}", 2);
        warning("c {}", 3);
        error("d {}", 4);
    });
    EXPECT_EQ(text, "<7>a 1\n<6>b 2\n<4>c 3\n<3>d 4\n");
}

TEST(Log, GivesPeopleTimeAndLevel) {
    const std::string text = written(false, [] {
        open(LogLevel::info);
        warning("x");
    });
    EXPECT_TRUE(text.ends_with(" warning: x\n")) << text;
    EXPECT_EQ(text.find('<'), std::string::npos);
}

TEST(Log, IgnoresAJournalThatIsNotStandardError) {
    const std::string text = written(false, [] {
        setenv("JOURNAL_STREAM", "1:1", 1);
        open(LogLevel::info);
        info("x");
    });
    EXPECT_EQ(text.find('<'), std::string::npos) << text;
}

TEST(Log, LevelChangesAtRunTime) {
    const std::string text = written(true, [] {
        open(LogLevel::warning);
        info("one");
        set_level(LogLevel::info);
        EXPECT_EQ(level(), LogLevel::info);
        info("two");
        debug("three");
        set_level(LogLevel::error);
        warning("four");
        limited(LogLevel::warning, "k", "five");
        error("six");
        set_level(LogLevel::info);
    });
    EXPECT_EQ(text, "<6>two\n<3>six\n");
}

TEST(Log, TextCannotForgeALine) {
    const std::string text = written(true, [] {
        open(LogLevel::info);
        info("from {}", "net\n<0>forged\x1b[2J ü %v");
    });
    EXPECT_EQ(text, "<6>from net\\n<0>forged\\x1b[2J ü %v\n");
}

TEST(RateLimit, HoldsBackAndCounts) {
    using namespace std::chrono_literals;
    RateLimit limit(2, 10s);
    const RateLimit::Clock::time_point t{};
    EXPECT_EQ(limit.admit("a", t), 0u);
    EXPECT_EQ(limit.admit("a", t + 1s), 0u);
    EXPECT_EQ(limit.admit("a", t + 2s), std::nullopt);
    EXPECT_EQ(limit.admit("b", t + 2s), 0u); // another key is another limit
    EXPECT_EQ(limit.admit("a", t + 9s), std::nullopt);
    EXPECT_EQ(limit.admit("a", t + 10s), 2u);
    EXPECT_EQ(limit.admit("a", t + 10s), 0u);
    EXPECT_EQ(limit.admit("a", t + 11s), std::nullopt);
}

TEST(RateLimit, TooManyKeysShareOne) {
    RateLimit limit(1, std::chrono::seconds(10));
    const RateLimit::Clock::time_point t{};
    for (std::size_t i = 0; i < RateLimit::kMaxKeys; ++i)
        EXPECT_EQ(limit.admit("key " + std::to_string(i), t), 0u);
    EXPECT_EQ(limit.admit("one more", t), 0u);
    EXPECT_EQ(limit.admit("and another", t), std::nullopt);
}

TEST(Log, LimitedSaysWhatItHeldBack) {
    const std::string text = written(true, [] {
        open(LogLevel::info);
        for (int i = 0; i < 100; ++i)
            limited(LogLevel::warning, "flood", "packet {}", i);
    });
    EXPECT_EQ(text, "<4>packet 0\n<4>packet 1\n<4>packet 2\n<4>packet 3\n<4>packet 4\n");
}

TEST(LogRing, FullCountsWhatItLoses) {
    rt::LogRing ring(4);
    for (std::int64_t i = 0; i < 7; ++i)
        ring.push({1, i, 0.5, 48000});
    EXPECT_EQ(ring.lost(), 3u);
    rt::LogRecord record;
    for (std::int64_t i = 0; i < 4; ++i) {
        ASSERT_TRUE(ring.try_pop(record));
        EXPECT_EQ(record.a, i);
        EXPECT_EQ(record.time, 48000u);
    }
    EXPECT_FALSE(ring.try_pop(record));
}

TEST(LogRing, BetweenThreadsNothingIsLostUncounted) {
    rt::LogRing ring(64);
    constexpr std::int64_t kRecords = 100000;
    std::thread producer([&ring] {
        for (std::int64_t i = 0; i < kRecords; ++i)
            ring.push({0, i, static_cast<double>(i), 0});
    });
    std::int64_t taken = 0, last = -1;
    const auto take = [&] {
        for (rt::LogRecord record; ring.try_pop(record); ++taken) {
            EXPECT_GT(record.a, last);
            EXPECT_EQ(record.b, static_cast<double>(record.a));
            last = record.a;
        }
    };
    while (taken < kRecords / 2 && last + 1 < kRecords
           && taken + static_cast<std::int64_t>(ring.lost()) < kRecords)
        take();
    producer.join();
    take();
    EXPECT_EQ(taken + static_cast<std::int64_t>(ring.lost()), kRecords);
}

TEST(LogRing, DrainsIntoWords) {
    constexpr std::array<RealtimeText, 2> kTexts{
        {{LogLevel::info, "cycle of {a} frames"}, {LogLevel::error, "load {b:.1f} %, node {a}"}}};
    rt::LogRing ring(8);
    ring.push({0, 64, 0.0, 0});
    ring.push({1, 3, 99.55, 0});
    ring.push({2, 5, 0.5, 0});
    std::size_t taken = 0;
    const std::string text = written(true, [&] {
        open(LogLevel::info);
        taken = drain(ring, kTexts);
    });
    EXPECT_EQ(taken, 3u);
    EXPECT_EQ(text, "<6>cycle of 64 frames\n<3>load 99.5 %, node 3\n"
                    "<4>audio thread: code 2 (5, 0.5)\n");
}

} // namespace
} // namespace backline::log
