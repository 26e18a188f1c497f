// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/jack_bridge.hpp"

#include "daemon/rt/denormals.hpp"
#include "daemon/rt/pulse.hpp"
#include "daemon/rt/tick_rate.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <utility>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <jack/statistics.h>
#include <jack/thread.h>
#include <jack/transport.h>

namespace backline::audio {
namespace {

JackBridge& bridge(void* argument) {
    return *static_cast<JackBridge*>(argument);
}

/// Bytes between here and the end of the calling thread's stack; 0 when unknown.
std::size_t stack_left() {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
    void* lowest = nullptr;
    std::size_t size = 0;
    std::size_t guard = 0;
    pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_getguardsize(&attributes, &guard);
    pthread_attr_destroy(&attributes);
    const char here = 0;
    return static_cast<std::size_t>(&here - static_cast<const char*>(lowest)) - guard;
}

/// A plugin that has used up the stack can be told by name only from another one. All of JACK's
/// threads have the same: of two that crash at once, one is enough. No page of it is there before.
void give_signal_stack() {
    alignas(16) static std::array<char, 32 * 1024> memory;
    stack_t stack{};
    stack.ss_sp = memory.data();
    stack.ss_size = memory.size();
    sigaltstack(&stack, nullptr);
}

/// The thread's first words: what a cycle may need of its stack, touched before one runs. JACK
/// calls it for its other threads too, so not the whole stack.
void prepare_thread(void*) {
    rt::flush_denormals();
    rt::current_thread_id = gettid();
    give_signal_stack();
    constexpr std::size_t kReserve = 16 * 1024;
    const std::size_t left = stack_left();
    if (left < 2 * kReserve) return;
    const std::size_t size = std::min<std::size_t>(128 * 1024, left - kReserve);
    void* stack = __builtin_alloca(size);
    std::memset(stack, 0, size);
    asm volatile("" : : "r"(stack) : "memory"); // the stores happen, unread as they are
}

void sleep_ms(long ms) {
    const timespec time{0, ms * 1'000'000};
    nanosleep(&time, nullptr);
}

/// Storage that waits for the next bridge; never freed, for abandoned ones outlive everything.
constinit std::atomic<void*> spare{nullptr};

} // namespace

void* JackBridge::operator new(std::size_t bytes, std::align_val_t alignment) {
    void* const kept = spare.exchange(nullptr);
    return kept != nullptr ? kept : ::operator new(bytes, alignment);
}

void JackBridge::operator delete(void* storage, std::align_val_t alignment) noexcept {
    if (void* const surplus = spare.exchange(storage)) ::operator delete(surplus, alignment);
}

JackBridge::JackBridge(process::Cycle& cycle, std::shared_ptr<Doorbell> bell)
    : cycle_(cycle), bell_(std::move(bell)) {}

void JackBridge::install(jack_client_t* client) {
    client_ = client;
    // jackd counts CLOCK_MONOTONIC_RAW, PipeWire's library CLOCK_MONOTONIC.
    const auto now = static_cast<double>(rt::monotonic_ns());
    raw_clock_ = std::abs(now - static_cast<double>(jack_get_time()) * 1000.0) < 1e6;
    rate_.store(jack_get_sample_rate(client));
    period_.store(jack_get_buffer_size(client));

    jack_on_info_shutdown(
        client,
        [](jack_status_t, const char*, void* self) {
            bridge(self).gone_.store(true, std::memory_order_release);
            bridge(self).bell_->ring();
        },
        this);
    jack_set_thread_init_callback(client, prepare_thread, this);
    jack_set_process_callback(
        client,
        [](jack_nframes_t frames, void* self) {
            bridge(self).process(frames);
            return 0;
        },
        this);
    jack_set_buffer_size_callback(
        client,
        [](jack_nframes_t frames, void* self) {
            bridge(self).period_.store(frames, std::memory_order_release);
            bridge(self).bell_->ring();
            return 0;
        },
        this);
    jack_set_sample_rate_callback(
        client,
        [](jack_nframes_t rate, void* self) {
            bridge(self).rate_.store(rate, std::memory_order_release);
            bridge(self).bell_->ring();
            return 0;
        },
        this);
    jack_set_freewheel_callback(
        client,
        [](int starting, void* self) {
            bridge(self).freewheel_.store(starting != 0, std::memory_order_release);
        },
        this);
    jack_set_xrun_callback(
        client,
        [](void* self) {
            JackBridge& b = bridge(self);
            b.xruns_.fetch_add(1);
            // A full queue loses the delay, not the count.
            static_cast<void>(b.xrun_delays_.try_push(jack_get_xrun_delayed_usecs(b.client_)));
            b.bell_->ring();
            return 0;
        },
        this);
    jack_set_latency_callback(
        client,
        [](jack_latency_callback_mode_t mode, void* self) { bridge(self).compute_latency(mode); },
        this);
    jack_set_port_registration_callback(
        client,
        [](jack_port_id_t port, int registered, void* self) {
            JackBridge& b = bridge(self);
            if (!b.port_events_.try_push({port, registered != 0})) b.port_events_lost_.store(true);
            b.graph_change();
        },
        this);
    jack_set_port_connect_callback(
        client,
        [](jack_port_id_t, jack_port_id_t, int, void* self) { bridge(self).graph_change(); }, this);
}

void JackBridge::graph_change() {
    graph_changed_.store(true);
    bell_->ring();
}

// ---- gate and ports --------------------------------------------------------------------------

void JackBridge::open_gate(double rate) noexcept {
    gate_.store(static_cast<std::uint32_t>(rate), std::memory_order_seq_cst);
}

bool JackBridge::close_gate(int limit_ms) noexcept {
    gate_.store(0, std::memory_order_seq_cst);
    return wait_for_cycle_end(limit_ms);
}

/// Whoever changed a table or the gate (sequentially consistent, as is `inside_`) and then sees the
/// callback outside, or in a later cycle than at first, knows that the old value is out of use.
bool JackBridge::wait_for_cycle_end(int limit_ms) const noexcept {
    const std::uint64_t at = cycles_.load(std::memory_order_seq_cst);
    for (int waited = 0;; ++waited) {
        if (!inside_.load(std::memory_order_seq_cst)) return true;
        if (cycles_.load(std::memory_order_seq_cst) != at) return true;
        if (waited >= limit_ms) return false;
        sleep_ms(1);
    }
}

void JackBridge::attach(std::uint32_t slot, bool is_input, jack_port_t* port) noexcept {
    PortTable& table = is_input ? inputs_ : outputs_;
    std::atomic<std::uint32_t>& slots = is_input ? input_slots_ : output_slots_;
    table[slot].store(port, std::memory_order_seq_cst);
    if (slot >= slots.load()) slots.store(slot + 1, std::memory_order_release);
}

bool JackBridge::detach(std::uint32_t slot, bool is_input, int limit_ms) noexcept {
    {
        const std::lock_guard lock(latency_mutex_);
        (is_input ? inputs_ : outputs_)[slot].store(nullptr, std::memory_order_seq_cst);
    }
    return wait_for_cycle_end(limit_ms);
}

// ---- audio -----------------------------------------------------------------------------------

void JackBridge::process(jack_nframes_t frames) {
    inside_.store(true, std::memory_order_seq_cst);
    const std::uint32_t gate = gate_.load(std::memory_order_seq_cst);
    // A server that has changed its rate waits in silence until the instances know the new one.
    if (gate != 0 && gate == rate_.load(std::memory_order_acquire))
        run_cycle(frames);
    else
        clear_outputs(frames);
    cycles_.fetch_add(1, std::memory_order_seq_cst);
    inside_.store(false, std::memory_order_seq_cst);
}

void JackBridge::clear_outputs(jack_nframes_t frames) {
    const std::uint32_t slots = output_slots_.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < slots; ++i) {
        jack_port_t* port = outputs_[i].load(std::memory_order_seq_cst);
        auto* buffer =
            port == nullptr ? nullptr : static_cast<float*>(jack_port_get_buffer(port, frames));
        if (buffer != nullptr) std::memset(buffer, 0, frames * sizeof(float));
        output_buffers_[i] = buffer;
    }
}

