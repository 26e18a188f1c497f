// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/call.hpp"
#include "daemon/control/peer.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace backline::control {

/// What came in and went wrong since the start.
struct OscCounters {
    std::uint64_t received = 0;        ///< packets
    std::uint64_t refused = 0;         ///< requests and packets answered, or answerable, by /fail
    std::uint64_t unsent = 0;          ///< replies that could not be sent
    std::uint64_t streams_dropped = 0; ///< stream messages that gave way
    std::uint64_t late = 0;            ///< bundles that came after they were due
    std::array<std::uint64_t, protocol::kCodes.size()> by_code{};
};

/// A failure as `/errors` tells it.
struct ErrorEntry {
    double time = 0.0;  ///< seconds since 1970
    std::string sender; ///< "" = the daemon itself
    std::string address, code, message;
};

/// Sends what answers requests, and keeps count of failures. One thread.
class Replies {
  public:
    static constexpr std::size_t kErrors = 64; ///< kept

    /// `/done id address results…`
    void done(Peer& peer, std::int32_t id, const std::string& address,
              std::vector<protocol::Argument> results = {});
    /// `/done` for a call.
    void done(Peer& peer, const Call& call, std::vector<protocol::Argument> results = {}) {
        done(peer, call.id, call.address, std::move(results));
    }
    /// `/fail id address code message [member of]`; counted, kept, and logged within limits.
    void fail(Peer& peer, const Refusal& refusal);
    /// A packet that named no address to answer to: counted, kept, logged.
    void count(const std::string& sender, const Refusal& refusal);

    /// Keeps a fault of the daemon itself for `/errors`; its time is filled in.
    void note(ErrorEntry entry);

    /// The page of @p text that @p call asks for. The whole is kept for the pages that follow.
    void page(Peer& peer, const Call& call, std::string text);
    /// Serves a later page of what page() kept; false when it has to be made anew.
    bool next_page(Peer& peer, const Call& call, std::uint64_t now);

    /// Any other message, to a subscriber.
    void stream(Peer& peer, const protocol::Message& message);

    /// Newest first.
    [[nodiscard]] const std::deque<ErrorEntry>& errors() const noexcept { return errors_; }
    OscCounters counters; ///< read by /status and /stats/osc

  private:
    void send(Peer& peer, const protocol::Message& message);
    void send_page(Peer& peer, const Call& call, const Document& document);

    std::deque<ErrorEntry> errors_; ///< newest first
    std::int32_t revision_ = 0;
};

} // namespace backline::control
