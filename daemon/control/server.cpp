// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/server.hpp"

#include "daemon/control/health.hpp"
#include "daemon/control/order.hpp"
#include "daemon/control/reader.hpp"
#include "daemon/control/sockets.hpp"
#include "daemon/control/subscriptions.hpp"
#include "daemon/log.hpp"
#include "daemon/rt/thread_role.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace backline::control {
namespace {

void watch(int epoll, int fd, std::uint32_t events, int how) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (::epoll_ctl(epoll, how, fd, &event) != 0)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

} // namespace

struct Server::Impl {
    struct Connection {
        PeerPtr peer;
        StreamRoute* route;     ///< of the peer
        bool wants_out = false; ///< waits until it can be written to
    };

    Impl(Parts parts, Hooks hooks, std::string path)
        : config(parts.config),
          socket_path(std::move(path)),
          subscriptions(parts.engine, parts.cycle, replies),
          health(parts.engine, parts.cycle, parts.driver, replies, subscriptions),
          context{parts.engine,
                  parts.cycle,
                  parts.driver,
                  parts.registry,
                  parts.pool,
                  parts.config,
                  inbox,
                  replies,
                  order,
                  subscriptions,
                  health,
                  files,
                  scans,
                  std::move(hooks.quit),
                  std::move(hooks.scan),
                  std::move(hooks.jack_kept),
                  std::move(hooks.reasons),
                  [this] { return peers.count(now_ns()) + connections.size(); },
                  [this] { return receiver ? receiver->kernel_dropped() : 0; }},
          order(context) {
        limits.packet = config.osc.max_packet;
    }

    // ---- input ----------------------------------------------------------------------------------

    void packet(const PeerPtr& peer, std::span<const std::byte> bytes) {
        ++replies.counters.received;
        auto decoded = protocol::decode(bytes, limits);
        if (auto* error = std::get_if<protocol::DecodeError>(&decoded)) {
            const Refusal refusal{error->id, error->address, std::string(to_symbol(error->code)),
                                  error->text};
            if (refusal.address.empty())
                replies.count(peer->name, refusal);
            else
                replies.fail(*peer, refusal);
            return;
        }
        Reading reading =
            read_packet(std::get<protocol::Packet>(decoded), peer->role, bytes.size());
        for (const Refusal& refusal : reading.refusals)
            replies.fail(*peer, refusal);
        for (Unit& unit : reading.units)
            order.take(peer, std::move(unit));
    }

    void datagram(UdpSocket& socket, const UdpAddress& from, std::span<const std::byte> bytes,
                  bool truncated) {
        // Who cannot be known or understood is counted, not answered.
        const auto turn_away = [&](const char* code, std::string why) {
            Refusal refusal;
            refusal.code = code;
            refusal.message = std::move(why);
            replies.count("udp " + from.text(), refusal);
        };
        PeerPtr peer;
        if (!from.loopback())
            turn_away("denied", "not of this machine");
        else if (peer = peers.find(socket, from, config.osc.loopback_role, now_ns()); !peer)
            turn_away("queue_full", "too many senders");
        if (peer && !truncated) {
            packet(peer, bytes);
            return;
        }
        ++replies.counters.received;
        if (peer) refuse_truncated(*peer, bytes);
    }

    /// The beginning of a packet that was too long says whose it is, if its address is whole.
    void refuse_truncated(Peer& peer, std::span<const std::byte> bytes) {
        auto decoded = protocol::decode(bytes.first(bytes.size() / 4 * 4), limits);
        Refusal refusal;
        if (const auto* error = std::get_if<protocol::DecodeError>(&decoded)) {
            refusal.id = error->id;
            refusal.address = error->address;
        }
        refusal.code = "bad_packet";
        refusal.message = "more than " + std::to_string(limits.packet) + " bytes";
        if (refusal.address.empty())
            replies.count(peer.name, refusal);
        else
            replies.fail(peer, refusal);
    }

