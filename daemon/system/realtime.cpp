// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/realtime.hpp"

#include "daemon/system/thread.hpp"

#include <cerrno>
#include <cstring>

#include <linux/capability.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace backline::system {
namespace {

std::string show_limit(rlim_t value, rlim_t unit, const char* name) {
    return value == RLIM_INFINITY ? "unlimited" : std::to_string(value / unit) + name;
}

/// CAP_IPC_LOCK lifts RLIMIT_MEMLOCK (capabilities(7)).
bool may_lock_anything() {
    __user_cap_header_struct header{};
    header.version = _LINUX_CAPABILITY_VERSION_3;
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
    if (syscall(SYS_capget, &header, data) != 0) return false;
    return (data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK)) != 0;
}

/// A cap on arenas, since each thread's own would be locked too; and no memory given back to the
/// kernel in small change: every munmap interrupts all cores that run this process, the audio
/// thread's among them.
void bound_allocator() {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
}

bool can_fifo(int priority) {
    ThreadOptions options;
    options.name = "bl-probe";
    options.fifo_priority = priority;
    return Thread(options, [] {}).fifo_error() == 0;
}

void lock_memory(RealtimeReport& report) {
    using Lock = RealtimeReport::Lock;
    constexpr const char* kRemedy =
        "; raise it with LimitMEMLOCK=infinity in the unit, or with \"@audio - memlock unlimited\" "
        "in /etc/security/limits.d for login sessions";
    rlimit limit{};
    getrlimit(RLIMIT_MEMLOCK, &limit);
    const bool unlimited = limit.rlim_cur == RLIM_INFINITY || may_lock_anything();
    const std::string is =
        "RLIMIT_MEMLOCK is " + show_limit(limit.rlim_cur, 1024, " KiB") + ", unlimited is needed";

    if (mlockall(MCL_CURRENT | MCL_ONFAULT | (unlimited ? MCL_FUTURE : 0)) == 0) {
        report.lock = unlimited ? Lock::future : Lock::present;
        if (!unlimited)
            report.problems.push_back("only the memory mapped at start is locked: " + is + kRemedy);
    } else if (unlimited) {
        report.problems.push_back(std::string("memory is not locked: ") + std::strerror(errno));
    } else {
        report.problems.push_back("memory is not locked: " + is + kRemedy);
    }
}

void try_fifo(RealtimeReport& report, int priority) {
    report.fifo_max = highest_fifo_priority();
    report.fifo = report.fifo_max >= priority;
    rlimit limit{};
    getrlimit(RLIMIT_RTPRIO, &limit);
    if (!report.fifo) {
        const std::string wanted = std::to_string(priority);
        std::string problem = "no real-time scheduling at priority " + wanted
                              + ": RLIMIT_RTPRIO is " + show_limit(limit.rlim_cur, 1, "");
        if (limit.rlim_cur >= static_cast<rlim_t>(priority))
            problem +=
                " but the kernel refuses; with CONFIG_RT_GROUP_SCHED the unit's control group"
                " needs a real-time budget";
        else
            problem += ", " + wanted
                       + " is needed; raise it with LimitRTPRIO=95 in the unit, or with"
                         " \"@audio - rtprio 95\" in /etc/security/limits.d for login"
                         " sessions";
        report.problems.push_back(std::move(problem));
    }
    getrlimit(RLIMIT_RTTIME, &limit);
    if (limit.rlim_cur != RLIM_INFINITY)
        report.problems.push_back(
            "RLIMIT_RTTIME is " + show_limit(limit.rlim_cur, 1, " us")
            + ": the kernel kills a real-time thread that computes for longer "
              "without waiting; lift it with LimitRTTIME=infinity");
}

} // namespace

int highest_fifo_priority() {
    int granted = 0, refused = 100; // whatever grants a priority grants the lower ones
    while (refused - granted > 1) {
        const int middle = (granted + refused) / 2;
        (can_fifo(middle) ? granted : refused) = middle;
    }
    return granted;
}

RealtimeReport prepare_realtime(int fifo_priority) {
    RealtimeReport report;
    bound_allocator();
    lock_memory(report);
    try_fifo(report, fifo_priority);
    return report;
}

} // namespace backline::system
