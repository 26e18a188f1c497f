// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/command.hpp"
#include "daemon/process/driver.hpp"
#include "daemon/process/due_heap.hpp"
#include "daemon/rt/latest_value.hpp"
#include "daemon/rt/lease.hpp"
#include "daemon/rt/pulse.hpp"
#include "daemon/rt/ready_set.hpp"
#include "daemon/rt/spsc_queue.hpp"
#include "daemon/rt/tick_rate.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace backline::process {

/// Something the audio side noticed, for the control side to name and report.
struct Report {
    /// Which of them.
    enum class Kind : std::uint32_t {
        scrubbed,       ///< samples of a node that were not finite
        plugin_error,   ///< a failed call
        input_scrubbed, ///< samples from outside that were not finite
        overrun,        ///< a node is over its budget
        bypassed,       ///< a node was bypassed, for `reason`
        overload,       ///< the whole cycle takes too long, and no node is left to bypass
    };
    /// Why a node was bypassed.
    enum class Reason : std::uint32_t {
        overrun,  ///< over its own budget
        overload, ///< for the sake of the whole cycle
        faults,   ///< its output was not finite, again and again
    };
    Kind kind = Kind::scrubbed;
    Handle handle = {};             ///< nobody's for overload
    std::uint32_t count = 0;        ///< samples, or calls
    Reason reason = Reason::faults; ///< of bypassed
    double cost = 0.0;              ///< % of the period: the node's, of overload the cycle's
    double limit = 0.0;             ///< % of the period that was not to be exceeded
};

/// Where the sample clock stood when a cycle began: ties frames to wall-clock time.
struct TimeAnchor {
    std::uint64_t clock = 0;  ///< sample clock at the cycle's first frame
    std::uint64_t ns = 0;     ///< CLOCK_MONOTONIC_RAW
    std::uint64_t frames = 0; ///< of the period
    double rate = 0.0;
    std::uint64_t cycles = 0; ///< since construction
};

/// An entry of the set queue: the value itself waits in the parameter's cell.
struct SetEntry {
    std::uint64_t number = 0;
    Handle handle;
    std::uint32_t param = 0;
};

/// Counters of the cycle. Written by the audio role; read by any thread, each on its own.
struct CycleCounters {
    std::atomic<std::uint64_t> cycles{0};
    std::atomic<std::uint64_t> cost_ticks{0}; ///< sum
    std::atomic<std::uint64_t> last_ticks{0}; ///< newest cycle
    std::atomic<std::uint64_t> max_ticks{0};  ///< since the reader last set it to 0
    std::atomic<std::uint64_t> lease_taken{
        0};                                   ///< cycles of silence because the engine was applying
    std::atomic<std::uint64_t> stale_sets{0}; ///< for nodes that were gone
    std::atomic<std::uint64_t> deferred{0};   ///< edits that had to wait for a later cycle
    std::atomic<std::uint64_t> late_commands{0}; ///< timed edits applied after their frame
    std::atomic<std::uint64_t> reports_lost{0};
    std::atomic<std::uint64_t> entered_ns{0}; ///< when the newest cycle was entered
    std::atomic<std::uint64_t> late{0};       ///< cycles in real time that took over a period
    std::atomic<std::uint64_t> late_ns{0};    ///< when the newest of them ended
    std::atomic<std::uint64_t> peak_ticks{0}; ///< the costliest in real time since construction
    rt::Histogram histogram;                  ///< ticks per cycle in real time
};

/// The work the audio thread does each period, as an ordered list of named steps; see run().
///
/// Queues: sets come from the control thread, commands from the engine thread; both carry one
/// number sequence and are applied in its order.
class Cycle {
  public:
    /// Fixed for the life of the cycle.
    struct Options {
        std::uint32_t max_frames = 1024; ///< longest slice
        rt::ReadySet* ready = nullptr;   ///< workers to wake; may be nullptr
        std::uint64_t start_clock = 0;   ///< first value of the sample clock
        /// Runs waiting jobs at once when a period is offline. [audio, offline]
        void (*work_now)(void* context) = nullptr;
        void* work_context = nullptr;
        rt::Pulse* pulse = nullptr; ///< outlives the cycle; nullptr: one of its own
        /// Of the period: a cycle that takes more, again and again, gives up nodes.
        double overload_percent = 90.0;
        bool timing = true; ///< false: nodes are not timed, and have no budgets
    };

