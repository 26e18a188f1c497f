// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/file_error.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backline {

/// What a peer may do over OSC; each role may do what those before it may.
enum class Role : std::uint8_t { monitor, control, admin };

/// What the daemon starts from.
enum class Start : std::uint8_t {
    last, ///< The session it ended with, else the rack.
    rack, ///< Always the rack.
};

/// How much is logged; each level includes those after it.
enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// The daemon's configuration: plain, validated, with a default for everything. Directories are
/// absolute; lists of directories are searched in order.
struct Config {
    /// OSC sockets.
    struct Osc {
        std::uint16_t port = 9770;                         ///< UDP; 0 lets the system choose.
        std::vector<std::string> bind{"127.0.0.1", "::1"}; ///< Loopback addresses, numeric.
        Role loopback_role = Role::admin; ///< Of peers on this machine that use UDP.
        std::uint32_t max_packet = 65536; ///< Bytes, 1024..1048576; larger packets are refused.
        friend bool operator==(const Osc&, const Osc&) = default;
    } osc;

    /// The JACK client.
    struct Jack {
        std::string server; ///< "": $JACK_DEFAULT_SERVER, else "default".
        std::string name =
            "backline";            ///< Client name, 1..63 bytes without ':' and control characters.
        double reopen_min_s = 0.1; ///< First wait before trying to reopen, 0.01..60 s.
        double reopen_max_s = 0.5; ///< Longest such wait, reopen_min_s..60 s.
        friend bool operator==(const Jack&, const Jack&) = default;
    } jack;

    /// The graph engine.
    struct Engine {
        std::uint32_t max_frames =
            1024;                  ///< Frames a plugin is ever asked for; power of two 64..8192.
        Start start = Start::last; ///< What to start from.
        std::string rack; ///< Name of a rack in the rack directories, or absolute path; "": empty.
        friend bool operator==(const Engine&, const Engine&) = default;
    } engine;

    /// The worker pool.
    struct Workers {
        std::uint32_t count = 0; ///< Threads, 1..64; 0: one less than there are cores, at least 1.
        double job_limit_s = 10.0; ///< A job that takes longer is stuck, 0.1..3600 s.
        friend bool operator==(const Workers&, const Workers&) = default;
    } workers;

    /// Where plugins are.
    struct Plugins {
        /// Searched after $BACKLINE_PLUGIN_PATH and before the installation's own directory.
        std::vector<std::string> directories;
        friend bool operator==(const Plugins&, const Plugins&) = default;
    } plugins;

    /// Where racks are.
    struct Racks {
        std::string writable =
            "/var/lib/backline/racks"; ///< Saved to and searched first; "": none.
        std::vector<std::string> directories{"/etc/backline/racks", "/usr/share/backline/racks"};
        friend bool operator==(const Racks&, const Racks&) = default;
    } racks;

    /// Kind of file, as plugins declare it ("audio"), to the directories that names are looked up
    /// in.
    std::map<std::string, std::vector<std::string>> files{
        {"audio", {"/var/lib/backline/audio", "/usr/share/sounds", "/usr/share/sonic-pi/samples"}}};

    /// What outlives the process.
    struct State {
        std::string dir = "/var/lib/backline"; ///< "": nothing is written at all.
        friend bool operator==(const State&, const State&) = default;
    } state;

    /// What does not.
    struct Runtime {
        std::string dir; ///< Of the unix socket; "": $RUNTIME_DIRECTORY, else "/run/backline".
        friend bool operator==(const Runtime&, const Runtime&) = default;
    } runtime;

    /// What the guards of the cycle do not let pass.
    struct Limits {
        double node_percent = 70.0;  ///< Of the period: budget of nodes without one, 1..100.
        double cycle_percent = 90.0; ///< Of the period: past it nodes are bypassed, 10..100.
        friend bool operator==(const Limits&, const Limits&) = default;
    } limits;

    /// Messages.
    struct Log {
        LogLevel level = LogLevel::info; ///< Changed at run time by /log/level.
        friend bool operator==(const Log&, const Log&) = default;
    } log;

    friend bool operator==(const Config&, const Config&) = default;
};

/// A configuration that is not one.
class ConfigError : public FileError {
  public:
    using FileError::FileError;
};

/// Where the configuration is when no one says otherwise.
inline constexpr const char* kDefaultConfigPath = "/etc/backline/backline.toml";

/// Reads a configuration; what it does not mention keeps its default. `file` is what errors name.
/// Throws ConfigError at the first mistake. Any thread.
Config parse_config(std::string_view text, std::string file);

/// Reads the file at `path`; a missing or empty file means the defaults. Throws ConfigError, also
/// when the file is there and cannot be read.
Config load_config(const std::string& path);

/// The shipped configuration: every key with its default and what it means. parse_config() of it
/// equals Config{}.
std::string default_config();

const char* to_string(Role role) noexcept;      ///< "monitor", "control", "admin"
const char* to_string(Start start) noexcept;    ///< "last", "rack"
const char* to_string(LogLevel level) noexcept; ///< "debug", "info", "warning", "error"

/// The level of that name, or nothing.
std::optional<LogLevel> parse_log_level(std::string_view name) noexcept;

} // namespace backline
