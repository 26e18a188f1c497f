// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace backline::control {

/// How other threads reach the control thread: they leave something to do and wake it. Outlives the
/// server for as long as anybody holds it, so that an answer that comes after the end harms nobody.
class Inbox {
  public:
    using Task = std::function<void()>; ///< runs on the control thread

    /// Throws std::system_error when there is no descriptor left.
    Inbox();
    ~Inbox();
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    /// Readable while something waits.
    [[nodiscard]] int fd() const noexcept { return fd_; }
    /// Leaves a task; dropped after close(). Any thread.
    void post(Task task);
    /// Runs what waits, in the order left. [control]
    void run();
    /// Takes nothing any more and forgets what waits. [control]
    void close();

  private:
    int fd_;
    std::mutex mutex_;
    std::vector<Task> tasks_;
    bool closed_ = false;
};

} // namespace backline::control