    static constexpr std::uint32_t kSlots = 4096; ///< nodes, inputs and outputs at most
    /// Pushed and not yet taken back: 64 timed values a millisecond for 128 ms.
    static constexpr std::uint32_t kCommandsInFlight = 8192;
    static constexpr std::uint32_t kSetsPerCycle = 1024;   ///< taken from the queue in real time
    static constexpr std::uint32_t kCommandsPerCycle = 16; ///< likewise
    /// Likewise, of timed commands: these only go to wait for their frame.
    static constexpr std::uint32_t kTimedPerCycle = 4096;
    /// Values of timed commands that take effect in one cycle in real time; the rest is late.
    static constexpr std::uint32_t kTimedSetsPerCycle = 4096;
    static constexpr std::uint32_t kCutsPerCycle = 4; ///< slices that begin for an edit

    /// `master` outlives the cycle; it takes slot 0, generation 1.
    Cycle(const Options& options, Master& master);
    ~Cycle();
    Cycle(const Cycle&) = delete;
    Cycle& operator=(const Cycle&) = delete;

    // ---- control thread ----------------------------------------------------------------------

    /// The next number of the common sequence. [any]
    std::uint64_t next_number() noexcept {
        return numbers_.fetch_add(1, std::memory_order_relaxed) + 1;
    }
    /// Sets a parameter at the next cycle; the newest value wins. False when the queue is full:
    /// nothing has changed then. [control]
    bool set(Handle handle, ParamCell& cell, std::uint32_t param, double value) noexcept;
    /// Whether the audio side has taken over this cell's newest untimed set. [control]
    bool heard(const ParamCell& cell) const noexcept {
        return sets_done_.load(std::memory_order_acquire)
               >= cell.set_number.load(std::memory_order_relaxed);
    }
    /// The value a get answers: the newest set, or what timed sets have made of it. [control]
    double value(const ParamCell& cell) const noexcept {
        return heard(cell) ? cell.heard.load(std::memory_order_acquire)
                           : cell.wanted.load(std::memory_order_relaxed);
    }
    /// Takes the oldest report; false when there is none. [control]
    bool take_report(Report& out) noexcept { return reports_.try_pop(out); }

    // ---- engine thread -----------------------------------------------------------------------

    /// Hands a command over; false when too many are in flight. The pointer comes back through
    /// take_done(). [engine]
    bool push(Command* command) noexcept;
    /// The oldest applied command, or nullptr. [engine]
    Command* take_done() noexcept;
    /// Applies what waits in the audio thread's place, when the lease is free; for the time while
    /// no cycle comes. Timed commands are applied up to `clock`; ramps and curves jump to their
    /// ends, but curves wait where `clock` is 0, which stands still. [engine]
    bool apply_idle(std::uint64_t clock) noexcept;
    /// The same between two periods of a driver that is not in real time: ramps and curves take
    /// their time. [the one thread]
    bool apply_offline() noexcept;
    /// Curves of which none runs any more, nullptr when there are none. [engine]
    std::unique_ptr<CurveSet> take_curves() noexcept { return curves_.take_back(); }
    /// Commands pushed and not yet taken back. [engine]
    std::uint32_t in_flight() const noexcept { return in_flight_; }

    // ---- any ---------------------------------------------------------------------------------

    /// Where the newest cycle began.
    TimeAnchor anchor() const noexcept { return anchor_.read(); }
    /// What has been counted since construction; the reader may set max_ticks back to 0.
    CycleCounters& counters() noexcept { return counters_; }
    const CycleCounters& counters() const noexcept { return counters_; }
    /// What the audio side is doing now.
    const rt::Pulse& pulse() const noexcept { return *pulse_; }
    /// The longest slice, frames.
    std::uint32_t max_frames() const noexcept { return max_frames_; }

    // ---- audio role --------------------------------------------------------------------------

    /// Runs one period. When the lease is taken the outputs are silent for this once. [audio]
    BACKLINE_RT void run(const Period& period) noexcept;

  private:
    struct Target {
        std::uint32_t generation = 0;
        ParamBank* bank = nullptr;
        Node* node = nullptr;
    };

    /// What the steps of one slice have in common.
    struct Slice {
        const Period& period;
        const bl_transport transport;
        const RampShape* const shape;
        const std::uint64_t clock;
        const std::uint32_t offset; ///< of the slice in the period
        const std::uint32_t frames;
    };

