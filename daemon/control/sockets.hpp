// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sys/socket.h>

namespace backline::control {

/// A port or socket that somebody else has; what() names it and, where it can be found, the holder.
struct InUse : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Owns a file descriptor.
class Descriptor {
  public:
    /// Takes over @p fd.
    explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
    ~Descriptor();
    /// Leaves none behind.
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    [[nodiscard]] int get() const noexcept { return fd_; } ///< -1: none

  private:
    int fd_;
};

/// The address and port of a UDP peer.
struct UdpAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] std::string key() const;  ///< equal for equal addresses and ports only
    [[nodiscard]] std::string text() const; ///< "127.0.0.1:9770", "[::1]:9770"
    [[nodiscard]] bool loopback() const;    ///< of this machine
    [[nodiscard]] UdpAddress with_port(std::uint16_t port) const; ///< the same host
    /// From a numeric address; nothing when it is not one.
    static std::optional<UdpAddress> parse(const std::string& address, std::uint16_t port);
};

/// One bound UDP socket, never blocking.
class UdpSocket {
  public:
    /// Throws InUse, std::system_error (EAFNOSUPPORT and EADDRNOTAVAIL where there is no IPv6).
    explicit UdpSocket(const UdpAddress& local);

    [[nodiscard]] int fd() const noexcept { return fd_.get(); } ///< for epoll
    [[nodiscard]] std::uint16_t port() const;                   ///< bound to
    /// Sends one datagram; false when it could not go at once.
    bool send(const UdpAddress& to, std::span<const std::byte> bytes) noexcept;

  private:
    Descriptor fd_;
};

/// Receives datagrams, several per system call. Its buffers serve all sockets.
class UdpReceiver {
  public:
    /// Called per datagram; @p truncated: it was larger than the limit and is cut there.
    using Take =
        std::function<void(const UdpAddress& from, std::span<const std::byte>, bool truncated)>;

    /// @p packet_max: bytes.
    explicit UdpReceiver(std::size_t packet_max);
    ~UdpReceiver();
    /// Takes what has arrived, at most 64 datagrams, so that no socket starves another.
    void receive(UdpSocket& socket, const Take& take);
    /// Datagrams the kernel dropped for want of room, of all sockets (SO_RXQ_OVFL).
    [[nodiscard]] std::uint64_t kernel_dropped() const noexcept;

  private:
    struct Buffers;
    std::unique_ptr<Buffers> buffers_;
};

/// Binds all @p addresses to one and the same port number; with @p port 0 to one that is free on
/// each. A missing IPv6 is logged and left out. Throws InUse, std::system_error,
/// std::invalid_argument for an address that is not numeric.
std::vector<UdpSocket> bind_udp(const std::vector<std::string>& addresses, std::uint16_t port);

/// A listening unix stream socket. Replaces what a dead daemon left behind; removes its own file.
class UnixListener {
  public:
    /// Throws InUse (with the holder's process id), std::system_error.
    explicit UnixListener(std::string path);
    ~UnixListener();
    UnixListener(const UnixListener&) = delete;
    UnixListener& operator=(const UnixListener&) = delete;

    [[nodiscard]] int fd() const noexcept { return fd_.get(); } ///< for epoll
    /// The next connection, non-blocking; none when nobody waits. `refused` is set when one waited
    /// and could not be taken (no descriptors).
    Descriptor accept(bool& refused);

  private:
    std::string path_;
    Descriptor fd_;
    std::uint64_t inode_ = 0;
};

} // namespace backline::control
