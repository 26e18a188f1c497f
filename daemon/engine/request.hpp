// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/rack.hpp"
#include "daemon/engine/target.hpp"
#include "daemon/process/curve.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace backline::engine {

/// Makes a plugin instance a node.
struct AddNode {
    std::string name, plugin;
    std::optional<std::uint32_t> channels;
    std::vector<std::pair<std::string, Value>> params; ///< initial values by symbol
    bool bypass = false;
    std::optional<process::Budget> budget = {}; ///< absent: the daemon's own
    std::uint32_t priority = kDefaultPriority;
};
/// Takes a node out, with its connections.
struct RemoveNode {
    std::string name;
    bool tail = false; ///< it is heard until its tail has ended, at most 30 s
};
/// Gives a node another name; connections follow.
struct RenameNode {
    std::string name, to;
};
/// Puts another plugin in a node's place; connections stay where ports of the same name and channel
/// count exist, parameters keep their values where symbols do.
struct ReplaceNode {
    std::string name, plugin;
};
/// Gives a node a budget of its own.
struct SetBudget {
    std::string name;
    process::Budget budget;
};
/// Connects two endpoints; see parse_endpoint().
struct Connect {
    std::string from, to;
    std::optional<std::uint32_t> feedback; ///< frames
};
/// Ends exactly that connection.
struct Disconnect {
    std::string from, to;
};
/// Makes an input or an output.
struct AddStrip {
    bool is_input = true;
    std::string name;
    std::uint32_t channels = 1;
    std::vector<std::string> jack; ///< wished outside ports, one per channel
};
/// Takes an input or output out, with its connections.
struct RemoveStrip {
    bool is_input = true;
    std::string name;
};
/// Gives an input or output another name, and its ports with it.
struct RenameStrip {
    bool is_input = true;
    std::string name, to;
};
/// A value, as part of a transaction, timed, or of a file parameter.
struct SetValue {
    Target target;
    Value value;
};
/// A course over time, from the value of the moment; ends with the next set, recall or ramp of the
/// parameter.
struct Ramp {
    /// To a value, within a time.
    struct Stretch {
        double value = 0.0; ///< in the parameter's own unit
        double seconds = 0.0;
    };
    Target target; ///< of a number: neither a switch nor an enum nor a file
    std::vector<Stretch> stretches;
    process::Shape shape = process::Shape::linear;
};
/// Remembers all values under a name, in place of what had it.
struct StoreSnapshot {
    std::string name;
};
/// Brings all values back: at one frame, or over a time.
struct RecallSnapshot {
    std::string name;
    double seconds = 0.0;
};
/// Forgets a snapshot.
struct RemoveSnapshot {
    std::string name;
};
/// Replaces the whole graph. Inputs and outputs that the rack has too (same name and channels) keep
/// their external ports, and what others connected to them.
struct LoadRack {
    Rack rack;
};
/// Mutes all outputs (the master's switch) and resets every node.
struct Panic {};

/// One edit of the graph or of a value.
using Op = std::variant<AddNode, RemoveNode, RenameNode, ReplaceNode, Connect, Disconnect, AddStrip,
                        RemoveStrip, RenameStrip, SetValue, LoadRack, Panic, SetBudget, Ramp,
                        StoreSnapshot, RecallSnapshot, RemoveSnapshot>;

/// Edits that are applied at one frame, all or none.
struct Request {
    std::uint64_t token = 0;  ///< the submitter's; comes back in the Completion
    std::uint64_t sender = 0; ///< requests of one sender are applied in the order submitted
    std::vector<Op> ops;
    /// Sample clock at which it is due; absent = as soon as possible, or at `due_ns`.
    std::optional<std::uint64_t> frame;
    /// CLOCK_MONOTONIC_RAW at which it is due, in ns; the frame follows from the newest cycle
    /// shortly before. Not offline.
    std::optional<std::int64_t> due_ns;
    bool check_only = false; ///< a dry run: prepared, instances included, and dropped
};

/// The one outcome of a request.
struct Completion {
    std::uint64_t token = 0;
    bool ok = false;
    std::string code, message;  ///< of a failure
    std::size_t failed_op = 0;  ///< index in Request::ops
    std::uint64_t frame = 0;    ///< sample clock at which it was applied
    std::uint64_t due = 0;      ///< sample clock at which it was due; 0 = untimed
    std::size_t cancelled = 0;  ///< of Engine::cancel(): requests that it has ended
    std::uint64_t revision = 0; ///< of the graph, afterwards
    std::uint64_t ticket = 0;   ///< Driver::settled() ticket of the ports it made; 0 = none
};

} // namespace backline::engine
