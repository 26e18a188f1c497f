// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/call.hpp"
#include "daemon/control/context.hpp"
#include "daemon/control/peer.hpp"

namespace backline::control {

/// Answers a query or command. Throws engine::CommandError for what becomes `/fail`.
using Handler = void (*)(Context& context, const PeerPtr& peer, Call& call);
/// Makes a graph command or set into what the engine understands. Throws engine::CommandError.
using OpMaker = engine::Op (*)(const Call& call);

/// Who answers a call that is neither a graph command of the engine nor a set; never null for
/// these.
Handler handler_of(const protocol::Address& row) noexcept;
/// Who translates a call into an op of the engine; nullptr for what the engine does not do.
OpMaker op_maker_of(const protocol::Address& row) noexcept;

/// Whether the call is carried out as an op of the engine.
inline bool is_engine_call(const Call& call) noexcept {
    return (call.kind == protocol::Kind::graph || call.kind == protocol::Kind::set)
           && op_maker_of(*call.row) != nullptr;
}
/// Whether a rack has to be read first.
bool needs_rack(const Call& call) noexcept;

} // namespace backline::control
