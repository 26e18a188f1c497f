// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/context.hpp"
#include "daemon/control/peer.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace backline::control {

/// Carries out what senders ask, each sender's requests in the order sent: graph commands and the
/// sets behind them go through the engine one after the other, what looks at the graph waits until
/// they are applied, and what does not touch it passes. What names a plugin that the scan of the
/// start has not found yet waits until it has, or is over. One thread.
class Order {
  public:
    static constexpr std::size_t kWaitingUnits = 1024;              ///< per sender
    static constexpr std::size_t kWaitingBytes = 16 * 1024 * 1024;  ///< of all senders
    static constexpr std::size_t kScheduled = 4096;                 ///< timed requests held here
    static constexpr std::uint64_t kHorizonNs = 86'400'000'000'000; ///< a day ahead at most

    /// @p context outlives it.
    explicit Order(Context& context) : context_(context) {}

    /// Takes a request in: it is carried out now, or waits for its turn.
    void take(const PeerPtr& peer, Unit unit);
    /// The engine is done with a request.
    void completed(engine::Completion completion);
    /// Looks at what is waited for: values on their way to the audio side, ports on their way to
    /// JACK, requests that come due. @p now: ns of CLOCK_MONOTONIC_RAW.
    void turn(std::uint64_t now);
    /// When turn() wants to be called next; nothing while nothing is waited for.
    [[nodiscard]] std::optional<std::uint64_t> next_turn() const;

    /// Something begins that everything later of this sender has to wait for, or (not @p blocking)
    /// only `/sync`.
    void begin(Peer& peer, bool blocking);
    /// What begin() announced is over.
    void end(const PeerPtr& peer, bool blocking);
    /// A dry run of a rack: prepared by the engine and dropped, answered like a command.
    void check(const PeerPtr& peer, Call call);

    /// Timed requests held here; the engine has more.
    [[nodiscard]] std::size_t scheduled() const noexcept { return schedule_.size(); }

  private:
    struct Pending {
        PeerPtr peer;
        Unit unit;
        std::optional<std::uint64_t> frame; ///< of a timed one
        bool ordered;                       ///< counts among its sender's requests in the engine
    };
    /// A set whose answer waits until the audio side has it.
    struct Hearing {
        PeerPtr peer;
        Call call;
        engine::ParamRef ref;
    };
    /// An answer that waits for JACK ports.
    struct Settling {
        PeerPtr peer;
        Unit unit;
        std::uint64_t ticket, until; ///< until: ns, when it is answered anyway
        bool counted;                ///< among its sender's unfinished requests
    };

    bool ready(const Peer& peer, const Unit& unit) const;
    void run_first(const PeerPtr& peer, Unit unit);
    bool looked_at(const Unit& unit) const;
    void pump(const PeerPtr& peer);
    void run(const PeerPtr& peer, Unit unit);
    void run_call(const PeerPtr& peer, Call& call);
    bool set_directly(const PeerPtr& peer, Call& call);
    void read_racks(const PeerPtr& peer, Unit unit);
    void schedule(const PeerPtr& peer, Unit unit);
    void to_engine(const PeerPtr& peer, Unit unit, std::optional<std::uint64_t> frame);
    std::optional<std::uint64_t> frame_of(std::int64_t due_raw) const;
    void succeed(const PeerPtr& peer, const Unit& unit);
    void refuse(const PeerPtr& peer, const Unit& unit, std::size_t index, const std::string& code,
                const std::string& message);
    void failed(Pending pending, const engine::Completion& completion);
    bool heard(const Peer& peer) const;
    void answer_heard(Hearing& hearing);

    Context& context_;
    WallClock wall_;
    std::uint64_t tokens_ = 0;
    std::uint64_t arrivals_ = 0;
    std::size_t waiting_bytes_ = 0;
    std::unordered_map<std::uint64_t, Pending> pending_; ///< by token
    std::vector<Hearing> hearing_;
    std::vector<Settling> settling_;
    /// Peers one of whose waiting units waits for what nobody announces: a value to be heard
    /// (`/sync`), a plugin to be found.
    std::vector<PeerPtr> looking_;
    std::vector<std::pair<PeerPtr, Call>> checks_; ///< dry runs that wait for plugins to be found
    std::map<std::pair<std::int64_t, std::uint64_t>, std::pair<PeerPtr, Unit>>
        schedule_; ///< by time (raw ns) and arrival
};

} // namespace backline::control
