// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/audio/doorbell.hpp"
#include "daemon/audio/jack_driver.hpp"
#include "daemon/process/driver.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace backline::audio {

/// A question that needs the server: connect, disconnect, or list (then `ports_reply` is set).
struct JackRequest {
    std::string from;
    std::string to;
    bool make = true;
    process::Driver::Reply reply;
    process::Driver::PortsReply ports_reply;

    /// Gives the one answer that is owed.
    void answer(const process::Driver::Answer& with,
                std::vector<process::Driver::PortInfo> list = {});
};

/// What the graph wants of the outside.
struct JackWanted {
    std::uint64_t ticket = 0; ///< of the newest change
    std::vector<process::ExternalPort> ports;
    std::vector<process::WantedConnection> connections;
    std::uint32_t latency = 0; ///< frames
};

/// Where the control side and the supervisor meet: wishes and requests in, status out. The lock is
/// held for copies only. [any]
class JackDesk {
  public:
    /// `bell` wakes the supervisor.
    explicit JackDesk(std::shared_ptr<Doorbell> bell) : bell_(std::move(bell)) {}

    // ---- control side: as JackDriver's ----------------------------------------------------------

    /// Driver::publish(). [any]
    std::uint64_t publish(std::vector<process::ExternalPort> ports);
    /// Driver::want(). [any]
    std::uint64_t want(std::vector<process::WantedConnection> connections);
    /// Driver::set_latency(). [any]
    void set_latency(std::uint32_t frames);
    /// Driver::settled(). [any]
    bool settled(std::uint64_t ticket) const;
    /// Driver::status(). [any]
    process::DriverStatus status() const;
    /// JackDriver::kept(). [any]
    std::vector<JackDriver::Kept> kept() const;
    /// Requests that wait at most; a server that hangs can keep them for two seconds.
    static constexpr std::size_t kMaxRequests = 1024;
    /// Queues. Answers at once, on this thread, when too many wait ("queue_full") or after close().
    void ask(JackRequest request);

    // ---- supervisor ----------------------------------------------------------------------------

    /// Ticket of the newest change.
    std::uint64_t ticket() const;
    /// A copy of everything that is wanted.
    JackWanted wanted() const;
    /// The oldest request; its answer is owed by the taker.
    std::optional<JackRequest> take_request();
    /// Everything up to `ticket` is done at the server.
    void set_done(std::uint64_t ticket);
    /// What status() answers from now on.
    void set_status(const process::DriverStatus& status);
    /// What kept() answers from now on.
    void set_kept(std::vector<JackDriver::Kept> kept);
    /// Requests are answered "jack_lost" from now on.
    void close();

  private:
    mutable std::mutex mutex_;
    const std::shared_ptr<Doorbell> bell_;
    JackWanted wanted_;
    std::uint64_t done_ = 0;
    process::DriverStatus status_;
    std::vector<JackDriver::Kept> kept_;
    std::deque<JackRequest> requests_;
    bool closed_ = false;
};

} // namespace backline::audio
