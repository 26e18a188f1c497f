// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol/backlinectl/session.hpp"

#include <functional>
#include <span>
#include <string_view>

namespace CLI {
class App;
}

namespace backline::protocol::backlinectl {

/** What a command does once its arguments are known; how it ends is an Exit. */
using Action = std::function<int(Session&)>;

/** One command of the program. */
struct Command {
    std::string_view name;           ///< as typed; `jack ports` is a command within a command
    std::string_view help;           ///< one line
    Action (*define)(CLI::App& app); ///< declares the arguments; the action reads what they became
};

/** Every command, in the order of `--help`. */
std::span<const Command> commands();

// commands_look.cpp
Action define_status(CLI::App& app);  ///< state, load, counters
Action define_plugins(CLI::App& app); ///< what can be added
Action define_info(CLI::App& app);    ///< one plugin
Action define_graph(CLI::App& app);   ///< nodes and connections
Action define_watch(CLI::App& app);   ///< streams as they come
// commands_graph.cpp
Action define_add(CLI::App& app);             ///< a node
Action define_rm(CLI::App& app);              ///< a node
Action define_connect(CLI::App& app);         ///< two ports
Action define_disconnect(CLI::App& app);      ///< two ports
Action define_input_add(CLI::App& app);       ///< an input
Action define_input_rm(CLI::App& app);        ///< an input
Action define_output_add(CLI::App& app);      ///< an output
Action define_output_rm(CLI::App& app);       ///< an output
Action define_jack_connect(CLI::App& app);    ///< two JACK ports
Action define_jack_disconnect(CLI::App& app); ///< two JACK ports
Action define_jack_ports(CLI::App& app);      ///< what JACK has
// commands_values.cpp
Action define_set(CLI::App& app);    ///< a parameter
Action define_get(CLI::App& app);    ///< a parameter
Action define_bypass(CLI::App& app); ///< a node
Action define_mute(CLI::App& app);   ///< everything, an input or an output
// commands_time.cpp
Action define_ramp(CLI::App& app);            ///< a parameter
Action define_snapshot_store(CLI::App& app);  ///< all values
Action define_snapshot_recall(CLI::App& app); ///< all values
Action define_snapshot_list(CLI::App& app);   ///< what there is
Action define_snapshot_remove(CLI::App& app); ///< one
Action define_sched_list(CLI::App& app);      ///< what waits for its time
Action define_sched_cancel(CLI::App& app);    ///< one of it
Action define_sched_clear(CLI::App& app);     ///< all of it
// commands_racks.cpp
Action define_load(CLI::App& app);  ///< a rack
Action define_save(CLI::App& app);  ///< a rack
Action define_check(CLI::App& app); ///< a rack
// commands_server.cpp
Action define_send(CLI::App& app); ///< any message
Action define_quit(CLI::App& app); ///< the daemon

} // namespace backline::protocol::backlinectl
