// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol/codec.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace backline::protocol {

/** How a failed comparison shows a message. */
inline void PrintTo(const Message& m, std::ostream* out) {
    *out << m.address << " ," << m.tags();
    for (const Argument& argument : m.args) {
        if (const auto number = argument.as_number()) *out << ' ' << *number;
        if (const auto text = argument.as_text()) *out << " \"" << *text << '"';
    }
}

} // namespace backline::protocol

namespace backline::protocol::test {

/**
 * Something at the other end of a real socket: answers packets as a function says. One peer over a
 * unix stream, any number over UDP.
 */
class FakeDaemon {
  public:
    /** What to send back for a packet; called on the daemon's thread. */
    using Handler = std::function<std::vector<Packet>(const Packet&)>;

    FakeDaemon(bool stream, Handler handler) : stream_(stream), handler_(std::move(handler)) {
        stop_ = ::eventfd(0, EFD_CLOEXEC);
        stream_ ? listen_unix() : bind_udp();
        thread_ = std::thread([this] { run(); });
    }
    ~FakeDaemon() {
        ::eventfd_write(stop_, 1);
        thread_.join();
        for (const int fd : {peer_, socket_, stop_})
            if (fd >= 0) ::close(fd);
        if (stream_) std::filesystem::remove_all(directory_);
    }
    FakeDaemon(const FakeDaemon&) = delete;
    FakeDaemon& operator=(const FakeDaemon&) = delete;

    [[nodiscard]] const std::string& url() const { return url_; }
    [[nodiscard]] const std::string& directory() const { return directory_; }

    /** Every message that came, out of its bundles and envelopes. */
    std::vector<Message> received() {
        const std::lock_guard lock(mutex_);
        return received_;
    }

    /** The message in an envelope, with the envelope's id; others as they are, with id 0. */
    static std::pair<std::int32_t, Message> unwrap(const Message& m) {
        if (m.address != "/request") return {0, m};
        Message inner{std::string(m.args.at(1).as_text().value()),
                      {m.args.begin() + 2, m.args.end()}};
        return {m.args.at(0).as_int().value(), std::move(inner)};
    }

    /** Answers each message as @p handler says, with `/done` and what it returns. */
    static Handler done(std::function<std::vector<Argument>(const Message&)> handler) {
        return [handler = std::move(handler)](const Packet& packet) {
            std::vector<Packet> replies;
            if (const auto* m = std::get_if<Message>(&packet)) {
                const auto [id, inner] = unwrap(*m);
                Message reply = message("/done", id, inner.address);
                for (Argument& argument : handler(inner))
                    reply.args.push_back(std::move(argument));
                replies.emplace_back(std::move(reply));
            }
            return replies;
        };
    }

  private:
    static void check(int result, const char* what) {
        if (result < 0) throw std::runtime_error(what);
    }

    void bind_udp() {
        socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        check(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), "bind");
        check(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
        url_ = "osc.udp://127.0.0.1:" + std::to_string(::ntohs(address.sin_port));
    }

    void listen_unix() {
        std::string name = (std::filesystem::temp_directory_path() / "backline-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        directory_ = name;
        const std::string path = directory_ + "/osc.sock";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        check(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
        check(::listen(socket_, 1), "listen");
        url_ = "osc.unix://" + path;
    }

    void run() {
        for (;;) {
            pollfd fds[3] = {{stop_, POLLIN, 0}, {socket_, POLLIN, 0}, {peer_, POLLIN, 0}};
            if (::poll(fds, 3, -1) < 0) continue;
            if (fds[0].revents != 0) return;
            if (fds[1].revents != 0) stream_ ? accept_peer() : receive_datagram();
            if (fds[2].revents != 0) receive_stream();
        }
    }

    void accept_peer() {
        if (peer_ >= 0) ::close(peer_);
        peer_ = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
        frames_ = FrameReader();
    }

    void receive_datagram() {
        std::vector<std::byte> buffer(65'536);
        sockaddr_in from{};
        socklen_t size = sizeof from;
        const ssize_t got = ::recvfrom(socket_, buffer.data(), buffer.size(), 0,
                                       reinterpret_cast<sockaddr*>(&from), &size);
        if (got < 0) return;
        for (const auto& reply : answer({buffer.data(), static_cast<std::size_t>(got)}))
            ::sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from),
                     size);
    }

    void receive_stream() {
        std::vector<std::byte> buffer(65'536);
        const ssize_t got = ::recv(peer_, buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            ::close(std::exchange(peer_, -1));
            return;
        }
        frames_.feed({buffer.data(), static_cast<std::size_t>(got)});
        while (const auto packet = frames_.next())
            for (const auto& reply : answer(*packet)) {
                const auto framed = frame(reply);
                // In two halves: the reader has to put them together.
                ::send(peer_, framed.data(), framed.size() / 2, MSG_NOSIGNAL);
                ::send(peer_, framed.data() + framed.size() / 2, framed.size() - framed.size() / 2,
                       MSG_NOSIGNAL);
            }
    }

    std::vector<std::vector<std::byte>> answer(std::span<const std::byte> bytes) {
        std::vector<std::vector<std::byte>> replies;
        const auto decoded = decode(bytes);
        if (const auto* packet = std::get_if<Packet>(&decoded)) {
            {
                const std::lock_guard lock(mutex_);
                record(*packet);
            }
            for (const Packet& reply : handler_(*packet))
                replies.push_back(encode(reply));
        }
        return replies;
    }

    void record(const Packet& packet) {
        if (const auto* m = std::get_if<Message>(&packet))
            received_.push_back(unwrap(*m).second);
        else
            for (const Element& element : std::get<Bundle>(packet).elements)
                record(element);
    }

    bool stream_;
    Handler handler_;
    int stop_ = -1, socket_ = -1, peer_ = -1;
    FrameReader frames_;
    std::string url_, directory_;
    std::mutex mutex_;
    std::vector<Message> received_;
    std::thread thread_;
};

} // namespace backline::protocol::test
