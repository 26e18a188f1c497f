// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/sockets.hpp"

#include "daemon/control/holder.hpp"
#include "daemon/log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace backline::control {
namespace {

constexpr int kReceiveBuffer = 4 * 1024 * 1024; // bytes; the kernel caps it at rmem_max
constexpr unsigned kBatch = 8;
constexpr unsigned kBatches = 8;

[[noreturn]] void fail(int error, const std::string& what) {
    throw std::system_error(error, std::generic_category(), what);
}

template <typename T>
T view(const sockaddr_storage& storage) {
    T result;
    std::memcpy(&result, &storage, sizeof result);
    return result;
}

void set_option(int fd, int level, int name, int value) {
    ::setsockopt(fd, level, name, &value, sizeof value);
}

} // namespace

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

// ---- UDP
// ------------------------------------------------------------------------------------------

std::string UdpAddress::key() const {
    std::string result;
    const auto add = [&result](const auto& field) {
        result.append(reinterpret_cast<const char*>(&field), sizeof field);
    };
    if (storage.ss_family == AF_INET) {
        const auto in = view<sockaddr_in>(storage);
        add(in.sin_addr);
        add(in.sin_port);
    } else {
        const auto in = view<sockaddr_in6>(storage);
        add(in.sin6_addr);
        add(in.sin6_port);
        add(in.sin6_scope_id);
    }
    return result;
}

std::string UdpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    if (storage.ss_family == AF_INET) {
        const auto in = view<sockaddr_in>(storage);
        ::inet_ntop(AF_INET, &in.sin_addr, buffer.data(), buffer.size());
        return std::string(buffer.data()) + ":" + std::to_string(ntohs(in.sin_port));
    }
    const auto in = view<sockaddr_in6>(storage);
    ::inet_ntop(AF_INET6, &in.sin6_addr, buffer.data(), buffer.size());
    return "[" + std::string(buffer.data()) + "]:" + std::to_string(ntohs(in.sin6_port));
}

bool UdpAddress::loopback() const {
    if (storage.ss_family == AF_INET)
        return ntohl(view<sockaddr_in>(storage).sin_addr.s_addr) >> 24 == 127;
    const auto in = view<sockaddr_in6>(storage);
    return IN6_IS_ADDR_LOOPBACK(&in.sin6_addr) != 0;
}

UdpAddress UdpAddress::with_port(std::uint16_t port) const {
    UdpAddress result = *this;
    // The port stands at the same place in both families.
    const std::uint16_t network = htons(port);
    std::memcpy(reinterpret_cast<char*>(&result.storage) + offsetof(sockaddr_in, sin_port),
                &network, sizeof network);
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    return result;
}

std::optional<UdpAddress> UdpAddress::parse(const std::string& address, std::uint16_t port) {
    UdpAddress result;
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        std::memcpy(&result.storage, &v4, sizeof v4);
        result.size = sizeof v4;
    } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        std::memcpy(&result.storage, &v6, sizeof v6);
        result.size = sizeof v6;
    } else {
        return std::nullopt;
    }
    return result.with_port(port);
}

UdpSocket::UdpSocket(const UdpAddress& local)
    : fd_(::socket(local.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const std::string what = "UDP " + local.text();
    if (fd_.get() < 0) fail(errno, what);
    if (local.storage.ss_family == AF_INET6) set_option(fd_.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_option(fd_.get(), SOL_SOCKET, SO_RXQ_OVFL, 1);
    set_option(fd_.get(), SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&local.storage), local.size) == 0)
        return;
    const int error = errno;
    if (error != EADDRINUSE) fail(error, what);
    throw InUse(what + " is in use" + udp_holder(local.text()));
}

std::uint16_t UdpSocket::port() const {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(fd(), reinterpret_cast<sockaddr*>(&bound), &size) != 0)
        fail(errno, "getsockname");
    return ntohs(bound.ss_family == AF_INET ? view<sockaddr_in>(bound).sin_port
                                            : view<sockaddr_in6>(bound).sin6_port);
}

bool UdpSocket::send(const UdpAddress& to, std::span<const std::byte> bytes) noexcept {
    return ::sendto(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&to.storage), to.size)
           == static_cast<ssize_t>(bytes.size());
}

struct UdpReceiver::Buffers {
    explicit Buffers(std::size_t packet_max) : bytes(packet_max * kBatch), room(packet_max) {}

    std::vector<std::byte> bytes;
    std::size_t room;
    std::array<mmsghdr, kBatch> headers{};
    std::array<iovec, kBatch> vectors{};
    std::array<UdpAddress, kBatch> from{};
    std::array<std::array<char, 64>, kBatch> control{};
    std::map<int, std::uint32_t> dropped; ///< by socket: the kernel's own running count

