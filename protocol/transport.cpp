// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#include "protocol/transport.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <system_error>
#include <utility>

namespace backline::protocol {
namespace {

constexpr std::string_view kUdp = "osc.udp://";
constexpr std::string_view kUnix = "osc.unix://";
constexpr int kReceiveBuffer = 1 << 20;
constexpr timeval kSendTimeout{5, 0};

[[noreturn]] void bad_url(std::string_view text, std::string_view why) {
    throw std::invalid_argument("URL \"" + std::string(text) + "\": " + std::string(why)
                                + "; expected osc.udp://host:port or osc.unix:///path");
}

std::string reason(int error) {
    return std::generic_category().message(error);
}

} // namespace

Url Url::parse(std::string_view text) {
    Url url;
    if (text.starts_with(kUnix)) {
        url.scheme = Scheme::unix_stream;
        url.path = text.substr(kUnix.size());
        if (!url.path.starts_with('/')) bad_url(text, "the path is not absolute");
        if (url.path.size() >= sizeof(sockaddr_un::sun_path)) bad_url(text, "the path is too long");
        return url;
    }
    if (!text.starts_with(kUdp)) bad_url(text, "unknown scheme");
    std::string_view rest = text.substr(kUdp.size());
    if (rest.ends_with('/')) rest.remove_suffix(1);
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos || colon == 0) bad_url(text, "no host and port");
    std::string_view host = rest.substr(0, colon);
    const std::string_view port = rest.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos)
        bad_url(text, "an IPv6 address stands in brackets");
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc{} || end != port.data() + port.size() || url.port == 0)
        bad_url(text, "the port is not 1 to 65535");
    url.host = host;
    return url;
}

std::string Url::text() const {
    if (scheme == Scheme::unix_stream) return std::string(kUnix) + path;
    const bool numeric6 = host.find(':') != std::string::npos;
    return std::string(kUdp) + (numeric6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Transport::Transport(Url url) : url_(std::move(url)), buffer_(Limits{}.packet) {
    if (url_.scheme == Url::Scheme::udp)
        connect_udp();
    else
        connect_unix();
    // A client that waits for room forever would be stuck with a daemon that is.
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout);
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
}

Transport::~Transport() {
    if (fd_ >= 0) ::close(fd_);
}

Transport::Transport(Transport&& other) noexcept
    : url_(std::move(other.url_)),
      fd_(std::exchange(other.fd_, -1)),
      frames_(std::move(other.frames_)),
      buffer_(std::move(other.buffer_)) {}

Transport& Transport::operator=(Transport&& other) noexcept {
    std::swap(url_, other.url_);
    std::swap(fd_, other.fd_);
    std::swap(frames_, other.frames_);
    std::swap(buffer_, other.buffer_);
    return *this;
}

void Transport::fail(std::string_view doing, int error) const {
    throw ConnectionError(url_.text() + ": " + std::string(doing) + ": " + reason(error));
}

void Transport::connect_udp() {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(url_.port);
    if (const int error = ::getaddrinfo(url_.host.c_str(), port.c_str(), &hints, &found))
        throw ConnectionError(url_.text() + ": " + ::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, ::freeaddrinfo);
    int error = 0;
    for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
        fd_ = ::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd_ >= 0 && ::connect(fd_, a->ai_addr, a->ai_addrlen) == 0) return;
        error = errno;
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    fail("cannot connect", error);
}

void Transport::connect_unix() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(url_.path.begin(), url_.path.end(), address.sun_path);
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ >= 0
        && ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        return;
    const int error = errno;
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    fail("cannot connect", error);
}

void Transport::send(std::span<const std::byte> packet) {
    if (packet.size() > Limits{}.packet
        || (url_.scheme == Url::Scheme::udp && packet.size() > kMaxDatagram))
        fail("cannot send " + std::to_string(packet.size()) + " bytes", EMSGSIZE);
    std::vector<std::byte> framed;
    if (url_.scheme == Url::Scheme::unix_stream) {
        framed = frame(packet);
        packet = framed;
    }
    while (!packet.empty()) {
        const ssize_t sent = ::send(fd_, packet.data(), packet.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) fail("cannot send", errno);
        packet = packet.subspan(static_cast<std::size_t>(sent));
    }
}

bool Transport::wait(std::chrono::steady_clock::time_point deadline) const {
    using namespace std::chrono;
    for (;;) {
        const auto left = ceil<milliseconds>(deadline - steady_clock::now()).count();
        pollfd entry{fd_, POLLIN, 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(std::clamp<long>(left, 0, 3'600'000)));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) fail("cannot wait", errno);
        if (steady_clock::now() >= deadline) return false;
    }
}

std::optional<Packet> Transport::receive(std::chrono::steady_clock::time_point deadline) {
    const bool stream = url_.scheme == Url::Scheme::unix_stream;
    for (;;) {
        while (stream) {
            const auto whole = frames_.next();
            if (!whole) break;
            auto decoded = decode(*whole);
            if (auto* packet = std::get_if<Packet>(&decoded)) return std::move(*packet);
        }
        if (frames_.broken())
            throw ConnectionError(url_.text() + ": what arrives is not framed OSC");
        if (!wait(deadline)) return std::nullopt;
        const ssize_t got = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail(errno == ECONNREFUSED ? "nobody listens" : "cannot receive", errno);
        if (got == 0 && stream) throw ConnectionError(url_.text() + ": the daemon closed it");
        const std::span<const std::byte> bytes(buffer_.data(), static_cast<std::size_t>(got));
        if (stream) {
            frames_.feed(bytes);
            continue;
        }
        auto decoded = decode(bytes);
        if (auto* packet = std::get_if<Packet>(&decoded)) return std::move(*packet);
    }
}

} // namespace backline::protocol
