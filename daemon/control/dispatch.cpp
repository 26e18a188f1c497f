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
};

using Table = std::array<Entry, protocol::kAddressCount>;

constexpr Table make_table() {
    Table table{};
    const auto at = [&table](Id id) -> Entry& { return table[static_cast<std::size_t>(id)]; };
    at(Id::ping) = {h::ping};
    at(Id::version) = {h::version};
    at(Id::sync) = {h::sync};
    at(Id::help) = {h::help};
    at(Id::quit) = {h::quit};
    at(Id::log_level) = {h::log_level};
    at(Id::plugin_list) = {h::plugin_list};
    at(Id::plugin_info) = {h::plugin_info};
    at(Id::plugin_scan) = {h::plugin_scan};
    at(Id::file_list) = {h::file_list};
    at(Id::node_add) = {nullptr, h::node_add};
    at(Id::node_remove) = {nullptr, h::node_remove};
    at(Id::node_rename) = {nullptr, h::node_rename};
    at(Id::node_replace) = {nullptr, h::node_replace};
    at(Id::connect) = {nullptr, h::connect};
    at(Id::disconnect) = {nullptr, h::disconnect};
    at(Id::input_add) = {nullptr, h::input_add};
    at(Id::input_remove) = {nullptr, h::input_remove};
    at(Id::input_rename) = {nullptr, h::input_rename};
    at(Id::output_add) = {nullptr, h::output_add};
    at(Id::output_remove) = {nullptr, h::output_remove};
    at(Id::output_rename) = {nullptr, h::output_rename};
    at(Id::graph) = {h::graph};
    for (const Id id : {Id::node_param, Id::node_param_normalized, Id::bypass, Id::input_gain,
                        Id::input_mute, Id::output_gain, Id::output_mute, Id::mute})
        at(id) = {h::get_value, h::set_value};
    at(Id::panic) = {nullptr, h::panic};
    at(Id::subscribe) = {h::subscribe};
    at(Id::unsubscribe) = {h::unsubscribe};
    at(Id::reply_to) = {h::reply_to};
    at(Id::rack_list) = {h::rack_list};
    at(Id::rack_load) = {nullptr, h::rack_apply};
    at(Id::rack_save) = {h::rack_save};
    at(Id::rack_check) = {h::rack_check};
    at(Id::rack_apply) = {nullptr, h::rack_apply};
    at(Id::rack_text) = {h::rack_text};
    at(Id::jack_connect) = {h::jack_connect};
    at(Id::jack_disconnect) = {h::jack_disconnect};
    at(Id::jack_ports) = {h::jack_ports};
    at(Id::jack_wanted) = {h::jack_wanted};
    at(Id::status) = {h::status};
    at(Id::stats_node) = {h::stats_node};
    at(Id::stats_worker) = {h::stats_worker};
    at(Id::stats_osc) = {h::stats_osc};
    at(Id::errors) = {h::errors};
    return table;
}

constexpr Table kTable = make_table();

/// A query or command has a handler, a set an op, a value both, a graph command one of the two, and
/// what clients cannot send has neither.
constexpr bool complete() {
    for (const protocol::Address& row : protocol::kAddresses) {
        const Entry& entry = kTable[static_cast<std::size_t>(row.id)];
        const bool handler = entry.handler != nullptr, op = entry.op != nullptr;
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
