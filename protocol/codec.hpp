// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/**
 * @file
 * Packets to bytes and back, and the int32 framing of byte streams. Bytes from outside are checked
 * here, to the last one, before liblo sees them: liblo 0.31 reads past the end of some malformed
 * packets. Every function may be called from any thread; none is for the audio thread.
 */
namespace backline::protocol {

/** What a decoder accepts; whatever exceeds it is `bad_packet`. */
struct Limits {
    std::size_t packet = 64 * 1024; ///< bytes of a packet
    std::size_t nesting = 8;        ///< bundles within bundles, the outermost counted; also arrays
    std::size_t args = 1024;        ///< type tags of a message
    std::size_t path = 255;         ///< bytes of an address
    std::size_t elements = 4096;    ///< messages and inner bundles of a packet, all levels
};

/** The largest payload of a UDP datagram over IPv4, in bytes. */
inline constexpr std::size_t kMaxDatagram = 65'507;

/** Why bytes are not a packet, with as much of an origin as could be read, for the answer. */
struct DecodeError {
    Code code = Code::bad_packet; ///< bad_packet, or bad_type for an unknown type tag
    std::string text;             ///< names the place, what was expected and what came
    std::string address;          ///< of the message at fault (inside `/request`); or empty
    std::int32_t id = 0;          ///< of the `/request` at fault; 0 where there is none
};

/**
 * Checks and decodes one packet. Reads no byte outside @p bytes whatever they are, takes time
 * linear in their number and throws only std::bad_alloc. A message without a type-tag string has no
 * arguments.
 */
std::variant<Packet, DecodeError> decode(std::span<const std::byte> bytes,
                                         const Limits& limits = {});

/**
 * Encodes @p packet. decode(encode(p)) is p when p is within the limits.
 * @throws std::invalid_argument for a text with NUL inside or an address that is not one
 */
std::vector<std::byte> encode(const Packet& packet);

/** A frame of a byte stream: the packet's size as big-endian int32, then the packet. */
std::vector<std::byte> frame(std::span<const std::byte> packet);

/**
 * Cuts a byte stream into packets. Feed what arrived, then take packets until there is none.
 * Memory is bounded by @p cap plus what was fed at once. Not shared between threads.
 */
class FrameReader {
  public:
    /** @param cap largest packet in bytes; a frame that announces more breaks the stream. */
    explicit FrameReader(std::size_t cap = Limits{}.packet) : cap_(cap) {}

    /** Appends bytes that arrived; ignored once the stream is broken. */
    void feed(std::span<const std::byte> bytes);

    /**
     * The next whole packet; nothing when more bytes are needed or the stream is broken. The bytes
     * are valid until the next call of feed() or next().
     */
    std::optional<std::span<const std::byte>> next();

    /** Whether a frame announced a size that is 0, negative or over the cap: close the stream. */
    [[nodiscard]] bool broken() const { return broken_; }

    /** Bytes that wait for the rest of their frame. */
    [[nodiscard]] std::size_t pending() const { return buffer_.size() - begin_; }

  private:
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;
    std::size_t cap_;
    bool broken_ = false;
};

} // namespace backline::protocol
