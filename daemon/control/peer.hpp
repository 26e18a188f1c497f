// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config.hpp"
#include "daemon/control/call.hpp"
#include "daemon/control/sockets.hpp"
#include "protocol/codec.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace backline::control {

/// The way back to a sender.
class Route {
  public:
    virtual ~Route() = default;
    /// Sends a packet, never waiting. @p needed: a reply, as opposed to a stream, which gives way
    /// first. False when it was dropped.
    virtual bool send(std::span<const std::byte> packet, bool needed) = 0;
    /// Largest packet worth sending in one, in bytes.
    [[nodiscard]] virtual std::size_t packet_bytes() const = 0;
    /// Whether the route ends when its sender goes, so that nothing has to be renewed.
    [[nodiscard]] virtual bool connected() const = 0;
};

/// Back by UDP, from the socket that the packet came to.
class UdpRoute final : public Route {
  public:
    /// @p socket outlives it.
    UdpRoute(UdpSocket& socket, UdpAddress to) : socket_(socket), home_(to), to_(to) {}
    bool send(std::span<const std::byte> packet, bool needed) override;
    std::size_t packet_bytes() const override { return 8192; }
    bool connected() const override { return false; }
    /// Sends to another port of the host from now on; 0 undoes it.
    void redirect(std::uint16_t port) { to_ = port == 0 ? home_ : home_.with_port(port); }
    /// Whether it sends elsewhere than to where packets came from.
    [[nodiscard]] bool redirected() const { return to_.key() != home_.key(); }

  private:
    UdpSocket& socket_;
    UdpAddress home_, to_;
};

/// Back over a connection; what does not go at once waits, up to a limit.
class StreamRoute final : public Route {
  public:
    static constexpr std::size_t kStreamLimit = 256 * 1024;     ///< bytes; streams give way beyond
    static constexpr std::size_t kReplyLimit = 4 * 1024 * 1024; ///< bytes; the end beyond

    /// @p packet_max: bytes; @p fd does not block.
    StreamRoute(Descriptor fd, std::size_t packet_max)
        : reader(packet_max), fd_(std::move(fd)), packet_max_(packet_max) {}
    bool send(std::span<const std::byte> packet, bool needed) override;
    std::size_t packet_bytes() const override {
        return packet_max_ < 60'000 ? packet_max_ : 60'000;
    }
    bool connected() const override { return true; }

    /// The connection.
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    /// Writes what waits. False when nothing can be written any more.
    bool flush();
    /// Bytes that could not be sent yet.
    [[nodiscard]] std::size_t waiting() const noexcept { return out_.size() - sent_; }
    /// Whether it asks and does not read, and has to be closed. One that has merely left still has
    /// its say: what it sent before is there to be read.
    [[nodiscard]] bool overrun() const noexcept { return overrun_; }

    protocol::FrameReader reader; ///< of what comes in

  private:
    Descriptor fd_;
    std::size_t packet_max_;
    std::vector<std::byte> out_;
    std::size_t sent_ = 0;
    bool overrun_ = false;
    bool left_ = false; ///< nobody reads any more
};

/// A long reply that is asked for page by page.
struct Document {
    std::string key; ///< address and arguments
    std::string text;
    std::int32_t revision = 0;
    std::uint64_t made_ns = 0;
};

/// Whoever sends: an address and port, or a connection. What it has sent is carried out in order.
struct Peer {
    std::uint64_t id = 0; ///< never used again; Request::sender
    std::string name;     ///< "udp 127.0.0.1:5000", "unix 7"
    Role role = Role::monitor;
    std::unique_ptr<Route> route; ///< never null
    bool gone = false;            ///< its connection has ended: nothing is sent any more
    std::uint64_t heard_ns = 0;   ///< of its newest packet

    // Order; see order.hpp.
    std::deque<Unit> waiting;         ///< for what is under way
    std::size_t in_engine = 0;        ///< untimed requests the engine has not completed
    std::size_t graph_in_engine = 0;  ///< those of them that change the graph
    std::size_t blocked = 0;          ///< steps that everything later has to wait for
    std::size_t unfinished = 0;       ///< untimed requests not answered yet, waiting ones left out
    std::shared_ptr<void> last_owner; ///< keeps last_set alive
    process::ParamCell* last_set = nullptr; ///< the newest value sent straight to the audio side

    std::size_t subscriptions = 0;
    std::optional<Document> document;
};
/// Held by whatever still owes it an answer.
using PeerPtr = std::shared_ptr<Peer>;

/// All UDP senders that are remembered; the others are forgotten when they have been silent.
class UdpPeers {
  public:
    static constexpr std::size_t kMax = 4096; ///< at once

    /// The sender at that address; nullptr when too many are busy. @p now: ns.
    PeerPtr find(UdpSocket& socket, const UdpAddress& from, Role role, std::uint64_t now);
    /// Those heard within the last minute, or with something under way.
    [[nodiscard]] std::size_t count(std::uint64_t now) const;
    /// Of anything with an id.
    [[nodiscard]] static std::uint64_t next_id();

  private:
    void forget_silent(std::uint64_t now);

    std::unordered_map<std::string, PeerPtr> peers_;
    std::uint64_t swept_ns_ = 0;
};

} // namespace backline::control
