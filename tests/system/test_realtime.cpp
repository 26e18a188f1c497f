// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/realtime.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace backline::system {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMlockIsANoOp = true; // their shadow memory must not be locked
#else
constexpr bool kMlockIsANoOp = false;
#endif

/// A field of /proc/self/status in kB, e.g. "VmLck:"; -1 when missing.
long status_kb(const std::string& field) {
    std::ifstream stream("/proc/self/status");
    for (std::string word; stream >> word;)
        if (word == field) {
            long value = -1;
            stream >> value;
            return value;
        }
    return -1;
}

/// Runs `act` in a child process, since what it locks and drops cannot be taken back; the number of
/// the first expectation that failed, from 1, or 0.
int in_child(const std::function<int()>& act) {
    std::fflush(nullptr); // the child ends properly, so that its coverage counts
    const pid_t child = fork();
    if (child == 0) std::exit(act());
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

void limit_to(int resource, rlim_t value) {
    const rlimit limit{value, value};
    setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

void drop_capabilities() {
    __user_cap_header_struct header{};
    header.version = _LINUX_CAPABILITY_VERSION_3;
    const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
    syscall(SYS_capset, &header, none);
}

bool contains(const RealtimeReport& report, const std::string& text) {
    for (const std::string& problem : report.problems)
        if (problem.find(text) != std::string::npos) return true;
    return false;
}

TEST(Realtime, ChangesNothingOfTheCaller) {
    EXPECT_EQ(in_child([] {
                  prepare_realtime(10);
                  sched_param param{};
                  sched_getparam(0, &param);
                  return sched_getscheduler(0) == SCHED_OTHER && param.sched_priority == 0 ? 0 : 1;
              }),
              0);
}

TEST(Realtime, LocksWhatIsTouchedLater) {
    if (kMlockIsANoOp) GTEST_SKIP() << "with this sanitizer";
    EXPECT_EQ(in_child([] {
                  const RealtimeReport report = prepare_realtime(1);
                  if (report.lock != RealtimeReport::Lock::future)
                      return status_kb("VmLck:") >= 0 && !report.problems.empty() ? 0 : 1;
                  // On fault: a big mapping costs nothing until it is used, and is locked then.
                  const long before = status_kb("VmRSS:");
                  const std::size_t size = 64 << 20;
                  auto* memory = static_cast<char*>(mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
                  if (memory == MAP_FAILED) return 2;
                  if (status_kb("VmRSS:") - before > 1024) return 3;
                  if (status_kb("VmLck:") < long{64 << 10}) return 4;
                  return 0;
              }),
              0);
}

TEST(Realtime, NamesTheLimitsThatAreTooLow) {
    EXPECT_EQ(in_child([] {
                  limit_to(RLIMIT_MEMLOCK, 64 * 1024);
                  limit_to(RLIMIT_RTPRIO, 0);
                  drop_capabilities();
                  const RealtimeReport report = prepare_realtime(20);
                  if (!kMlockIsANoOp && report.lock != RealtimeReport::Lock::none) return 1;
                  if (!contains(report, "RLIMIT_MEMLOCK is 64 KiB")) return 2;
                  if (!contains(report, "LimitMEMLOCK=infinity")) return 3;
                  if (!contains(report, "/etc/security/limits.d")) return 4;
                  if (report.fifo || report.fifo_max != 0) return 5;
                  if (!contains(report, "priority 20: RLIMIT_RTPRIO is 0, 20 is needed")) return 6;
                  if (!contains(report, "LimitRTPRIO=95")) return 7;
                  return 0;
              }),
              0);
}

TEST(Realtime, AFiniteLimitNeverStarvesTheProcess) {
    EXPECT_EQ(in_child([] {
                  limit_to(RLIMIT_MEMLOCK, static_cast<rlim_t>(8192) << 20);
                  drop_capabilities();
                  const RealtimeReport report = prepare_realtime(1);
                  // An address sanitizer's shadow is larger than any such limit.
                  if (report.lock == RealtimeReport::Lock::future) return 1;
                  if (report.lock == RealtimeReport::Lock::present
                      && !contains(report, "only the memory mapped at start"))
                      return 2;
                  // More than the limit would allow if future mappings counted.
                  void* memory = mmap(nullptr, std::size_t{16} << 30, PROT_NONE,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
                  return memory == MAP_FAILED ? 3 : 0;
              }),
              0);
}

TEST(Realtime, FindsThePriorityThatIsGranted) {
    EXPECT_EQ(in_child([] {
                  limit_to(RLIMIT_RTPRIO, 17);
                  rlimit limit{};
                  getrlimit(RLIMIT_RTPRIO, &limit);
                  if (limit.rlim_max != 17) return 0; // not ours to raise
                  drop_capabilities();
                  if (highest_fifo_priority() != 17) return 1;
                  const RealtimeReport enough = prepare_realtime(17);
                  if (!enough.fifo || enough.fifo_max != 17) return 2;
                  const RealtimeReport more = prepare_realtime(18);
                  return !more.fifo && contains(more, "RLIMIT_RTPRIO is 17, 18 is needed") ? 0 : 3;
              }),
              0);
}

TEST(Realtime, WarnsOfALimitOnRealTime) {
    EXPECT_EQ(in_child([] {
                  limit_to(RLIMIT_RTTIME, 200000);
                  return contains(prepare_realtime(1), "RLIMIT_RTTIME is 200000 us") ? 0 : 1;
              }),
              0);
}

} // namespace
} // namespace backline::system
