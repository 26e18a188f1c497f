// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/commands.hpp"

#include <array>

namespace backline::protocol::backlinectl {
namespace {

constexpr auto kCommands = std::to_array<Command>({
    {"status", "state of the daemon, of JACK and of the graph", define_status},
    {"plugins", "the plugins there are", define_plugins},
    {"info", "ports, parameters and results of a plugin", define_info},
    {"graph", "nodes, inputs, outputs and connections", define_graph},
    {"watch", "results, levels, events and changes as they come", define_watch},
    {"add", "add a node", define_add},
    {"rm", "remove a node", define_rm},
    {"connect", "connect two ports", define_connect},
    {"disconnect", "remove a connection", define_disconnect},
    {"input add", "add an input", define_input_add},
    {"input rm", "remove an input", define_input_rm},
    {"output add", "add an output", define_output_add},
    {"output rm", "remove an output", define_output_rm},
    {"set", "set a parameter", define_set},
    {"get", "print a parameter", define_get},
    {"bypass", "bypass a node, or no more", define_bypass},
    {"mute", "mute all outputs, or one input or output", define_mute},
    {"ramp", "move a parameter over time", define_ramp},
    {"snapshot store", "remember all values under a name", define_snapshot_store},
    {"snapshot recall", "bring all values back, at once or over time", define_snapshot_recall},
    {"snapshot list", "the snapshots there are", define_snapshot_list},
    {"snapshot remove", "forget a snapshot", define_snapshot_remove},
    {"sched list", "the timed requests that wait", define_sched_list},
    {"sched cancel", "cancel a timed request", define_sched_cancel},
    {"sched clear", "cancel all timed requests", define_sched_clear},
    {"load", "replace the graph by a rack", define_load},
    {"save", "save the graph as a rack", define_save},
    {"check", "load a rack without applying it", define_check},
    {"jack connect", "connect two JACK ports, and keep them connected", define_jack_connect},
    {"jack disconnect", "disconnect two JACK ports", define_jack_disconnect},
    {"jack ports", "the ports of the JACK server", define_jack_ports},
    {"send", "send any message and print the reply", define_send},
    {"quit", "end the daemon", define_quit},
});

} // namespace

std::span<const Command> commands() {
    return kCommands;
}

} // namespace backline::protocol::backlinectl
