// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <atomic>
#include <cstdint>

namespace backline::rt {

/// The right to run the cycle, one word. A callback holds it from entry to exit; the engine takes
/// it per command while no cycle comes. Nobody waits: who finds it taken does something else.
class Lease {
  public:
    /// False when somebody holds it. [any]
    [[nodiscard]] BACKLINE_RT bool try_take() noexcept {
        std::uint32_t free = 0;
        return holder_.compare_exchange_strong(free, 1, std::memory_order_acquire,
                                               std::memory_order_relaxed);
    }
    /// [holder]
    BACKLINE_RT void give_back() noexcept { holder_.store(0, std::memory_order_release); }
    /// Whether somebody holds it, at this moment. [any]
    bool taken() const noexcept { return holder_.load(std::memory_order_acquire) != 0; }

  private:
    std::atomic<std::uint32_t> holder_{0};
};

} // namespace backline::rt
