// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/replies.hpp"
#include "daemon/control/subscriptions.hpp"
#include "daemon/engine/engine.hpp"
#include "daemon/rt/tick_rate.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace backline::control {

/// Load of the cycle, in fractions of a period.
struct Load {
    double now = 0.0; ///< smoothed
    double max = 0.0; ///< since the last time it was asked for
};

/// A node that the daemon has bypassed, and that nobody has switched on again.
struct Suspect {
    std::string node, plugin, reason;
};

/// How the daemon is doing: measures the cycle, names what the audio side has noticed, and tells
/// events. One thread, but for xrun_was_ours().
class Health {
  public:
    /// All of it outlives the health.
    Health(const engine::Engine& engine, process::Cycle& cycle, process::Driver* driver,
           Replies& replies, Subscriptions& subscriptions)
        : engine_(engine),
          cycle_(cycle),
          driver_(driver),
          replies_(replies),
          subscriptions_(subscriptions),
          started_ns_(now_ns()) {}

    /// Whether an xrun is our doing: a cycle of ours took longer than its period around the time.
    /// To be asked when the xrun is reported. Any thread.
    [[nodiscard]] bool xrun_was_ours();
    /// Tells subscribers and `/errors` of an event. @p ours: of an xrun.
    void event(const engine::Event& event, bool ours);

    /// Takes reports of the audio side and follows the load. @p now: ns.
    void turn(std::uint64_t now);
    /// When turn() wants to be called next.
    [[nodiscard]] std::uint64_t next_turn() const noexcept { return due_ns_; }

    /// The load; its maximum begins anew.
    Load take_load();
    [[nodiscard]] double uptime_s() const; ///< since construction
    [[nodiscard]] std::uint64_t xruns_ours() const noexcept { return xruns_ours_; } ///< told so far
    /// The nodes that are bypassed for a reason of ours, by name.
    std::vector<Suspect> suspects();
    /// Of rt::ticks().
    [[nodiscard]] double ns_per_tick() const noexcept { return tick_rate_.ns_per_tick(); }
    /// Length of a period in ns; 0 while none has run.
    [[nodiscard]] double period_ns() const;

  private:
    void harvest();
    void tell(const process::Report& report);
    void bypassed(const std::string& node, const std::string& reason);
    void announce();

    const engine::Engine& engine_;
    process::Cycle& cycle_;
    process::Driver* driver_;
    Replies& replies_;
    Subscriptions& subscriptions_;
    rt::TickRate tick_rate_;
    std::uint64_t started_ns_;
    std::uint64_t due_ns_ = 0;
    std::atomic<std::uint64_t> seen_late_{0}; ///< late cycles that an xrun was put down to
    std::uint64_t max_ticks_ = 0;             ///< since the last take_load()
    struct Guarded {
        std::string node, reason;
        bool told = false; ///< a subscriber was there
    };
    std::map<std::uint64_t, Guarded> guarded_; ///< by process::word_of() the handle
    double smooth_ns_ = 0.0;                   ///< mean cost of a cycle
    std::uint64_t seen_cycles_ = 0, seen_ticks_ = 0;
    std::uint64_t xruns_ours_ = 0;
};

} // namespace backline::control
