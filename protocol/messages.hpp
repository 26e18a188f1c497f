// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/**
 * @file
 * OSC packets as plain values: arguments, messages, bundles, and the codes of failed requests.
 * Nothing here does input or output; codec.hpp turns packets into bytes and back.
 */
namespace backline::protocol {

/**
 * An OSC timetag (OSC 1.0, "OSC Time Tag"; RFC 5905 §6): seconds since 1900 as 32.32 fixed point.
 * Seconds with the top bit clear belong to the era that begins in 2036 (RFC 4330 §3), so that
 * conversions hold from 1968 to 2104.
 */
struct TimeTag {
    std::uint64_t ntp = 1; ///< raw value; 1 means "at once"

    /** The time @p when on the wall clock. */
    static TimeTag at(std::chrono::system_clock::time_point when);
    /** The time @p ns nanoseconds after 1970-01-01 UTC. */
    static constexpr TimeTag from_unix_ns(std::int64_t ns);
    /** Nanoseconds since 1970-01-01 UTC; meaningless for kImmediately. */
    [[nodiscard]] constexpr std::int64_t unix_ns() const;
    /** Whether the tag says "at once" rather than a time. */
    [[nodiscard]] constexpr bool immediate() const { return ntp == 1; }

    auto operator<=>(const TimeTag&) const = default;
};

/** The timetag that means "at once". */
inline constexpr TimeTag kImmediately{1};
/** Seconds from 1900-01-01 to 1970-01-01. */
inline constexpr std::int64_t kNtpToUnixSeconds = 2'208'988'800;

/** Opaque bytes (type tag `b`). */
using Blob = std::vector<std::byte>;

/** A name as opposed to a text (type tag `S`); treated as a text wherever one is expected. */
struct Symbol {
    std::string text; ///< without NUL
    bool operator==(const Symbol&) const = default;
};

/** A colour (type tag `r`): red in the top byte, then green, blue, alpha. */
struct Rgba {
    std::uint32_t value = 0; ///< 0xRRGGBBAA
    bool operator==(const Rgba&) const = default;
};

/** A MIDI message (type tag `m`): port id, status, data 1, data 2. */
struct Midi {
    std::array<std::uint8_t, 4> bytes{}; ///< in wire order
    bool operator==(const Midi&) const = default;
};

/** Nothing (type tag `N`). */
struct Nil {
    bool operator==(const Nil&) const = default;
};
/** An impulse or infinity (type tag `I`). */
struct Infinitum {
    bool operator==(const Infinitum&) const = default;
};
/** Opens an array (type tag `[`); it carries no data. */
struct ArrayBegin {
    bool operator==(const ArrayBegin&) const = default;
};
/** Closes an array (type tag `]`); it carries no data. */
struct ArrayEnd {
    bool operator==(const ArrayEnd&) const = default;
};

/** The types of OSC 1.1 and the optional ones of 1.0; `T` and `F` are the two values of bool. */
using Value = std::variant<std::int32_t, float, std::string, Blob, std::int64_t, TimeTag, double,
                           char, Symbol, Rgba, Midi, bool, Nil, Infinitum, ArrayBegin, ArrayEnd>;

/** The type tags, in the order of Value's alternatives (bool stands as `T`, see Argument::tag). */
inline constexpr std::string_view kTypeTags = "ifsbhtdcSrmTNI[]";
static_assert(kTypeTags.size() == std::variant_size_v<Value>);

/** One argument of a message. Converts from what C++ code has at hand. */
struct Argument {
    Value value; ///< what travels

    Argument() : value(Nil{}) {}
    /** From text; the others take each alternative of Value exactly. */
    template <std::convertible_to<std::string_view> T>
    Argument(T&& text) : value(std::string(std::forward<T>(text))) {}
    Argument(std::int32_t v) : value(v) {}
    Argument(std::int64_t v) : value(v) {}
    Argument(float v) : value(v) {}
    Argument(double v) : value(v) {}
    Argument(bool v) : value(v) {}
    Argument(char v) : value(v) {}
    Argument(TimeTag v) : value(v) {}
    Argument(Blob v) : value(std::move(v)) {}
    Argument(Symbol v) : value(std::move(v)) {}
    Argument(Rgba v) : value(v) {}
    Argument(Midi v) : value(v) {}
    Argument(Nil v) : value(v) {}
    Argument(Infinitum v) : value(v) {}
    Argument(ArrayBegin v) : value(v) {}
    Argument(ArrayEnd v) : value(v) {}

