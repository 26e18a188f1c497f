// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#include "protocol/wire.hpp"

#include <algorithm>

namespace backline::protocol::wire {
namespace {

/** Whether @p text is UTF-8 (RFC 3629 §4: no overlong forms, no surrogates, up to U+10FFFF). */
bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t more = lead >= 0xc2 && lead < 0xe0   ? 1
                                 : lead >= 0xe0 && lead < 0xf0 ? 2
                                 : lead >= 0xf0 && lead < 0xf5 ? 3
                                                               : 0;
        if (more == 0 || text.size() - i <= more) return false;
        // Only the second byte's range depends on the first.
        const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        const auto second = static_cast<unsigned char>(text[i + 1]);
        if (second < low || second > high) return false;
        for (std::size_t k = 2; k <= more; ++k)
            if ((static_cast<unsigned char>(text[i + k]) & 0xc0U) != 0x80U) return false;
        i += more + 1;
    }
    return true;
}

std::string show(char c) {
    if (c > ' ' && c < 0x7f) return std::string("'") + c + "'";
    constexpr std::string_view hex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    return std::string("byte 0x") + hex[byte >> 4U] + hex[byte & 15U];
}

/** Moves past one argument; says what is wrong with it. */
std::optional<std::string> argument_fault(Cursor& cursor, char tag) {
    switch (tag) {
    case 'T':
    case 'F':
    case 'N':
    case 'I':
        return std::nullopt;
    case 'i':
    case 'f':
    case 'c':
    case 'r':
    case 'm':
        return cursor.u32() ? std::nullopt : std::optional("ends early");
    case 'h':
    case 't':
    case 'd':
        return cursor.u64() ? std::nullopt : std::optional("ends early");
    case 's':
    case 'S': {
        const auto text = cursor.string();
        if (!text) return "is not a string closed by NUL and zeros to a multiple of 4";
        return is_utf8(*text) ? std::nullopt : std::optional("is not UTF-8");
    }
    default:
        break;
    }
    const auto size = cursor.u32();
    if (!size) return "ends before the size of its blob";
    const std::uint64_t room = (std::uint64_t{*size} + 3) / 4 * 4;
    if (room > cursor.left())
        return "is a blob of " + std::to_string(static_cast<std::int32_t>(*size)) + " bytes where "
               + std::to_string(cursor.left()) + " are left";
    const auto padding = cursor.take(static_cast<std::size_t>(room)).subspan(*size);
    if (std::any_of(padding.begin(), padding.end(), [](std::byte b) { return b != std::byte{}; }))
        return "is a blob not padded with zeros";
    return std::nullopt;
}

} // namespace

bool is_bundle(std::span<const std::byte> bytes) {
    return bytes.size() > kBundleTag.size() && bytes[kBundleTag.size()] == std::byte{}
           && std::equal(kBundleTag.begin(), kBundleTag.end(), bytes.begin(),
                         [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

std::optional<std::uint32_t> Cursor::u32() {
    if (left() < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (const std::byte b : take(4))
        value = value << 8U | std::to_integer<std::uint32_t>(b);
    return value;
}

std::optional<std::uint64_t> Cursor::u64() {
    if (left() < 8) return std::nullopt;
    const std::uint64_t high = *u32();
    return high << 32U | *u32();
}

std::span<const std::byte> Cursor::take(std::size_t count) {
    const auto taken = bytes_.subspan(at_, count);
    at_ += count;
    return taken;
}

std::optional<std::string_view> Cursor::string() {
    const auto rest = bytes_.subspan(at_);
    const auto end = std::find(rest.begin(), rest.end(), std::byte{});
    if (end == rest.end()) return std::nullopt;
    const auto length = static_cast<std::size_t>(end - rest.begin());
    const std::size_t size = padded(length);
    if (size > rest.size()) return std::nullopt;
    const auto padding = rest.subspan(length, size - length);
    if (std::any_of(padding.begin(), padding.end(), [](std::byte b) { return b != std::byte{}; }))
        return std::nullopt;
    at_ += size;
    return std::string_view(reinterpret_cast<const char*>(rest.data()), length);
}

std::optional<std::string> address_fault(std::string_view address) {
    if (address.empty() || address.front() != '/')
        return "an address begins with '/', "
               + (address.empty() ? "got none" : "got " + show(address.front()));
    for (const char c : address)
        if (c <= ' ' || c >= 0x7f || c == '#') return "an address has no " + show(c);
    return std::nullopt;
}

bool check(std::span<const std::byte> message, const Limits& limits, Layout& layout,
           DecodeError& error) {
    const auto fail = [&](Code code, std::string text) {
        error.code = code;
        error.text = std::move(text);
        return false;
    };
    Cursor cursor(message);
    const auto address = cursor.string();
    if (!address)
        return fail(Code::bad_packet,
                    "the address is not closed by NUL and zeros to a multiple of 4");
    if (address->size() > limits.path)
        return fail(Code::bad_packet, "an address of " + std::to_string(address->size())
                                          + " bytes; at most " + std::to_string(limits.path)
                                          + " are taken");
    if (auto wrong = address_fault(*address)) return fail(Code::bad_packet, *std::move(wrong));
    layout.address = *address;
    error.address = *address;
    layout.tags_at = layout.data_at = cursor.at();
    if (cursor.left() == 0) return true;

    const std::string where = "message " + error.address + ": ";
    const auto tags = cursor.string();
    if (!tags || (!tags->empty() && tags->front() != ','))
        return fail(Code::bad_packet, where + "the address is not followed by type tags");
    layout.tags = tags->substr(tags->empty() ? 0 : 1);
    layout.data_at = cursor.at();
    if (layout.tags.size() > limits.args)
        return fail(Code::bad_packet, where + std::to_string(layout.tags.size())
                                          + " arguments; at most " + std::to_string(limits.args)
                                          + " are taken");

    const bool wrapped = *address == "/request" && layout.tags.substr(0, 2) == "is";
    std::size_t open = 0;
    for (std::size_t i = 0; i < layout.tags.size(); ++i) {
        const char tag = layout.tags[i];
        if (tag != 'F' && kTypeTags.find(tag) == std::string_view::npos)
            return fail(Code::bad_type, where + "argument " + std::to_string(i + 1)
                                            + " has the type " + show(tag) + ", expected one of "
                                            + std::string(kTypeTags) + "F");
        if (tag == '[') {
            if (++open > limits.nesting)
                return fail(Code::bad_packet, where + "arrays are nested deeper than "
                                                  + std::to_string(limits.nesting));
            continue;
        }
        if (tag == ']') {
            if (open-- == 0) return fail(Code::bad_packet, where + "']' without '['");
            continue;
        }
        const std::size_t begin = cursor.at();
        if (const auto wrong = argument_fault(cursor, tag))
            return fail(Code::bad_packet,
                        where + "argument " + std::to_string(i + 1) + " " + *wrong);
        if (!wrapped || i > 1) continue;
        // Later faults are answered under the wrapped request's own id and address.
        Cursor head(message.subspan(begin));
        if (i == 0)
            error.id = static_cast<std::int32_t>(*head.u32());
        else
            error.address = *head.string();
    }
    if (open != 0) return fail(Code::bad_packet, where + "'[' without ']'");
    if (cursor.left() != 0)
        return fail(Code::bad_packet,
                    where + std::to_string(cursor.left()) + " bytes follow the last argument");
    error = {};
    return true;
}

} // namespace backline::protocol::wire
