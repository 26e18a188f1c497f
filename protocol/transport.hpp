// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/codec.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/** @file Where a daemon listens, and the socket that leads there. */
namespace backline::protocol {

/** No connection, or one that broke; what() names the URL and the reason. */
struct ConnectionError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/** `osc.udp://host:port` (`[host]` for IPv6) or `osc.unix:///path`. */
struct Url {
    /** How packets travel. */
    enum class Scheme : std::uint8_t {
        udp,         ///< one packet per datagram
        unix_stream, ///< framed by int32 sizes
    };
    Scheme scheme = Scheme::udp; ///< how
    std::string host;            ///< of udp: a name or number, without brackets
    std::uint16_t port = 0;      ///< of udp: 1..65535
    std::string path;            ///< of unix_stream: absolute

    /** @throws std::invalid_argument that says what was expected */
    static Url parse(std::string_view text);
    /** The text that parse() takes. */
    [[nodiscard]] std::string text() const;
};

/** A connected socket. Movable, not shared between threads. */
class Transport {
  public:
    /** @throws ConnectionError when there is nobody, as far as the socket can tell */
    explicit Transport(Url url);
    ~Transport();
    Transport(Transport&& other) noexcept;
    Transport& operator=(Transport&& other) noexcept;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    /**
     * Sends one encoded packet; waits up to 5 s for room in the socket.
     * @throws ConnectionError, also for a packet that is too large for the socket
     */
    void send(std::span<const std::byte> packet);

    /**
     * Waits for one packet until @p deadline; packets that do not decode are skipped.
     * @throws ConnectionError when the other side is gone
     */
    std::optional<Packet> receive(std::chrono::steady_clock::time_point deadline);

    /** Where this leads. */
    [[nodiscard]] const Url& url() const { return url_; }
    /** The socket, for a caller's own poll(2) or getsockname(2). */
    [[nodiscard]] int descriptor() const { return fd_; }

  private:
    void connect_udp();
    void connect_unix();
    bool wait(std::chrono::steady_clock::time_point deadline) const;
    [[noreturn]] void fail(std::string_view doing, int error) const;

    Url url_;
    int fd_ = -1;
    FrameReader frames_;
    std::vector<std::byte> buffer_;
};

} // namespace backline::protocol
