// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/context.hpp"
#include "daemon/control/peer.hpp"
#include "daemon/engine/schedule.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace backline::control {

/// A timed request that waits.
struct Timed {
    std::int32_t id;     ///< for `/sched/cancel`
    std::int64_t due_ns; ///< CLOCK_MONOTONIC_RAW
    const Peer& peer;    ///< who sent it
    const Unit& unit;
};

/// Carries out what senders ask, each sender's requests in the order sent: graph commands and the
/// sets behind them go through the engine one after the other, what looks at the graph waits until
/// they are applied, and what does not touch it passes. What names a plugin that the scan of the
/// start has not found yet waits until it has, or is over. One thread.
class Order {
  public:
    static constexpr std::size_t kWaitingUnits = 1024;               ///< per sender
    static constexpr std::size_t kWaitingBytes = 16 * 1024 * 1024;   ///< of all senders
    static constexpr std::size_t kScheduled = 65'536;                ///< timed requests
    static constexpr std::size_t kScheduledBytes = 64 * 1024 * 1024; ///< of their packets
    static constexpr std::size_t kScheduledLoads =
        256; ///< of them that make nodes, or whole graphs
    static constexpr std::int64_t kHorizonNs = 86'400'000'000'000; ///< a day, ahead and past

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

    /// Timed requests that wait for their time, or are on their way to the audio side.
    [[nodiscard]] std::size_t scheduled() const noexcept { return timed_.size(); }
    /// Calls `look` for each timed request, in the order of time.
    void each_timed(const std::function<void(const Timed&)>& look) const;
    /// Cancels the timed request of that id, or all; @p any: those of other senders too. Answers
    /// @p call when it is known what became of them. Throws engine::CommandError (not_scheduled)
    /// for an id that does not wait.
    void cancel(const PeerPtr& peer, const Call& call, std::optional<std::int32_t> id, bool any);

  private:
    struct Pending {
        PeerPtr peer;
        Unit unit;
        std::optional<std::int64_t> due_ns; ///< of a timed one: CLOCK_MONOTONIC_RAW
        bool ordered;                       ///< counts among its sender's requests in the engine
        std::int32_t id = 0;                ///< of a timed one, in timed_
    };
    /// A `/sched/cancel` or `/sched/clear` that the engine is busy with.
    struct Cancel {
        PeerPtr peer;
        Call call;
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
    void to_engine(const PeerPtr& peer, Unit unit, std::optional<std::int64_t> due_ns);
    std::optional<std::string> no_room(const Unit& unit) const;
    void note_timed(Pending& pending);
    void forget_timed(const Pending& pending);
    bool cancel_done(const engine::Completion& completion);
    void late(std::int64_t by_ns);
    void tell_late(std::uint64_t now);
    void succeed(const PeerPtr& peer, const Unit& unit);
    void refuse(const PeerPtr& peer, const Unit& unit, std::size_t index, const std::string& code,
                const std::string& message);
    void refuse_all(const PeerPtr& peer, const Unit& unit, const std::string& code,
                    const std::string& message);
    void failed(Pending pending, const engine::Completion& completion);
    bool heard(const Peer& peer) const;
    void answer_heard(Hearing& hearing);

    Context& context_;
    WallClock wall_;
    std::uint64_t tokens_ = 0;
    std::size_t waiting_bytes_ = 0;
    std::unordered_map<std::uint64_t, Pending> pending_; ///< by token
    std::vector<Hearing> hearing_;
    std::vector<Settling> settling_;
    /// Peers one of whose waiting units waits for what nobody announces: a value to be heard
    /// (`/sync`), a plugin to be found.
    std::vector<PeerPtr> looking_;
    std::vector<std::pair<PeerPtr, Call>> checks_; ///< dry runs that wait for plugins to be found
    engine::Schedule<std::uint64_t> timed_{SIZE_MAX}; ///< tokens, by raw ns and id
    std::size_t timed_bytes_ = 0, timed_loads_ = 0;
    std::int32_t timed_id_ = 0;                         ///< the newest given
    std::unordered_map<std::uint64_t, Cancel> cancels_; ///< by token
    std::uint64_t late_count_ = 0;                      ///< not told yet
    std::int64_t late_by_ns_ = 0;                       ///< the latest of them
    std::uint64_t late_due_ns_ = 0;                     ///< when subscribers may be told again
};

} // namespace backline::control
