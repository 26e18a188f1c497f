// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/due_heap.hpp"

#include "daemon/process/command.hpp"

namespace backline::process {

void DueHeap::push(Command* command) noexcept {
    if (count_ == capacity_) return; // cannot be: as many fit as may be in flight
    const Entry entry{command->frame, command->number, command};
    std::uint32_t at = count_++;
    for (; at != 0 && entry.before(entries_[(at - 1) / 2]); at = (at - 1) / 2)
        entries_[at] = entries_[(at - 1) / 2];
    entries_[at] = entry;
}

void DueHeap::pop() noexcept {
    const Entry last = entries_[--count_];
    std::uint32_t at = 0;
    for (std::uint32_t child = 1; child < count_; child = 2 * at + 1) {
        if (child + 1 < count_ && entries_[child + 1].before(entries_[child])) ++child;
        if (!entries_[child].before(last)) break;
        entries_[at] = entries_[child];
        at = child;
    }
    entries_[at] = last;
}

} // namespace backline::process
