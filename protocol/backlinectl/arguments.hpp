// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol/messages.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace backline::protocol::backlinectl {

/**
 * An OSC argument from a word of the command line: an int (`i`, or `h` beyond 32 bits), a decimal
 * number (`f`), `T` or `F`, else a string. A prefix forces the type: `s:12`, `i:12`, `f:12`.
 * @throws UsageError when the word is not of the type its prefix says
 */
Argument parse_argument(std::string_view word);

/** `sym=value`, its value as by parse_argument. @throws UsageError without a symbol before `=` */
std::pair<std::string, Argument> parse_assignment(std::string_view word);

/** on/off, true/false, yes/no, T/F, 1/0. @throws UsageError for anything else */
bool parse_switch(std::string_view word);

/** An argument as a person writes it; text in quotes only if @p quoted. */
std::string show(const Argument& argument, bool quoted = false);

/** A number with as many digits as a float has, and no more. */
std::string show_number(double value);

} // namespace backline::protocol::backlinectl
