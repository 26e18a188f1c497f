// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/file_error.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

namespace backline {

/// Parses TOML 1.0. Throws FileError with the line of a syntax error or of a table or key that is
/// there twice.
toml::table parse_toml(std::string_view text, const std::string& file);

/// The bytes of the file at `path`, or nothing when there is none. Throws FileError when it is
/// there and cannot be read.
std::optional<std::string> read_text_file(const std::string& path);

/// Reads one table key by key. Every mistake throws a FileError with the line of the key concerned;
/// read() leaves its target as it was, the default, when the key is absent.
class TomlTable {
  public:
    /// A key of the table with its value; entry order is that of the file.
    struct Entry {
        std::string key;
        const toml::node* value;
        std::uint32_t line; ///< Of the key, from 1.
    };

    /// `where` goes in front of every message about this table: `[osc] `, `node "eq": `, or "" for
    /// the root. `table` and `file` must outlive this object. Throws for a key not in `known`.
    TomlTable(const toml::table& table, std::string where, const std::string& file,
              std::span<const std::string_view> known);

    /// As above for a table whose keys are the user's own words.
    TomlTable(const toml::table& table, std::string where, const std::string& file);

    /// All entries in the order written.
    std::vector<Entry> entries() const;

    /// The entry `key`, or nothing.
    std::optional<Entry> find(std::string_view key) const;

    /// The table that `key` holds, empty when absent; throws when it is something else.
    const toml::table& table(std::string_view key) const;

    bool read(std::string_view key, bool& out) const;        ///< True when the key is there.
    bool read(std::string_view key, std::string& out) const; ///< As above.
    /// As above, for an integer within the limits.
    bool read(std::string_view key, std::uint32_t& out, std::uint32_t min, std::uint32_t max) const;
    /// As above, for an integer or float within the limits; `unit` is for the message (" dB", "").
    bool read(std::string_view key, double& out, double min, double max, const char* unit) const;
    /// As above, for an array of strings; the result replaces `out`.
    bool read(std::string_view key, std::vector<std::string>& out) const;

    /// Throws: `where` + `key` + " is " + `expected` + ", got " and the value.
    [[noreturn]] void fail_expected(const Entry& entry, const std::string& expected) const;
    /// Throws: `where` + `message`, at `line`.
    [[noreturn]] void fail(std::uint32_t line, const std::string& message) const;

  private:
    const toml::table& table_;
    std::string where_;
    const std::string& file_;
};

/// What a value is, for a message: `70000`, `"text"`, `a table`.
std::string describe(const toml::node& value);

/// The line a value starts on, from 1.
std::uint32_t line_of(const toml::node& value) noexcept;

} // namespace backline
