// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/plugin/instance.hpp"
#include "daemon/plugin/registry.hpp"
#include "daemon/process/plan.hpp"
#include "daemon/process/strip.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace backline::engine {

/// A plugin instance in the graph.
struct NodeEntry {
    std::string name;
    std::shared_ptr<const plugin::PluginInfo> info;
    std::optional<std::uint32_t> channels;    ///< as asked for; absent = the plugin's defaults
    std::vector<std::uint32_t> port_channels; ///< per port; 0 for event ports
    process::Handle handle;
    std::shared_ptr<plugin::Shared> shared;
    std::map<std::string, std::string> files; ///< parameter symbol -> name of the file in place
    std::uint32_t latency = 0;                ///< frames
    std::uint64_t tail = 0;                   ///< frames; UINT64_MAX = for ever
    bool start_bypassed = false;              ///< bypass at creation; the live value is in the cell
    /// Per output channel what delays the dry signal by the latency; empty without one.
    std::vector<std::shared_ptr<process::DelayLine>> dry_lines;
    std::optional<process::Budget> budget; ///< absent: Engine::Options::budget
    std::uint32_t priority = 50;           ///< 0..100; the lowest is bypassed first

    /// The cell of a parameter, by its index in the descriptor.
    process::ParamCell& param(std::uint32_t index) const { return shared->cells[index]; }
    /// The host's own switch, after the plugin's parameters.
    process::ParamCell& bypass() const { return shared->cells[info->params.size()]; }
    /// Whether it is bypassed now, by somebody or by the daemon; before it is made, whether it will
    /// be.
    bool bypassed() const { return shared ? bypass().heard.load() >= 0.5 : start_bypassed; }
};

/// An input or an output: a named group of external ports.
struct StripEntry {
    std::string name;
    std::uint32_t channels = 1;
    process::Handle handle;
    std::shared_ptr<process::Strip> strip;
    std::vector<std::uint32_t> slots; ///< external slot per channel
    std::vector<std::string> jack;    ///< wished outside port per channel; "" or absent = none
    std::uint32_t latency = 0;        ///< of an output: frames from the graph's inputs to it
};

/// The gain of a connection that comes or goes. Shared by the versions of the graph it is part of.
struct Fade {
    /// Settled at `gain`.
    explicit Fade(float gain) : ramp(gain), target(gain) {}
    /// The clock at which what has not begun is over.
    static constexpr std::uint64_t kNever = UINT64_MAX;

    process::Ramp ramp;             ///< [audio]
    float target;                   ///< where the newest edit sends it [engine]
    std::uint64_t over_at = kNever; ///< sample clock at which it is there [engine]
};

/// One end of a connection, resolved: `port` is the index in the plugin's descriptor and 0 for
/// inputs and outputs. `channel` is from 0; absent = the whole bus.
struct Endpoint {
    std::string name;
    std::uint32_t port = 0;
    std::optional<std::uint32_t> channel;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// A directed connection between two buses of the graph.
struct Connection {
    Endpoint from, to;
    std::optional<std::uint32_t> feedback; ///< frames; absent = a direct connection
    /// The memory of a feedback connection, one per destination channel; shared with plans.
    std::vector<std::shared_ptr<process::DelayLine>> lines;

    std::shared_ptr<Fade> fade; ///< nullptr: settled at full gain
    /// Frames it waits for the slowest path to the same destination, and the memory for it, one per
    /// channel it carries.
    std::uint32_t delay = 0;
    std::vector<std::shared_ptr<process::DelayLine>> delays;
    bool fresh = false; ///< was made by the edit that is being prepared
    /// Would close a loop with something that still fades: begins when that is over.
    bool waiting = false;
};

/// What is no part of the graph any more but is heard until its ramps are over. Nodes, inputs and
/// outputs go by names here that no name can equal.
struct Leaving {
    std::map<std::string, NodeEntry> nodes;
    std::map<std::string, StripEntry> inputs;
    std::map<std::string, StripEntry> outputs;
    std::vector<Connection> connections;
    std::uint64_t count = 0; ///< of all that ever left
};

struct Snapshot;
/// What has been stored, by name.
using Snapshots = std::map<std::string, std::shared_ptr<const Snapshot>>;

/// The graph as a value: copied to prepare an edit, published once it is applied. Everything it
/// points to is safe to look at from any control-side thread for as long as the model lives.
struct Model {
    std::uint64_t revision = 0; ///< grows with every applied graph command
    std::map<std::string, NodeEntry> nodes;
    std::map<std::string, StripEntry> inputs;
    std::map<std::string, StripEntry> outputs;
    std::vector<Connection> connections; ///< in the order made
    Leaving leaving;
    Snapshots snapshots;
    process::Handle master;
    std::shared_ptr<process::Master> master_state;
    std::uint32_t latency = 0; ///< frames, longest path from an input to an output
    double rate = 0.0;         ///< frames per second that instances are activated for
    std::uint64_t plan_number = 0;
    std::uint32_t buffers = 0; ///< that the plan uses

    /// Whether a node, input or output has the name: they share one namespace.
    bool has(const std::string& name) const {
        return nodes.count(name) != 0 || inputs.count(name) != 0 || outputs.count(name) != 0;
    }
};

/// The way an endpoint is written: "eq", "comp:sidechain", "eq:out.1" (channels from 1).
std::string to_string(const Model& model, const Endpoint& endpoint, bool is_source);

/// Reads "name[:port[.channel]]". Without a port it is the main one of its direction. Throws
/// CommandError: no_such_node, no_such_port, channels.
Endpoint parse_endpoint(const Model& model, const std::string& text, bool is_source);

/// A node, or one that is leaving; nullptr when there is none.
const NodeEntry* find_node(const Model& model, const std::string& name);
/// An input, or one that is leaving; nullptr when there is none.
const StripEntry* find_input(const Model& model, const std::string& name);
/// An output, or one that is leaving; nullptr when there is none.
const StripEntry* find_output(const Model& model, const std::string& name);

/// The memory that the dry signal of a bypassed node needs, for the latency it has. Allocates.
void make_dry_lines(NodeEntry& node);

/// Channels of an endpoint: of its bus, or 1 when it names one channel.
std::uint32_t channel_count(const Model& model, const Endpoint& endpoint);

} // namespace backline::engine
