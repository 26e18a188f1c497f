// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// A library to preload: counts what the audio thread may not do between the hooks around the cycle
// (see daemon/rt/thread_role.hpp), lets it happen, and writes a report at exit.
//
//   BACKLINE_TRAP_REPORT   file for the report (JSON); "%p" in it stands for the process id
//   BACKLINE_TRAP_WARMUP   spans per thread whose page faults are not held against it (default 0)
//
// Library calls are interposed in rt_trap_calls.cpp. System calls are caught by Linux's Syscall
// User Dispatch (since 5.11, x86): while the thread's selector byte says so, each becomes a SIGSYS,
// whose handler counts the call and carries it out. Page faults are the thread's own counters.
#include "rt_trap.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <execinfo.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace backline::trap {

namespace {

constexpr unsigned kSyscalls = 512; // the last one stands for all beyond
constexpr unsigned kSamples = 16;
constexpr int kStack = 32;
constexpr const char* kNames[kOffences] = {"allocations", "locks",      "stdio",
                                           "loads",       "exceptions", "syscalls"};

struct Sample {
    Offence offence;
    const char* name;
    long number; ///< of a system call
    std::uint64_t span;
    int depth;
    void* stack[kStack];
};

std::atomic<std::uint64_t> spans, threads, wakes, wakes_max, faults, warmup_faults, trapped;
std::atomic<std::uint64_t> counts[kOffences], syscalls[kSyscalls];
std::atomic<unsigned> sampled;
Sample samples[kSamples];
std::uint64_t warmup;

struct Thread {
    volatile std::uint8_t selector; ///< read by the kernel at every system call; 1 = trap it
    bool prepared, dispatched, inside;
    std::uint64_t spans, wakes;
    long faults;
};
constinit thread_local Thread self{};

void raise_to(std::atomic<std::uint64_t>& most, std::uint64_t value) noexcept {
    std::uint64_t seen = most.load();
    while (seen < value && !most.compare_exchange_weak(seen, value)) {
    }
}

long faults_so_far() noexcept {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

void sample(Offence offence, const char* name, long number) noexcept {
    const unsigned index = sampled.fetch_add(1);
    if (index >= kSamples) return;
    Sample& to = samples[index];
    to = {offence, name, number, self.spans, 0, {}};
    to.depth = backtrace(to.stack, kStack);
}

// ---- System calls -------------------------------------------------------------------------------

#if defined(__x86_64__)

// The way back from the handler, at an address whose system calls are never trapped. The unwinder
// knows a signal frame by exactly these instructions.
asm(R"(
    .text
    .balign 16
backline_trap_return:
    mov $15, %rax
    syscall
    ud2
backline_trap_return_end:
)");
extern "C" {
[[gnu::visibility("hidden")]] extern const char backline_trap_return[];
[[gnu::visibility("hidden")]] extern const char backline_trap_return_end[];
}

bool cannot_be_relayed(long number) noexcept {
    return number == SYS_rt_sigreturn || number == SYS_clone || number == SYS_clone3
           || number == SYS_fork || number == SYS_vfork || number == SYS_execve;
}

bool is_wake(long number, long operation) noexcept {
    return number == SYS_futex && (operation & FUTEX_CMD_MASK) == FUTEX_WAKE;
}

void on_syscall(int, siginfo_t*, void* context) noexcept {
    const int saved_errno = errno;
    self.selector = 0;
    self.inside = false;
    greg_t* regs = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    const auto number = static_cast<long>(regs[REG_RAX]);
    if (is_wake(number, static_cast<long>(regs[REG_RSI]))) {
        ++wakes;
        ++self.wakes;
    } else if (number != SYS_rt_sigreturn) { // that is the end of some other signal's handler
        ++counts[static_cast<unsigned>(Offence::syscall)];
        ++syscalls[number < static_cast<long>(kSyscalls) ? number : kSyscalls - 1];
        sample(Offence::syscall, "syscall", number);
    }
    self.inside = true;
    if (cannot_be_relayed(number)) {
        regs[REG_RIP] -= 2; // back to the instruction; the rest of this span goes untrapped
    } else {
        const long result = syscall(number, regs[REG_RDI], regs[REG_RSI], regs[REG_RDX],
                                    regs[REG_R10], regs[REG_R8], regs[REG_R9]);
        regs[REG_RAX] = result == -1 ? -errno : result;
        self.selector = 1;
    }
    errno = saved_errno;
}

/// Once for the process: the handler, with our own way back, which glibc's sigaction() would
/// replace.
void install_handler() noexcept {
    struct {
        void (*handler)(int, siginfo_t*, void*);
        unsigned long flags;
        const char* restorer;
        unsigned long mask;
    } action{on_syscall, SA_SIGINFO | 0x04000000ul, backline_trap_return, 0};
    syscall(SYS_rt_sigaction, SIGSYS, &action, nullptr, sizeof action.mask);
}

bool dispatch_syscalls() noexcept {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, backline_trap_return,
                 backline_trap_return_end - backline_trap_return, &self.selector)
           == 0;
}

#else
void install_handler() noexcept {}
bool dispatch_syscalls() noexcept {
    return false;
}
#endif

/// The pages that the handler's frame will lie on.
[[gnu::noinline]] void touch_stack() noexcept {
    volatile char room[64 * 1024];
    for (std::size_t at = 0; at < sizeof room; at += 1024)
        room[at] = 0;
}

void prepare() noexcept {
    self.prepared = true;
    ++threads;
    touch_stack();
    self.dispatched = dispatch_syscalls();
    if (self.dispatched) ++trapped;
}

// ---- Report -------------------------------------------------------------------------------------

void write_sample(std::FILE* out, const Sample& from) {
    std::fprintf(out, "    {\"what\": \"%s\", \"number\": %ld, \"span\": %llu, \"stack\": [",
                 from.name, from.number, static_cast<unsigned long long>(from.span));
    for (int i = 0; i < from.depth; ++i) {
        Dl_info info{};
        const auto address = reinterpret_cast<std::uintptr_t>(from.stack[i]);
        if (dladdr(from.stack[i], &info) == 0) info.dli_fname = "";
        std::fprintf(
            out, "%s[\"%s\", %zu]", i == 0 ? "" : ", ", info.dli_fname,
            static_cast<std::size_t>(address - reinterpret_cast<std::uintptr_t>(info.dli_fbase)));
    }
    std::fprintf(out, "]}");
}

/// A process that ran no cycle (a child that inherited the environment) writes none.
void write_report() {
    static std::atomic<bool> written;
    const char* wanted = std::getenv("BACKLINE_TRAP_REPORT");
    if (wanted == nullptr || spans.load() == 0 || written.exchange(true)) return;
    std::string path = wanted;
    if (const auto at = path.find("%p"); at != std::string::npos)
        path.replace(at, 2, std::to_string(getpid()));
    std::FILE* out = std::fopen(path.c_str(), "we");
    if (out == nullptr) return;
    const auto number = [&](const char* name, std::uint64_t value) {
        std::fprintf(out, "  \"%s\": %llu,\n", name, static_cast<unsigned long long>(value));
    };
    std::fprintf(out, "{\n");
    number("spans", spans);
    number("threads", threads);
    number("threads_with_syscalls_trapped", trapped);
    for (unsigned i = 0; i < kOffences; ++i)
        number(kNames[i], counts[i]);
    number("futex_wakes", wakes);
    number("futex_wakes_per_span_max", wakes_max);
    number("page_faults", faults);
    number("page_faults_in_warmup", warmup_faults);
    std::fprintf(out, "  \"syscalls_by_number\": {");
    const char* comma = "";
    for (unsigned i = 0; i < kSyscalls; ++i) {
        if (syscalls[i] == 0) continue;
        std::fprintf(out, "%s\"%u\": %llu", comma, i, static_cast<unsigned long long>(syscalls[i]));
        comma = ", ";
    }
    std::fprintf(out, "},\n  \"first\": [");
    for (unsigned i = 0; i < kSamples && i < sampled; ++i) {
        std::fprintf(out, "%s\n", i == 0 ? "" : ",");
        write_sample(out, samples[i]);
    }
    std::fprintf(out, "]\n}\n");
    std::fclose(out);
}

[[gnu::constructor]] void begin() {
    void* first[1];
    backtrace(first, 1); // loads the unwinder now, not in the middle of a cycle
    if (const char* text = std::getenv("BACKLINE_TRAP_WARMUP"))
        warmup = std::strtoull(text, nullptr, 10);
    install_handler();
}

[[gnu::destructor]] void end() {
    write_report();
}

} // namespace

