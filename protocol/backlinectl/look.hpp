// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol/backlinectl/session.hpp"

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

namespace backline::protocol::backlinectl {

/** Writes a reply for people. */
using Print = void (*)(std::ostream&, const nlohmann::json&);

/**
 * Asks for a JSON reply and prints it: as it is when JSON is wanted, else with @p print. Returns
 * the exit status. Same errors as Session::text().
 */
int look(Session& session, std::string_view address, std::vector<Argument> args, Print print);

} // namespace backline::protocol::backlinectl
