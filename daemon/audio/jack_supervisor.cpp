// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/jack_supervisor.hpp"

#include "daemon/log.hpp"
#include "daemon/rt/thread_role.hpp"

#include <algorithm>
#include <utility>

namespace backline::audio {
namespace {

using namespace std::chrono_literals;

/// How often cycles, a rate and a server's socket are looked at.
constexpr auto kLook = 100ms;
constexpr auto kLookForServer = 50ms;

const char* words(process::DriverStatus::State state) {
    using State = process::DriverStatus::State;
    switch (state) {
    case State::none:
        return "not started";
    case State::starting:
        return "starting";
    case State::running:
        return "running";
    case State::lost:
        return "not there; edits are kept, sound comes back with the server";
    case State::stalled:
        return "there, but does not call or answer us";
    case State::name_taken:
        return "there, but our client name is taken; tried again";
    }
    return "";
}

} // namespace

struct JackSupervisor::Paper {
    explicit Paper(JackPatchbay patchbay_) : patchbay(std::move(patchbay_)) {}
    JackPatchbay patchbay;
    JackWanted wanted;
    JackClient::Opened opened = JackClient::Opened::no_server;
    bool begun = false;
    process::Driver::Answer answer;
    std::vector<process::Driver::PortInfo> ports;
};

JackSupervisor::JackSupervisor(JackDriver::Options options)
    : options_(std::move(options)),
      server_(jack_server_name(options_.server)),
      bell_(std::make_shared<Doorbell>()),
      desk_(bell_),
      patchbay_(options_.client),
      back_off_(options_.reopen_min) {
    shown_.server = server_;
    shown_.client = options_.client;
    desk_.set_status(shown_);
}

void JackSupervisor::start() {
    caller_ = std::make_unique<JackCaller>(bell_);
    shown_.state = State::starting;
    desk_.set_status(shown_);
    thread_ = system::Thread({.name = "bl-jack"}, [this] { run(); });
}

void JackSupervisor::stop() {
    stopping_.store(true);
    bell_->ring();
    if (thread_.joinable()) thread_.join();
    desk_.close();
    while (auto request = desk_.take_request())
        request->answer({"jack_lost", "the JACK driver has ended"});
}

void JackSupervisor::run() {
    rt::current_role = rt::Role::jack;
    while (!stopping_.load()) {
        const std::uint32_t seen = bell_->rings();
        step(Clock::now());
        bell_->wait(seen, pause(Clock::now()));
    }
    leave();
}

void JackSupervisor::step(Clock::time_point now) {
    finish_job();
    watch_call(now);
    watch_client(now);
    show();
    answer_unasked();
    next_job(Clock::now());
}

std::chrono::nanoseconds JackSupervisor::pause(Clock::time_point now) const {
    if (phase_ == Phase::closed)
        return std::clamp<std::chrono::nanoseconds>(next_attempt_ - now, 1ms, kLookForServer);
    const auto again = patchbay_.look_again();
    return again ? std::clamp<std::chrono::nanoseconds>(*again - now, 1ms, kLook) : kLook;
}

// ---- jobs ------------------------------------------------------------------------------------

void JackSupervisor::start_job(Job job, std::function<void(JackSession&, Paper&)> work) {
    job_ = job;
    overdue_ = false;
    hopeless_since_.reset();
    caller_->start(
        [session = session_, paper = paper_, work = std::move(work)] { work(*session, *paper); });
}

void JackSupervisor::start_open() {
    phase_ = Phase::opening;
    session_ = std::make_shared<JackSession>(options_.cycle, bell_);
    paper_ = std::make_shared<Paper>(patchbay_);
    start_job(Job::open, [server = options_.server, client = options_.client](JackSession& session,
                                                                              Paper& paper) {
        paper.opened = session.open(server, client);
    });
}

/// Begin is a sync with a server that knows nothing yet.
void JackSupervisor::start_sync(Job job) {
    dirty_ = false;
    paper_ = std::make_shared<Paper>(patchbay_);
    paper_->wanted = desk_.wanted();
    start_job(job, [job](JackSession& session, Paper& paper) {
        paper.patchbay.want(paper.wanted.connections);
        paper.patchbay.set_ports(paper.wanted.ports);
        const JackSession::Wanted wanted{paper.wanted.ports, paper.wanted.latency};
        if (job == Job::begin)
            paper.begun = session.begin(wanted, paper.patchbay);
        else
            session.sync(wanted, paper.patchbay);
    });
}

void JackSupervisor::start_request(JackRequest request) {
    paper_ = std::make_shared<Paper>(patchbay_);
    const bool list = request.ports_reply != nullptr;
    start_job(Job::ask, [list, from = request.from, to = request.to,
                         make = request.make](JackSession& session, Paper& paper) {
        if (list)
            paper.ports = session.list();
        else
            paper.answer = session.connect(from, to, make, paper.patchbay);
    });
    request_ = std::move(request);
}

void JackSupervisor::start_close() {
    phase_ = Phase::closing;
    start_job(Job::close, [](JackSession& session, Paper&) { session.close(); });
}

void JackSupervisor::next_job(Clock::time_point now) {
    if (caller_->busy()) return;
    switch (phase_) {
    case Phase::closed:
        if (const JackServerMark mark = jack_server_mark(server_); mark != mark_) {
            mark_ = mark; // a new server, perhaps not ready yet
            back_off_ = options_.reopen_min;
        } else if (now < next_attempt_) {
            return;
        }
        start_open();
        return;
    case Phase::live:
        if (gone()) {
            start_close();
        } else if (stalled_) {
            return;
        } else if (dirty_ || desk_.ticket() != applied_) {
            start_sync(Job::sync);
        } else if (auto request = desk_.take_request()) {
            start_request(std::move(*request));
        }
        return;
    default:
        return;
    }
}

void JackSupervisor::finish_job() {
    if (!caller_->take_end()) return;
    if (std::exchange(overdue_, false)) {
        log::info("JACK server \"{}\": a call that hung has returned", server_);
        dirty_ = true;
    }
    const std::shared_ptr<Paper> paper = paper_; // the next job has its own
    switch (job_) {
    case Job::open:
        opened(*paper);
        return;
    case Job::begin:
        begun(*paper);
        return;
    case Job::sync:
        take_over(*paper);
        return;
    case Job::ask:
        patchbay_ = paper->patchbay;
        show_kept();
        if (request_)
            std::exchange(request_, std::nullopt)->answer(paper->answer, std::move(paper->ports));
        return;
    case Job::close:
        drop_session();
        return;
    }
}

void JackSupervisor::opened(const Paper& paper) {
    tried_ = true;
    name_taken_ = paper.opened == JackClient::Opened::name_taken;
    if (paper.opened != JackClient::Opened::yes) {
        drop_session();
        return;
    }
    phase_ = Phase::preparing;
    show();
    prepare();
    phase_ = Phase::beginning;
    start_sync(Job::begin);
}

void JackSupervisor::begun(const Paper& paper) {
    if (!paper.begun) {
        start_close();
        return;
    }
    phase_ = Phase::live;
    stalled_ = false;
    cycled_ = false;
    cycles_ = session_->bridge().cycles();
    last_cycle_ = Clock::now();
    take_over(paper);
}

void JackSupervisor::take_over(const Paper& paper) {
    patchbay_ = paper.patchbay;
    applied_ = paper.wanted.ticket;
    desk_.set_done(applied_);
    show_kept();
}

/// The next attempt is now when a server died under us, else after a pause that doubles.
void JackSupervisor::drop_session() {
    next_attempt_ = Clock::now();
    if (!gone()) {
        next_attempt_ += back_off_;
        back_off_ = std::min(back_off_ * 2, options_.reopen_max);
    }
    if (phase_ != Phase::opening) xruns_before_ += session_->bridge().xruns();
    session_.reset();
    phase_ = Phase::closed;
    show_kept();
}

// ---- watching --------------------------------------------------------------------------------

void JackSupervisor::watch_call(Clock::time_point now) {
    if (!caller_->busy()) return;
    if (!overdue_ && now - caller_->since() >= options_.limits.call) {
        overdue_ = true;
        ++abandoned_;
        log::warning("JACK server \"{}\": a call has not returned for {} ms", server_,
                     options_.limits.call.count());
        if (request_)
            std::exchange(request_, std::nullopt)
                ->answer({"jack_stalled", "JACK server \"" + server_ + "\" does not answer"});
    }
    // A server that is gone has closed its sockets: soon nothing hangs at it any more.
    if (!gone() && jack_server_mark(server_) == mark_)
        hopeless_since_.reset();
    else if (!hopeless_since_)
        hopeless_since_ = now;
    if (!overdue_ || !hopeless_since_ || now - *hopeless_since_ < options_.limits.call) return;
    log::error("JACK server \"{}\" is gone and the JACK library still hangs: its client is left "
               "behind; restart backline if there is no sound with the next server",
               server_);
    caller_->abandon();
    overdue_ = false;
    drop_session();
}

void JackSupervisor::watch_client(Clock::time_point now) {
    if (!session_ || phase_ == Phase::opening) return;
    JackBridge& bridge = session_->bridge();
    float delayed_us = 0.0f;
    while (bridge.take_xrun(delayed_us))
        if (options_.listener != nullptr) options_.listener->xrun(delayed_us);
    if (phase_ != Phase::live || bridge.gone()) return;

    watch_cycles(now);
    const auto again = patchbay_.look_again();
    if (bridge.take_graph_change() || (again && now >= *again)) dirty_ = true;
    if (bridge.rate() != rate_ && !stalled_) prepare();
}

void JackSupervisor::watch_cycles(Clock::time_point now) {
    const std::uint64_t cycles = session_->bridge().cycles();
    if (cycles != cycles_) {
        cycles_ = cycles;
        last_cycle_ = now;
        if (!std::exchange(cycled_, true)) {
            ++servers_;
            back_off_ = options_.reopen_min;
        }
        if (std::exchange(stalled_, false)) dirty_ = true;
    } else if (now - last_cycle_ >= options_.limits.stall) {
        stalled_ = true;
    }
}

void JackSupervisor::prepare() {
    JackBridge& bridge = session_->bridge();
    bridge.close_gate(100);
    rate_ = bridge.rate();
    if (options_.listener != nullptr) options_.listener->prepare(rate_, bridge.period());
    bridge.open_gate(rate_);
    last_cycle_ = Clock::now();
}

void JackSupervisor::answer_unasked() {
    const State now = state();
    if (now == State::running || now == State::starting) return;
    const process::Driver::Answer answer =
        now == State::stalled
            ? process::Driver::Answer{"jack_stalled",
                                      "JACK server \"" + server_ + "\" does not answer"}
            : process::Driver::Answer{"jack_lost",
                                      "JACK server \"" + server_ + "\" is " + words(now)};
    while (auto request = desk_.take_request())
        request->answer(answer);
}

// ---- status ----------------------------------------------------------------------------------

JackSupervisor::State JackSupervisor::state() const {
    if (phase_ >= Phase::preparing && gone()) return State::lost;
    if (overdue_) return State::stalled;
    switch (phase_) {
    case Phase::closed:
    case Phase::opening:
        return name_taken_ ? State::name_taken : tried_ ? State::lost : State::starting;
    case Phase::preparing:
    case Phase::beginning:
        return State::starting;
    case Phase::live:
        return stalled_ ? State::stalled : cycled_ ? State::running : State::starting;
    case Phase::closing:
        return State::lost;
    }
    return State::lost;
}

void JackSupervisor::show() {
    process::DriverStatus status = shown_;
    status.state = state();
    status.restarts = servers_ > 0 ? servers_ - 1 : 0;
    status.abandoned_calls = abandoned_;
    status.xruns = xruns_before_;
    if (session_ && phase_ != Phase::opening) {
        const JackBridge& bridge = session_->bridge();
        status.rate = bridge.rate();
        status.period = bridge.period();
        status.realtime = session_->realtime();
        status.xruns += bridge.xruns();
        status.capture_latency = bridge.capture_latency();
        status.playback_latency = bridge.playback_latency();
    }
    const bool other_state = status.state != shown_.state;
    const bool tell = other_state || status.rate != shown_.rate || status.period != shown_.period
                      || status.realtime != shown_.realtime;
    shown_ = status;
    desk_.set_status(status);
    if (!tell) return;
    if (other_state) {
        if (status.state == State::running)
            log::info("JACK server \"{}\" is running at {} Hz, {} frames, {}", server_, status.rate,
                      status.period, status.realtime ? "real-time" : "not real-time");
        else
            log::info("JACK server \"{}\" is {}", server_, words(status.state));
        show_kept();
    }
    if (options_.listener != nullptr) options_.listener->driver_changed();
}

void JackSupervisor::show_kept() {
    const bool there = session_ && phase_ == Phase::live && !gone();
    std::vector<JackDriver::Kept> kept;
    for (auto& row : patchbay_.table(desk_.wanted().ports))
        kept.push_back({std::move(row.from), std::move(row.to), row.connected && there});
    desk_.set_kept(std::move(kept));
}

// ---- the end ---------------------------------------------------------------------------------

void JackSupervisor::leave() {
    const auto deadline = Clock::now() + options_.limits.exit;
    const auto wait_for_job = [&] {
        while (caller_->busy()) {
            const std::uint32_t seen = bell_->rings();
            if (caller_->take_end()) return true;
            const auto left = deadline - Clock::now();
            if (left.count() <= 0) return false;
            bell_->wait(seen, left);
        }
        return true;
    };
    if (request_)
        std::exchange(request_, std::nullopt)->answer({"jack_lost", "the JACK driver has ended"});
    if (session_) session_->bridge().close_gate(100);
    bool returned = wait_for_job();
    if (returned && session_) {
        start_close();
        returned = wait_for_job();
    }
    if (!returned) {
        ++abandoned_;
        caller_->abandon();
    }
    session_.reset();
    caller_.reset();
    shown_.state = State::none;
    shown_.abandoned_calls = abandoned_;
    desk_.set_status(shown_);
}

} // namespace backline::audio
