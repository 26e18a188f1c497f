// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/call.hpp"
#include "daemon/control/feeds.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace backline::control {

/// Who is sent what without asking each time. One thread.
class Subscriptions {
  public:
    static constexpr std::size_t kMax = 1024;   ///< of all senders
    static constexpr std::size_t kPerPeer = 64; ///< of one sender
    static constexpr float kLease = 10;         ///< seconds, unless asked otherwise
    static constexpr float kLeaseMax = 86'400;  ///< seconds
    static constexpr float kRateMax = 10'000;   ///< messages a second

    /// All of it outlives the subscriptions.
    Subscriptions(const engine::Engine& engine, const process::Cycle& cycle, Replies& replies)
        : feeds_(engine, cycle, replies), replies_(replies) {}

    /// Adds a subscription, or renews the one of the same pattern. Throws engine::CommandError for
    /// a pattern that is none, and numbers out of range.
    void subscribe(const PeerPtr& peer, const std::string& pattern, float rate, float lease);
    /// Ends the one of that pattern; without a pattern all of the peer's.
    void unsubscribe(Peer& peer, const std::string* pattern);
    /// Patterns that name what a rename has given another name follow it.
    void graph_call_applied(const Call& call);
    /// Sends an event to whom it concerns.
    void event(const protocol::Message& message);

    /// Sends what is due. @p now: ns of CLOCK_MONOTONIC_RAW.
    void turn(std::uint64_t now);
    /// When turn() wants to be called next; nothing without subscriptions.
    [[nodiscard]] std::optional<std::uint64_t> next_turn() const;
    /// Of all senders.
    [[nodiscard]] std::size_t count() const noexcept { return list_.size(); }
    /// Whether anybody would be sent this address.
    [[nodiscard]] bool wants(const char* address) const;
    /// Whether anybody wants events.
    [[nodiscard]] bool wants_events() const;

  private:
    void expire(std::uint64_t now);

    Feeds feeds_;
    Replies& replies_;
    std::vector<SubscriptionPtr> list_;
    bool changed_ = false;
    std::uint64_t due_ns_ = 0;
};

} // namespace backline::control
