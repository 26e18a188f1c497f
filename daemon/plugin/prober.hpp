// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace backline::plugin {

/// What became of one run of backline-probe.
struct ProbeOutcome {
    std::string answer;  ///< its standard output; empty when it gave none
    std::string said;    ///< the end of what the library wrote, at most 4 KiB
    std::string failure; ///< why there is no answer; empty when there is one
    bool lasting = true; ///< the next run would end the same way: a timeout need not
};

/// Runs the probe on each library, several at a time, and calls `done` with the index of each in
/// the order in which they end. Every run gets `limit_s`, then it is killed with all it has
/// started. Starts processes by posix_spawn, never by fork. Throws std::system_error when the probe
/// cannot be started at all. Blocks.
void probe_all(const std::string& probe, const std::vector<std::string>& libraries, double limit_s,
               const std::function<void(std::size_t, const ProbeOutcome&)>& done);

} // namespace backline::plugin
