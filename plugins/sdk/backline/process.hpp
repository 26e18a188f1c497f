// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Views of what the host hands a plugin. They own nothing and are valid during the call only.

#include <algorithm>
#include <backline/plugin.h>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace backline::sdk {

/// What the host offers the instance; valid from the end of construction to destruction.
class Host {
  public:
    Host() = default;
    /// Over the host's table, as given to create().
    explicit Host(const bl_host* host) noexcept : host_(host) {}

    /// Room for a job of `size` bytes, empty when the queue is full or `size` too large. [audio]
    std::span<std::byte> reserve(uint32_t size) const noexcept {
        void* room = host_->job_reserve(host_, size);
        return {static_cast<std::byte*>(room), room ? size : 0};
    }
    /// Room for a job of type Job followed by `extra` bytes, uninitialised; nullptr when the queue
    /// is full. [audio]
    template <class Job>
    Job* reserve(uint32_t extra = 0) const noexcept {
        static_assert(std::is_trivially_copyable_v<Job> && alignof(Job) <= 16);
        return static_cast<Job*>(
            host_->job_reserve(host_, static_cast<uint32_t>(sizeof(Job)) + extra));
    }
    /// Hands the reserved job over to work(). [audio]
    void submit() const noexcept { host_->job_submit(host_); }

    /// Sends bytes from work() to on_response(); false when full or too large. [worker]
    bool respond(std::span<const std::byte> bytes) const noexcept {
        return host_->respond(host_, bytes.data(), static_cast<uint32_t>(bytes.size()));
    }
    /// Sends one value of a plain type. [worker]
    template <class T>
    requires std::is_trivially_copyable_v<T>
    bool respond(const T& value) const noexcept {
        return respond(std::as_bytes(std::span(&value, 1)));
    }

    /// Publishes one frame of the result with index `result`; `time` is the sample clock at the
    /// centre of what was analysed. [audio or worker]
    bool emit(uint32_t result, uint64_t time, std::span<const float> values) const noexcept {
        return host_->emit(host_, result, time, values.data(),
                           static_cast<uint32_t>(values.size()));
    }
    /// Publishes a result of one value. [audio or worker]
    bool emit(uint32_t result, uint64_t time, float value) const noexcept {
        return emit(result, time, std::span(&value, 1));
    }

    /// Asks for a BL_REQUEST_*. [any]
    void request(uint32_t what) const noexcept { host_->request(host_, what); }
    /// One line for the log at a BL_LOG_* level. [loader or worker]
    void log(uint32_t level, const char* message) const noexcept {
        host_->log(host_, level, message);
    }
    /// A host extension's function table by its id, or nullptr. [any]
    const void* extension(const char* id) const noexcept { return host_->get_extension(host_, id); }

  private:
    const bl_host* host_ = nullptr;
};

/// What activate() is told.
class Activation {
  public:
    /// Over what the ABI's activate() was given.
    explicit Activation(const bl_activation& how) noexcept : how_(&how) {}
    /// Frames per second.
    double rate() const noexcept { return how_->rate; }
    /// Frames of the longest process() call.
    uint32_t max_frames() const noexcept { return how_->max_frames; }
    /// Channels of a port; 0 for event ports.
    uint32_t channels(uint32_t port) const noexcept { return how_->channels[port]; }
    /// Whether this is not tied to real time.
    bool offline() const noexcept { return (how_->flags & BL_OFFLINE) != 0; }

  private:
    const bl_activation* how_;
};

/// The channels of one audio port; Sample is `const float` for inputs, `float` for outputs.
template <class Sample>
class Bus {
  public:
    /// Over one port of bl_process.
    explicit Bus(const bl_bus& bus) noexcept : bus_(&bus) {}
    /// Channels of the port.
    uint32_t channels() const noexcept { return bus_->channel_count; }
    /// The samples of channel c < channels(). Input and output may be one buffer
    /// (BL_PORT_IN_PLACE).
    Sample* operator[](uint32_t c) const noexcept { return bus_->channels[c]; }
    /// Input channel c is known to be exactly 0 throughout; false says nothing.
    bool silent(uint32_t c) const noexcept { return (bus_->silent >> c & 1) != 0; }

  private:
    const bl_bus* bus_;
};
/// An input port.
using InBus = Bus<const float>;
/// An output port.
using OutBus = Bus<float>;

/// One process() call. Ports go by their index in the descriptor. [audio]
class Process {
  public:
    /// Over what the ABI's process() was given.
    explicit Process(const bl_process& p) noexcept : p_(&p) {}
    /// Frames of this call, at least 1.
    uint32_t frames() const noexcept { return p_->frames; }
    /// Sample clock at the first frame.
    uint64_t time() const noexcept { return p_->time; }
    /// Whether this is not tied to real time.
    bool offline() const noexcept { return (p_->flags & BL_OFFLINE) != 0; }
    /// Musical time at the first frame; see its flags for what is valid.
    const bl_transport& transport() const noexcept { return *p_->transport; }
    /// An audio input by its port index.
    InBus in(uint32_t port) const noexcept { return InBus(p_->audio[port]); }
    /// An audio output by its port index.
    OutBus out(uint32_t port) const noexcept { return OutBus(p_->audio[port]); }
    /// Parameter events sorted by frame.
    std::span<const bl_param_event> params() const noexcept {
        return {p_->params, p_->event_count};
    }
    /// Events of an input event port, sorted by frame.
    std::span<const bl_event> events(uint32_t port) const noexcept {
        return {p_->events[port].events, p_->events[port].count};
    }
    /// Appends to an output event port (frames must not decrease); false, and counted, when full.
    bool push(uint32_t port, const bl_event& event) const noexcept {
        bl_event_list& list = p_->events[port];
        const bool fits = list.count < list.capacity;
        if (fits)
            list.events[list.count++] = event;
        else
            ++list.overflow;
        return fits;
    }

  private:
    const bl_process* p_;
};

/// Runs a call sample-accurately: `on_event(event)` for every parameter event, and
/// `render(from, to)` for the non-empty stretches of frames [from, to) between them, in order.
template <class OnEvent, class Render>
void for_each_segment(Process p, OnEvent&& on_event, Render&& render) noexcept {
    uint32_t at = 0;
    for (const bl_param_event& event : p.params()) {
        const uint32_t frame = std::min(event.frame, p.frames());
        if (frame > at) {
            render(at, frame);
            at = frame;
        }
        on_event(event);
    }
    if (at < p.frames()) render(at, p.frames());
}

} // namespace backline::sdk
