// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// How things come into the graph and leave it without a click. What comes, comes by its
// connections: they fade in. What goes stays in the plan until the connections that let it be heard
// have faded.
#include "daemon/engine/edit.hpp"

#include <algorithm>
#include <set>

namespace backline::engine {

void Edit::add_connection(Connection connection) {
    connection.lines.clear();
    if (connection.feedback) {
        const std::uint32_t channels = channel_count(next, connection.to);
        for (std::uint32_t c = 0; c < channels; ++c)
            connection.lines.push_back(std::make_shared<process::DelayLine>(*connection.feedback));
    }
    connection.fresh = true;
    connection.waiting =
        !connection.feedback
        && !path_between(next, connection.to.name, connection.from.name, true).empty();
    next.connections.push_back(std::move(connection));
    graph_changed = true;
}

/// Lets a connection that is no part of the graph any more be heard for the length of a ramp, which
/// begins `wait` frames from now.
void Edit::fade_out(Connection connection, std::uint32_t wait) {
    if (!context_.ramped || connection.fresh || connection.waiting) return;
    if (!connection.fade) connection.fade = std::make_shared<Fade>(1.0f);
    starts.push_back({connection.fade, 0.0f, wait});
    next.leaving.connections.push_back(std::move(connection));
}

namespace {

/// Moves an entry to those that leave, under a name that nothing else can have.
template <typename Entry>
std::string move_over(std::map<std::string, Entry>& from, std::map<std::string, Entry>& to,
                      const std::string& name, std::uint64_t number) {
    auto entry = from.extract(name);
    const std::string ghost = name + "~" + std::to_string(number);
    entry.key() = ghost;
    entry.mapped().name = ghost;
    to.insert(std::move(entry));
    return ghost;
}

} // namespace

void Edit::node_leaves(const std::string& name, std::uint32_t tail) {
    part(name, move_over(next.nodes, next.leaving.nodes, name, ++next.leaving.count), false, tail);
}

void Edit::strip_leaves(bool is_input, const std::string& name) {
    auto& here = is_input ? next.inputs : next.outputs;
    auto& leaving = is_input ? next.leaving.inputs : next.leaving.outputs;
    part(name, move_over(here, leaving, name, ++next.leaving.count), !is_input, 0);
}

/// Lets go of the connections of what is called `ghost` now. Those by which it is heard (or, of an
/// output, by which it hears) fade after `tail` frames; the others fade at once when there is a
/// tail, and else not at all.
void Edit::part(const std::string& name, const std::string& ghost, bool is_output,
                std::uint32_t tail) {
    for (Connection& connection : next.leaving.connections) {
        if (connection.from.name == name) connection.from.name = ghost;
        if (connection.to.name == name) connection.to.name = ghost;
    }
    for (Connection& connection : std::exchange(next.connections, {})) {
        const bool hears = connection.to.name == name;
        const bool is_heard = connection.from.name == name;
        if (!hears && !is_heard) {
            next.connections.push_back(std::move(connection));
            continue;
        }
        if (hears) connection.to.name = ghost;
        if (is_heard) connection.from.name = ghost;
        if (is_output || is_heard)
            fade_out(std::move(connection), is_output ? 0 : tail);
        else if (tail != 0)
            fade_out(std::move(connection));
        else if (!connection.fresh && !connection.waiting)
            next.leaving.connections.push_back(std::move(connection));
    }
    drop_silent();
}

/// Ends what is heard no longer: sources without a connection from them, outputs without one to
/// them. One that ends may silence another.
void Edit::drop_silent() {
    auto& connections = next.leaving.connections;
    for (bool more = true; more;) {
        more = false;
        std::set<std::string> heard, hearing;
        for (const Connection& connection : connections) {
            heard.insert(connection.from.name);
            hearing.insert(connection.to.name);
        }
        std::set<std::string> over;
        const auto end = [&](auto& entries, const std::set<std::string>& needed, auto&& release) {
            for (auto it = entries.begin(); it != entries.end();) {
                if (needed.count(it->first) != 0) {
                    ++it;
                    continue;
                }
                over.insert(it->first);
                release(it->second);
                it = entries.erase(it);
            }
        };
        end(next.leaving.nodes, heard, [this](const NodeEntry& node) {
            if (node.handle.generation != 0) removed_nodes.push_back(node.handle);
        });
        end(next.leaving.inputs, heard, [this](const StripEntry& strip) {
            removed_inputs.push_back(strip);
            ports_changed = true;
        });
        end(next.leaving.outputs, hearing, [this](const StripEntry& strip) {
            removed_outputs.push_back(strip);
            ports_changed = true;
        });
        more = std::erase_if(connections,
                             [&](const Connection& connection) {
                                 return over.count(connection.from.name) != 0
                                        || over.count(connection.to.name) != 0;
                             })
               != 0;
    }
}

bool Edit::sweep(std::uint64_t frame) {
    const auto is_over = [frame](const Connection& connection) {
        return connection.fade && connection.fade->over_at <= frame;
    };
    bool changed = std::erase_if(next.leaving.connections,
                                 [&](const Connection& connection) {
                                     return is_over(connection) && connection.fade->target == 0.0f;
                                 })
                   != 0;
    for (auto* connections : {&next.connections, &next.leaving.connections}) {
        for (Connection& connection : *connections) {
            if (!is_over(connection)) continue;
            connection.fade = nullptr;
            changed = true;
        }
    }
    if (!changed) return false;
    drop_silent();
    start_waiting();
    graph_changed = true;
    return true;
}

/// What waited for a fading loop to open begins now.
void Edit::start_waiting() {
    for (Connection& connection : next.connections) {
        if (!connection.waiting
            || !path_between(next, connection.to.name, connection.from.name, true).empty())
            continue;
        connection.waiting = false;
        connection.fresh = true;
    }
}

void Edit::complete() {
    compensate();
    for (Connection& connection : next.connections) {
        if (!connection.fresh || connection.waiting) continue;
        connection.fresh = false;
        if (!context_.ramped) continue;
        connection.fade = std::make_shared<Fade>(0.0f);
        // Until its delay is filled it has nothing to give.
        starts.push_back({connection.fade, 1.0f, connection.delay});
    }
}

} // namespace backline::engine