    bool operator==(const Argument&) const = default;

    /** The OSC type tag. */
    [[nodiscard]] char tag() const {
        if (const bool* flag = std::get_if<bool>(&value)) return *flag ? 'T' : 'F';
        return kTypeTags[value.index()];
    }
    /** Whether as_number() has a value: `i f h d T F`. */
    [[nodiscard]] bool is_number() const { return as_number().has_value(); }
    /** Whether as_text() has a value: `s S`. */
    [[nodiscard]] bool is_text() const { return as_text().has_value(); }
    /** The number; T is 1 and F is 0. NaN and infinities come through as they are. */
    [[nodiscard]] std::optional<double> as_number() const;
    /** The number if it is whole and fits: `i h T F`, or `f d` without a fraction. */
    [[nodiscard]] std::optional<std::int32_t> as_int() const;
    /** `T F`, or a number: 0 is false, all others are true; NaN is neither. */
    [[nodiscard]] std::optional<bool> as_bool() const;
    /** The text of `s` and `S`; the view lives as long as this argument. */
    [[nodiscard]] std::optional<std::string_view> as_text() const;
};

/** An address and its arguments. */
struct Message {
    std::string address;        ///< begins with `/` (or is `#bundle` in replies' arguments only)
    std::vector<Argument> args; ///< in wire order

