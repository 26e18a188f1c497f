// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Latency compensation: what arrives at one node or output arrives at one time. Each connection
// waits for the slowest path to its destination; feedback has a time of its own and is left out.
#include "daemon/engine/edit.hpp"

#include <algorithm>

namespace backline::engine {

namespace {

/// Frames from the graph's sources until what a node, input or output gives, and what arrives at
/// it.
struct Times {
    std::map<std::string, std::uint32_t> arrival, departure;
};

/// In topological order (A. B. Kahn, "Topological sorting of large networks", CACM 5(11), 1962).
Times times_of(const Model& model) {
    std::map<std::string, std::vector<const Connection*>> leaving_from;
    std::map<std::string, std::size_t> waits_for;
    for (const Connection& connection : model.connections) {
        if (connection.feedback || connection.waiting) continue;
        leaving_from[connection.from.name].push_back(&connection);
        ++waits_for[connection.to.name];
    }
    std::vector<std::string> ready;
    const auto begin = [&](const auto& entries) {
        for (const auto& [name, entry] : entries)
            if (waits_for.count(name) == 0) ready.push_back(name);
    };
    begin(model.inputs);
    begin(model.nodes);
    begin(model.outputs);

    Times times;
    for (std::size_t i = 0; i < ready.size(); ++i) {
        const std::string name = ready[i];
        const auto node = model.nodes.find(name);
        const std::uint32_t own = node == model.nodes.end() ? 0 : node->second.latency;
        const std::uint32_t until = times.departure[name] = times.arrival[name] + own;
        for (const Connection* connection : leaving_from[name]) {
            std::uint32_t& arrival = times.arrival[connection->to.name];
            arrival = std::max(arrival, until);
            if (--waits_for[connection->to.name] == 0) ready.push_back(connection->to.name);
        }
    }
    return times;
}

} // namespace

void Edit::compensate() {
    const bool none =
        std::all_of(next.nodes.begin(), next.nodes.end(),
                    [](const auto& node) { return node.second.latency == 0; })
        && std::all_of(next.connections.begin(), next.connections.end(),
                       [](const Connection& connection) { return connection.delay == 0; });
    if (none) {
        next.latency = 0;
        for (auto& [name, output] : next.outputs)
            output.latency = 0;
        return;
    }
    Times times = times_of(next);
    next.latency = 0;
    for (auto& [name, output] : next.outputs) {
        output.latency = times.arrival[name];
        next.latency = std::max(next.latency, output.latency);
    }
    const std::size_t count = next.connections.size();
    for (std::size_t i = 0; i < count; ++i) {
        Connection& connection = next.connections[i];
        if (connection.feedback || connection.waiting) continue;
        align(connection,
              times.arrival[connection.to.name] - times.departure[connection.from.name]);
    }
}

/// Gives a connection its delay. One that is heard fades over to itself with the new delay.
void Edit::align(Connection& connection, std::uint32_t delay) {
    if (connection.delay == delay && connection.delays.empty() == (delay == 0)) return;
    if (!connection.fresh) {
        fade_out(connection, delay);
        graph_changed = true;
    }
    connection.fresh = true;
    connection.fade = nullptr;
    connection.delay = delay;
    connection.delays.clear();
    if (delay == 0) return;
    const std::uint32_t channels = channel_count(next, connection.from);
    for (std::uint32_t c = 0; c < channels; ++c)
        connection.delays.push_back(std::make_shared<process::DelayLine>(delay));
}

} // namespace backline::engine
