// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol/address_types.hpp"
#include "protocol/messages.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/**
 * @file
 * The one table of addresses. `/help`, the daemon's dispatch and the test of protocol/README.md all
 * read it; an address that is not here does not exist.
 */
namespace backline::protocol {

/** One per address; the index into kAddresses. */
enum class AddressId : std::uint8_t {
    ping,
    version,
    sync,
    help,
    quit,
    log_level,
    plugin_list,
    plugin_info,
    plugin_scan,
    file_list,
    node_add,
    node_remove,
    node_rename,
    node_replace,
    node_budget,
    connect,
    disconnect,
    input_add,
    input_remove,
    input_rename,
    output_add,
    output_remove,
    output_rename,
    graph,
    node_param,
    node_param_normalized,
    node_param_ramp,
    bypass,
    input_gain,
    input_gain_ramp,
    input_mute,
    output_gain,
    output_gain_ramp,
    output_mute,
    output_ceiling,
    output_soft_clip,
    mute,
    panic,
    snapshot_store,
    snapshot_recall,
    snapshot_list,
    snapshot_remove,
    sched_list,
    sched_cancel,
    sched_clear,
    result,
    level,
    subscribe,
    unsubscribe,
    reply_to,
    rack_list,
    rack_load,
    rack_save,
    rack_check,
    rack_apply,
    rack_text,
    jack_connect,
    jack_disconnect,
    jack_ports,
    jack_wanted,
    status,
    stats_node,
    stats_cycle,
    stats_worker,
    stats_osc,
    errors,
    event_xrun,
    event_late,
    event_scrubbed,
    event_overrun,
    event_bypassed,
    event_recovered,
    event_jack_lost,
    event_jack_stalled,
    event_jack_back,
    event_alert,
    request,
    done,
    fail,
};

/** How many addresses there are. */
inline constexpr std::size_t kAddressCount = static_cast<std::size_t>(AddressId::fail) + 1;

/** One row of the table. */
struct Address {
    AddressId id;             ///< its position
    std::string_view pattern; ///< a segment `<word>` stands for a name
    Family family;            ///< section of README
    Kind kind;                ///< how it is treated
    Role role;                ///< who may
    bool passes;              ///< answered while an earlier graph command of its sender waits
    ArgumentList arguments;   ///< of the request; of a stream or reply, what it carries
    ReplySpec reply;          ///< of the request
    std::string_view help;    ///< one sentence

