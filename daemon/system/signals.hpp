// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <initializer_list>
#include <optional>

#include <signal.h>

namespace backline::system {

/// Signals as something to poll. Make it first thing in main: it blocks the signals in the calling
/// thread, which threads made later inherit, and ignores SIGPIPE (a closed socket is an error
/// code).
class Signals {
  public:
    /// Takes over `numbers`. Throws std::system_error.
    explicit Signals(std::initializer_list<int> numbers);

    /// Restores the calling thread's mask of before.
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    int fd() const noexcept { return fd_; } ///< Readable when a signal has come.
    std::optional<int> take();              ///< The next signal that has come, if any; never waits.

  private:
    int fd_;
    sigset_t before_;
};

} // namespace backline::system
