// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The cycle: what happens in which order in one period. The steps of the plan are in steps.cpp.
#include "daemon/process/cycle.hpp"

#include "daemon/rt/thread_role.hpp"
#include "daemon/rt/tick_rate.hpp"
#include "daemon/rt/ticks.hpp"

#include <cstring>

namespace backline::process {

namespace {

void count(std::atomic<std::uint64_t>& counter, std::uint64_t more = 1) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

} // namespace

void Cycle::run(const Period& period) noexcept {
    const rt::AudioScope scope;
    const std::uint64_t began = rt::ticks();
    if (!lease_.try_take()) {
        count(counters_.lease_taken);
        silence(period);
        return;
    }
    counters_.entered_ns.store(rt::monotonic_ns(), std::memory_order_relaxed);
    const std::uint64_t first = clock_;

    take_edits(period.offline);
    std::uint32_t cuts = 0;
    for (std::uint32_t done = 0; done < period.frames;) {
        apply_due(cuts, period.offline);
        std::uint32_t frames = slice_length(period.frames - done, cuts, period.offline);
        frames = place_sets(frames);
        run_slice(period, done, frames);
        clock_ += frames;
        done += frames;
        if (period.offline && work_now_ != nullptr) work_now_(work_context_);
    }
    if (due_count_ != 0 && due_[0]->frame < clock_) count(counters_.deferred);
    if (resets_due_) reset_nodes();

    anchor_.write({first, period.start_ns, period.frames, period.rate,
                   counters_.cycles.load(std::memory_order_relaxed) + 1});
    publish(period, began);
    if (ready_ != nullptr) ready_->publish();
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
    if (clock > clock_) clock_ = clock;
    take_edits(true);
    std::uint32_t cuts = 0;
    apply_due(cuts, true);
    if (plan_) {
        for (Node* node : plan_->nodes)
            node->bank.keep_events();
    }
    if (ready_ != nullptr) ready_->publish();
    lease_.give_back();
    return true;
}

void Cycle::take_edits(bool offline) noexcept {
    std::uint32_t sets = 0;
    std::uint32_t commands = 0;
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
            if (!offline && commands++ == kCommandsPerCycle) break;
            Command* const next = *command;
            commands_.pop();
            if (next->frame == 0) {
                apply(*next);
                finish(next);
            } else {
                schedule(next);
            }
        }
    }
    count(counters_.deferred);
}

void Cycle::take_set(const SetEntry& entry) noexcept {
    if (Target* target = find(entry.handle))
        target->bank->take(entry.param);
    else
        count(counters_.stale_sets);
}

void Cycle::schedule(Command* command) noexcept {
    std::uint32_t at = due_count_++;
    // Equal frames keep the order in which they came.
    for (; at > 0 && due_[at - 1]->frame > command->frame; --at)
        due_[at] = due_[at - 1];
    due_[at] = command;
}

void Cycle::unschedule(std::uint32_t index) noexcept {
    --due_count_;
    for (std::uint32_t i = index; i < due_count_; ++i)
        due_[i] = due_[i + 1];
}

/// Applies the commands that are due at the first frame of the coming slice.
void Cycle::apply_due(std::uint32_t& cuts, bool offline) noexcept {
    bool cut = false;
    while (due_count_ != 0 && due_[0]->frame <= clock_) {
        Command* const command = due_[0];
        if (command->cuts()) {
            if (!offline && !cut && cuts == kCutsPerCycle) return;
            cut = true;
        }
        if (command->frame < clock_) count(counters_.late_commands);
        unschedule(0);
        apply(*command);
        finish(command);
    }
    if (cut) ++cuts;
}

/// How long the coming slice may be: up to the next edit that needs a slice to begin at its frame.
std::uint32_t Cycle::slice_length(std::uint32_t left, std::uint32_t cuts, bool offline) noexcept {
    const std::uint32_t limit = plan_ ? plan_->max_slice : max_frames_;
    std::uint32_t frames = left < limit ? left : limit;
    if (!offline && cuts == kCutsPerCycle) return frames;
    for (std::uint32_t i = 0; i < due_count_; ++i) {
        if (!due_[i]->cuts()) continue;
        if (due_[i]->frame > clock_ && due_[i]->frame - clock_ < frames)
            frames = static_cast<std::uint32_t>(due_[i]->frame - clock_);
        break;
    }
    return frames;
}

/// Gives the parameter values that fall into the slice to their nodes, each at its frame. Ends the
/// slice where a node has no room for more, and returns its length.
std::uint32_t Cycle::place_sets(std::uint32_t frames) noexcept {
    std::uint32_t last = 0; // values for one frame are not parted
    while (due_count_ != 0) {
        Command* const command = due_[0];
        if (command->cuts() || command->frame >= clock_ + frames) break;
        const auto frame = static_cast<std::uint32_t>(command->frame - clock_);
        if (frame != last && !fits(*command)) return frame;
        last = frame;
        unschedule(0);
        place(*command, frame);
        finish(command);
    }
    return frames;
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
            target->bank->add(frame, set.param, set.value);
        } else {
            ++command.stale_sets;
            count(counters_.stale_sets);
        }
    }
    command.applied_frame = clock_ + frame;
}

void Cycle::apply(Command& command) noexcept {
    for (const SlotChange& change : command.slots)
        targets_[change.handle.slot] = {change.handle.generation, change.bank, change.node};
    if (command.plan) plan_.swap(command.plan);
    for (FileInstall& file : command.files)
        file.object = file.node->files->install(file.node->plugin, file.param, file.object);
    for (Node* node : command.resets)
        if (node->plugin->reset != nullptr) node->plugin->reset(node->plugin);
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

void Cycle::reset_nodes() noexcept {
    resets_due_ = false;
    if (!plan_) return;
    for (Node* node : plan_->nodes) {
        if (!node->reset_due) continue;
        node->reset_due = false;
        if (node->plugin->reset != nullptr) node->plugin->reset(node->plugin);
    }
}

void Cycle::publish(const Period& period, std::uint64_t began) noexcept {
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
}

void Cycle::report(const Report& report) noexcept {
    if (!reports_.try_push(report)) count(counters_.reports_lost);
}

} // namespace backline::process
