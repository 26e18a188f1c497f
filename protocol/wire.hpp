// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/codec.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/**
 * @file
 * The layout of OSC 1.0 messages, byte by byte, with every bound checked. codec.cpp hands to liblo
 * only what check() found sound.
 */
namespace backline::protocol::wire {

/** How a bundle begins, without its NUL. */
inline constexpr std::string_view kBundleTag = "#bundle";

/** Bytes of a string of @p length characters with its NUL, padded to a multiple of 4. */
constexpr std::size_t padded(std::size_t length) {
    return (length / 4 + 1) * 4;
}

/** Whether an argument of that type has bytes beyond its tag. */
constexpr bool has_data(char tag) {
    return std::string_view("ifsbhtdcSrm").find(tag) != std::string_view::npos;
}

/** Whether @p bytes begin as a bundle does. */
bool is_bundle(std::span<const std::byte> bytes);

/** Reads big-endian values and never beyond the end. */
class Cursor {
  public:
    /** Reads from the beginning of the bytes, which outlive it. */
    explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

    /** Bytes not read yet. */
    [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
    /** Bytes read. */
    [[nodiscard]] std::size_t at() const { return at_; }
    /** The next 4 bytes as a number; nothing when there are fewer. */
    std::optional<std::uint32_t> u32();
    /** The next 8 bytes as a number; nothing when there are fewer. */
    std::optional<std::uint64_t> u64();
    /** The next @p count bytes; the caller has made sure that they are there. */
    std::span<const std::byte> take(std::size_t count);
    /** A string with its NUL and zero padding; nothing when one of these is not as it must be. */
    std::optional<std::string_view> string();

  private:
    std::span<const std::byte> bytes_;
    std::size_t at_ = 0;
};

/** Where the parts of a sound message are; the views point into it. */
struct Layout {
    std::string_view address;
    std::string_view tags;   ///< without the comma; empty when the message has none
    std::size_t tags_at = 0; ///< offset of the comma
    std::size_t data_at = 0; ///< offset of the first argument
};

/** What is wrong with an address: it is `/` and then printable ASCII but space and `#`. */
std::optional<std::string> address_fault(std::string_view address);

/**
 * Checks a whole message: address, tags, every argument, and that nothing follows. Texts must be
 * UTF-8, so that they can be logged and sent on as JSON.
 * @return true and @p layout, or false and @p error
 */
bool check(std::span<const std::byte> message, const Limits& limits, Layout& layout,
           DecodeError& error);

} // namespace backline::protocol::wire
