// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace backline::protocol::backlinectl {

/**
 * What to say when @p words (in the order typed, without the program) name no command of @p app:
 * the word, the nearest command, where the others are. Empty when they name one, or none at all.
 */
std::string unknown_command(const CLI::App& app, const std::vector<std::string>& words);

} // namespace backline::protocol::backlinectl
