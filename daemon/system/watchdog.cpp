// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/watchdog.hpp"

#include "daemon/rt/tick_rate.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

namespace backline::system {
namespace {

/// Reads a small file of /proc; no allocation, since the process may be in any state.
bool read_file(const char* path, char* text, std::size_t size) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t count = read(fd, text, size - 1);
    close(fd);
    text[std::max<ssize_t>(count, 0)] = '\0';
    return count > 0;
}

/// proc(5): the third field of stat; the first of schedstat, ns on a processor.
std::optional<HangDetector::State> state_of(std::int32_t thread) {
    if (thread == 0) return std::nullopt;
    char path[64];
    char text[512];
    std::snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
    if (!read_file(path, text, sizeof text)) return std::nullopt;
    const char* after_name = std::strrchr(text, ')');
    if (after_name == nullptr || after_name[1] != ' ') return std::nullopt;
    HangDetector::State state;
    state.kind = after_name[2];
    std::snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", thread);
    if (!read_file(path, text, sizeof text)) return std::nullopt;
    state.cpu_ns = std::strtoull(text, nullptr, 10);
    return state;
}

} // namespace

std::optional<HangDetector::Hang> HangDetector::look(const rt::Pulse& pulse, std::uint64_t now,
                                                     std::optional<State> state_of) {
    const std::uint64_t passed = now - looked_;
    looked_ = now;
    const std::uint64_t entered = pulse.entered_ns.load(std::memory_order_acquire);
    if (entered == 0 || entered != entered_) {
        entered_ = entered;
        stuck_ = 0;
        cpu_ns_ = state_of ? state_of->cpu_ns : 0;
        for (std::size_t i = 0; i < nodes_.size(); ++i)
            nodes_[i] = pulse.threads[i].running.load(std::memory_order_relaxed);
        return std::nullopt;
    }
    std::uint64_t counts = std::min(passed, 2 * kLook);
    if (state_of) {
        if (state_of->kind == 'R')
            counts = std::min(counts, state_of->cpu_ns - std::min(cpu_ns_, state_of->cpu_ns));
        else if (state_of->kind == 'T' || state_of->kind == 't')
            counts = 0;
        cpu_ns_ = state_of->cpu_ns;
    }
    stuck_ += counts;
    const std::uint64_t limit =
        std::max(kLeast, kPeriods * pulse.period_ns.load(std::memory_order_relaxed));
    if (stuck_ < limit) return std::nullopt;

    // The audio thread's own node; else, while it waits for a helper, the one that a helper has
    // been in all the time.
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const std::uint64_t word = pulse.threads[i].running.load(std::memory_order_relaxed);
        if (word != 0 && (i == 0 || word == nodes_[i])) return Hang{word, stuck_};
    }
    return Hang{0, stuck_};
}

Watchdog::Watchdog(BlackBox& box, int priority)
    : box_(box),
      thread_({.name = "bl-watchdog",
               .stack_bytes = 64 * 1024,
               .prefault = true,
               .fifo_priority = priority},
              [this] { run(); }) {}

Watchdog::~Watchdog() {
    stopping_.store(true, std::memory_order_release);
}

void Watchdog::run() {
    HangDetector detector;
    const rt::Pulse& pulse = box_.pulse();
    while (!stopping_.load(std::memory_order_acquire)) {
        const timespec pause{0, HangDetector::kLook};
        nanosleep(&pause, nullptr);
        const bool inside = pulse.entered_ns.load(std::memory_order_acquire) != 0;
        const auto state =
            inside ? state_of(pulse.threads[0].id.load(std::memory_order_relaxed)) : std::nullopt;
        if (const auto hang = detector.look(pulse, rt::monotonic_ns(), state)) end(*hang);
    }
}

/// Takes no lock and no memory: whoever hangs may hold them.
void Watchdog::end(const HangDetector::Hang& hang) {
    box_.judge(Verdict::Kind::hung, 0, hang.word);
    const BlackBox::Names who = box_.names(hang.word);
    char text[384];
    const auto ms = static_cast<unsigned long long>(hang.ns / 1'000'000);
    const int size =
        who.node[0] != '\0'
            ? std::snprintf(text, sizeof text,
                            "backlined: node \"%s\" (%s) has not returned from process() for %llu "
                            "ms; ending with status %d, the next start bypasses it\n",
                            who.node.data(), who.plugin.data(), ms, kHungStatus)
            : std::snprintf(text, sizeof text,
                            "backlined: a cycle has not ended for %llu ms, in the code of no node; "
                            "ending with status %d\n",
                            ms, kHungStatus);
    [[maybe_unused]] const ssize_t written =
        write(STDERR_FILENO, text, static_cast<std::size_t>(std::max(size, 0)));
    _exit(kHungStatus);
}

} // namespace backline::system
