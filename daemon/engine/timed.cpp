// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The pipeline's way for what waits for its time, and for values, which need no copy of the graph.
#include "daemon/engine/pipeline.hpp"
#include "daemon/engine/ramp.hpp"
#include "daemon/engine/sample_time.hpp"
#include "daemon/rt/tick_rate.hpp"

#include <algorithm>
#include <iterator>

namespace backline::engine {

namespace {

/// Values that one command takes together: more at one frame come in several, so that a cycle can
/// stop between them.
constexpr std::size_t kSetsPerCommand = 1024;
/// Without a cycle for so long (ns) the newest one says nothing about the sample clock any more.
constexpr std::uint64_t kAnchorAge = 500'000'000;

} // namespace

bool Pipeline::admit(const Request& request) {
    const bool timed = request.frame || request.due_ns;
    std::atomic<std::size_t>& count = timed ? timed_ : waiting_;
    if (count >= (timed ? kScheduleMax : kRequestsMax)) return false;
    ++count;
    return true;
}

// ---- In -----------------------------------------------------------------------------------------

/// Whether an op may need a plugin or a file, to be looked up on arrival.
bool Pipeline::needs_load(const Op& op) const {
    if (const auto* set = std::get_if<SetValue>(&op))
        return std::holds_alternative<std::string>(set->value);
    return std::holds_alternative<AddNode>(op) || std::holds_alternative<ReplaceNode>(op)
           || std::holds_alternative<LoadRack>(op);
}

/// Only form and plugin ids are checked now; names and loops when it is due.
void Pipeline::accept_timed(const JobPtr& job) {
    const auto& ops = job->request.ops;
    if (std::none_of(ops.begin(), ops.end(), [this](const Op& op) { return needs_load(op); }))
        return wait(job);
    Edit trial(context(true), head_);
    for (std::size_t i = 0; i < ops.size(); ++i) {
        try {
            trial.apply(ops[i], nullptr, nullptr);
        } catch (const CommandError& error) {
            if (error.code == "no_such_plugin" || error.code == "plugin_refused"
                || error.code == "no_such_file")
                return fail(job, error.code, error.what(), i);
        }
    }
    loading_timed_[job->request.token] = job;
    load(job, std::move(trial.wanted), std::move(trial.wanted_files));
}

/// What it needs is there; now it waits for its time.
void Pipeline::wait(const JobPtr& job) {
    const Request& request = job->request;
    loading_timed_.erase(request.token);
    const bool room = request.frame ? by_frame_.insert(static_cast<std::int64_t>(*request.frame),
                                                       request.token, job)
                                    : by_time_.insert(*request.due_ns, request.token, job);
    if (room) {
        ++scheduled_;
        return;
    }
    discard(*job);
    fail(job, "queue_full", std::to_string(kScheduleMax) + " timed requests are waiting");
}

std::size_t Pipeline::cancel(const std::vector<std::uint64_t>& tokens) {
    std::size_t count = 0;
    for (const std::uint64_t token : tokens) {
        if (const auto loading = loading_timed_.find(token); loading != loading_timed_.end()) {
            const JobPtr job = loading->second;
            job->cancelled = true; // what it loads comes to an end on its own; see loaded()
            fail(job, "cancelled", "cancelled before its time");
            ++count;
            continue;
        }
        auto job = by_time_.erase(token);
        if (!job) job = by_frame_.erase(token);
        if (!job) continue;
        --scheduled_;
        ++count;
        discard(**job);
        fail(*job, "cancelled", "cancelled before its time");
    }
    return count;
}

void Pipeline::cancelled(std::uint64_t token, std::size_t count) {
    Completion completion;
    completion.token = token;
    completion.ok = true;
    completion.cancelled = count;
    completion.revision = head_.revision;
    if (callbacks_.completed) callbacks_.completed(std::move(completion));
}

// ---- Out ----------------------------------------------------------------------------------------

/// Hands over what is due at one time as one command of a frame, or as several when it is much.
/// False when the audio side has no room left.
bool Pipeline::release_at(Schedule<JobPtr>& from, std::int64_t time, std::uint64_t frame) {
    while (!from.empty() && from.next() == time) {
        if (cycle_.in_flight() + 1 >= process::Cycle::kCommandsInFlight) return false;
        Batch batch;
        while (!from.empty() && from.next() == time
               && batch.command->sets.size() < kSetsPerCommand) {
            const JobPtr job = from.pop();
            --scheduled_;
            add_to(batch, job);
        }
        send(std::move(batch), frame);
    }
    return true;
}

std::uint64_t Pipeline::release(std::uint64_t until) {
    for (;;) {
        const std::int64_t time = by_frame_.empty() ? INT64_MAX : by_frame_.next();
        const auto frame = static_cast<std::uint64_t>(time);
        // Offline, what a ramp's end sets free begins at that very frame.
        if (options_.offline && next_sweep_ <= frame && next_sweep_ < until) {
            if (cycle_.in_flight() + 1 >= process::Cycle::kCommandsInFlight) return next_sweep_;
            sweep(next_sweep_, next_sweep_);
            continue;
        }
        if (frame >= until) return until;
        if (!release_at(by_frame_, time, frame)) return frame;
    }
}

void Pipeline::release_timed(std::int64_t until_ns) {
    while (!by_time_.empty() && by_time_.next() < until_ns) {
        const std::int64_t time = by_time_.next();
        if (!release_at(by_time_, time, frame_at_ns(time))) return;
    }
}

/// The frame of a moment near now, from where the newest cycle began. What is due later never gets
/// an earlier frame, however the anchors lie.
std::uint64_t Pipeline::frame_at_ns(std::int64_t due_ns) {
    const std::uint64_t now = rt::monotonic_ns();
    process::TimeAnchor anchor = cycle_.anchor();
    if (anchor.ns == 0 || now - anchor.ns > kAnchorAge) {
        anchor.clock = clock_now();
        anchor.ns = now;
    }
    // 0 stands for "at the next cycle".
    std::uint64_t frame = std::max<std::uint64_t>(frame_at(anchor, due_ns, head_.rate), 1);
    if (due_ns >= released_ns_) {
        frame = std::max(frame, released_frame_);
        released_ns_ = due_ns;
        released_frame_ = frame;
    }
    return frame;
}

// ---- Values -------------------------------------------------------------------------------------

/// A request of nothing but sets and ramps changes no graph: it is looked up without a copy of one.
/// False when it is none, or cannot be done: then the edit says why.
bool Pipeline::add_values(Batch& batch, const JobPtr& job) {
    const Request& request = job->request;
    std::vector<process::TimedSet> sets;
    process::CurveSet curves;
    bool cuts = false;
    if (request.check_only || request.ops.empty()) return false;
    try {
        for (const Op& op : request.ops) {
            if (const auto* set = std::get_if<SetValue>(&op)) {
                const ParamRef ref = resolve(head_, set->target);
                if (ref.is_file) return false;
                const double value = to_number(ref, set->target, set->value);
                if (!curves.curves.empty()) forget_curve(curves, ref.handle, ref.param);
                sets.push_back({ref.handle, ref.param, value});
                cuts = cuts || set->target.kind != Target::Kind::node_param;
            } else if (const auto* ramp = std::get_if<Ramp>(&op)) {
                add_ramp(head_, *ramp, sets, curves);
                cuts = cuts || (!sets.empty() && ramp->target.kind != Target::Kind::node_param);
            } else {
                return false;
            }
        }
        check_curves(batch, curves);
    } catch (const CommandError&) {
        return false;
    }
    process::Command& command = *batch.command;
    add_curves(command, sets, std::move(curves));
    command.cuts_for_sets = command.cuts_for_sets || cuts || command.sets.size() > kSetsWithoutCut;
    batch.rest.tokens.emplace_back(request.token, job->timed());
    batch.empty = false;
    let_go(*job);
    return true;
}

/// Adds values and curves that come after those the command has.
void Pipeline::add_curves(process::Command& command, const std::vector<process::TimedSet>& sets,
                          process::CurveSet curves) {
    if (command.curves)
        for (const process::TimedSet& set : sets)
            forget_curve(*command.curves, set.handle, set.param);
    command.sets.insert(command.sets.end(), sets.begin(), sets.end());
    if (curves.curves.empty()) return;
    if (!command.curves) command.curves = std::make_unique<process::CurveSet>();
    append_curves(*command.curves, std::move(curves));
}

void Pipeline::check_curves(const Batch& batch, const process::CurveSet& more) const {
    const process::CurveSet* const now = batch.command->curves.get();
    const std::size_t there = curves_out_ + (now == nullptr ? 0 : now->curves.size());
    if (!more.curves.empty() && there + more.curves.size() > process::Curves::kMax)
        throw CommandError("queue_full", std::to_string(process::Curves::kMax)
                                             + " parameters are moved by ramps already");
}

void Pipeline::free_curves() {
    while (const auto set = cycle_.take_curves())
        curves_out_ -= set->curves.size();
}

} // namespace backline::engine
