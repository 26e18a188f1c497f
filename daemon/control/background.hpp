// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace backline::control {

/// A thread for what may take long (a disk, a scan), one task at a time. Nothing waits for it: when
/// the owner goes, a task that hangs is left behind with its thread.
class Background {
  public:
    /// Must own all it touches; catches its own exceptions.
    using Task = std::function<void()>;
    static constexpr std::size_t kWaiting = 64; ///< tasks at most

    /// @p name: 1..15 bytes. The thread starts with the first task.
    explicit Background(std::string name);
    /// Drops what waits; gives the running task @p 0.5 s.
    ~Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    /// Queues a task; false when too many wait, or no thread can be made. [control]
    bool run(Task task);

  private:
    struct State;
    static void* body(void* argument);
    std::shared_ptr<State> state_;
};

} // namespace backline::control