    void prepare() {
        for (unsigned i = 0; i < kBatch; ++i) {
            vectors[i] = {bytes.data() + i * room, room};
            msghdr& header = headers[i].msg_hdr;
            header = {};
            header.msg_name = &from[i].storage;
            header.msg_namelen = sizeof from[i].storage;
            header.msg_iov = &vectors[i];
            header.msg_iovlen = 1;
            header.msg_control = control[i].data();
            header.msg_controllen = control[i].size();
        }
    }
};

UdpReceiver::UdpReceiver(std::size_t packet_max)
    : buffers_(std::make_unique<Buffers>(packet_max)) {}

UdpReceiver::~UdpReceiver() = default;

void UdpReceiver::receive(UdpSocket& socket, const Take& take) {
    for (unsigned batch = 0; batch < kBatches; ++batch) {
        buffers_->prepare();
        const int count =
            ::recvmmsg(socket.fd(), buffers_->headers.data(), kBatch, MSG_DONTWAIT, nullptr);
        if (count <= 0) return;
        for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
            msghdr& header = buffers_->headers[i].msg_hdr;
            for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c))
                if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL)
                    std::memcpy(&buffers_->dropped[socket.fd()], CMSG_DATA(c),
                                sizeof(std::uint32_t));
            buffers_->from[i].size = header.msg_namelen;
            take(buffers_->from[i],
                 std::span(buffers_->bytes)
                     .subspan(i * buffers_->room, buffers_->headers[i].msg_len),
                 (header.msg_flags & MSG_TRUNC) != 0);
        }
        if (static_cast<unsigned>(count) < kBatch) return;
    }
}

std::uint64_t UdpReceiver::kernel_dropped() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& [fd, count] : buffers_->dropped)
        sum += count;
    return sum;
}

std::vector<UdpSocket> bind_udp(const std::vector<std::string>& addresses, std::uint16_t port) {
    constexpr int kTries = 32; // to find a port that is free on all addresses
    for (int attempt = 0;; ++attempt) {
        std::vector<UdpSocket> sockets;
        std::uint16_t number = port;
        try {
            for (const std::string& address : addresses) {
                const auto local = UdpAddress::parse(address, number);
                if (!local) throw std::invalid_argument("\"" + address + "\" is not an IP address");
                try {
                    sockets.emplace_back(*local);
                } catch (const std::system_error& error) {
                    const int why = error.code().value();
                    const bool missing = why == EAFNOSUPPORT || why == EADDRNOTAVAIL;
                    if (local->storage.ss_family != AF_INET6 || !missing) throw;
                    log::info("no IPv6 here: OSC is not at {}", local->text());
                    continue;
                }
                number = sockets.back().port();
            }
            return sockets;
        } catch (const InUse&) {
            if (port != 0 || attempt >= kTries) throw;
        }
    }
}

// ---- unix stream -------------------------------------------------------------------------------

UnixListener::UnixListener(std::string path)
    : path_(std::move(path)),
      fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    if (fd_.get() < 0) fail(errno, "unix socket " + path_);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) fail(ENAMETOOLONG, "unix socket " + path_);
    std::copy(path_.begin(), path_.end(), address.sun_path);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);

    struct stat there {};
    if (::lstat(path_.c_str(), &there) == 0) {
        if (!S_ISSOCK(there.st_mode)) throw InUse(path_ + " is in use: it is not a socket");
        const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        // A full backlog (EAGAIN) has somebody behind it too.
        if (::connect(probe.get(), generic, sizeof address) == 0 || errno == EAGAIN)
            throw InUse("unix socket " + path_ + " is in use" + unix_holder(probe.get()));
        if (errno != ECONNREFUSED) fail(errno, "unix socket " + path_);
        ::unlink(path_.c_str());
    }
    // Whoever may open it is an admin: the daemon's user and group.
    const mode_t former = ::umask(0117);
    const int bound = ::bind(fd_.get(), generic, sizeof address);
    const int error = errno;
    ::umask(former);
    if (bound != 0) {
        if (error == EADDRINUSE) throw InUse("unix socket " + path_ + " is in use");
        fail(error, "unix socket " + path_);
    }
    if (::listen(fd_.get(), 32) != 0) fail(errno, "unix socket " + path_);
    if (::lstat(path_.c_str(), &there) == 0) inode_ = there.st_ino;
}

UnixListener::~UnixListener() {
    struct stat there {};
    if (::lstat(path_.c_str(), &there) == 0 && there.st_ino == inode_) ::unlink(path_.c_str());
}

Descriptor UnixListener::accept(bool& refused) {
    Descriptor result(::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    refused = result.get() < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
    return result;
}

} // namespace backline::control
