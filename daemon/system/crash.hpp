// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/system/black_box.hpp"

#include <cstddef>

namespace backline::system {

/// For its life a fatal signal (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) that hits a thread inside
/// a node's code leaves a verdict in the box and a line on standard error. Then it does what it
/// would have done without. One at a time.
class CrashHandler {
  public:
    /// `box` outlives it.
    explicit CrashHandler(BlackBox& box);
    /// What was there before is back.
    ~CrashHandler();
    CrashHandler(const CrashHandler&) = delete;
    CrashHandler& operator=(const CrashHandler&) = delete;
};

} // namespace backline::system
