// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <cstdint>
#include <limits>

namespace backline::process {

/// How much of each period a node may take, and what happens when it takes more.
struct Budget {
    /// What is done about a node over its budget.
    enum class Policy : std::uint8_t {
        bypass, ///< the node is bypassed, and events say so
        report, ///< an event says so
        off,    ///< nothing; it is not bypassed for the sake of the whole cycle either
    };
    double percent = 70.0; ///< of the period; above 0, at most 100
    Policy policy = Policy::bypass;
    friend bool operator==(const Budget&, const Budget&) = default;

    /// As a fraction of the period; infinite when nobody minds.
    double limit() const noexcept {
        return policy == Policy::off ? std::numeric_limits<double>::infinity() : percent * 0.01;
    }
};

/// Tells a habit from an accident: over in kOver of the last kOf cycles.
class OverrunWindow {
  public:
    static constexpr int kOver = 8; ///< cycles that are too many
    static constexpr int kOf = 16;  ///< among so many

    /// Adds a cycle; true when it is the one too many, and then counting begins anew. [audio]
    BACKLINE_RT bool add(bool over) noexcept {
        count_ += (over ? 1 : 0) - (history_ >> (kOf - 1));
        history_ = static_cast<std::uint16_t>(history_ << 1 | (over ? 1 : 0));
        if (count_ < kOver) return false;
        clear();
        return true;
    }
    /// Forgets what was. [audio]
    BACKLINE_RT void clear() noexcept {
        history_ = 0;
        count_ = 0;
    }

  private:
    std::uint16_t history_ = 0; ///< a bit per cycle, the oldest on top
    int count_ = 0;             ///< of bits that are set
    static_assert(kOf == 16, "as many as history_ has bits");
};

/// Counts faults in time: the third within a second is one too many.
class FaultWindow {
  public:
    static constexpr std::uint32_t kFaults = 3; ///< within a second

    /// Adds a fault at sample clock `now`; true when it is one too many, and then counting begins
    /// anew. `second`: frames. [audio]
    BACKLINE_RT bool add(std::uint64_t now, double second) noexcept {
        const bool near = count_ + 1 >= kFaults && static_cast<double>(now - at_[0]) <= second;
        if (near) {
            count_ = 0;
            return true;
        }
        if (count_ == kFaults - 1) {
            at_[0] = at_[1];
            at_[1] = now;
        } else {
            at_[count_++] = now;
        }
        return false;
    }
    /// Forgets what was. [audio]
    BACKLINE_RT void clear() noexcept { count_ = 0; }

  private:
    std::uint64_t at_[kFaults - 1] = {}; ///< of the earlier ones, oldest first
    std::uint32_t count_ = 0;
};

} // namespace backline::process
