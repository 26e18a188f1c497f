// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/budget.hpp"
#include "daemon/process/params.hpp"
#include "daemon/process/ramp.hpp"
#include "daemon/rt/annotations.hpp"
#include "daemon/rt/histogram.hpp"
#include "daemon/rt/job_ring.hpp"
#include "daemon/rt/record_ring.hpp"

#include <backline/file.h>
#include <backline/plugin.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace backline::process {

/// What a node has cost since it was made, by period: the slices of one period count as one. What
/// passes while it is bypassed does not count. Written by the audio role, read by any.
struct alignas(64) NodeCost {
    std::atomic<std::uint64_t> ticks{0};     ///< sum over all periods
    std::atomic<std::uint64_t> periods{0};   ///< in which it ran
    std::atomic<std::uint64_t> calls{0};     ///< of process(): one per slice
    std::atomic<std::uint64_t> max_ticks{0}; ///< costliest period
    std::atomic<std::uint64_t> scrubbed{0};  ///< samples that were NaN or infinite
    std::atomic<std::uint64_t> errors{0};    ///< calls that returned a failure
    rt::Histogram histogram;                 ///< ticks per period

    /// Counts a period in which the node took `spent` ticks in `slices` calls. [audio]
    BACKLINE_RT void add(std::uint64_t spent, std::uint32_t slices) noexcept {
        // One writer: plain read-modify-write without a locked instruction.
        const auto more = [](std::atomic<std::uint64_t>& to, std::uint64_t by) {
            to.store(to.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
        };
        more(ticks, spent);
        more(periods, 1);
        more(calls, slices);
        if (spent > max_ticks.load(std::memory_order_relaxed))
            max_ticks.store(spent, std::memory_order_relaxed);
        histogram.add(spent);
    }
};

/// What the guards know of a node; see guards.cpp. Touched by the audio role only.
struct NodeGuard {
    // Of every period; together, because a graph of thin nodes is as fast as its memory.
    double limit = Budget().limit(); ///< Budget::limit() of `budget`
    std::uint64_t spent = 0;         ///< ticks, in the earlier slices of this period
    std::uint64_t newest = 0;        ///< ticks of the last period
    std::uint64_t recent = 0;        ///< ticks per period, smoothed
    std::uint32_t slices = 0;        ///< earlier ones of this period
    OverrunWindow overruns;
    bool over = false; ///< its window is full: the guards look at the cycle's end

    bool analysis = false;       ///< nobody hears it: goes before all others
    std::uint32_t priority = 50; ///< 0..100: of what must go, the lowest goes first
    Budget budget;               ///< of its own
    FaultWindow faults;
    std::uint64_t quiet_until = 0; ///< sample clock of the next report that it is over

    /// Takes another budget. [audio]
    BACKLINE_RT void set(const Budget& other) noexcept {
        budget = other;
        limit = other.limit();
        overruns.clear();
    }
    /// What was is forgotten: the node begins anew. [audio]
    BACKLINE_RT void clear() noexcept {
        overruns.clear();
        faults.clear();
        over = false;
    }
};

/// Everything the audio thread touches of one plugin instance; outlives the plans it is part of.
/// Built by plugin::Instance on the loader thread and freed there after the audio side let go.
/// The bank has the plugin's parameters in the descriptor's order, then the host's bypass switch.
struct alignas(64) Node {
    /// `cells`: one per parameter and one more for bypass; they and the plugin outlive the node.
    /// Allocates. [loader]
    Node(const bl_plugin* plugin_, ParamCell* cells, std::uint32_t param_count_)
        : plugin(plugin_), param_count(param_count_), bank(cells, param_count_ + 1) {}

    // What every call reads lies together: a graph of thin nodes is as fast as its memory.
    const bl_plugin* plugin;
    rt::RecordRing* responses = nullptr;     ///< nullptr when the plugin declares none
    std::unique_ptr<bl_event_list[]> events; ///< one per port
    Handle handle;
    std::uint32_t param_count;           ///< of the plugin; index of the bypass switch
    std::uint32_t unreported_scrubs = 0; ///< not finite in this cycle: it is reset at its end
    std::uint32_t unreported_errors = 0;
    bool bypassed = false; ///< as asked for; `wet` follows
    NodeGuard guard;
    NodeCost* cost = nullptr; ///< lives as long as any reader (plugin::Shared)
    Ramp wet{1.0f};           ///< 0: bypassed, the plugin is not run
    ParamBank bank;
    const bl_ext_file* files = nullptr; ///< nullptr when the plugin takes none
};

} // namespace backline::process
