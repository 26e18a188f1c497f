// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/params.hpp"

namespace backline::process {

void ParamBank::note(std::uint32_t param, double value) noexcept {
    values_[param] = value;
    cells_[param].heard.store(value, std::memory_order_relaxed);
}

void ParamBank::mark(std::uint32_t param, double value) noexcept {
    note(param, value);
    pending_[param] = value;
    if (is_dirty_[param]) return;
    is_dirty_[param] = true;
    dirty_[dirty_count_++] = param;
}

void ParamBank::preset(std::uint32_t param, double value) noexcept {
    mark(param, value);
}

void ParamBank::take(std::uint32_t param) noexcept {
    if (param >= count_) return;
    // Cleared before the value is read: a set that arrives in between queues a new entry.
    cells_[param].queued.exchange(false, std::memory_order_acq_rel);
    const double value = cells_[param].wanted.load(std::memory_order_acquire);
    // Edits are taken over in their order: an event that is there already, for the first frame, is
    // older.
    for (std::uint32_t i = 0; i < event_count_; ++i) {
        if (events_[i].param != param) continue;
        note(param, value);
        events_[i].value = value;
        return;
    }
    mark(param, value);
}

void ParamBank::add(std::uint32_t frame, std::uint32_t param, double value) noexcept {
    if (param >= count_) return;
    if (is_dirty_[param]) overtake(frame, param);
    note(param, value);
    // Values for one frame replace each other, so that frame 0 never needs more than one per
    // parameter.
    for (std::uint32_t i = event_count_; i-- > 0 && events_[i].frame == frame;) {
        if (events_[i].param != param) continue;
        events_[i].value = value;
        return;
    }
    if (event_count_ < capacity_) events_[event_count_++] = {frame, param, value};
}

void ParamBank::unmark(std::uint32_t param) noexcept {
    is_dirty_[param] = false;
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < dirty_count_; ++i)
        if (dirty_[i] != param) dirty_[kept++] = dirty_[i];
    dirty_count_ = kept;
}

void ParamBank::impose(std::uint32_t param, double value) noexcept {
    if (param >= count_) return;
    if (is_dirty_[param]) unmark(param);
    double ignored = 0.0;
    extract(param, ignored);
    note(param, value);
}

void ParamBank::overtake(std::uint32_t frame, std::uint32_t param) noexcept {
    unmark(param);
    if (frame == 0 || event_count_ == capacity_) return;
    for (std::uint32_t i = event_count_++; i-- > 0;)
        events_[i + 1] = events_[i];
    events_[0] = {0, param, pending_[param]};
}

bool ParamBank::extract(std::uint32_t param, double& value) noexcept {
    bool found = false;
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < event_count_; ++i) {
        if (events_[i].param == param) {
            value = events_[i].value;
            found = true;
        } else {
            events_[kept++] = events_[i];
        }
    }
    event_count_ = kept;
    return found;
}

void ParamBank::flush(std::uint32_t limit) noexcept {
    if (dirty_count_ == 0) return;
    const std::uint32_t room = capacity_ - event_count_;
    std::uint32_t moved = dirty_count_ < limit ? dirty_count_ : limit;
    if (moved > room) moved = room;
    // The list has none of these parameters; its order by frame is all that counts.
    for (std::uint32_t i = event_count_; i-- > 0;)
        events_[i + moved] = events_[i];
    for (std::uint32_t i = 0; i < moved; ++i) {
        const std::uint32_t param = dirty_[i];
        is_dirty_[param] = false;
        events_[i] = {0, param, pending_[param]};
    }
    event_count_ += moved;
    dirty_count_ -= moved;
    for (std::uint32_t i = 0; i < dirty_count_; ++i)
        dirty_[i] = dirty_[i + moved];
}

void ParamBank::keep_events() noexcept {
    for (std::uint32_t i = 0; i < event_count_; ++i)
        mark(events_[i].param, events_[i].value);
    event_count_ = 0;
}

} // namespace backline::process
