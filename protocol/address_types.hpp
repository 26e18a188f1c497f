// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

/**
 * @file
 * What a row of the table of addresses is made of; the table itself is in addresses.hpp.
 */
namespace backline::protocol {

/** What an argument may be. Numbers are coerced among i f h d T F throughout. */
enum class Type : std::uint8_t {
    text,    ///< `s` or `S`
    word,    ///< exactly the argument's name, as `s`
    integer, ///< `i` or `h`, or a float without a fraction
    number,  ///< `f`, `d`, `i` or `h`; finite
    flag,    ///< `T`, `F`, or a number: 0 is false
    any,     ///< a number, flag or text; what exactly, the target says
    time,    ///< `t`
};

/** Whether an argument must be there. */
enum class Presence : std::uint8_t {
    required,
    optional, ///< may be left out, with all that follow it
    repeated, ///< it and the repeated ones beside it form a group: none, one or many times
};

/** One argument of a command, reply or stream. */
struct ArgumentSpec {
    std::string_view name;                  ///< for people; of a word, the word itself
    Type type = Type::any;                  ///< what it may be
    Presence presence = Presence::required; ///< required before optional before repeated
};

/** Up to six arguments, in order. */
struct ArgumentList {
    std::array<ArgumentSpec, 6> items{}; ///< the first `count` are meant
    std::size_t count = 0;               ///< how many

    constexpr ArgumentList() = default;
    /** An empty list, or the specs given. */
    constexpr ArgumentList(std::initializer_list<ArgumentSpec> list) : count(list.size()) {
        std::size_t i = 0;
        for (const ArgumentSpec& spec : list)
            items[i++] = spec;
    }
    /** The first spec. */
    [[nodiscard]] constexpr const ArgumentSpec* begin() const { return items.data(); }
    /** Past the last spec. */
    [[nodiscard]] constexpr const ArgumentSpec* end() const { return items.data() + count; }
};

/** The families of the contract; README has a section for each. */
enum class Family : std::uint8_t {
    server,
    catalogue,
    graph,
    parameters,
    snapshots,
    schedule,
    results,
    subscription,
    racks,
    jack,
    health,
    wrapping, ///< `/request` and the two replies
};

/** How a request is treated. */
enum class Kind : std::uint8_t {
    query,   ///< asks; changes nothing; not inside a transaction or a headed bundle
    value,   ///< a set with arguments, a query without: see resolve()
    set,     ///< changes a value; silent when it succeeds, unless wrapped
    graph,   ///< a graph command: prepared, applied in one swap, answered; makes a bundle a
             ///< transaction
    command, ///< anything else that is answered; not inside a transaction or a headed bundle
    wrapper, ///< `/request`
    stream,  ///< daemon to client, to subscribers
    reply,   ///< daemon to client, to the sender of a request
};

/** The least role that may use an address. Each includes the ones before it. */
enum class Role : std::uint8_t {
    monitor, ///< look
    control, ///< turn knobs
    admin,   ///< build and end
};

/** What follows `id address` in `/done`. */
enum class ReplyForm : std::uint8_t {
    never,  ///< not a request
    empty,  ///< nothing
    values, ///< the arguments listed
    json,   ///< a page of JSON: revision, offset, total, text
    text,   ///< a page of plain text, in the same layout
};

/** The reply of a command. */
struct ReplySpec {
    ReplyForm form = ReplyForm::empty; ///< its layout
    ArgumentList values{};             ///< when the form is `values`
};

} // namespace backline::protocol
