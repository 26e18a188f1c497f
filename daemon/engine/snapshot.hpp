// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/target.hpp"
#include "daemon/process/command.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace backline::engine {

/// The values of a graph at one frame: every parameter but files, bypasses, and the gains and mutes
/// of inputs and outputs. What it speaks of is fixed when the store is prepared; the audio thread
/// writes the numbers at the frame of the store, and reads them at that of a recall, so that
/// whatever is due in between is part of it.
struct Snapshot {
    /// One value and what its parameter is like, so that a recall finds a stranger in its place.
    struct Entry {
        Target target;
        double min = 0.0, max = 1.0;
        std::uint32_t scale = 0; ///< bl_scale; 0 for what has no descriptor
    };
    std::vector<Entry> entries;
    std::shared_ptr<double[]> numbers; ///< one per entry; the control side reads them once stored
};

/// Snapshots that are kept at once.
inline constexpr std::size_t kSnapshotsMax = 1024;
/// The longest a recall may take.
inline constexpr double kMorphSecondsMax = 86'400.0;

/// Prepares a store of all values of `model`; `captures` gets what the audio thread has to note.
std::shared_ptr<const Snapshot> make_snapshot(const Model& model,
                                              std::vector<process::Capture>& captures);

/// What a recall asks of the audio side: all at one frame when `seconds` is 0, else numbers move
/// over that time (parameters of logarithmic scale by equal ratios) and switches change at its
/// beginning. `name` is for messages. Throws CommandError: no_such_node, no_such_parameter (also
/// when it is no longer what it was), out_of_range.
void add_recall(const Model& model, const std::string& name, const Snapshot& snapshot,
                double seconds, std::vector<process::TimedSet>& sets, process::CurveSet& curves);

/// Nodes (or inputs, or outputs, as `kind` says) of all snapshots take another name.
void rename_in(Snapshots& snapshots, Target::Kind kind, const std::string& from,
               const std::string& to);

} // namespace backline::engine
