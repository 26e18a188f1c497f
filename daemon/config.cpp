// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config.hpp"

#include "daemon/toml_table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <span>
#include <utility>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>

namespace backline {

const char* to_string(Role role) noexcept {
    return role == Role::admin ? "admin" : role == Role::control ? "control" : "monitor";
}

const char* to_string(Start start) noexcept {
    return start == Start::last ? "last" : "rack";
}

const char* to_string(LogLevel level) noexcept {
    constexpr std::array kNames{"debug", "info", "warning", "error"};
    return kNames[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> parse_log_level(std::string_view name) noexcept {
    for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error})
        if (name == to_string(level)) return level;
    return std::nullopt;
}

namespace {

using Keys = std::initializer_list<std::string_view>;

/// One [section] of the file, which may be absent.
TomlTable section(const TomlTable& root, std::string_view name, const std::string& file,
                  Keys known) {
    return {root.table(name), fmt::format("[{}] ", name), file,
            std::span(known.begin(), known.size())};
}

template <typename Enum>
void read_choice(const TomlTable& table, std::string_view key, Enum& out,
                 std::initializer_list<Enum> choices) {
    std::string text;
    if (!table.read(key, text)) return;
    std::string names;
    for (const Enum choice : choices) {
        if (text == to_string(choice)) {
            out = choice;
            return;
        }
        names += fmt::format("{}\"{}\"", names.empty() ? "" : " or ", to_string(choice));
    }
    table.fail_expected(*table.find(key), names);
}

void read_directory(const TomlTable& table, std::string_view key, std::string& out) {
    if (table.read(key, out) && !out.empty() && out.front() != '/')
        table.fail_expected(*table.find(key), "an absolute directory or \"\"");
}

void read_directories(const TomlTable& table, std::string_view key, std::vector<std::string>& out) {
    if (!table.read(key, out)) return;
    for (std::size_t i = 0; i < out.size(); ++i)
        if (out[i].empty() || out[i].front() != '/')
            table.fail(line_of(*table.find(key)->value->as_array()->get(i)),
                       fmt::format("{} holds absolute directories, got \"{}\"", key, out[i]));
}

bool is_loopback(const std::string& address) {
    in_addr v4{};
    in6_addr v6{};
    if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

void read_osc(const TomlTable& table, Config::Osc& osc) {
    std::uint32_t port = osc.port;
    table.read("port", port, 0, 65535);
    osc.port = static_cast<std::uint16_t>(port);
    if (table.read("bind", osc.bind)) {
        const toml::array& array = *table.find("bind")->value->as_array();
        for (std::size_t i = 0; i < osc.bind.size(); ++i) {
            const std::string& address = osc.bind[i];
            if (!is_loopback(address))
                table.fail(
                    line_of(*array.get(i)),
                    fmt::format("bind holds numeric loopback addresses, got \"{}\"", address));
            if (std::find(osc.bind.begin(), osc.bind.begin() + std::ptrdiff_t(i), address)
                != osc.bind.begin() + std::ptrdiff_t(i))
                table.fail(line_of(*array.get(i)), fmt::format("bind has \"{}\" twice", address));
        }
    }
    read_choice(table, "loopback_role", osc.loopback_role,
                {Role::monitor, Role::control, Role::admin});
    table.read("max_packet", osc.max_packet, 1024, 1048576);
}

void read_jack(const TomlTable& table, Config::Jack& jack) {
    table.read("server", jack.server);
    if (table.read("name", jack.name)) {
        const auto bad = [](unsigned char c) { return c == ':' || std::iscntrl(c) != 0; };
        // jack_client_name_size() is 64 with the final zero.
        if (jack.name.empty() || jack.name.size() > 63 || std::ranges::any_of(jack.name, bad))
            table.fail_expected(*table.find("name"), "1..63 bytes without \":\"");
    }
    table.read("reopen_min_s", jack.reopen_min_s, 0.01, 60.0, " s");
    table.read("reopen_max_s", jack.reopen_max_s, 0.01, 60.0, " s");
    if (jack.reopen_max_s < jack.reopen_min_s) {
        const auto entry = table.find("reopen_max_s");
        table.fail(entry ? entry->line : table.find("reopen_min_s")->line,
                   fmt::format("reopen_max_s ({}) is less than reopen_min_s ({})",
                               jack.reopen_max_s, jack.reopen_min_s));
    }
}

void read_engine(const TomlTable& table, Config::Engine& engine) {
    table.read("max_frames", engine.max_frames, 64, 8192);
    if (!std::has_single_bit(engine.max_frames))
        table.fail_expected(*table.find("max_frames"), "a power of two 64..8192");
    read_choice(table, "start", engine.start, {Start::last, Start::rack});
    if (table.read("rack", engine.rack) && !engine.rack.empty() && engine.rack.front() != '/'
        && (engine.rack.find('/') != std::string::npos || engine.rack.front() == '.'))
        table.fail_expected(*table.find("rack"), "a rack's name, an absolute path or \"\"");
}

void read_workers(const TomlTable& table, Config::Workers& workers) {
    if (const auto entry = table.find("count")) {
        const auto* text = entry->value->as_string();
        const auto* number = entry->value->as_integer();
        if (text != nullptr && text->get() == "auto")
            workers.count = 0;
        else if (number != nullptr && number->get() >= 1 && number->get() <= 64)
            workers.count = static_cast<std::uint32_t>(number->get());
        else
            table.fail_expected(*entry, "\"auto\" or an integer 1..64");
    }
    table.read("job_limit_s", workers.job_limit_s, 0.1, 3600.0, " s");
}

Config read_config(const TomlTable& root, const std::string& file) {
    Config config;
    read_osc(section(root, "osc", file, {"port", "bind", "loopback_role", "max_packet"}),
             config.osc);
    read_jack(section(root, "jack", file, {"server", "name", "reopen_min_s", "reopen_max_s"}),
              config.jack);
    read_engine(section(root, "engine", file, {"max_frames", "start", "rack"}), config.engine);
    read_workers(section(root, "workers", file, {"count", "job_limit_s"}), config.workers);
    read_directories(section(root, "plugins", file, {"directories"}), "directories",
                     config.plugins.directories);
    const TomlTable racks = section(root, "racks", file, {"writable", "directories"});
    read_directory(racks, "writable", config.racks.writable);
    read_directories(racks, "directories", config.racks.directories);
    const TomlTable files(root.table("files"), "[files] ", file); // kinds are the plugins' words
    for (const TomlTable::Entry& entry : files.entries())
        read_directories(files, entry.key, config.files[entry.key]);
    read_directory(section(root, "state", file, {"dir"}), "dir", config.state.dir);
    read_directory(section(root, "runtime", file, {"dir"}), "dir", config.runtime.dir);
    const TomlTable limits = section(root, "limits", file, {"node_percent", "cycle_percent"});
    limits.read("node_percent", config.limits.node_percent, 1.0, 100.0, " %");
    limits.read("cycle_percent", config.limits.cycle_percent, 10.0, 100.0, " %");
    read_choice(section(root, "log", file, {"level"}), "level", config.log.level,
                {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error});
    return config;
}

} // namespace

Config parse_config(std::string_view text, std::string file) {
    static constexpr std::array<std::string_view, 11> kSections{
        "osc",   "jack",  "engine",  "workers", "plugins", "racks",
        "files", "state", "runtime", "limits",  "log"};
    try {
        const toml::table document = parse_toml(text, file);
        return read_config(TomlTable(document, "", file, kSections), file);
    } catch (const FileError& error) {
        throw ConfigError(error.file(), error.line(), error.message());
    }
}

Config load_config(const std::string& path) {
    std::optional<std::string> text;
    try {
        text = read_text_file(path);
    } catch (const FileError& error) {
        throw ConfigError(error.file(), error.line(), error.message());
    }
    return text ? parse_config(*text, path) : Config{};
}

} // namespace backline
