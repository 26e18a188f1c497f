// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol/messages.hpp"

#include <nlohmann/json.hpp>

#include <iosfwd>
#include <string>

/**
 * @file
 * The daemon's JSON as a person reads it. Keys that are missing or of another type print as
 * nothing: the daemon may be of another version than this program.
 */
namespace backline::protocol::backlinectl {

/** `/status` */
void print_status(std::ostream& out, const nlohmann::json& status);
/** `/plugin/list` */
void print_plugins(std::ostream& out, const nlohmann::json& list);
/** `/plugin/info` */
void print_info(std::ostream& out, const nlohmann::json& info);
/** `/graph` */
void print_graph(std::ostream& out, const nlohmann::json& graph);
/** `/snapshot/list` */
void print_snapshots(std::ostream& out, const nlohmann::json& list);
/** `/sched/list` */
void print_schedule(std::ostream& out, const nlohmann::json& schedule);
/** `/jack/ports` */
void print_jack_ports(std::ostream& out, const nlohmann::json& ports);

/** An argument as JSON: numbers, strings, booleans; a timetag in seconds since 1970, else null. */
nlohmann::json to_json(const Argument& argument);
/** A message as `{"address": …, "args": […]}`. */
nlohmann::json to_json(const Message& message);
/** The text of a JSON reply. @throws RequestError when it is not JSON */
nlohmann::json parse_json(const std::string& text);

} // namespace backline::protocol::backlinectl