    bool operator==(const Message&) const = default;
    /** The type tags, without the leading comma. */
    [[nodiscard]] std::string tags() const;
};

struct Bundle;
/** What one datagram or frame carries. */
using Packet = std::variant<Message, Bundle>;
/** A member of a bundle. */
using Element = Packet;

/** Messages that belong together, and when they are due. */
struct Bundle {
    TimeTag time = kImmediately;   ///< for all members
    std::vector<Element> elements; ///< in the order they take effect
};

/** Compares time and members, in order. */
inline bool operator==(const Bundle& a, const Bundle& b) {
    return a.time == b.time && a.elements == b.elements;
}

/** Builds a message: `message("/node/add", "eq", "backline.gain", 0.5f)`. */
template <typename... Args>
Message message(std::string address, Args&&... args) {
    Message result{std::move(address), {}};
    result.args.reserve(sizeof...(args));
    (result.args.emplace_back(std::forward<Args>(args)), ...);
    return result;
}

/** Builds a bundle of messages that is due at once. */
inline Bundle bundle(std::vector<Message> messages, TimeTag time = kImmediately) {
    Bundle result{time, {}};
    result.elements.reserve(messages.size());
    for (Message& m : messages)
        result.elements.emplace_back(std::move(m));
    return result;
}

/** Why a request failed; on the wire the symbol of kCodes. */
enum class Code : std::uint8_t {
    no_such_address,
    no_such_node,
    no_such_port,
    no_such_parameter,
    no_such_plugin,
    no_such_result,
    no_such_file,
    no_such_rack,
    no_such_connection,
    no_such_snapshot,
    bad_name,
    name_taken,
    bad_type,
    missing_argument,
    too_many_arguments,
    out_of_range,
    loop,
    channels,
    already_connected,
    queue_full,
    plugin_refused,
    plugin_timeout,
    plugin_failed,
    denied,
    bad_time,
    not_scheduled,
    cancelled,
    bad_bundle,
    bad_packet,
    bad_rack,
    bad_file,
    unavailable,
    jack_stalled,
    jack_lost,
    jack_refused,
    internal,
};

/** A code as it travels, and what it says. */
struct CodeInfo {
    Code code;                ///< its position in kCodes
    std::string_view symbol;  ///< on the wire
    std::string_view meaning; ///< one line for people
};

/** Every code, indexed by its value. */
inline constexpr auto kCodes = std::to_array<CodeInfo>({
    {Code::no_such_address, "no_such_address", "no such command"},
    {Code::no_such_node, "no_such_node", "no node, input or output of that name"},
    {Code::no_such_port, "no_such_port", "the node has no such port or channel"},
    {Code::no_such_parameter, "no_such_parameter", "the node has no such parameter"},
    {Code::no_such_plugin, "no_such_plugin", "no library offers a plugin of that id"},
    {Code::no_such_result, "no_such_result", "the node has no such result"},
    {Code::no_such_file, "no_such_file", "no such name in the configured directories"},
    {Code::no_such_rack, "no_such_rack", "no such name in the rack directories"},
    {Code::no_such_connection, "no_such_connection", "nothing connects these two"},
    {Code::no_such_snapshot, "no_such_snapshot", "nothing was stored under that name"},
    {Code::bad_name, "bad_name", "a name is 1 to 63 of A-Z a-z 0-9 _ -"},
    {Code::name_taken, "name_taken", "nodes, inputs and outputs share one namespace"},
    {Code::bad_type, "bad_type", "an argument has a type that means nothing here"},
    {Code::missing_argument, "missing_argument", "fewer arguments than the command needs"},
    {Code::too_many_arguments, "too_many_arguments", "more arguments than the command takes"},
    {Code::out_of_range, "out_of_range", "a value outside its range, or not a number"},
    {Code::loop, "loop", "the connection would close a loop; its path is in the message"},
    {Code::channels, "channels", "channel counts that do not fit each other"},
    {Code::already_connected, "already_connected", "these two are connected"},
    {Code::queue_full, "queue_full", "too much is waiting; try again"},
    {Code::plugin_refused, "plugin_refused", "the library is not one this daemon can load"},
    {Code::plugin_timeout, "plugin_timeout", "the plugin did not come up in time"},
    {Code::plugin_failed, "plugin_failed", "the plugin reported a failure"},
    {Code::denied, "denied", "this sender's role does not admit the command"},
    {Code::bad_time, "bad_time", "a timetag more than a day past, or before that of its bundle"},
    {Code::not_scheduled, "not_scheduled", "no timed request of that id waits, or not any more"},
    {Code::cancelled, "cancelled", "the timed request was cancelled before its time"},
    {Code::bad_bundle, "bad_bundle", "the bundle holds what a bundle cannot hold"},
    {Code::bad_packet, "bad_packet", "the packet is not OSC, or exceeds a limit"},
    {Code::bad_rack, "bad_rack", "the rack does not load; line and reason in the message"},
    {Code::bad_file, "bad_file", "the file cannot be read or written"},
    {Code::unavailable, "unavailable", "this daemon was started without what is asked for"},
    {Code::jack_stalled, "jack_stalled", "the JACK server is there but does not answer"},
    {Code::jack_lost, "jack_lost", "there is no JACK server"},
    {Code::jack_refused, "jack_refused", "the JACK server said no"},
    {Code::internal, "internal", "a fault of the daemon; please report the message"},
});

/** The code as it travels. */
constexpr std::string_view to_symbol(Code code) {
    return kCodes[static_cast<std::size_t>(code)].symbol;
}

/** The code of a symbol; nothing for one of a newer version. */
std::optional<Code> code_from(std::string_view symbol);

// ---- definitions -------------------------------------------------------------------------------

constexpr TimeTag TimeTag::from_unix_ns(std::int64_t ns) {
    constexpr std::int64_t giga = 1'000'000'000;
    std::int64_t seconds = ns / giga, rest = ns % giga;
    if (rest < 0) {
        rest += giga;
        --seconds;
    }
    // Rounded, so that nanoseconds survive the way there and back.
    const auto fraction = ((static_cast<std::uint64_t>(rest) << 32) + giga / 2) / giga;
    return {(static_cast<std::uint64_t>(seconds + kNtpToUnixSeconds) << 32) + fraction};
}

constexpr std::int64_t TimeTag::unix_ns() const {
    auto seconds = static_cast<std::int64_t>(ntp >> 32);
    if (seconds < (std::int64_t{1} << 31)) seconds += std::int64_t{1} << 32;
    const std::uint64_t fraction = ntp & 0xffff'ffffU;
    const auto rest = (fraction * 1'000'000'000U + (std::uint64_t{1} << 31)) >> 32;
    return (seconds - kNtpToUnixSeconds) * 1'000'000'000 + static_cast<std::int64_t>(rest);
}

inline TimeTag TimeTag::at(std::chrono::system_clock::time_point when) {
    using std::chrono::nanoseconds;
    return from_unix_ns(std::chrono::duration_cast<nanoseconds>(when.time_since_epoch()).count());
}

} // namespace backline::protocol