    /** Whether the reply comes in pages: the request then takes a byte offset as added last int. */
    [[nodiscard]] constexpr bool paged() const {
        return reply.form == ReplyForm::json || reply.form == ReplyForm::text;
    }
    /** Whether a client may send it: the daemon has a handler for exactly these. */
    [[nodiscard]] constexpr bool incoming() const {
        return kind != Kind::stream && kind != Kind::reply;
    }
};

/** What a request with @p count arguments is: a value becomes a set or a query. */
constexpr Kind resolve(Kind kind, std::size_t count) {
    return kind != Kind::value ? kind : count == 0 ? Kind::query : Kind::set;
}

namespace detail {
// Short names, so that a row of the table fits the eye.
using enum Type;
using enum Presence;
using enum Role;
inline constexpr ReplySpec kEmpty{ReplyForm::empty, {}};
inline constexpr ReplySpec kJson{ReplyForm::json, {}};
inline constexpr ReplySpec kText{ReplyForm::text, {}};
inline constexpr ReplySpec kNever{ReplyForm::never, {}};
constexpr ReplySpec values(std::initializer_list<ArgumentSpec> list) {
    return {ReplyForm::values, ArgumentList(list)};
}
inline constexpr ArgumentList kRamp{
    {"value", number}, {"seconds", number}, {"more", any, repeated}};
using Id = AddressId;
using F = Family;
using K = Kind;

// clang-format off
inline constexpr std::array<Address, kAddressCount> kTable{{
    // server
    {Id::ping, "/ping", F::server, K::query, monitor, true, {}, kEmpty,
     "Answers at once."},
    {Id::version, "/version", F::server, K::query, monitor, true, {},
     values({{"program", text}, {"major", integer}, {"minor", integer}, {"patch", integer}}),
     "The daemon's version."},
    {Id::sync, "/sync", F::server, K::command, monitor, false, {}, kEmpty,
     "Answers when everything this sender sent before is done."},
    {Id::help, "/help", F::server, K::query, monitor, false, {{"address", text, optional}}, kJson,
     "What addresses there are, or what one of them does."},
    {Id::quit, "/quit", F::server, K::command, admin, false, {}, kEmpty,
     "Ends the daemon."},
    {Id::log_level, "/log/level", F::server, K::command, admin, false, {{"level", text, optional}},
     values({{"level", text}}),
     "Sets what is logged: debug, info, warning or error; answers the level in force."},
    // catalogue
    {Id::plugin_list, "/plugin/list", F::catalogue, K::query, monitor, false,
     {{"pattern", text, optional}}, kJson,
     "The plugins there are, and the libraries that were refused with the reason."},
    {Id::plugin_info, "/plugin/info", F::catalogue, K::query, monitor, false, {{"id", text}}, kJson,
     "Ports, parameters and results of a plugin."},
    {Id::plugin_scan, "/plugin/scan", F::catalogue, K::command, admin, false, {},
     values({{"plugins", integer}, {"refused", integer}}),
     "Looks through the plugin directories again."},
    {Id::file_list, "/file/list", F::catalogue, K::query, monitor, false, {{"kind", text}}, kJson,
     "The names a file parameter of that kind can take, \"audio\" for sound files."},
    // graph
    {Id::node_add, "/node/add", F::graph, K::graph, admin, false,
     {{"name", text}, {"plugin", text}, {"symbol", text, repeated}, {"value", any, repeated}}, kEmpty,
     "Adds a node with initial values; \"channels\" n directly after the plugin sets its width."},
    {Id::node_remove, "/node/remove", F::graph, K::graph, admin, false,
     {{"name", text}, {"tail", word, optional}}, kEmpty,
     "Removes a node and its connections; with the word tail it rings out, at most 30 s."},
    {Id::node_rename, "/node/rename", F::graph, K::graph, admin, false,
     {{"name", text}, {"new", text}}, kEmpty,
     "Gives a node another name; connections and subscriptions follow."},
    {Id::node_replace, "/node/replace", F::graph, K::graph, admin, false,
     {{"name", text}, {"plugin", text}}, kEmpty,
     "Puts another plugin in a node's place; connections and values of equal symbols stay."},
    {Id::node_budget, "/node/budget", F::graph, K::graph, admin, false,
     {{"name", text}, {"percent", number}, {"policy", text, optional}}, kEmpty,
     "How much of the period a node may take, and what happens when it takes more: bypass, report or off."},
    {Id::connect, "/connect", F::graph, K::graph, admin, false,
     {{"from", text}, {"to", text}, {"feedback", word, optional}, {"frames", integer, optional}}, kEmpty,
     "Connects two ports; a loop needs the word feedback, and delays by frames (256)."},
    {Id::disconnect, "/disconnect", F::graph, K::graph, admin, false,
     {{"from", text}, {"to", text}}, kEmpty,
     "Removes a connection."},
    {Id::input_add, "/input/add", F::graph, K::graph, admin, false,
     {{"name", text}, {"channels", integer}}, kEmpty,
     "Adds an input: a node with JACK ports name_1, name_2, …"},
    {Id::input_remove, "/input/remove", F::graph, K::graph, admin, false, {{"name", text}}, kEmpty,
     "Removes an input and its JACK ports."},
    {Id::input_rename, "/input/rename", F::graph, K::graph, admin, false,
     {{"name", text}, {"new", text}}, kEmpty,
     "Gives an input and its JACK ports another name."},
    {Id::output_add, "/output/add", F::graph, K::graph, admin, false,
     {{"name", text}, {"channels", integer}}, kEmpty,
     "Adds an output: a node with JACK ports name_1, name_2, …"},
    {Id::output_remove, "/output/remove", F::graph, K::graph, admin, false, {{"name", text}}, kEmpty,
     "Removes an output and its JACK ports."},
    {Id::output_rename, "/output/rename", F::graph, K::graph, admin, false,
     {{"name", text}, {"new", text}}, kEmpty,
     "Gives an output and its JACK ports another name."},
    {Id::graph, "/graph", F::graph, K::query, monitor, false, {}, kJson,
     "Nodes, inputs, outputs and connections, with all values."},
    // parameters
    {Id::node_param, "/node/<name>/<param>", F::parameters, K::value, control, false,
     {{"value", any, optional}}, values({{"value", any}, {"label", text, optional}}),
     "Sets a parameter in its own unit, an enum also by label; without argument gets it."},
    {Id::node_param_normalized, "/node/<name>/<param>/normalized", F::parameters, K::value, control, false,
     {{"position", number, optional}}, values({{"position", number}}),
     "The same as 0..1 along the parameter's scale, for faders."},
    {Id::node_param_ramp, "/node/<name>/<param>/ramp", F::parameters, K::set, control, false,
     kRamp, kEmpty,
     "Takes a number there within so many seconds, then on by further pairs; linear, exp or s."},
    {Id::bypass, "/bypass/<name>", F::parameters, K::value, control, false,
     {{"on", flag, optional}}, values({{"on", flag}}),
     "Passes the node's input through unprocessed."},
    {Id::input_gain, "/input/<name>/gain", F::parameters, K::value, control, false,
     {{"gain", number, optional}}, values({{"gain", number}}),
     "Gain of an input, -96..24 dB; -96 is silence."},
    {Id::input_gain_ramp, "/input/<name>/gain/ramp", F::parameters, K::set, control, false,
     kRamp, kEmpty,
     "The same for the gain of an input."},
    {Id::input_mute, "/input/<name>/mute", F::parameters, K::value, control, false,
     {{"on", flag, optional}}, values({{"on", flag}}),
     "Mutes an input."},
    {Id::output_gain, "/output/<name>/gain", F::parameters, K::value, control, false,
     {{"gain", number, optional}}, values({{"gain", number}}),
     "Gain of an output, -96..24 dB; -96 is silence."},
    {Id::output_gain_ramp, "/output/<name>/gain/ramp", F::parameters, K::set, control, false,
     kRamp, kEmpty,
     "The same for the gain of an output."},
    {Id::output_mute, "/output/<name>/mute", F::parameters, K::value, control, false,
     {{"on", flag, optional}}, values({{"on", flag}}),
     "Mutes an output."},
    {Id::output_ceiling, "/output/<name>/ceiling", F::parameters, K::value, control, false,
     {{"ceiling", number, optional}}, values({{"ceiling", number}}),
     "The level no sample of an output exceeds, -60..24 dBFS; 24 means none."},
    {Id::output_soft_clip, "/output/<name>/soft_clip", F::parameters, K::value, control, false,
     {{"on", flag, optional}}, values({{"on", flag}}),
     "Bends an output's peaks towards its ceiling (0 dBFS without one) from 6 dB below."},
    {Id::mute, "/mute", F::parameters, K::value, control, false,
     {{"on", flag, optional}}, values({{"on", flag}}),
     "One switch over all outputs, beside their own."},
    {Id::panic, "/panic", F::parameters, K::set, control, false, {}, kEmpty,
     "Mutes all outputs, ends all notes, resets every node; muted until /mute F."},
    // snapshots
    {Id::snapshot_store, "/snapshot/store", F::snapshots, K::graph, control, false,
     {{"name", text}}, kEmpty,
     "Remembers all values but files under a name, in place of what had it."},
    {Id::snapshot_recall, "/snapshot/recall", F::snapshots, K::graph, control, false,
     {{"name", text}, {"seconds", number, optional}}, kEmpty,
     "Brings all its values back at one frame, or moves there within seconds."},
    {Id::snapshot_list, "/snapshot/list", F::snapshots, K::query, monitor, false, {}, kJson,
     "The snapshots there are."},
    {Id::snapshot_remove, "/snapshot/remove", F::snapshots, K::graph, control, false,
     {{"name", text}}, kEmpty,
     "Forgets a snapshot."},
    // schedule
    {Id::sched_list, "/sched/list", F::schedule, K::query, monitor, false,
     {{"all", word, optional}}, kJson,
     "Timed requests of this sender, or of all, that wait for their time; the first 500."},
    {Id::sched_cancel, "/sched/cancel", F::schedule, K::command, control, false,
     {{"id", integer}}, kEmpty,
     "Cancels a timed request of this sender, an admin also others'; it fails with cancelled."},
    {Id::sched_clear, "/sched/clear", F::schedule, K::command, control, false,
     {{"all", word, optional}}, values({{"cancelled", integer}}),
     "Cancels all timed requests of this sender, or (admin) of all."},
    // results
    {Id::result, "/result/<name>/<result>", F::results, K::stream, monitor, false,
     {{"time", Type::time}, {"value", number, repeated}}, kNever,
     "One frame of an analysis; the time is the centre of the analysed window."},
    {Id::level, "/level/<name>", F::results, K::stream, monitor, false,
     {{"time", Type::time}, {"peak", number, repeated}, {"rms", number, repeated},
      {"clipped", integer, repeated}}, kNever,
     "Level of an input or output, three values per channel: peak and RMS in dBFS, clipped samples."},
    // subscription
    {Id::subscribe, "/subscribe", F::subscription, K::command, monitor, false,
     {{"pattern", text}, {"rate", number, optional}, {"lease", number, optional}},
     values({{"rate", number}, {"lease", number}}),
     "Sends results, levels, events and parameter changes that match, at most rate per second."},
    {Id::unsubscribe, "/unsubscribe", F::subscription, K::command, monitor, false,
     {{"pattern", text, optional}}, kEmpty,
     "Ends one subscription of this sender, or all."},
    {Id::reply_to, "/reply_to", F::subscription, K::command, monitor, false, {{"port", integer}}, kEmpty,
     "Sends all that follows to another UDP port of this sender's host; 0 undoes it."},
    // racks
    {Id::rack_list, "/rack/list", F::racks, K::query, monitor, false, {}, kJson,
     "The racks in the rack directories."},
    {Id::rack_load, "/rack/load", F::racks, K::graph, admin, false, {{"name", text}}, kEmpty,
     "Replaces the graph by a rack of the rack directories."},
    {Id::rack_save, "/rack/save", F::racks, K::command, admin, false, {{"name", text}}, kEmpty,
     "Writes the graph as a rack into the writable rack directory."},
    {Id::rack_check, "/rack/check", F::racks, K::command, control, false, {{"rack", text}}, kEmpty,
     "Loads a rack without applying it: a name, or the rack's text (whatever is not a legal name)."},
    {Id::rack_apply, "/rack/apply", F::racks, K::graph, admin, false, {{"text", text}}, kEmpty,
     "Replaces the graph by the rack in the text."},
    {Id::rack_text, "/rack/text", F::racks, K::query, monitor, false, {}, kText,
     "The graph as the text of a rack."},
    // jack
    {Id::jack_connect, "/jack/connect", F::jack, K::graph, admin, false,
     {{"from", text}, {"to", text}}, kEmpty,
     "Connects two JACK ports, and keeps them connected."},
    {Id::jack_disconnect, "/jack/disconnect", F::jack, K::graph, admin, false,
     {{"from", text}, {"to", text}}, kEmpty,
     "Disconnects two JACK ports, and wants them connected no more."},
    {Id::jack_ports, "/jack/ports", F::jack, K::query, monitor, false, {}, kJson,
     "All ports of the JACK server."},
    {Id::jack_wanted, "/jack/wanted", F::jack, K::query, monitor, false, {}, kJson,
     "The JACK connections that are kept, and whether each is there."},
    // health
    {Id::status, "/status", F::health, K::query, monitor, true, {}, kJson,
     "State of the daemon, of JACK and of the graph, load and counters."},
    {Id::stats_node, "/stats/node/<name>", F::health, K::query, monitor, true, {}, kJson,
     "Cost of a node, its events and its jobs."},
    {Id::stats_cycle, "/stats/cycle", F::health, K::query, monitor, true, {}, kJson,
     "Cost of the whole cycle, late cycles and whose the xruns were."},
    {Id::stats_worker, "/stats/worker", F::health, K::query, monitor, true, {}, kJson,
     "Jobs of the worker pool."},
    {Id::stats_osc, "/stats/osc", F::health, K::query, monitor, true, {}, kJson,
     "Packets, refusals, senders and subscriptions."},
    {Id::errors, "/errors", F::health, K::query, monitor, true, {}, kJson,
     "The last failed requests and faults, newest first."},
    {Id::event_xrun, "/event/xrun", F::health, K::stream, monitor, false,
     {{"count", integer}, {"ours", flag}}, kNever,
     "A period was missed; whether our own cycle took too long."},
    {Id::event_late, "/event/late", F::health, K::stream, monitor, false,
     {{"count", integer}, {"seconds", number}}, kNever,
     "Timed requests came after they were due and ran at once: how many, and the latest's delay."},
    {Id::event_scrubbed, "/event/scrubbed", F::health, K::stream, monitor, false,
     {{"name", text}, {"count", integer}}, kNever,
     "A node or input delivered NaN or infinity; the samples became 0."},
    {Id::event_overrun, "/event/overrun", F::health, K::stream, monitor, false,
     {{"name", text}, {"cost", number}}, kNever,
     "A node takes more than its budget, again and again; its cost in % of the period."},
    {Id::event_bypassed, "/event/bypassed", F::health, K::stream, monitor, false,
     {{"name", text}, {"reason", text}}, kNever,
     "The daemon bypassed a node."},
    {Id::event_recovered, "/event/recovered", F::health, K::stream, monitor, false,
     {{"name", text}}, kNever,
     "A node that was reset or bypassed is back."},
    {Id::event_jack_lost, "/event/jack_lost", F::health, K::stream, monitor, false,
     {{"server", text}}, kNever,
     "The JACK server is gone; the daemon keeps trying."},
    {Id::event_jack_stalled, "/event/jack_stalled", F::health, K::stream, monitor, false,
     {{"server", text}}, kNever,
     "The JACK server is there and calls no more."},
    {Id::event_jack_back, "/event/jack_back", F::health, K::stream, monitor, false,
     {{"server", text}, {"rate", integer}, {"period", integer}}, kNever,
     "Sound runs again."},
    {Id::event_alert, "/event/alert", F::health, K::stream, monitor, false,
     {{"name", text}, {"message", text}}, kNever,
     "Something a person should look at."},
    // wrapping
    {Id::request, "/request", F::wrapping, K::wrapper, monitor, false,
     {{"id", integer}, {"address", text}, {"argument", any, repeated}}, kNever,
     "Another command with an id that comes back in its reply."},
    {Id::done, "/done", F::wrapping, K::reply, monitor, false,
     {{"id", integer}, {"address", text}, {"result", any, repeated}}, kNever,
     "The request is done."},
    {Id::fail, "/fail", F::wrapping, K::reply, monitor, false,
     {{"id", integer}, {"address", text}, {"code", text}, {"message", text},
      {"member", integer, optional}, {"of", text, optional}}, kNever,
     "The request failed and changed nothing."},
}};
// clang-format on

constexpr bool in_order() {
    for (std::size_t i = 0; i < kTable.size(); ++i)
        if (static_cast<std::size_t>(kTable[i].id) != i || kTable[i].pattern.empty()) return false;
    return true;
}
static_assert(in_order(), "rows stand in the order of AddressId");
} // namespace detail

/** The table, indexed by AddressId. */
inline constexpr const std::array<Address, kAddressCount>& kAddresses = detail::kTable;

/** The row of an id. */
constexpr const Address& address_of(AddressId id) {
    return kAddresses[static_cast<std::size_t>(id)];
}

/** A concrete address and the row it belongs to. */
struct Match {
    const Address* row = nullptr;            ///< never null
    std::array<std::string_view, 2> names{}; ///< what stands for `<…>`, in order; into the address
};

/**
 * Looks up a concrete address (no OSC wildcards). A placeholder stands for any non-empty segment;
 * whether such a node exists is not asked. Any thread; allocates nothing.
 */
std::optional<Match> find(std::string_view address);

/** Why arguments do not fit a row. */
struct Misfit {
    Code code;        ///< missing_argument, too_many_arguments, bad_type or out_of_range
    std::string text; ///< names the argument, what was expected and what came
};

/**
 * Holds the arguments of a request against its row: number, types, and that numbers are finite. A
 * paged request may carry its offset as added last int. What an `any` may be, the target decides.
 * @param of  what the text says it of; empty: the row's pattern
 */
std::optional<Misfit> check(const Address& row, std::span<const Argument> args,
                            std::string_view of = {});

/** Which part of a paged reply is asked for. */
struct PageRequest {
    std::int32_t offset = 0; ///< bytes, 0 when none was given; check() refused negative ones
    std::size_t args = 0;    ///< arguments that are the command's own
};

/** Tells a paged request's offset from its own arguments. Call after check(). */
PageRequest page_request(const Address& row, std::span<const Argument> args);

/** `/connect from:s to:s ["feedback"] [frames:i]`: the row as `/help` and README write it. */
std::string usage(const Address& row);

/** Arguments alone in that notation, `from:s to:s …`; for replies as well. */
std::string usage(const ArgumentList& list);

/** Names as README and `/help` write them. */
std::string_view to_string(Family family);
std::string_view to_string(Kind kind);
std::string_view to_string(Role role);
std::string_view to_string(ReplyForm form);

} // namespace backline::protocol
