// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace backline::engine {

/// Why a command was refused. `code` is a symbol of the wire contract ("loop", "no_such_node", …);
/// the message names the thing, what was expected and what came. Thrown while a command is
/// prepared: nothing has changed then. Caught once, at the command boundary.
struct CommandError : std::runtime_error {
    /// What a client is told: a symbol and a sentence.
    CommandError(std::string code_, const std::string& message)
        : std::runtime_error(message), code(std::move(code_)) {}
    std::string code;
};

} // namespace backline::engine
