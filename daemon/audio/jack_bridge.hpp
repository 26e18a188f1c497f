// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/audio/doorbell.hpp"
#include "daemon/process/cycle.hpp"
#include "daemon/rt/annotations.hpp"
#include "daemon/rt/spsc_queue.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>

#include <jack/jack.h>

namespace backline::audio {

/// A port of the server that came, or that left or whose client did.
struct JackPortEvent {
    jack_port_id_t port = 0;
    bool came = false;
};

/// What JACK's callbacks of one client see: the port tables, the gate to the cycle, and flags for
/// the jack thread. One per client's life. Outlives the client, for ever when that is abandoned,
/// because JACK's threads may still come back.
///
/// Nothing that JACK's threads enter here is noexcept or holds what must be destroyed: closing a
/// client cancels its threads wherever they are.
class JackBridge {
  public:
    /// Inputs, and as many outputs.
    static constexpr std::uint32_t kSlots = 1024;

    /// `cycle` is used only while the gate is open.
    JackBridge(process::Cycle& cycle, std::shared_ptr<Doorbell> bell);
    JackBridge(const JackBridge&) = delete;
    JackBridge& operator=(const JackBridge&) = delete;

    /// Takes the storage of the bridge that ended last. One is made for every attempt to reach a
    /// server, and malloc does not find the hole of an aligned block again (glibc bug 14581, before
    /// 2.38): the heap would grow with each server that dies. Throws std::bad_alloc. [any]
    static void* operator new(std::size_t bytes, std::align_val_t alignment);
    /// Keeps the storage for the next one. [any]
    static void operator delete(void* storage, std::align_val_t alignment) noexcept;

    /// Sets every callback of a client that is open and not active. [jack]
    void install(jack_client_t* client);

    // ---- gate [driver] -----------------------------------------------------------------------

    /// Cycles run from now on, at this rate.
    void open_gate(double rate) noexcept;
    /// Cycles are silent from now on; false when one still runs after `limit_ms`.
    bool close_gate(int limit_ms) noexcept;

    // ---- ports [jack] ------------------------------------------------------------------------

    /// Shows a registered port to the cycle. `slot` < kSlots.
    void attach(std::uint32_t slot, bool is_input, jack_port_t* port) noexcept;
    /// Hides a port; false when a cycle still runs after `limit_ms`, else nobody uses it any more.
    bool detach(std::uint32_t slot, bool is_input, int limit_ms) noexcept;

    // ---- what the server said [driver, jack] ---------------------------------------------------

    /// The server has ended, or has ended us.
    bool gone() const noexcept { return gone_.load(std::memory_order_acquire); }
    /// Callbacks since the beginning, silent ones too.
    std::uint64_t cycles() const noexcept { return cycles_.load(std::memory_order_acquire); }
    /// The server's frames per second.
    std::uint32_t rate() const noexcept { return rate_.load(std::memory_order_acquire); }
    /// The server's frames per period; a cycle may have others.
    std::uint32_t period() const noexcept { return period_.load(std::memory_order_acquire); }
    /// Reported by the server since the beginning.
    std::uint64_t xruns() const noexcept { return xruns_.load(std::memory_order_acquire); }
    /// Frames until sound from outside has reached our inputs, the longest way.
    std::uint32_t capture_latency() const noexcept { return capture_latency_.load(); }
    /// Frames until sound from our outputs is outside, the longest way.
    std::uint32_t playback_latency() const noexcept { return playback_latency_.load(); }
    /// The next xrun's delay in µs; false when there is none. [driver]
    bool take_xrun(float& delayed_us) noexcept { return xrun_delays_.try_pop(delayed_us); }
    /// Whether ports or connections changed since the last call. [driver]
    bool take_graph_change() noexcept { return graph_changed_.exchange(false); }
    /// The next one in order; false when there is none. [jack]
    bool take_port_event(JackPortEvent& event) noexcept { return port_events_.try_pop(event); }
    /// Whether there were some that take_port_event() cannot tell. [jack]
    bool take_port_events_lost() noexcept { return port_events_lost_.exchange(false); }

    /// Frames from our inputs to our outputs, for the latency callback.
    void set_latency(std::uint32_t frames) noexcept { latency_.store(frames); }

  private:
    using PortTable = std::array<std::atomic<jack_port_t*>, kSlots>;

    BACKLINE_RT void process(jack_nframes_t frames);
    BACKLINE_RT void run_cycle(jack_nframes_t frames);
    BACKLINE_RT void clear_outputs(jack_nframes_t frames);
    BACKLINE_RT void read_transport(bl_transport& transport);
    BACKLINE_RT std::uint64_t cycle_start_ns() const;
    void compute_latency(jack_latency_callback_mode_t mode);
    bool wait_for_cycle_end(int limit_ms) const noexcept;
    void graph_change();

    process::Cycle& cycle_;
    const std::shared_ptr<Doorbell> bell_;
    jack_client_t* client_ = nullptr;
    bool raw_clock_ = true; ///< JACK's clock is CLOCK_MONOTONIC_RAW

    std::mutex
        latency_mutex_; ///< the latency callback goes through the tables, detach() changes them
    PortTable inputs_{};
    PortTable outputs_{};
    std::atomic<std::uint32_t> input_slots_{0}; ///< one past the highest ever used
    std::atomic<std::uint32_t> output_slots_{0};

    // Touched by the audio thread only.
    std::array<const float*, kSlots> input_buffers_{};
    std::array<float*, kSlots> output_buffers_{};

    alignas(rt::kCacheLine) std::atomic<bool> inside_{false};
    std::atomic<std::uint64_t> cycles_{0};
    alignas(rt::kCacheLine) std::atomic<std::uint32_t> gate_{0}; ///< the rate to run at; 0: closed

    std::atomic<std::uint32_t> rate_{0};
    std::atomic<std::uint32_t> period_{0};
    std::atomic<bool> freewheel_{false};
    std::atomic<bool> gone_{false};
    std::atomic<bool> graph_changed_{false};
    std::atomic<bool> port_events_lost_{false};
    std::atomic<std::uint64_t> xruns_{0};
    std::atomic<std::uint32_t> latency_{0};
    std::atomic<std::uint32_t> capture_latency_{0};
    std::atomic<std::uint32_t> playback_latency_{0};
    rt::SpscQueue<float> xrun_delays_{64};
    rt::SpscQueue<JackPortEvent> port_events_{1024};
};

} // namespace backline::audio
