// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/curve.hpp"
#include "daemon/process/plan.hpp"

#include <cstdint>
#include <vector>

namespace backline::process {

/// Puts something with parameters into a slot of the audio side's table, or takes it out.
struct SlotChange {
    Handle handle; ///< slot and its new generation; generation 0 empties the slot
    ParamBank* bank = nullptr;
    Node* node = nullptr; ///< nullptr for strips and the master
};

/// A parameter value that takes effect at the command's frame.
struct TimedSet {
    Handle handle;
    std::uint32_t param;
    double value;
    const double* source = nullptr; ///< not null: the value is read here when it takes effect
};

/// A value to be noted at the command's frame: what a snapshot remembers.
struct Capture {
    Handle handle;
    std::uint32_t param;
    double* to; ///< stays as it is when nobody has the handle
};

/// A prepared file that goes in place; afterwards `object` is the one it replaced.
struct FileInstall {
    Node* node;
    std::uint32_t param;
    void* object;
};

/// A switched gain that gets a new target.
struct RampStart {
    Ramp* ramp;
    float target;
    std::uint32_t wait = 0; ///< frames until it begins to move
};

/// Another budget for a node.
struct BudgetSet {
    Handle handle;
    Budget budget;
};

/// One edit, prepared by the engine thread, applied by the audio thread in one piece and at one
/// frame, finished (freed, answered) by the engine thread again. Members that are empty stay as
/// they are.
struct Command {
    std::uint64_t number = 0; ///< order among commands and untimed sets
    std::uint64_t frame = 0;  ///< sample clock at which it is due; 0 = at the next cycle

    std::unique_ptr<Plan> plan; ///< the new plan; afterwards the one it replaced
    std::vector<SlotChange> slots;
    std::vector<TimedSet> sets;
    /// Curves that begin, after the sets; the audio side keeps them while any of them runs, and
    /// gives them back through Cycle::take_curves().
    std::unique_ptr<CurveSet> curves;
    std::vector<Capture> captures; ///< after sets and curves
    std::vector<FileInstall> files;
    std::vector<RampStart> ramps; ///< in order
    bool resets_all = false;      ///< every node, once mutes that begin with this command are over
    std::vector<BudgetSet> budgets;

    std::uint64_t applied_frame = 0; ///< set by apply
    std::uint32_t stale_sets = 0;    ///< sets whose target was gone

    /// Whether a slice has to begin at its frame: all but plain parameter values of nodes,
    /// curves and captures.
    BACKLINE_RT bool cuts() const noexcept {
        return plan || !slots.empty() || !files.empty() || !ramps.empty() || !budgets.empty()
               || resets_all || cuts_for_sets;
    }
    bool cuts_for_sets = false; ///< one of the sets is a bypass, a gain or a mute
};

} // namespace backline::process
