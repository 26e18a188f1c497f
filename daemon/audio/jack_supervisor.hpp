// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/audio/doorbell.hpp"
#include "daemon/audio/jack_caller.hpp"
#include "daemon/audio/jack_desk.hpp"
#include "daemon/audio/jack_driver.hpp"
#include "daemon/audio/jack_patchbay.hpp"
#include "daemon/audio/jack_server.hpp"
#include "daemon/audio/jack_session.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace backline::audio {

/// The jack thread: leads one client after the other through its life, without ever calling JACK
/// itself. It looks at flags and clocks, hands jobs to a JackCaller, and calls the listener and the
/// replies.
///
///     closed -> opening -> preparing -> beginning -> live -> closing -> closed
///
/// A job that hangs leaves the phase as it is; what the phase and the flags mean together for
/// others is state().
class JackSupervisor {
  public:
    /// Nothing runs yet.
    explicit JackSupervisor(JackDriver::Options options);
    ~JackSupervisor() { stop(); }
    JackSupervisor(const JackSupervisor&) = delete;
    JackSupervisor& operator=(const JackSupervisor&) = delete;

    /// Where everybody else speaks to it. [any]
    JackDesk& desk() { return desk_; }
    /// As JackDriver's.
    void start();
    /// As JackDriver's.
    void stop();

  private:
    using Clock = std::chrono::steady_clock;
    using State = process::DriverStatus::State;
    enum class Phase { closed, opening, preparing, beginning, live, closing };
    enum class Job { open, begin, sync, ask, close };
    /// What a job reads and leaves behind. Shared with it, since it may never end.
    struct Paper;

    void run();
    void step(Clock::time_point now);
    std::chrono::nanoseconds pause(Clock::time_point now) const;

    void finish_job();
    void opened(const Paper& paper);
    void begun(const Paper& paper);
    void watch_call(Clock::time_point now);
    void watch_client(Clock::time_point now);
    void watch_cycles(Clock::time_point now);
    void prepare();
    void next_job(Clock::time_point now);
    void answer_unasked();
    void leave();

    void start_job(Job job, std::function<void(JackSession&, Paper&)> work);
    void start_open();
    void start_close();
    void start_sync(Job job);
    void start_request(JackRequest request);
    void take_over(const Paper& paper);
    void drop_session();

    bool gone() const { return session_ && session_->bridge().gone(); }
    State state() const;
    void show();
    void show_kept();

    const JackDriver::Options options_;
    const std::string server_; ///< its real name
    const std::shared_ptr<Doorbell> bell_;
    JackDesk desk_;
    std::atomic<bool> stopping_{false};
    system::Thread thread_;

    // The rest belongs to the thread.
    std::unique_ptr<JackCaller> caller_;
    std::shared_ptr<JackSession> session_;
    JackPatchbay patchbay_;
    Phase phase_ = Phase::closed;
    Job job_ = Job::open;
    std::shared_ptr<Paper> paper_;
    std::optional<JackRequest> request_;              ///< whose answer the present job will bring
    bool overdue_ = false;                            ///< the present job hangs
    std::optional<Clock::time_point> hopeless_since_; ///< and its server is gone

    JackServerMark mark_; ///< of the server that was asked last
    Clock::time_point next_attempt_{};
    std::chrono::milliseconds back_off_;
    bool tried_ = false;
    bool name_taken_ = false;

    std::uint64_t applied_ = 0; ///< ticket that the server shows
    bool dirty_ = false;        ///< ports or connections may not be as wanted
    bool stalled_ = false;      ///< no cycle comes
    bool cycled_ = false;       ///< this client has seen a cycle
    std::uint64_t cycles_ = 0;
    Clock::time_point last_cycle_{};
    std::uint32_t rate_ = 0; ///< the instances are ready for

    std::uint64_t servers_ = 0;      ///< that took us in
    std::uint64_t xruns_before_ = 0; ///< of former clients
    std::uint64_t abandoned_ = 0;
    process::DriverStatus shown_;
};

} // namespace backline::audio
