// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/arguments.hpp"

#include "protocol/backlinectl/session.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <limits>
#include <optional>
#include <type_traits>
#include <variant>

namespace backline::protocol::backlinectl {
namespace {

/** The whole word as a number, a leading plus included. */
template <typename T>
std::optional<T> number(std::string_view word) {
    if (word.starts_with('+') && !word.starts_with("+-")) word.remove_prefix(1);
    T value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (word.empty() || error != std::errc{} || end != word.data() + word.size())
        return std::nullopt;
    return value;
}

/** from_chars also knows "inf" and "nan", which are words unless a prefix says otherwise. */
bool looks_decimal(std::string_view word) {
    return word.find_first_not_of("+-.0123456789eE") == std::string_view::npos
           && word.find_first_of("0123456789") != std::string_view::npos;
}

/** Time of day here, to the millisecond. */
std::string show_time(TimeTag time) {
    if (time.immediate()) return "now";
    const std::int64_t ms = time.unix_ns() / 1'000'000;
    const auto seconds = static_cast<std::time_t>(ms / 1000);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    std::array<char, 16> text{};
    std::strftime(text.data(), text.size(), "%H:%M:%S", &local);
    return text.data() + ("." + std::to_string(1000 + ms % 1000).substr(1));
}

[[noreturn]] void not_a(std::string_view what, std::string_view word) {
    throw UsageError("\"" + std::string(word) + "\" is not " + std::string(what));
}

} // namespace

Argument parse_argument(std::string_view word) {
    if (word.starts_with("s:")) return std::string(word.substr(2));
    if (word.starts_with("i:")) {
        const auto value = number<std::int32_t>(word.substr(2));
        if (!value) not_a("an int of 32 bits", word.substr(2));
        return *value;
    }
    if (word.starts_with("f:")) {
        const auto value = number<float>(word.substr(2));
        if (!value) not_a("a number", word.substr(2));
        return *value;
    }
    if (word == "T") return true;
    if (word == "F") return false;
    if (const auto value = number<std::int32_t>(word)) return *value;
    if (const auto value = number<std::int64_t>(word)) return *value;
    if (looks_decimal(word))
        if (const auto value = number<float>(word)) return *value;
    return std::string(word);
}

std::pair<std::string, Argument> parse_assignment(std::string_view word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0)
        throw UsageError("expected symbol=value, got \"" + std::string(word) + '"');
    return {std::string(word.substr(0, equals)), parse_argument(word.substr(equals + 1))};
}

bool parse_switch(std::string_view word) {
    for (const std::string_view on : {"on", "true", "yes", "T", "1"})
        if (word == on) return true;
    for (const std::string_view off : {"off", "false", "no", "F", "0"})
        if (word == off) return false;
    throw UsageError("expected on or off, got \"" + std::string(word) + '"');
}

std::string show_number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.7g", value);
    return text.data();
}

std::string show(const Argument& argument, bool quoted) {
    if (const auto text = argument.as_text())
        return quoted ? '"' + std::string(*text) + '"' : std::string(*text);
    return std::visit(
        [&](const auto& value) -> std::string {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, bool>)
                return value ? "T" : "F";
            else if constexpr (std::is_same_v<T, char>)
                return std::string(1, value);
            else if constexpr (std::is_integral_v<T>)
                return std::to_string(value);
            else if constexpr (std::is_floating_point_v<T>)
                return show_number(value);
            else if constexpr (std::is_same_v<T, Blob>)
                return "blob:" + std::to_string(value.size());
            else if constexpr (std::is_same_v<T, TimeTag>)
                return show_time(value);
            else
                return std::string(1, argument.tag());
        },
        argument.value);
}

} // namespace backline::protocol::backlinectl
