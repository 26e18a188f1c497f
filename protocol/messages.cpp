// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#include "protocol/messages.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace backline::protocol {
namespace {

constexpr bool in_order() {
    for (std::size_t i = 0; i < kCodes.size(); ++i)
        if (static_cast<std::size_t>(kCodes[i].code) != i) return false;
    return true;
}
static_assert(in_order(), "kCodes stands in the order of Code");

} // namespace

std::optional<double> Argument::as_number() const {
    if (const auto* v = std::get_if<float>(&value)) return static_cast<double>(*v);
    if (const auto* v = std::get_if<std::int32_t>(&value)) return static_cast<double>(*v);
    if (const auto* v = std::get_if<double>(&value)) return *v;
    if (const auto* v = std::get_if<bool>(&value)) return *v ? 1.0 : 0.0;
    if (const auto* v = std::get_if<std::int64_t>(&value)) return static_cast<double>(*v);
    return std::nullopt;
}

std::optional<std::int32_t> Argument::as_int() const {
    const auto number = as_number();
    // Every int32 is exact in a double; a NaN fails the comparisons.
    if (!number || !(*number >= std::numeric_limits<std::int32_t>::min())
        || !(*number <= std::numeric_limits<std::int32_t>::max()) || std::trunc(*number) != *number)
        return std::nullopt;
    return static_cast<std::int32_t>(*number);
}

std::optional<bool> Argument::as_bool() const {
    const auto number = as_number();
    if (!number || std::isnan(*number)) return std::nullopt;
    return *number != 0.0;
}

std::optional<std::string_view> Argument::as_text() const {
    if (const auto* v = std::get_if<std::string>(&value)) return *v;
    if (const auto* v = std::get_if<Symbol>(&value)) return v->text;
    return std::nullopt;
}

std::string Message::tags() const {
    std::string result(args.size(), ' ');
    std::transform(args.begin(), args.end(), result.begin(),
                   [](const Argument& a) { return a.tag(); });
    return result;
}

std::optional<Code> code_from(std::string_view symbol) {
    for (const CodeInfo& info : kCodes)
        if (info.symbol == symbol) return info.code;
    return std::nullopt;
}

} // namespace backline::protocol
