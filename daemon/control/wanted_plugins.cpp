// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/wanted_plugins.hpp"

#include <algorithm>

namespace backline::control {

bool may_be_found(const plugin::Catalogue& catalogue, const Call& call) {
    if (catalogue.complete) return false;
    const auto unknown = [&](const std::string& id) { return !catalogue.plugins.contains(id); };
    if (call.rack)
        return std::any_of(call.rack->nodes.begin(), call.rack->nodes.end(),
                           [&](const engine::RackNode& node) { return unknown(node.plugin); });
    using Id = protocol::AddressId;
    switch (call.row->id) {
    case Id::node_add:
    case Id::node_replace:
        return unknown(std::string(*call.args[1].as_text()));
    case Id::plugin_info:
        return unknown(std::string(*call.args[0].as_text()));
    default:
        return false;
    }
}

bool may_be_found(const plugin::Catalogue& catalogue, const Unit& unit) {
    return std::any_of(unit.calls.begin(), unit.calls.end(),
                       [&](const Call& call) { return may_be_found(catalogue, call); });
}

} // namespace backline::control
