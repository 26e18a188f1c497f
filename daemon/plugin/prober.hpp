// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
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

/// How libraries are probed, and who hears of it. Called by probe_all(), with a library's index.
struct Probing {
    std::string probe;        ///< path of backline-probe
    double limit_s = 5.0;     ///< per library
    double patience_s = 0.25; ///< after so long a run holds up no other
    std::function<void(std::size_t, const ProbeOutcome&)> done; ///< in the order in which runs end
    std::function<void(std::size_t)> slow; ///< it has used up the patience; done() comes later
    const std::atomic<bool>& stop;         ///< set from elsewhere: ends within 0.1 s
};

/// Runs the probe on each library, in order, as many at a time as there are cores; one that is slow
/// gives its place to the next. Every run gets its limit, then it is killed with all it has
/// started. Starts processes by posix_spawn, never by fork. False when it was stopped: the runs
/// under way are killed and not heard of. Throws std::system_error when the probe cannot be started
/// at all. Blocks.
bool probe_all(const std::vector<std::string>& libraries, const Probing& how);

} // namespace backline::plugin
