// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/pulse.hpp"
#include "daemon/system/black_box.hpp"
#include "daemon/system/thread.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

namespace backline::system {

/// Exit status of a daemon whose audio thread did not come back; EX_SOFTWARE of sysexits.h.
inline constexpr int kHungStatus = 70;

/// Tells a cycle that does not end from one that waits for a processor, from a process that was
/// stopped and from a machine that was suspended. Looked at from time to time by one thread; knows
/// no clock of its own.
class HangDetector {
  public:
    static constexpr std::uint64_t kLook = 20'000'000;   ///< ns between two looks
    static constexpr std::uint64_t kLeast = 100'000'000; ///< ns a cycle may take in any case
    static constexpr std::uint64_t kPeriods = 3;         ///< and this many periods

    /// What a thread that runs nodes is doing.
    struct State {
        char kind = '?';          ///< 'R' runs or could, 'T' and 't' stopped, else it waits
        std::uint64_t cpu_ns = 0; ///< of processor time that it has used so far
    };
    /// What was found.
    struct Hang {
        std::uint64_t word = 0; ///< rt::node_word() of the node; 0: none
        std::uint64_t ns = 0;   ///< for how long
    };

    /// One look, at `now`. `state_of` the audio thread; nothing when that is not known. Time that
    /// passed between two looks counts for two of them at most: who looks late was stopped too. Of
    /// a thread that could run only the processor time counts.
    std::optional<Hang> look(const rt::Pulse& pulse, std::uint64_t now,
                             std::optional<State> state_of);

  private:
    std::uint64_t entered_ = 0; ///< the cycle that is looked at; 0: none
    std::uint64_t looked_ = 0;
    std::uint64_t cpu_ns_ = 0;
    std::uint64_t stuck_ = 0; ///< ns that count
    std::array<std::uint64_t, rt::Pulse::kThreads> nodes_{};
};

/// The thread that ends the process when the audio thread does not come back from a node: it writes
/// the verdict, names the node on standard error, and leaves with kHungStatus. Whoever started the
/// daemon starts it again.
class Watchdog {
  public:
    /// Begins to look. `box` outlives it; `priority`: SCHED_FIFO 1..99, above JACK's; 0: ordinary.
    Watchdog(BlackBox& box, int priority);
    /// Ends looking.
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    /// Whether the wanted priority was granted.
    bool has_priority() const noexcept { return thread_.fifo_error() == 0; }

  private:
    void run();
    [[noreturn]] void end(const HangDetector::Hang& hang);

    BlackBox& box_;
    std::atomic<bool> stopping_{false};
    Thread thread_;
};

} // namespace backline::system
