// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

namespace backline::plugin {

/// The thread on which all control-side calls into plugins run, one at a time. A call that takes
/// longer than the limit is abandoned together with its thread, and a new thread carries on.
class Loader {
  public:
    /// How a task ended.
    enum class Outcome { done, timeout };
    /// The work itself; it must own (share) all it touches, since after a timeout it may go on for
    /// ever. Exceptions are its own business: it catches them.
    using Task = std::function<void()>;
    /// Called once, on the loader thread (done) or by check() (timeout).
    using Done = std::function<void(Outcome)>;

    /// `limit_s`: after which a task is abandoned. `in_place`: no thread; run() runs the task and
    /// calls `done` before it returns (offline).
    Loader(double limit_s, bool in_place);
    /// Finishes nothing: waits at most `limit_s` is not its business; a running task gets 0.5 s,
    /// then it is abandoned. Tasks that wait are dropped.
    ~Loader();
    Loader(const Loader&) = delete;
    Loader& operator=(const Loader&) = delete;

    /// Queues a task. [engine]
    void run(Task task, Done done);
    /// Abandons the running task if it is over its limit, and starts the next. Call now and then
    /// (every 100 ms) while tasks are queued. [engine]
    void check();
    /// Tasks queued or running. [any]
    std::size_t waiting() const;
    /// Threads given up so far. [any]
    std::size_t abandoned() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace backline::plugin