    void accept() {
        bool refused = false;
        for (Descriptor fd = listener->accept(refused); fd.get() >= 0;
             fd = listener->accept(refused)) {
            if (connections.size() >= kConnections) {
                log::limited(LogLevel::warning, "connections",
                             "more than {} connections to {}; one was turned away", kConnections,
                             socket_path);
                continue;
            }
            const int number = fd.get();
            auto route = std::make_unique<StreamRoute>(std::move(fd), limits.packet);
            auto peer = std::make_shared<Peer>();
            peer->id = UdpPeers::next_id();
            peer->name = "unix " + std::to_string(peer->id);
            peer->role = Role::admin;
            peer->heard_ns = now_ns();
            connections.emplace(number, Connection{peer, route.get()});
            peer->route = std::move(route);
            watch(epoll.get(), number, EPOLLIN, EPOLL_CTL_ADD);
        }
        if (refused) // level-triggered: it would be tried again at once, for ever
            accept_again_ns = now_ns() + 100'000'000;
    }

    /// Takes what has arrived. False when the connection is over.
    bool read(const Connection& connection) {
        std::array<std::byte, 64 * 1024> buffer;
        const ssize_t count =
            ::recv(connection.route->fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        if (count == 0) return false;
        const PeerPtr peer = connection.peer;
        peer->heard_ns = now_ns();
        protocol::FrameReader& reader = connection.route->reader;
        reader.feed(std::span(buffer).first(static_cast<std::size_t>(count)));
        while (const auto frame = reader.next())
            packet(peer, *frame);
        if (!reader.broken()) return true;
        replies.fail(*peer, {0, "", "bad_packet",
                             "a packet's size is 1.." + std::to_string(limits.packet) + " bytes"});
        return false;
    }

    void close(int fd) {
        const auto found = connections.find(fd);
        if (found == connections.end()) return;
        const PeerPtr peer = found->second.peer;
        subscriptions.unsubscribe(*peer, nullptr);
        // What it has asked is carried out all the same, and keeps the peer; its descriptor is
        // closed now.
        peer->gone = true;
        peer->document.reset();
        connections.erase(found);
        peer->route = std::make_unique<Nowhere>();
    }

    /// Where answers go whose asker has left.
    struct Nowhere final : Route {
        bool send(std::span<const std::byte>, bool) override { return false; }
        std::size_t packet_bytes() const override { return 8192; }
        bool connected() const override { return true; }
    };

    // ---- the loop
    // ---------------------------------------------------------------------------------

    void turn() {
        const std::uint64_t now = now_ns();
        order.turn(now);
        subscriptions.turn(now);
        health.turn(now);
        if (accept_again_ns != 0 && now >= accept_again_ns) {
            accept_again_ns = 0;
            accept();
        }
        watch_accept();
        // Connections that cannot take all that was sent are waited for, to a limit.
        std::vector<int> over;
        for (auto& [fd, connection] : connections) {
            if (connection.route->overrun()) over.push_back(fd);
            const bool out = connection.route->waiting() != 0;
            if (out == connection.wants_out) continue;
            connection.wants_out = out;
            watch(epoll.get(), fd, EPOLLIN | (out ? EPOLLOUT : 0U), EPOLL_CTL_MOD);
        }
        for (const int fd : over)
            close(fd);
    }

    void watch_accept() {
        if (!listener || (accept_again_ns != 0) == accept_paused) return;
        accept_paused = !accept_paused;
        watch(epoll.get(), listener->fd(), accept_paused ? 0U : EPOLLIN, EPOLL_CTL_MOD);
    }

    /// Until something is due, in ms for epoll.
    int pause() const {
        std::uint64_t next = health.next_turn();
        for (const auto due : {order.next_turn(), subscriptions.next_turn()})
            if (due) next = std::min(next, *due);
        if (accept_again_ns != 0) next = std::min(next, accept_again_ns);
        const std::uint64_t now = now_ns();
        return next <= now ? 0
                           : static_cast<int>(
                               std::min<std::uint64_t>((next - now + 999'999) / 1'000'000, 60'000));
    }

    void serve(int fd, std::uint32_t events) {
        if (fd == inbox->fd()) {
            inbox->run();
        } else if (listener && fd == listener->fd()) {
            accept();
        } else if (const auto udp = std::find_if(sockets.begin(), sockets.end(),
                                                 [fd](const UdpSocket& s) { return s.fd() == fd; });
                   udp != sockets.end()) {
            receiver->receive(*udp,
                              [&](const UdpAddress& from, std::span<const std::byte> bytes,
                                  bool truncated) { datagram(*udp, from, bytes, truncated); });
        } else if (const auto found = connections.find(fd); found != connections.end()) {
            if ((events & EPOLLOUT) != 0) found->second.route->flush();
            const bool readable = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
            if (readable && !read(found->second)) close(fd);
        }
    }

    const Config& config;
    const std::string socket_path;
    protocol::Limits limits;
    std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
    Replies replies;
    Subscriptions subscriptions;
    Health health;
    Background files{"bl-files"};
    Background scans{"bl-scan"};
    Context context;
    Order order;

    Descriptor epoll;
    std::vector<UdpSocket> sockets;
    std::optional<UdpReceiver> receiver;
    UdpPeers peers;
    std::optional<UnixListener> listener;
    std::unordered_map<int, Connection> connections; ///< by descriptor
    std::uint64_t accept_again_ns = 0;               ///< 0: now
    bool accept_paused = false;
    std::atomic<bool> stopping{false};
};

Server::Server(Parts parts, Hooks hooks, std::string socket_path)
    : impl_(std::make_unique<Impl>(parts, std::move(hooks), std::move(socket_path))) {}

Server::~Server() {
    // Nobody is answered any more, by whatever may still be under way elsewhere.
    impl_->inbox->close();
}

void Server::start() {
    Impl& impl = *impl_;
    impl.epoll = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    if (impl.epoll.get() < 0) throw std::system_error(errno, std::generic_category(), "epoll");
    impl.sockets = bind_udp(impl.config.osc.bind, impl.config.osc.port);
    impl.receiver.emplace(impl.limits.packet);
    if (!impl.socket_path.empty()) impl.listener.emplace(impl.socket_path);
    watch(impl.epoll.get(), impl.inbox->fd(), EPOLLIN, EPOLL_CTL_ADD);
    for (const UdpSocket& socket : impl.sockets)
        watch(impl.epoll.get(), socket.fd(), EPOLLIN, EPOLL_CTL_ADD);
    if (impl.listener) watch(impl.epoll.get(), impl.listener->fd(), EPOLLIN, EPOLL_CTL_ADD);
}

std::uint16_t Server::port() const {
    return impl_->sockets.empty() ? std::uint16_t{0} : impl_->sockets.front().port();
}

void Server::run() {
    const rt::RoleScope role(rt::Role::control);
    Impl& impl = *impl_;
    const auto guarded = [](auto&& work) {
        try {
            work();
        } catch (const std::exception& error) {
            // Nothing that arrives may end the daemon; one packet is lost.
            log::limited(LogLevel::error, "control", "control: {}", error.what());
        }
    };
    while (!impl.stopping.load(std::memory_order_acquire)) {
        guarded([&] { impl.turn(); });
        std::array<epoll_event, 32> events;
        const int count = ::epoll_wait(impl.epoll.get(), events.data(),
                                       static_cast<int>(events.size()), impl.pause());
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            guarded([&] { impl.serve(event.data.fd, event.events); });
        }
    }
    guarded([&] {
        impl.inbox->run();
        impl.turn();
    });
}

void Server::stop() {
    impl_->stopping.store(true, std::memory_order_release);
    impl_->inbox->post([] {});
}

std::shared_ptr<void> Server::take_open_ends() {
    struct Ends {
        std::vector<UdpSocket> sockets; // routes refer to them where they lie
        std::vector<PeerPtr> connected;
    };
    auto ends = std::make_shared<Ends>();
    ends->sockets = std::move(impl_->sockets);
    for (auto& [fd, connection] : impl_->connections)
        ends->connected.push_back(std::move(connection.peer));
    impl_->connections.clear();
    return ends;
}

void Server::completed(engine::Completion completion) {
    impl_->inbox->post([impl = impl_.get(), completion = std::move(completion)]() mutable {
        impl->order.completed(std::move(completion));
    });
}

void Server::event(engine::Event event) {
    const bool ours = event.name == "xrun" && impl_->health.xrun_was_ours();
    impl_->inbox->post(
        [impl = impl_.get(), event = std::move(event), ours] { impl->health.event(event, ours); });
}

} // namespace backline::control
