// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <cstdint>
#include <memory>

namespace backline::process {

struct Command;

/// The commands that wait for their frame on the audio side: a binary heap by frame, and for one
/// frame by number. Takes as many as may be in flight, so that a push never fails. Touched by the
/// audio role, or by the engine under the lease; commands belong to whoever pushed them.
class DueHeap {
  public:
    /// Room for `capacity` commands, touched now so that no page of it faults later. Allocates.
    explicit DueHeap(std::uint32_t capacity);

    /// Whether nothing waits. [audio]
    BACKLINE_RT bool empty() const noexcept { return count_ == 0; }
    /// Commands that wait. [audio]
    BACKLINE_RT std::uint32_t count() const noexcept { return count_; }
    /// The command that is due first; nullptr when nothing waits. [audio]
    BACKLINE_RT Command* first() const noexcept {
        return count_ == 0 ? nullptr : entries_[0].command;
    }
    /// The frame at which first() is due; UINT64_MAX when nothing waits. [audio]
    BACKLINE_RT std::uint64_t first_frame() const noexcept {
        return count_ == 0 ? UINT64_MAX : entries_[0].frame;
    }
    /// Adds a command under its frame and number, O(log n). [audio]
    BACKLINE_RT void push(Command* command) noexcept;
    /// Takes first() out, O(log n); there has to be one. [audio]
    BACKLINE_RT void pop() noexcept;

  private:
    /// The key beside the pointer: sifting looks at no command.
    struct Entry {
        std::uint64_t frame;
        std::uint64_t number;
        Command* command;
        bool before(const Entry& other) const noexcept {
            return frame != other.frame ? frame < other.frame : number < other.number;
        }
    };

    std::unique_ptr<Entry[]> entries_;
    std::uint32_t capacity_;
    std::uint32_t count_ = 0;
};

} // namespace backline::process
