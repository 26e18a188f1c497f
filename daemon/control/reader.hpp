// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config.hpp"
#include "daemon/control/call.hpp"

#include <vector>

namespace backline::control {

/// What a packet asks for.
struct Reading {
    std::vector<Unit> units;       ///< to be carried out, in this order
    std::vector<Refusal> refusals; ///< what is wrong from the start
};

/// Sorts a packet: unwraps requests, looks up addresses, checks roles and arguments, tells
/// transactions from bundles of sets and takes bundles apart. Nothing is carried out, and nothing
/// but the table of addresses is looked at. @p bytes: size of the packet.
Reading read_packet(const protocol::Packet& packet, Role role, std::size_t bytes);

} // namespace backline::control
