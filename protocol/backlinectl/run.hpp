// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <iosfwd>

namespace backline::protocol::backlinectl {

/** How the program ends. */
enum Exit : int {
    kDone = 0,   ///< the daemon did it
    kFailed = 1, ///< the daemon refused, did not answer, or is not there; why is on `err`
    kUsage = 2,  ///< the command line makes no sense; why is on `err`
};

/** The whole program but for its streams. Reads $BACKLINE_URL and $RUNTIME_DIRECTORY. */
int run(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

} // namespace backline::protocol::backlinectl
