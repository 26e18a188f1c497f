// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config.hpp"

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

namespace backline {
namespace {

/// What is wrong with `text`, "" when nothing is.
std::string mistake(const std::string& text) {
    try {
        parse_config(text, "c.toml");
        return "";
    } catch (const ConfigError& error) {
        return error.what();
    }
}

TEST(Config, EmptyIsTheDefaults) {
    EXPECT_EQ(parse_config("", "c"), Config{});
    EXPECT_EQ(parse_config("[osc]\n[jack]\n[files]\n", "c"), Config{});
}

TEST(Config, MissingFileIsTheDefaults) {
    EXPECT_EQ(load_config("/nonexistent/backline.toml"), Config{});
}

TEST(Config, UnreadableFileIsAnError) {
    try {
        load_config("/proc/self"); // a directory
        FAIL() << "accepted";
    } catch (const ConfigError& error) {
        EXPECT_EQ(error.file(), "/proc/self");
        EXPECT_EQ(error.line(), 0u);
    }
}

TEST(Config, LoadsAFile) {
    const std::string path = ::testing::TempDir() + "backline_load.toml";
    std::ofstream(path) << "[osc]\nport = 0\n";
    EXPECT_EQ(load_config(path).osc.port, 0);
    std::ofstream(path) << "[osc]\nport = -1\n";
    try {
        load_config(path);
        FAIL() << "accepted";
    } catch (const ConfigError& error) {
        EXPECT_EQ(error.what(), path + ":2: [osc] port is an integer 0..65535, got -1");
    }
    std::remove(path.c_str());
}

TEST(Config, EveryKeyIsRead) {
    const Config c = parse_config(R"(
[osc]
port = 9000
bind = ["127.0.0.2"]
loopback_role = "monitor"
max_packet = 2048
[jack]
server = "stage"
name = "rack 2"
reopen_min_s = 1
reopen_max_s = 2.5
[engine]
max_frames = 256
start = "rack"
rack = "demo"
[workers]
count = 3
job_limit_s = 0.5
[plugins]
directories = ["/opt/plugins"]
[racks]
writable = ""
directories = ["/opt/racks", "/opt/more"]
[files]
audio = ["/opt/audio"]
impulse = ["/opt/rooms"]
[state]
dir = ""
[runtime]
dir = "/tmp/run"
[limits]
node_percent = 25
cycle_percent = 99.5
[log]
level = "debug"
)",
                                  "c");
    EXPECT_EQ(c.osc.port, 9000);
    EXPECT_EQ(c.osc.bind, std::vector<std::string>{"127.0.0.2"});
    EXPECT_EQ(c.osc.loopback_role, Role::monitor);
    EXPECT_EQ(c.osc.max_packet, 2048u);
    EXPECT_EQ(c.jack.server, "stage");
    EXPECT_EQ(c.jack.name, "rack 2");
    EXPECT_EQ(c.jack.reopen_min_s, 1.0);
    EXPECT_EQ(c.jack.reopen_max_s, 2.5);
    EXPECT_EQ(c.engine.max_frames, 256u);
    EXPECT_EQ(c.engine.start, Start::rack);
    EXPECT_EQ(c.engine.rack, "demo");
    EXPECT_EQ(c.workers.count, 3u);
    EXPECT_EQ(c.workers.job_limit_s, 0.5);
    EXPECT_EQ(c.plugins.directories, std::vector<std::string>{"/opt/plugins"});
    EXPECT_EQ(c.racks.writable, "");
    EXPECT_EQ(c.racks.directories, (std::vector<std::string>{"/opt/racks", "/opt/more"}));
    EXPECT_EQ(c.files.at("audio"), std::vector<std::string>{"/opt/audio"});
    EXPECT_EQ(c.files.at("impulse"), std::vector<std::string>{"/opt/rooms"});
    EXPECT_EQ(c.state.dir, "");
    EXPECT_EQ(c.runtime.dir, "/tmp/run");
    EXPECT_EQ(c.limits.node_percent, 25.0);
    EXPECT_EQ(c.limits.cycle_percent, 99.5);
    EXPECT_EQ(c.log.level, LogLevel::debug);
}

TEST(Config, NewKindsOfFileLeaveTheOthers) {
    const Config c = parse_config("[files]\nimpulse = []\n", "c");
    EXPECT_EQ(c.files.at("audio"), Config{}.files.at("audio"));
    EXPECT_TRUE(c.files.at("impulse").empty());
}

TEST(Config, AutoIsACount) {
    EXPECT_EQ(parse_config("[workers]\ncount = \"auto\"", "c").workers.count, 0u);
}

TEST(Config, EveryMistakeHasItsLine) {
    const std::pair<const char*, const char*> cases[] = {
        {"[osc]\nprot = 1", R"(c.toml:2: [osc] unknown key "prot", did you mean "port"?)"},
        {"\n[oscar]\n", R"(c.toml:2: unknown key "oscar", did you mean "osc"?)"},
        {"[osc]\nquite_else = 1", R"(c.toml:2: [osc] unknown key "quite_else")"},
        {"osc = 5", "c.toml:1: osc is a table, got 5"},
        {"[[osc]]", "c.toml:1: osc is a table, got an array"},
        {"[osc]\nport = 65536", "c.toml:2: [osc] port is an integer 0..65535, got 65536"},
        {"[osc]\nport = \"x\"", R"(c.toml:2: [osc] port is an integer 0..65535, got "x")"},
        {"[osc]\nport = 1.5", "c.toml:2: [osc] port is an integer 0..65535, got 1.5"},
        {"[osc]\nbind = \"::1\"", R"(c.toml:2: [osc] bind is an array of strings, got "::1")"},
        {"[osc]\nbind = [\n\"::1\",\n7]", "c.toml:4: [osc] bind holds strings, got 7"},
        {"[osc]\nbind = [\n\"::1\",\n\"0.0.0.0\"]",
         R"(c.toml:4: [osc] bind holds numeric loopback addresses, got "0.0.0.0")"},
        {"[osc]\nbind = [\"localhost\"]",
         R"(c.toml:2: [osc] bind holds numeric loopback addresses, got "localhost")"},
        {"[osc]\nbind = [\n\"::1\",\n\"::1\"]", R"(c.toml:4: [osc] bind has "::1" twice)"},
        {"[osc]\n\nloopback_role = \"root\"",
         R"(c.toml:3: [osc] loopback_role is "monitor" or "control" or "admin", got "root")"},
        {"[osc]\nmax_packet = 1000",
         "c.toml:2: [osc] max_packet is an integer 1024..1048576, got 1000"},
        {"[jack]\nname = \"\"", "c.toml:2: [jack] name is 1..63 bytes without \":\", got \"\""},
        {"[jack]\nname = \"a:b\"",
         "c.toml:2: [jack] name is 1..63 bytes without \":\", got \"a:b\""},
        {"[jack]\nserver = true", "c.toml:2: [jack] server is a string, got true"},
        {"[jack]\nreopen_min_s = nan", "c.toml:2: [jack] reopen_min_s is 0.01..60 s, got nan"},
        {"[jack]\nreopen_min_s = 3",
         "c.toml:2: [jack] reopen_max_s (0.5) is less than reopen_min_s (3)"},
        {"[jack]\nreopen_min_s = 3\nreopen_max_s = 2",
         "c.toml:3: [jack] reopen_max_s (2) is less than reopen_min_s (3)"},
        {"[engine]\nmax_frames = 1000",
         "c.toml:2: [engine] max_frames is a power of two 64..8192, got 1000"},
        {"[engine]\nmax_frames = 32",
         "c.toml:2: [engine] max_frames is an integer 64..8192, got 32"},
        {"[limits]\nnode_percent = 0", "c.toml:2: [limits] node_percent is 1..100 %, got 0"},
        {"[limits]\ncycle_percent = 101", "c.toml:2: [limits] cycle_percent is 10..100 %, got 101"},
        {"[engine]\nstart = \"first\"",
         R"(c.toml:2: [engine] start is "last" or "rack", got "first")"},
        {"[engine]\nrack = \"../x\"",
         R"(c.toml:2: [engine] rack is a rack's name, an absolute path or "", got "../x")"},
        {"[workers]\ncount = 65",
         R"(c.toml:2: [workers] count is "auto" or an integer 1..64, got 65)"},
        {"[workers]\ncount = \"all\"",
         R"(c.toml:2: [workers] count is "auto" or an integer 1..64, got "all")"},
        {"[workers]\njob_limit_s = 0", "c.toml:2: [workers] job_limit_s is 0.1..3600 s, got 0"},
        {"[plugins]\ndirectories = [\n\"lib\"]",
         R"(c.toml:3: [plugins] directories holds absolute directories, got "lib")"},
        {"[racks]\nwritable = \"racks\"",
         R"(c.toml:2: [racks] writable is an absolute directory or "", got "racks")"},
        {"[racks]\ndirectories = [\"\"]",
         R"(c.toml:2: [racks] directories holds absolute directories, got "")"},
        {"[files]\naudio = 1979-05-27",
         "c.toml:2: [files] audio is an array of strings, got a date or time"},
        {"[state]\ndir = \".\"",
         R"(c.toml:2: [state] dir is an absolute directory or "", got ".")"},
        {"[runtime]\ndir = []", "c.toml:2: [runtime] dir is a string, got an array"},
        {"[log]\nlevel = \"loud\"",
         R"(c.toml:2: [log] level is "debug" or "info" or "warning" or "error", got "loud")"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(mistake(text), expected) << text;
}

TEST(Config, SyntaxErrorsAndDuplicatesHaveTheirLine) {
    EXPECT_TRUE(mistake("[osc]\nport = \n").starts_with("c.toml:2: "))
        << mistake("[osc]\nport = \n");
    EXPECT_TRUE(mistake("[osc]\nport = 1\nport = 2\n").starts_with("c.toml:3: "));
    EXPECT_TRUE(mistake("[osc]\n[jack]\n[osc]\n").starts_with("c.toml:3: "));
    EXPECT_TRUE(mistake("[osc\n").starts_with("c.toml:1: "));
    EXPECT_TRUE(mistake("[jack]\nname = \"\xff\"").starts_with("c.toml:2: "));
}

TEST(DefaultConfig, IsTheShippedFile) {
    std::ifstream stream(BACKLINE_CONFIG_DIR "/backline.toml", std::ios::binary);
    std::stringstream shipped;
    shipped << stream.rdbuf();
    ASSERT_FALSE(shipped.str().empty());
    EXPECT_EQ(default_config(), shipped.str());
    EXPECT_EQ(parse_config(default_config(), "c"), Config{});
}

/// Every key of the shipped file, its comment sign taken away.
std::string uncommented() {
    return std::regex_replace(default_config(), std::regex("(^|\n)#([a-z_]+ = )"), "$1$2");
}

TEST(DefaultConfig, ShowsTheDefaults) {
    const std::string text = uncommented();
    ASSERT_NE(text, default_config());
    // Another port proves that the keys count now.
    EXPECT_EQ(parse_config(std::regex_replace(text, std::regex("9770"), "9771"), "c").osc.port,
              9771);
    EXPECT_EQ(parse_config(text, "c"), Config{});
}

TEST(DefaultConfig, ShowsOnlyKeysThatAreRead) {
    std::istringstream lines(uncommented());
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);)
        all.push_back(line);
    std::size_t keys = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        std::smatch match;
        if (!std::regex_search(all[i], match, std::regex("^[a-z_]+ = "))) continue;
        ++keys;
        std::string text; // with a date, which no key wants, on this line
        for (std::size_t j = 0; j < all.size(); ++j)
            text += (j == i ? match.str() + "1979-05-27" : all[j]) + "\n";
        const std::string where = "c.toml:" + std::to_string(i + 1) + ": ";
        EXPECT_TRUE(mistake(text).starts_with(where)) << all[i] << "\n" << mistake(text);
    }
    EXPECT_EQ(keys, 22u);
}

TEST(LogLevels, HaveNames) {
    for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error})
        EXPECT_EQ(parse_log_level(to_string(level)), level);
    EXPECT_EQ(parse_log_level("loud"), std::nullopt);
}

} // namespace
} // namespace backline