    BACKLINE_RT void take_edits(bool offline) noexcept;
    BACKLINE_RT void take_set(const SetEntry& entry) noexcept;
    BACKLINE_RT void apply_waiting() noexcept;
    BACKLINE_RT void apply_due(std::uint32_t& cuts, bool offline) noexcept;
    BACKLINE_RT std::uint32_t slice_length(std::uint32_t left, std::uint32_t cuts,
                                           bool offline) noexcept;
    BACKLINE_RT bool fits(const Command& command) noexcept;
    BACKLINE_RT void place(Command& command, std::uint32_t frame) noexcept;
    BACKLINE_RT void start_curves(Command& command, std::uint32_t frame) noexcept;
    BACKLINE_RT void apply(Command& command) noexcept;
    BACKLINE_RT void finish(Command* command) noexcept;
    BACKLINE_RT void run_slice(const Period& period, std::uint32_t offset,
                               std::uint32_t frames) noexcept;
    // guards.cpp
    BACKLINE_RT void begin_guards(const Period& period, std::uint64_t began) noexcept;
    BACKLINE_RT void account() noexcept;
    BACKLINE_RT void run_guards(std::uint64_t spent) noexcept;
    BACKLINE_RT void judge(Node& node) noexcept;
    BACKLINE_RT void shed(double cost) noexcept;
    BACKLINE_RT void count_fault(Node& node) noexcept;
    BACKLINE_RT void guard_bypass(Node& node, const Report& why) noexcept;
    BACKLINE_RT void measure_ticks(std::uint64_t began) noexcept;
    // steps.cpp
    BACKLINE_RT void run_step(const Step& step, const Slice& slice, const Lane& lane) noexcept;
    BACKLINE_RT void run_input(const InputStep& step, const Slice& slice,
                               const Lane& lane) noexcept;
    BACKLINE_RT void run_mix(const MixStep& step, std::uint32_t frames) noexcept;
    BACKLINE_RT void run_link(const LinkStep& step, const Slice& slice, const Lane& lane) noexcept;
    BACKLINE_RT void run_node(const NodeStep& step, const Slice& slice, const Lane& lane) noexcept;
    BACKLINE_RT void take_bypass(const NodeStep& step, const Slice& slice) noexcept;
    BACKLINE_RT void keep_dry(const NodeStep& step, std::uint32_t frames, bool mixing,
                              const Lane& lane) noexcept;
    BACKLINE_RT void mix_dry(const NodeStep& step, const Slice& slice, const Lane& lane) noexcept;
    BACKLINE_RT void pass_dry(const NodeStep& step, std::uint32_t frames) noexcept;
    BACKLINE_RT void check_outputs(const NodeStep& step, std::uint32_t frames) noexcept;
    BACKLINE_RT void run_output(const OutputStep& step, const Slice& slice,
                                const Lane& lane) noexcept;
    BACKLINE_RT void report_trouble() noexcept;
    BACKLINE_RT void reset_nodes() noexcept;
    BACKLINE_RT void settle_ramps() noexcept;
    BACKLINE_RT void fade_outputs_in() noexcept;
    BACKLINE_RT void silence(const Period& period) noexcept;
    BACKLINE_RT std::uint64_t publish(const Period& period, std::uint64_t began) noexcept;
    BACKLINE_RT void report(const Report& report) noexcept;
    BACKLINE_RT Target* find(Handle handle) noexcept;

    const std::uint32_t max_frames_;
    rt::ReadySet* const ready_;
    void (*const work_now_)(void*);
    void* const work_context_;
    const double overload_;
    const bool timing_;
    const std::unique_ptr<rt::Pulse> own_pulse_;
    rt::Pulse* const pulse_;

    std::atomic<std::uint64_t> numbers_{0};
    rt::SpscQueue<SetEntry> sets_;
    rt::SpscQueue<Command*> commands_;
    rt::SpscQueue<Command*> done_;
    rt::SpscQueue<Report> reports_;
    rt::Lease lease_;
    rt::LatestValue<TimeAnchor> anchor_;
    CycleCounters counters_;
    std::atomic<std::uint64_t> sets_done_{0}; ///< number of the newest set taken over

    std::uint32_t in_flight_ = 0; ///< [engine]

    // Touched by the audio role only (or by the engine under the lease).
    static constexpr std::uint64_t kNoFrame = UINT64_MAX;
    std::uint64_t clock_;
    std::uint64_t reset_at_ = kNoFrame; ///< sample clock at which all nodes begin anew
    std::unique_ptr<Plan> plan_;
    std::unique_ptr<Target[]> targets_;
    DueHeap due_; ///< timed commands
    Curves curves_;
    std::uint32_t timed_sets_ = 0;        ///< that took effect in this cycle
    Master* master_ = nullptr;            ///< in slot 0 of the table
    std::atomic<bool> interrupted_{true}; ///< what is heard next follows a silence
    std::atomic<bool> trouble_{false};    ///< a step met something to report

    // Of the guards.
    const std::uint64_t first_ticks_; ///< at construction, as is first_ns_
    const std::uint64_t first_ns_;
    double ticks_per_second_ = 0.0; ///< 0: not known yet
    bool real_time_ = false;        ///< this period is one
    double period_ticks_ = 0.0;     ///< infinite where budgets do not apply
    double second_ = 0.0;           ///< frames
    OverrunWindow overloads_;
    bool guards_due_ = false; ///< the window of some node is full
    std::uint64_t overload_quiet_until_ = 0;
};

} // namespace backline::process
