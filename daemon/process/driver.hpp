// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <backline/plugin.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace backline::process {

/// One call of the driver: what the cycle reads and writes. Valid during the call.
struct Period {
    std::uint32_t frames = 0;
    /// Sample buffers by external slot; a nullptr input is silence, a nullptr output is discarded.
    const float* const* inputs = nullptr;
    float* const* outputs = nullptr;
    std::uint32_t input_slots = 0;
    std::uint32_t output_slots = 0;
    bl_transport transport{};
    double rate = 0.0;
    /// CLOCK_MONOTONIC_RAW in ns at the first frame as the driver's clock sees it; 0 = unknown.
    std::uint64_t start_ns = 0;
    /// Not in real time (render, freewheel): work runs between slices, no limits apply.
    bool offline = false;
};

/// A port the graph wants outside. `slot` indexes Period::inputs or Period::outputs.
struct ExternalPort {
    std::uint32_t slot = 0;
    bool is_input = false; ///< of ours: audio comes in
    std::string name;      ///< short: "main_1"
    friend bool operator==(const ExternalPort&, const ExternalPort&) = default;
};

/// A connection that shall exist whenever both ends do.
struct WantedConnection {
    std::string port;    ///< ours, short name
    std::string pattern; ///< "capture:1", "playback:2", a full name, an alias, or /regex/
    friend bool operator==(const WantedConnection&, const WantedConnection&) = default;
};

/// How the outside world is doing.
struct DriverStatus {
    /// Not started; opening; cycles come; no server; the server no longer calls; our name is in
    /// use.
    enum class State { none, starting, running, lost, stalled, name_taken };
    State state = State::none;
    std::string server;       ///< name of the JACK server
    std::string client;       ///< our name there
    double rate = 0.0;        ///< frames per second; 0 before the first start
    std::uint32_t period = 0; ///< frames
    bool realtime = false;
    std::uint64_t xruns = 0;    ///< reported by the server
    std::uint64_t restarts = 0; ///< times a server came back
    std::uint64_t abandoned_calls = 0;
    std::uint32_t capture_latency = 0; ///< frames
    std::uint32_t playback_latency = 0;
};

/// What a driver asks of the side that owns the graph. Called on the driver's control thread.
class DriverListener {
  public:
    virtual ~DriverListener() = default;
    /// The rate the next cycle will have. Returns when every instance is ready for it, or after
    /// `timeout_s`; cycles begin afterwards.
    virtual void prepare(double rate, std::uint32_t period) = 0;
    /// The driver's state changed; the new one is in Driver::status().
    virtual void driver_changed() = 0;
    /// An xrun was reported by the server.
    virtual void xrun(float delayed_us) = 0;
};

/// Connects the cycle with the outside. All functions may be called from any control-side thread
/// and return at once; the work is done on the driver's own thread.
class Driver {
  public:
    virtual ~Driver() = default;

    /// Makes the ports outside exactly these. Returns a ticket for settled().
    virtual std::uint64_t publish(std::vector<ExternalPort> ports) = 0;
    /// Connections to keep; replaces the former list.
    virtual std::uint64_t want(std::vector<WantedConnection> connections) = 0;
    /// Frames from graph inputs to graph outputs, for the latency callback.
    virtual void set_latency(std::uint32_t frames) = 0;
    /// True once everything up to `ticket` has been done, or can only be done later because the
    /// server is absent or stalled.
    virtual bool settled(std::uint64_t ticket) const = 0;
    /// A copy of the newest state.
    virtual DriverStatus status() const = 0;

    /// The answer to a request: empty, or an error code ("jack_lost", "jack_stalled",
    /// "no_such_port", …) and a message for people.
    struct Answer {
        std::string code;
        std::string message;
    };
    /// Told how a request ended.
    using Reply = std::function<void(Answer)>;
    /// Connects or disconnects two ports of the server by full name or pattern, once. `reply` is
    /// called on the driver's thread, at once when there is no server.
    virtual void connect(std::string from, std::string to, bool make, Reply reply) = 0;

    /// One port of the server, names in full.
    struct PortInfo {
        std::string name;
        bool is_output = false; ///< it sends audio
        bool physical = false;
        std::string type;
        std::vector<std::string> aliases;
        std::vector<std::string> connections;
    };
    /// Told the ports, or why there are none.
    using PortsReply = std::function<void(Answer, std::vector<PortInfo>)>;
    /// Lists the server's ports.
    virtual void ports(PortsReply reply) = 0;
};

} // namespace backline::process
