// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/dispatch.hpp"

#include "daemon/control/handlers/handlers.hpp"

#include <array>

namespace backline::control {
namespace {

namespace h = handlers;
using Id = protocol::AddressId;
using protocol::Kind;

/// Who does what a row of the table of addresses says.
struct Entry {
    Handler handler = nullptr;
    OpMaker op = nullptr;
    // What complete() looks at: comparing pointers to functions is no constant expression for g++
    // 12 when it instruments them.
    bool answers = false;
    bool edits = false;
};

constexpr Entry answer(Handler handler) {
    return {handler, nullptr, true, false};
}
constexpr Entry edit(OpMaker op) {
    return {nullptr, op, false, true};
}
constexpr Entry value(Handler get, OpMaker set) {
    return {get, set, true, true};
}

using Table = std::array<Entry, protocol::kAddressCount>;

constexpr Table make_table() {
    Table table{};
    const auto at = [&table](Id id) -> Entry& { return table[static_cast<std::size_t>(id)]; };
    at(Id::ping) = answer(h::ping);
    at(Id::version) = answer(h::version);
    at(Id::sync) = answer(h::sync);
    at(Id::help) = answer(h::help);
    at(Id::quit) = answer(h::quit);
    at(Id::log_level) = answer(h::log_level);
    at(Id::plugin_list) = answer(h::plugin_list);
    at(Id::plugin_info) = answer(h::plugin_info);
    at(Id::plugin_scan) = answer(h::plugin_scan);
    at(Id::file_list) = answer(h::file_list);
    at(Id::node_add) = edit(h::node_add);
    at(Id::node_remove) = edit(h::node_remove);
    at(Id::node_rename) = edit(h::node_rename);
    at(Id::node_replace) = edit(h::node_replace);
    at(Id::node_budget) = edit(h::node_budget);
    at(Id::connect) = edit(h::connect);
    at(Id::disconnect) = edit(h::disconnect);
    at(Id::input_add) = edit(h::input_add);
    at(Id::input_remove) = edit(h::input_remove);
    at(Id::input_rename) = edit(h::input_rename);
    at(Id::output_add) = edit(h::output_add);
    at(Id::output_remove) = edit(h::output_remove);
    at(Id::output_rename) = edit(h::output_rename);
    at(Id::graph) = answer(h::graph);
    for (const Id id :
         {Id::node_param, Id::node_param_normalized, Id::bypass, Id::input_gain, Id::input_mute,
          Id::output_gain, Id::output_mute, Id::output_ceiling, Id::output_soft_clip, Id::mute})
        at(id) = value(h::get_value, h::set_value);
    for (const Id id : {Id::node_param_ramp, Id::input_gain_ramp, Id::output_gain_ramp})
        at(id) = edit(h::ramp);
    at(Id::panic) = edit(h::panic);
    at(Id::snapshot_store) = edit(h::snapshot_store);
    at(Id::snapshot_recall) = edit(h::snapshot_recall);
    at(Id::snapshot_list) = answer(h::snapshot_list);
    at(Id::snapshot_remove) = edit(h::snapshot_remove);
    at(Id::sched_list) = answer(h::sched_list);
    at(Id::sched_cancel) = answer(h::sched_cancel);
    at(Id::sched_clear) = answer(h::sched_clear);
    at(Id::subscribe) = answer(h::subscribe);
    at(Id::unsubscribe) = answer(h::unsubscribe);
    at(Id::reply_to) = answer(h::reply_to);
    at(Id::rack_list) = answer(h::rack_list);
    at(Id::rack_load) = edit(h::rack_apply);
    at(Id::rack_save) = answer(h::rack_save);
    at(Id::rack_check) = answer(h::rack_check);
    at(Id::rack_apply) = edit(h::rack_apply);
    at(Id::rack_text) = answer(h::rack_text);
    at(Id::jack_connect) = answer(h::jack_connect);
    at(Id::jack_disconnect) = answer(h::jack_disconnect);
    at(Id::jack_ports) = answer(h::jack_ports);
    at(Id::jack_wanted) = answer(h::jack_wanted);
    at(Id::status) = answer(h::status);
    at(Id::stats_node) = answer(h::stats_node);
    at(Id::stats_cycle) = answer(h::stats_cycle);
    at(Id::stats_worker) = answer(h::stats_worker);
    at(Id::stats_osc) = answer(h::stats_osc);
    at(Id::errors) = answer(h::errors);
    return table;
}

constexpr Table kTable = make_table();

/// A query or command has a handler, a set an op, a value both, a graph command one of the two, and
/// what clients cannot send has neither.
constexpr bool complete() {
    for (const protocol::Address& row : protocol::kAddresses) {
        const Entry& entry = kTable[static_cast<std::size_t>(row.id)];
        const bool handler = entry.answers, op = entry.edits;
        switch (row.kind) {
        case Kind::query:
        case Kind::command:
            if (!handler || op) return false;
            break;
        case Kind::value:
            if (!handler || !op) return false;
            break;
        case Kind::set:
            if (handler || !op) return false;
            break;
        case Kind::graph:
            if (handler == op) return false;
            break;
        case Kind::wrapper:
        case Kind::stream:
        case Kind::reply:
            if (handler || op) return false;
            break;
        }
    }
    return true;
}
static_assert(complete(), "every address of the table has who carries it out");

} // namespace

Handler handler_of(const protocol::Address& row) noexcept {
    return kTable[static_cast<std::size_t>(row.id)].handler;
}

OpMaker op_maker_of(const protocol::Address& row) noexcept {
    return kTable[static_cast<std::size_t>(row.id)].op;
}

bool needs_rack(const Call& call) noexcept {
    return (call.row->id == Id::rack_load || call.row->id == Id::rack_apply) && !call.rack;
}

} // namespace backline::control
