// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The cycle: what happens in which order in one period. The steps of the plan are in steps.cpp.
#include "daemon/process/cycle.hpp"

#include "daemon/rt/denormals.hpp"
#include "daemon/rt/thread_role.hpp"
#include "daemon/rt/tick_rate.hpp"
#include "daemon/rt/ticks.hpp"

#include <cstring>

namespace backline::process {

namespace {

void count(std::atomic<std::uint64_t>& counter, std::uint64_t more = 1) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

void reset(Node& node) noexcept {
    const rt::InNode inside(word_of(node.handle));
    if (node.plugin->reset != nullptr) node.plugin->reset(node.plugin);
}

} // namespace

void Cycle::run(const Period& period) noexcept {
    const rt::AudioScope scope;
    const std::uint64_t began = rt::ticks();
    if (!lease_.try_take()) {
        count(counters_.lease_taken);
        silence(period);
        interrupted_.store(true, std::memory_order_relaxed);
        return;
    }
    const rt::PulseThread thread(*pulse_, 0);
    begin_guards(period, began);
    rt::flush_denormals(); // a plugin may have changed it
    const std::uint64_t first = clock_;
    timed_sets_ = 0;

    take_edits(period.offline);
    if (interrupted_.exchange(false, std::memory_order_relaxed) && !period.offline)
        fade_outputs_in();
    std::uint32_t cuts = 0;
    for (std::uint32_t done = 0; done < period.frames;) {
        apply_due(cuts, period.offline);
        if (reset_at_ <= clock_) reset_nodes();
        curves_.run(clock_, period.offline);
        const std::uint32_t frames = slice_length(period.frames - done, cuts, period.offline);
        run_slice(period, done, frames);
        clock_ += frames;
        done += frames;
        if (period.offline && work_now_ != nullptr) work_now_(work_context_);
    }
    if (due_.first_frame() < clock_) count(counters_.deferred);
    if (trouble_.load(std::memory_order_relaxed)) report_trouble();

    anchor_.write({first, period.start_ns, period.frames, period.rate,
                   counters_.cycles.load(std::memory_order_relaxed) + 1});
    if (timing_) account();
    run_guards(publish(period, began));
    if (ready_ != nullptr) ready_->publish();
    pulse_->leave();
    lease_.give_back();
    if (ready_ != nullptr && !period.offline) ready_->wake_one();
}

// ---- Edits --------------------------------------------------------------------------------------

bool Cycle::set(Handle handle, ParamCell& cell, std::uint32_t param, double value) noexcept {
    if (sets_.free_space() == 0) return false;
    cell.wanted.store(value, std::memory_order_release);
    if (cell.queued.exchange(true, std::memory_order_acq_rel)) return true;
    const std::uint64_t number = next_number();
    cell.set_number.store(number, std::memory_order_relaxed);
    return sets_.try_push({number, handle, param});
}

bool Cycle::push(Command* command) noexcept {
    if (in_flight_ >= kCommandsInFlight) return false;
    command->number = next_number();
    ++in_flight_;
    return commands_.try_push(command);
}

Command* Cycle::take_done() noexcept {
    Command* command = nullptr;
    if (!done_.try_pop(command)) return nullptr;
    --in_flight_;
    return command;
}

bool Cycle::apply_idle(std::uint64_t clock) noexcept {
    if (!lease_.try_take()) return false;
    const rt::PulseThread thread(*pulse_, 0);
    if (clock > clock_) clock_ = clock;
    apply_waiting();
    if (clock != 0) curves_.jump();
    settle_ramps();
    interrupted_.store(true, std::memory_order_relaxed);
    lease_.give_back();
    return true;
}

bool Cycle::apply_offline() noexcept {
    if (!lease_.try_take()) return false;
    apply_waiting();
    if (counters_.cycles.load(std::memory_order_relaxed) == 0) settle_ramps();
    lease_.give_back();
    return true;
}

void Cycle::apply_waiting() noexcept {
    take_edits(true);
    std::uint32_t cuts = 0;
    apply_due(cuts, true);
    if (plan_) {
        for (Node* node : plan_->nodes)
            node->bank.keep_events();
    }
    if (ready_ != nullptr) ready_->publish();
}

void Cycle::take_edits(bool offline) noexcept {
    std::uint32_t sets = 0;
    std::uint32_t commands = 0;
    std::uint32_t timed = 0;
    for (;;) {
        const SetEntry* set = sets_.front();
        Command* const* command = commands_.front();
        if (set == nullptr && command == nullptr) return;
        if (set != nullptr && (command == nullptr || set->number < (*command)->number)) {
            if (!offline && sets++ == kSetsPerCycle) break;
            take_set(*set);
            sets_done_.store(set->number, std::memory_order_release);
            sets_.pop();
        } else {
            Command* const next = *command;
            if (!offline
                && (next->frame == 0 ? commands++ == kCommandsPerCycle : timed++ == kTimedPerCycle))
                break;
            commands_.pop();
            if (next->frame == 0) {
                apply(*next);
                finish(next);
            } else {
                due_.push(next);
            }
        }
    }
    count(counters_.deferred);
}

void Cycle::take_set(const SetEntry& entry) noexcept {
    if (Target* target = find(entry.handle)) {
        curves_.cancel(*target->bank, entry.param);
        target->bank->take(entry.param);
    } else {
        count(counters_.stale_sets);
    }
}

/// Applies the commands that are due at the first frame of the coming slice.
void Cycle::apply_due(std::uint32_t& cuts, bool offline) noexcept {
    bool cut = false;
    while (due_.first_frame() <= clock_) {
        Command* const command = due_.first();
        if (command->cuts()) {
            if (!offline && !cut && cuts == kCutsPerCycle) return;
            cut = true;
        }
        if (!offline && timed_sets_ >= kTimedSetsPerCycle) break;
        timed_sets_ += static_cast<std::uint32_t>(command->sets.size());
        if (command->frame < clock_) count(counters_.late_commands);
        due_.pop();
        apply(*command);
        finish(command);
    }
    if (cut) ++cuts;
}

/// How long the coming slice may be. The parameter values that fall into it go to their nodes, each
/// at its frame; it ends at the next edit that needs a slice to begin, where a node has no room for
/// more values, and where curves are to be looked at.
std::uint32_t Cycle::slice_length(std::uint32_t left, std::uint32_t cuts, bool offline) noexcept {
    const std::uint32_t limit = plan_ ? plan_->max_slice : max_frames_;
    std::uint32_t frames = left < limit ? left : limit;
    if (reset_at_ - clock_ < frames) frames = static_cast<std::uint32_t>(reset_at_ - clock_);
    std::uint32_t last = 0; // values for one frame are not parted
    for (;;) {
        const std::uint32_t begins = curves_.longest_slice(clock_ + last);
        if (begins < frames - last) frames = last + begins;
        if (due_.first_frame() >= clock_ + frames) return frames;
        Command* const command = due_.first();
        const bool cuts_here = command->frame > clock_ && (offline || cuts < kCutsPerCycle);
        if (command->cuts())
            return cuts_here ? static_cast<std::uint32_t>(command->frame - clock_) : frames;
        if (!offline && timed_sets_ >= kTimedSetsPerCycle) return frames;
        const auto frame = static_cast<std::uint32_t>(command->frame - clock_);
        if (frame != last && !fits(*command)) return frame;
        last = frame;
        timed_sets_ += static_cast<std::uint32_t>(command->sets.size());
        due_.pop();
        place(*command, frame);
        finish(command);
    }
}

bool Cycle::fits(const Command& command) noexcept {
    for (const TimedSet& set : command.sets) {
        const Target* target = find(set.handle);
        if (target != nullptr
            && !target->bank->has_room(static_cast<std::uint32_t>(command.sets.size())))
            return false;
    }
    return true;
}

void Cycle::place(Command& command, std::uint32_t frame) noexcept {
    for (const TimedSet& set : command.sets) {
        if (Target* target = find(set.handle)) {
            curves_.cancel(*target->bank, set.param);
            target->bank->add(frame, set.param, set.source == nullptr ? set.value : *set.source);
        } else {
            ++command.stale_sets;
            count(counters_.stale_sets);
        }
    }
    if (command.curves) start_curves(command, frame);
    for (const Capture& capture : command.captures)
        if (const Target* target = find(capture.handle))
            *capture.to = target->bank->value(capture.param);
    command.applied_frame = clock_ + frame;
}

void Cycle::start_curves(Command& command, std::uint32_t frame) noexcept {
    CurveSet& set = *command.curves;
    // Ours, until all have begun: one of them may end another.
    ++set.running;
    for (Curve& curve : set.curves) {
        if (Target* target = find(curve.handle)) {
            curves_.start(set, curve, *target->bank, clock_ + frame);
        } else {
            ++command.stale_sets;
            count(counters_.stale_sets);
        }
    }
    // What runs comes back when it has ended; what does not, with the command.
    if (--set.running != 0) [[maybe_unused]]
        CurveSet* const kept = command.curves.release();
}

void Cycle::apply(Command& command) noexcept {
    for (const SlotChange& change : command.slots) {
        Target& target = targets_[change.handle.slot];
        if (target.bank != nullptr && target.bank != change.bank) curves_.forget(*target.bank);
        target = {change.handle.generation, change.bank, change.node};
    }
    if (command.plan) plan_.swap(command.plan);
    for (const RampStart& start : command.ramps)
        start.ramp->to(start.target, start.wait);
    for (FileInstall& file : command.files) {
        const rt::InNode inside(word_of(file.node->handle));
        file.object = file.node->files->install(file.node->plugin, file.param, file.object);
    }
    if (command.resets_all)
        reset_at_ = clock_ + (plan_ && plan_->shape ? plan_->shape->frames() : 0);
    for (const BudgetSet& budget : command.budgets)
        if (Target* target = find(budget.handle); target != nullptr && target->node != nullptr)
            target->node->guard.set(budget.budget);
    place(command, 0);
}

void Cycle::finish(Command* command) noexcept {
    // As many fit as may be in flight.
    [[maybe_unused]] const bool pushed = done_.try_push(command);
}

Cycle::Target* Cycle::find(Handle handle) noexcept {
    if (handle.slot >= kSlots || handle.generation == 0) return nullptr;
    Target& target = targets_[handle.slot];
    return target.generation == handle.generation && target.bank != nullptr ? &target : nullptr;
}

// ---- The period as a whole ----------------------------------------------------------------------

void Cycle::silence(const Period& period) noexcept {
    for (std::uint32_t slot = 0; slot < period.output_slots; ++slot)
        if (period.outputs[slot] != nullptr)
            std::memset(period.outputs[slot], 0, period.frames * sizeof(float));
}

/// Tells what the steps met. A node whose output was not finite begins anew and fades in.
void Cycle::report_trouble() noexcept {
    trouble_.store(false, std::memory_order_relaxed);
    if (!plan_) return;
    for (Node* node : plan_->nodes) {
        if (node->unreported_errors != 0)
            report({.kind = Report::Kind::plugin_error,
                    .handle = node->handle,
                    .count = node->unreported_errors});
        node->unreported_errors = 0;
        if (node->unreported_scrubs == 0) continue;
        report({.kind = Report::Kind::scrubbed,
                .handle = node->handle,
                .count = node->unreported_scrubs});
        node->unreported_scrubs = 0;
        reset(*node);
        if (!node->bypassed) {
            node->wet.jump(0.0f);
            node->wet.to(1.0f);
        }
        count_fault(*node);
    }
    for (Strip* strip : plan_->strips) {
        if (strip->unreported != 0)
            report({.kind = Report::Kind::input_scrubbed,
                    .handle = strip->handle,
                    .count = strip->unreported});
        strip->unreported = 0;
    }
}

void Cycle::reset_nodes() noexcept {
    reset_at_ = kNoFrame;
    if (!plan_) return;
    for (Node* node : plan_->nodes)
        reset(*node);
}

void Cycle::settle_ramps() noexcept {
    if (reset_at_ != kNoFrame) reset_nodes();
    if (!plan_) return;
    for (Ramp* ramp : plan_->ramps)
        ramp->settle();
    for (Node* node : plan_->nodes)
        node->wet.settle();
    for (Strip* strip : plan_->strips)
        strip->settle();
}

/// The first sound after a silence.
void Cycle::fade_outputs_in() noexcept {
    if (!plan_) return;
    for (Strip* strip : plan_->strips) {
        const float gain = strip->ramp.target();
        strip->ramp.jump(0.0f);
        strip->ramp.to(gain);
    }
}

std::uint64_t Cycle::publish(const Period& period, std::uint64_t began) noexcept {
    if (plan_) {
        for (Strip* strip : plan_->strips)
            strip->meter.publish(period.frames);
    }
    const std::uint64_t spent = rt::ticks() - began;
    count(counters_.cycles);
    count(counters_.cost_ticks, spent);
    counters_.last_ticks.store(spent, std::memory_order_relaxed);
    if (spent > counters_.max_ticks.load(std::memory_order_relaxed))
        counters_.max_ticks.store(spent, std::memory_order_relaxed);
    return spent;
}

void Cycle::report(const Report& report) noexcept {
    if (!reports_.try_push(report)) count(counters_.reports_lost);
}

} // namespace backline::process
