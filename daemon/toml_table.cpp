// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/toml_table.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/core.h>

namespace backline {

toml::table parse_toml(std::string_view text, const std::string& file) {
    try {
        return toml::parse(text, file);
    } catch (const toml::parse_error& error) {
        throw FileError(file, error.source().begin.line, std::string(error.description()));
    }
}

std::optional<std::string> read_text_file(const std::string& path) {
    const auto close = [](std::FILE* f) { std::fclose(f); };
    const std::unique_ptr<std::FILE, decltype(close)> stream(std::fopen(path.c_str(), "re"));
    if (!stream) {
        if (errno == ENOENT) return std::nullopt;
        throw FileError(path, 0, std::strerror(errno));
    }
    std::string text;
    std::array<char, 16384> part{};
    while (const std::size_t size = std::fread(part.data(), 1, part.size(), stream.get()))
        text.append(part.data(), size);
    if (std::ferror(stream.get()) != 0) throw FileError(path, 0, std::strerror(errno));
    return text;
}

std::uint32_t line_of(const toml::node& value) noexcept {
    return value.source().begin.line;
}

std::string describe(const toml::node& value) {
    constexpr std::size_t kShown = 40;
    if (const auto* text = value.as_string()) {
        const std::string& s = text->get();
        return '"' + (s.size() > kShown ? s.substr(0, kShown) + "…" : s) + '"';
    }
    if (const auto* number = value.as_integer()) return std::to_string(number->get());
    if (const auto* number = value.as_floating_point()) return fmt::format("{}", number->get());
    if (const auto* flag = value.as_boolean()) return flag->get() ? "true" : "false";
    if (value.is_table()) return "a table";
    if (value.is_array()) return "an array";
    return "a date or time";
}

TomlTable::TomlTable(const toml::table& table, std::string where, const std::string& file)
    : table_(table), where_(std::move(where)), file_(file) {}

TomlTable::TomlTable(const toml::table& table, std::string where, const std::string& file,
                     std::span<const std::string_view> known)
    : TomlTable(table, std::move(where), file) {
    for (const Entry& entry : entries())
        if (std::ranges::find(known, entry.key) == known.end())
            fail(entry.line,
                 fmt::format("unknown key \"{}\"{}", entry.key, did_you_mean(entry.key, known)));
}

std::vector<TomlTable::Entry> TomlTable::entries() const {
    std::vector<std::pair<toml::source_position, Entry>> found;
    for (const auto& [key, value] : table_)
        found.push_back(
            {key.source().begin, {std::string(key.str()), &value, key.source().begin.line}});
    // toml++ keeps tables sorted by key; the order of the file is the one that people meant.
    std::ranges::stable_sort(found, {},
                             [](const auto& f) { return std::pair(f.first.line, f.first.column); });
    std::vector<Entry> result;
    for (auto& [position, entry] : found)
        result.push_back(std::move(entry));
    return result;
}

std::optional<TomlTable::Entry> TomlTable::find(std::string_view key) const {
    const auto it = table_.find(key);
    if (it == table_.end()) return std::nullopt;
    return Entry{std::string(key), &it->second, it->first.source().begin.line};
}

const toml::table& TomlTable::table(std::string_view key) const {
    static const toml::table kEmpty;
    const auto entry = find(key);
    if (!entry) return kEmpty;
    if (!entry->value->is_table()) fail_expected(*entry, "a table");
    return *entry->value->as_table();
}

bool TomlTable::read(std::string_view key, bool& out) const {
    const auto entry = find(key);
    if (!entry) return false;
    const auto* flag = entry->value->as_boolean();
    if (flag == nullptr) fail_expected(*entry, "true or false");
    out = flag->get();
    return true;
}

bool TomlTable::read(std::string_view key, std::string& out) const {
    const auto entry = find(key);
    if (!entry) return false;
    const auto* text = entry->value->as_string();
    if (text == nullptr) fail_expected(*entry, "a string");
    out = text->get();
    return true;
}

bool TomlTable::read(std::string_view key, std::uint32_t& out, std::uint32_t min,
                     std::uint32_t max) const {
    const auto entry = find(key);
    if (!entry) return false;
    const auto* number = entry->value->as_integer();
    if (number == nullptr || number->get() < min || number->get() > max)
        fail_expected(*entry, fmt::format("an integer {}..{}", min, max));
    out = static_cast<std::uint32_t>(number->get());
    return true;
}

bool TomlTable::read(std::string_view key, double& out, double min, double max,
                     const char* unit) const {
    const auto entry = find(key);
    if (!entry) return false;
    const auto number = entry->value->is_number() ? entry->value->value<double>() : std::nullopt;
    if (!number || !(*number >= min && *number <= max)) // also false for a NaN
        fail_expected(*entry, fmt::format("{}..{}{}", min, max, unit));
    out = *number;
    return true;
}

bool TomlTable::read(std::string_view key, std::vector<std::string>& out) const {
    const auto entry = find(key);
    if (!entry) return false;
    const auto* array = entry->value->as_array();
    if (array == nullptr) fail_expected(*entry, "an array of strings");
    std::vector<std::string> texts;
    for (const toml::node& element : *array) {
        const auto* text = element.as_string();
        if (text == nullptr)
            fail(line_of(element), fmt::format("{} holds strings, got {}", key, describe(element)));
        texts.push_back(text->get());
    }
    out = std::move(texts);
    return true;
}

void TomlTable::fail_expected(const Entry& entry, const std::string& expected) const {
    fail(entry.line, fmt::format("{} is {}, got {}", entry.key, expected, describe(*entry.value)));
}

void TomlTable::fail(std::uint32_t line, const std::string& message) const {
    throw FileError(file_, line, where_ + message);
}

} // namespace backline