Pause::Pause() noexcept : inside_(self.inside), trapping_(self.selector != 0) {
    self.inside = false;
    self.selector = 0;
}

Pause::~Pause() {
    self.inside = inside_;
    self.selector = trapping_ ? 1 : 0;
}

void note(Offence offence, const char* name) noexcept {
    if (!self.inside) return;
    const Pause pause;
    ++counts[static_cast<unsigned>(offence)];
    sample(offence, name, -1);
}

} // namespace backline::trap

extern "C" {

[[gnu::visibility("default")]] void backline_rt_enter() {
    using namespace backline::trap;
    if (!self.prepared) prepare();
    self.wakes = 0;
    self.faults = faults_so_far();
    self.inside = true;
    if (self.dispatched) self.selector = 1;
}

[[gnu::visibility("default")]] void backline_rt_exit() {
    using namespace backline::trap;
    self.selector = 0;
    self.inside = false;
    (++self.spans <= warmup ? warmup_faults : faults) +=
        static_cast<std::uint64_t>(faults_so_far() - self.faults);
    raise_to(wakes_max, self.wakes);
    ++spans;
}

/// A daemon that leaves without destructors reports as well.
[[gnu::visibility("default"), noreturn]] void _exit(int status) {
    backline::trap::write_report();
    for (;;)
        syscall(SYS_exit_group, status);
}
}
