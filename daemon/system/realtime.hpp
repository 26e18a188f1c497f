// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace backline::system {

/// What of the real-time preparations worked.
struct RealtimeReport {
    /// How much of the process's memory stays in RAM.
    enum class Lock : std::uint8_t {
        none,    ///< Nothing.
        present, ///< What was mapped when it was asked for.
        future,  ///< That, and everything mapped later, from its first touch on.
    };
    Lock lock = Lock::none;
    bool fifo = false; ///< A thread of the wanted priority could be made.
    int fifo_max = 0;  ///< Highest SCHED_FIFO priority granted, 0..99.
    /// What did not work: the limit, its value, and how to raise it; a sentence each.
    std::vector<std::string> problems;
};

/// Bounds the allocator's arenas and locks memory. Only touched pages are locked (MCL_ONFAULT), so
/// that generous stacks cost nothing. Future mappings are locked only when no limit can make them
/// fail: under a finite RLIMIT_MEMLOCK the kernel counts whole mappings and would refuse memory to
/// the running process. Then finds out, in a thread of its own, whether SCHED_FIFO `fifo_priority`
/// (1..99) is granted. Call it at start, before other threads run; changes nothing of the caller.
/// Never throws for want of permission.
RealtimeReport prepare_realtime(int fifo_priority);

/// Highest SCHED_FIFO priority a thread of this process gets, 0 (none) to 99, found by making one.
int highest_fifo_priority();

} // namespace backline::system
