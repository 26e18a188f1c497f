// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"
#include "daemon/rt/pulse.hpp"

#include <backline/plugin.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace backline::process {

struct Curve;

/// Names something with parameters on the audio side. A handle whose generation is no longer the
/// slot's is stale: what it asks for is counted and dropped, never applied to the successor.
struct Handle {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0; ///< 0 = nobody
    friend bool operator==(const Handle&, const Handle&) = default;
};

/// The handle in one word, as rt::Pulse has it.
constexpr std::uint64_t word_of(Handle handle) noexcept {
    return rt::node_word(handle.slot, handle.generation);
}

/// One parameter as control and audio share it. Untimed sets are coalesced here: the newest value
/// waits in `wanted`, and the set queue holds at most one entry per parameter.
struct ParamCell {
    std::atomic<double> wanted{0.0}; ///< [written by control]
    std::atomic<bool> queued{false}; ///< an entry for it is in the set queue
    std::atomic<double> heard{0.0};  ///< what the audio side last took over [written by audio]
    std::atomic<std::uint64_t> set_number{0}; ///< of the newest untimed set [control only]
};

/// The parameters of one node, input or output on the audio side, and the events that wait for its
/// next call. Built on the control side, then touched by the audio role only.
class ParamBank {
  public:
    /// Events a call takes from timed sets and the backlog of untimed ones.
    static constexpr std::uint32_t kEventsPerCycle = 64;

    /// `cells`: `count` of them, which outlive the bank. Allocates.
    ParamBank(ParamCell* cells, std::uint32_t count);

    /// Parameters it has.
    std::uint32_t count() const noexcept { return count_; }

    /// Gives a parameter its value before the bank is on the audio side: delivered as an event at
    /// the first frame of the first call.
    void preset(std::uint32_t param, double value) noexcept;

    /// Takes over the newest untimed value of a cell popped from the set queue. [audio]
    BACKLINE_RT void take(std::uint32_t param) noexcept;
    /// Adds a timed value at a frame of the coming slice, frames in ascending order; there has to
    /// be room (has_room), which at frame 0 there always is. [audio]
    BACKLINE_RT void add(std::uint32_t frame, std::uint32_t param, double value) noexcept;
    /// Whether `count` more timed values surely fit into this slice. [audio]
    BACKLINE_RT bool has_room(std::uint32_t count) const noexcept {
        return event_count_ + count <= kEventsPerCycle;
    }
    /// Takes the event of `param` out of the list; false when there is none. [audio]
    BACKLINE_RT bool extract(std::uint32_t param, double& value) noexcept;
    /// Gives a parameter a value in the daemon's own name; what waits for it is forgotten, a set
    /// that comes later counts. Between the calls of a node. [audio]
    BACKLINE_RT void impose(std::uint32_t param, double value) noexcept;
    /// Turns waiting untimed values into events at the slice's first frame, at most `limit` of
    /// them. [audio]
    BACKLINE_RT void flush(std::uint32_t limit) noexcept;
    /// Forgets the delivered events. [audio]
    BACKLINE_RT void clear_events() noexcept { event_count_ = 0; }
    /// Puts undelivered events back to wait as untimed values: the plugin is not run now. [audio]
    BACKLINE_RT void keep_events() noexcept;

    /// The events of the coming call, by frame. [audio]
    BACKLINE_RT const bl_param_event* events() const noexcept { return events_.get(); }
    /// How many there are. [audio]
    BACKLINE_RT std::uint32_t event_count() const noexcept { return event_count_; }
    /// Whether untimed values wait to become events. [audio]
    BACKLINE_RT bool waiting() const noexcept { return dirty_count_ != 0; }
    /// How many do. [audio]
    BACKLINE_RT std::uint32_t waiting_count() const noexcept { return dirty_count_; }
    /// The newest value taken over, delivered or not; 0 before the first. [audio]
    BACKLINE_RT double value(std::uint32_t param) const noexcept { return values_[param]; }
    /// The curve that moves a parameter, or nullptr; see Curves. [audio]
    BACKLINE_RT Curve* curve(std::uint32_t param) const noexcept { return curves_[param]; }
    /// Notes or (nullptr) forgets the curve of a parameter. [audio]
    BACKLINE_RT void set_curve(std::uint32_t param, Curve* curve) noexcept {
        if (curves_[param] != nullptr) --curve_count_;
        if (curve != nullptr) ++curve_count_;
        curves_[param] = curve;
    }
    /// Whether any parameter is moved by a curve. [audio]
    BACKLINE_RT bool has_curves() const noexcept { return curve_count_ != 0; }

  private:
    BACKLINE_RT void note(std::uint32_t param, double value) noexcept;
    BACKLINE_RT void mark(std::uint32_t param, double value) noexcept;
    /// Ends the wait of an untimed value when a newer one is due at `frame` of this slice: it goes
    /// to the first frame, or is dropped when the newer one goes there.
    BACKLINE_RT void overtake(std::uint32_t frame, std::uint32_t param) noexcept;
    BACKLINE_RT void unmark(std::uint32_t param) noexcept;

    ParamCell* cells_;
    std::uint32_t count_;
    std::uint32_t capacity_;
    std::uint32_t event_count_ = 0;
    std::uint32_t dirty_count_ = 0;
    std::unique_ptr<double[]> values_;  ///< newest value of each, timed or not
    std::unique_ptr<double[]> pending_; ///< untimed values that are not events yet
    std::unique_ptr<std::uint32_t[]>
        dirty_; ///< parameters with an undelivered untimed value, oldest first
    std::unique_ptr<bool[]> is_dirty_;
    std::unique_ptr<bl_param_event[]> events_;
    std::unique_ptr<Curve*[]> curves_; ///< by parameter
    std::uint32_t curve_count_ = 0;
};

} // namespace backline::process
