// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/addresses.hpp"

#include <algorithm>
#include <cmath>

namespace backline::protocol {
namespace {

/** Cuts the first segment off @p rest, which begins with `/`. */
std::string_view segment(std::string_view& rest) {
    const std::size_t end = std::min(rest.find('/', 1), rest.size());
    const std::string_view first = rest.substr(1, end - 1);
    rest.remove_prefix(end);
    return first;
}

bool fits(std::string_view pattern, std::string_view address, Match& match) {
    std::size_t names = 0;
    match.names = {};
    while (!pattern.empty() && !address.empty()) {
        const std::string_view expected = segment(pattern), got = segment(address);
        if (expected.front() == '<') {
            if (got.empty()) return false;
            match.names[names++] = got;
        } else if (expected != got) {
            return false;
        }
    }
    return pattern.empty() && address.empty();
}

/** The page's offset is not counted among the arguments of a paged command. */
bool has_offset(const Address& row, std::span<const Argument> args) {
    return row.paged() && !args.empty() && (args.back().tag() == 'i' || args.back().tag() == 'h');
}

std::string_view expected(Type type) {
    switch (type) {
    case Type::text:
        return "a string";
    case Type::word:
        return "the word";
    case Type::integer:
        return "an int";
    case Type::number:
        return "a number";
    case Type::flag:
        return "T, F, 1 or 0";
    case Type::any:
        return "a number, a string, T or F";
    case Type::time:
        return "a timetag";
    }
    return {};
}

bool admits(const ArgumentSpec& spec, const Argument& arg) {
    switch (spec.type) {
    case Type::text:
        return arg.is_text();
    case Type::word:
        return arg.as_text() == spec.name;
    case Type::integer:
        return arg.as_int().has_value();
    case Type::number:
        return arg.is_number() && arg.tag() != 'T' && arg.tag() != 'F';
    case Type::flag:
        return arg.is_number();
    case Type::any:
        return arg.is_number() || arg.is_text();
    case Type::time:
        return arg.tag() == 't';
    }
    return false;
}

std::string show(const Argument& arg) {
    if (const auto text = arg.as_text()) return '"' + std::string(text->substr(0, 40)) + '"';
    return std::string("type '") + arg.tag() + "'";
}

std::optional<Misfit> misfit(std::string_view of, const ArgumentSpec& spec, const Argument& arg) {
    const std::string where = std::string(of) + ": " + std::string(spec.name);
    // Coerced to other types or not, a value that is no number is one nowhere.
    if (const auto number = arg.as_number(); number && !std::isfinite(*number))
        return Misfit{Code::out_of_range, where + " is a finite number, got "
                                              + (std::isnan(*number) ? "NaN" : "infinity")};
    if (admits(spec, arg)) return std::nullopt;
    return Misfit{
        Code::bad_type,
        where + " is " + std::string(expected(spec.type))
            + (spec.type == Type::word ? " \"" + std::string(spec.name) + '"' : std::string())
            + ", got " + show(arg)};
}

char letter(Type type) {
    switch (type) {
    case Type::text:
    case Type::word:
        return 's';
    case Type::integer:
        return 'i';
    case Type::number:
        return 'f';
    case Type::flag:
        return 'T';
    case Type::time:
        return 't';
    case Type::any:
        break;
    }
    return '*';
}

std::string usage(const ArgumentSpec& spec) {
    if (spec.type == Type::word) return '"' + std::string(spec.name) + '"';
    return std::string(spec.name) + ':' + letter(spec.type);
}

} // namespace

std::optional<Match> find(std::string_view address) {
    if (address.size() < 2 || address.front() != '/') return std::nullopt;
    Match match;
    for (const Address& row : kAddresses)
        // No pattern begins with a placeholder, so most rows are out by their first letter.
        if (row.pattern[1] == address[1] && fits(row.pattern, address, match)) {
            match.row = &row;
            return match;
        }
    return std::nullopt;
}

std::optional<Misfit> check(const Address& row, std::span<const Argument> args,
                            std::string_view of) {
    if (of.empty()) of = row.pattern;
    if (has_offset(row, args)) {
        const auto offset = args.back().as_int();
        if (!offset || *offset < 0)
            return Misfit{Code::out_of_range, std::string(of) + ": the offset is 0 or more bytes"};
        args = args.first(args.size() - 1);
    }
    const auto& specs = row.arguments;
    const auto* group = std::find_if(specs.begin(), specs.end(), [](const ArgumentSpec& s) {
        return s.presence == Presence::repeated;
    });
    const auto single = static_cast<std::size_t>(group - specs.begin());
    const std::size_t repeated = specs.count - single;

    for (std::size_t i = 0; i < args.size(); ++i) {
        if (i >= single && repeated == 0)
            return Misfit{Code::too_many_arguments, std::string(of) + " takes " + usage(specs)
                                                        + ", got " + std::to_string(args.size())
                                                        + " arguments"};
        const ArgumentSpec& spec =
            i < single ? specs.items[i] : specs.items[single + (i - single) % repeated];
        if (auto wrong = misfit(of, spec, args[i])) return wrong;
    }
    const ArgumentSpec* next = nullptr;
    if (args.size() < single)
        next = &specs.items[args.size()];
    else if (repeated != 0 && (args.size() - single) % repeated != 0)
        next = &specs.items[single + (args.size() - single) % repeated];
    if (next != nullptr && next->presence != Presence::optional)
        return Misfit{Code::missing_argument, std::string(of) + " takes " + usage(specs)
                                                  + ", got no " + std::string(next->name)};
    return std::nullopt;
}

PageRequest page_request(const Address& row, std::span<const Argument> args) {
    if (!has_offset(row, args)) return {0, args.size()};
    return {args.back().as_int().value_or(0), args.size() - 1};
}

std::string usage(const ArgumentList& list) {
    std::string result;
    const ArgumentSpec* group = nullptr;
    for (const ArgumentSpec& spec : list) {
        if (!result.empty()) result += ' ';
        const bool opens = spec.presence == Presence::repeated && group == nullptr;
        if (opens) group = &spec;
        if (spec.presence == Presence::optional || opens) result += '[';
        result += usage(spec);
        if (spec.presence == Presence::optional) result += ']';
    }
    if (group != nullptr) result += "]…";
    return result;
}

std::string usage(const Address& row) {
    std::string result(row.pattern);
    if (row.arguments.count != 0) result += ' ' + usage(row.arguments);
    return result;
}

std::string_view to_string(Family family) {
    switch (family) {
    case Family::server:
        return "server";
    case Family::catalogue:
        return "catalogue";
    case Family::graph:
        return "graph";
    case Family::parameters:
        return "parameters";
    case Family::snapshots:
        return "snapshots";
    case Family::schedule:
        return "schedule";
    case Family::results:
        return "results";
    case Family::subscription:
        return "subscription";
    case Family::racks:
        return "racks";
    case Family::jack:
        return "jack";
    case Family::health:
        return "health";
    case Family::wrapping:
        return "wrapping";
    }
    return {};
}

std::string_view to_string(Kind kind) {
    switch (kind) {
    case Kind::query:
        return "query";
    case Kind::value:
        return "value";
    case Kind::set:
        return "set";
    case Kind::graph:
        return "graph";
    case Kind::command:
        return "command";
    case Kind::wrapper:
        return "wrapper";
    case Kind::stream:
        return "stream";
    case Kind::reply:
        return "reply";
    }
    return {};
}

std::string_view to_string(Role role) {
    switch (role) {
    case Role::monitor:
        return "monitor";
    case Role::control:
        return "control";
    case Role::admin:
        return "admin";
    }
    return {};
}

std::string_view to_string(ReplyForm form) {
    switch (form) {
    case ReplyForm::never:
        return "never";
    case ReplyForm::empty:
        return "empty";
    case ReplyForm::values:
        return "values";
    case ReplyForm::json:
        return "json";
    case ReplyForm::text:
        return "text";
    }
    return {};
}

} // namespace backline::protocol
