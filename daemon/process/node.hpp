// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/params.hpp"
#include "daemon/process/ramp.hpp"
#include "daemon/rt/annotations.hpp"
#include "daemon/rt/job_ring.hpp"
#include "daemon/rt/record_ring.hpp"

#include <backline/file.h>
#include <backline/plugin.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace backline::process {

/// What a node has cost since it was made. Written by the audio role, read by any.
struct NodeCost {
    std::atomic<std::uint64_t> ticks{0}; ///< sum over all calls
    std::atomic<std::uint64_t> calls{0};
    std::atomic<std::uint64_t> max_ticks{0}; ///< costliest single call
    std::atomic<std::uint64_t> scrubbed{0};  ///< samples that were NaN or infinite
    std::atomic<std::uint64_t> errors{0};    ///< calls that returned a failure

    /// Counts one call of `spent` ticks. [audio]
    BACKLINE_RT void add(std::uint64_t spent) noexcept {
        // One writer: plain read-modify-write without a locked instruction.
        ticks.store(ticks.load(std::memory_order_relaxed) + spent, std::memory_order_relaxed);
        calls.store(calls.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        if (spent > max_ticks.load(std::memory_order_relaxed))
            max_ticks.store(spent, std::memory_order_relaxed);
    }
};

/// Everything the audio thread touches of one plugin instance; outlives the plans it is part of.
/// Built by plugin::Instance on the loader thread and freed there after the audio side let go.
/// The bank has the plugin's parameters in the descriptor's order, then the host's bypass switch.
struct Node {
    /// `cells`: one per parameter and one more for bypass; they and the plugin outlive the node.
    /// Allocates. [loader]
    Node(const bl_plugin* plugin_, ParamCell* cells, std::uint32_t param_count_)
        : plugin(plugin_), param_count(param_count_), bank(cells, param_count_ + 1) {}

    const bl_plugin* plugin;
    const bl_ext_file* files = nullptr; ///< nullptr when the plugin takes none
    std::uint32_t param_count;          ///< of the plugin; index of the bypass switch
    Handle handle;
    ParamBank bank;
    rt::RecordRing* responses = nullptr;     ///< nullptr when the plugin declares none
    std::unique_ptr<bl_event_list[]> events; ///< one per port
    bool bypassed = false;                   ///< as asked for; `wet` follows
    Ramp wet{1.0f};                          ///< 0: bypassed, the plugin is not run
    std::uint32_t unreported_scrubs = 0;     ///< not finite in this cycle: it is reset at its end
    std::uint32_t unreported_errors = 0;
    NodeCost* cost = nullptr; ///< lives as long as any reader (plugin::Shared)
};

} // namespace backline::process
