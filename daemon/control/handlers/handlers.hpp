// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/dispatch.hpp"

/// One function per address; dispatch.cpp has the table.
namespace backline::control::handlers {

/// @{

// server.cpp
/// A Handler or an OpMaker; what it does stands in the row of its address. Throws
/// engine::CommandError for what becomes `/fail`. [control]
void ping(Context&, const PeerPtr&, Call&);
void version(Context&, const PeerPtr&, Call&);
void sync(Context&, const PeerPtr&, Call&);
void help(Context&, const PeerPtr&, Call&);
void quit(Context&, const PeerPtr&, Call&);
void log_level(Context&, const PeerPtr&, Call&);
// catalogue.cpp
void plugin_list(Context&, const PeerPtr&, Call&);
void plugin_info(Context&, const PeerPtr&, Call&);
void plugin_scan(Context&, const PeerPtr&, Call&);
void file_list(Context&, const PeerPtr&, Call&);
// graph.cpp
engine::Op node_add(const Call&);
engine::Op node_remove(const Call&);
engine::Op node_rename(const Call&);
engine::Op node_replace(const Call&);
engine::Op node_budget(const Call&);
engine::Op connect(const Call&);
engine::Op disconnect(const Call&);
engine::Op input_add(const Call&);
engine::Op input_remove(const Call&);
engine::Op input_rename(const Call&);
engine::Op output_add(const Call&);
engine::Op output_remove(const Call&);
engine::Op output_rename(const Call&);
void graph(Context&, const PeerPtr&, Call&);
// parameters.cpp
engine::Op set_value(const Call&);
engine::Op panic(const Call&);
void get_value(Context&, const PeerPtr&, Call&);
engine::Op ramp(const Call&);
// snapshots.cpp
engine::Op snapshot_store(const Call&);
engine::Op snapshot_recall(const Call&);
engine::Op snapshot_remove(const Call&);
void snapshot_list(Context&, const PeerPtr&, Call&);
// schedule.cpp
void sched_list(Context&, const PeerPtr&, Call&);
void sched_cancel(Context&, const PeerPtr&, Call&);
void sched_clear(Context&, const PeerPtr&, Call&);
// subscription.cpp
void subscribe(Context&, const PeerPtr&, Call&);
void unsubscribe(Context&, const PeerPtr&, Call&);
void reply_to(Context&, const PeerPtr&, Call&);
// racks.cpp
engine::Op rack_apply(const Call&);
void rack_list(Context&, const PeerPtr&, Call&);
void rack_save(Context&, const PeerPtr&, Call&);
void rack_check(Context&, const PeerPtr&, Call&);
void rack_text(Context&, const PeerPtr&, Call&);
// jack.cpp
void jack_connect(Context&, const PeerPtr&, Call&);
void jack_disconnect(Context&, const PeerPtr&, Call&);
void jack_ports(Context&, const PeerPtr&, Call&);
void jack_wanted(Context&, const PeerPtr&, Call&);
// health.cpp
void status(Context&, const PeerPtr&, Call&);
void stats_node(Context&, const PeerPtr&, Call&);
void stats_cycle(Context&, const PeerPtr&, Call&);
void stats_worker(Context&, const PeerPtr&, Call&);
void stats_osc(Context&, const PeerPtr&, Call&);
void errors(Context&, const PeerPtr&, Call&);
/// @}

} // namespace backline::control::handlers