void JackBridge::run_cycle(jack_nframes_t frames) {
    process::Period period;
    period.frames = frames;
    period.input_slots = input_slots_.load(std::memory_order_acquire);
    period.output_slots = output_slots_.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < period.input_slots; ++i) {
        jack_port_t* port = inputs_[i].load(std::memory_order_seq_cst);
        input_buffers_[i] = port == nullptr
                                ? nullptr
                                : static_cast<const float*>(jack_port_get_buffer(port, frames));
    }
    // A port is there before its step is in the plan, and stays until after it has left.
    clear_outputs(frames);
    period.inputs = input_buffers_.data();
    period.outputs = output_buffers_.data();
    period.rate = static_cast<double>(rate_.load(std::memory_order_relaxed));
    period.offline = freewheel_.load(std::memory_order_acquire);
    period.start_ns = cycle_start_ns();
    read_transport(period.transport);
    cycle_.run(period);
}

std::uint64_t JackBridge::cycle_start_ns() const {
    jack_nframes_t frames = 0;
    jack_time_t start_us = 0;
    jack_time_t next_us = 0;
    float period_us = 0.0f;
    if (jack_get_cycle_times(client_, &frames, &start_us, &next_us, &period_us) != 0) return 0;
    if (raw_clock_) return start_us * 1000;
    // Both clocks run at one speed over the length of a period.
    const auto passed_us = static_cast<std::int64_t>(jack_get_time() - start_us);
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(rt::monotonic_ns())
                                      - passed_us * 1000);
}

