// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/crash.hpp"

#include "daemon/rt/pulse.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>

#include <signal.h>
#include <unistd.h>

namespace backline::system {
namespace {

constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

std::atomic<BlackBox*> the_box{nullptr};
std::array<struct sigaction, kSignals.size()> former{};

/// Puts a text at the end of another within `size` bytes; printf is not safe in a handler.
void append(char* text, std::size_t size, const char* more) {
    const std::size_t at = std::strlen(text);
    std::strncpy(text + at, more, size - 1 - at);
}

void say(const BlackBox::Names& who) {
    char text[256] = "backlined: a plugin crashed: node \"";
    append(text, sizeof text, who.node.data());
    append(text, sizeof text, "\" (");
    append(text, sizeof text, who.plugin.data());
    append(text, sizeof text, "); the next start bypasses it\n");
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, std::strlen(text));
}

void restore() {
    for (std::size_t i = 0; i < kSignals.size(); ++i)
        sigaction(kSignals[i], &former[i], nullptr);
}

void handle(int number, siginfo_t* info, void*) {
    BlackBox* const box = the_box.exchange(nullptr); // the first one tells
    const std::atomic<std::uint64_t>* const mark = rt::current_mark;
    const std::uint64_t word = mark == nullptr ? 0 : mark->load(std::memory_order_relaxed);
    if (box != nullptr && word != 0) {
        box->judge(Verdict::Kind::crashed, number, word);
        say(box->names(word));
    }
    restore();
    // A fault happens again as soon as this returns; what was sent has to be sent again.
    if (info == nullptr || info->si_code <= 0) raise(number);
}

} // namespace

CrashHandler::CrashHandler(BlackBox& box) {
    the_box.store(&box);
    struct sigaction action {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    for (std::size_t i = 0; i < kSignals.size(); ++i)
        sigaction(kSignals[i], &action, &former[i]);
}

CrashHandler::~CrashHandler() {
    if (the_box.exchange(nullptr) != nullptr) restore();
}

} // namespace backline::system
