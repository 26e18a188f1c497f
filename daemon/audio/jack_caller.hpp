// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/audio/doorbell.hpp"
#include "daemon/system/thread.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace backline::audio {

/// The thread that calls JACK, one job at a time, for a supervisor that never waits for it: a call
/// to a server that hangs does not return. Used by one thread.
class JackCaller {
  public:
    /// What limits are measured with.
    using Clock = std::chrono::steady_clock;

    /// `bell` is rung whenever a job has ended.
    explicit JackCaller(std::shared_ptr<Doorbell> bell);
    /// Joins. Not while busy(): abandon() first.
    ~JackCaller();
    JackCaller(const JackCaller&) = delete;
    JackCaller& operator=(const JackCaller&) = delete;

    /// Runs `job` there. Not while busy(). The job owns what it touches, since it may outlive
    /// everybody else.
    void start(std::function<void()> job);
    /// Whether a job was started and its end has not been seen by take_end().
    bool busy() const { return busy_; }
    /// True once, after the job has ended.
    bool take_end();
    /// When the present job was started.
    Clock::time_point since() const { return since_; }
    /// Leaves the thread behind with its job, and starts another.
    void abandon();

  private:
    struct Shared;
    void begin();

    const std::shared_ptr<Doorbell> bell_;
    std::shared_ptr<Shared> shared_;
    system::Thread thread_;
    bool busy_ = false;
    Clock::time_point since_{};
};

} // namespace backline::audio