void JackBridge::read_transport(bl_transport& transport) {
    jack_position_t position;
    const jack_transport_state_t state = jack_transport_query(client_, &position);
    transport.flags = BL_TRANSPORT_FRAME;
    transport.frame = position.frame;
    if (state == JackTransportRolling) transport.flags |= BL_TRANSPORT_PLAYING;
    if ((position.valid & JackPositionBBT) == 0 || position.beat_type <= 0.0f
        || position.ticks_per_beat <= 0.0)
        return;
    transport.flags |= BL_TRANSPORT_TEMPO | BL_TRANSPORT_BAR;
    transport.beat_unit = static_cast<std::uint32_t>(position.beat_type);
    // JACK counts beats of the time signature, the plugin ABI quarter notes.
    transport.tempo = position.beats_per_minute * 4.0 / static_cast<double>(position.beat_type);
    transport.beats_per_bar = static_cast<double>(position.beats_per_bar);
    transport.bar = position.bar;
    transport.beat = position.beat + position.tick / position.ticks_per_beat;
}

// ---- latency ---------------------------------------------------------------------------------

/// What reaches our inputs leaves at our outputs, later by our own latency; and the other way round
/// for playback. The graph decides which input feeds which output, so all are taken together. A
/// port without latency is most often one without a connection: it does not lower the minimum.
void JackBridge::compute_latency(jack_latency_callback_mode_t mode) {
    const bool capture = mode == JackCaptureLatency;
    const PortTable& sources = capture ? inputs_ : outputs_;
    const PortTable& targets = capture ? outputs_ : inputs_;
    jack_latency_range_t range{UINT32_MAX, 0};
    {
        const std::lock_guard lock(latency_mutex_);
        for (const auto& entry : sources) {
            jack_port_t* port = entry.load(std::memory_order_acquire);
            if (port == nullptr) continue;
            jack_latency_range_t one{0, 0};
            jack_port_get_latency_range(port, mode, &one);
            if (one.max == 0) continue;
            range.min = std::min(range.min, one.min);
            range.max = std::max(range.max, one.max);
        }
        range.min = std::min(range.min, range.max);
        (capture ? capture_latency_ : playback_latency_).store(range.max);
        const std::uint32_t own = latency_.load();
        range.min += own;
        range.max += own;
        for (const auto& entry : targets) {
            jack_port_t* port = entry.load(std::memory_order_acquire);
            if (port != nullptr) jack_port_set_latency_range(port, mode, &range);
        }
    }
    bell_->ring();
}

} // namespace backline::audio
