// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <pthread.h>

namespace backline::worker {

/// A thread that may have to be left behind, because the plugin code it runs does not come back:
/// named, with a stack of stated size and all signals blocked. Owned by one thread at a time.
class Thread {
  public:
    /// No thread.
    Thread() noexcept = default;
    /// Starts `body`, which may not throw. `name` has at most 15 bytes. Throws std::system_error.
    Thread(const std::string& name, std::size_t stack_bytes, std::function<void()> body);
    /// Joins, without a limit.
    ~Thread();
    Thread(Thread&& other) noexcept;            ///< leaves no thread behind in `other`
    Thread& operator=(Thread&& other) noexcept; ///< joins the thread it replaces

    /// Whether there is a thread, neither joined nor abandoned.
    bool joinable() const noexcept { return control_ != nullptr; }
    /// Waits at most `limit` for `body` to end; true when it has, and there is no thread any more.
    bool join_for(std::chrono::milliseconds limit);
    /// Lets the thread go on alone. Whatever `body` touches must outlive it.
    void abandon() noexcept;

  private:
    struct Control;
    static void* run(void* control);
    void join() noexcept;

    pthread_t handle_{};
    std::shared_ptr<Control> control_;
};

} // namespace backline::worker
