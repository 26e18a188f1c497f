// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/cycle.hpp"
#include "daemon/process/driver.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace backline::audio {

class JackSupervisor;

/// The driver of a live daemon: one client of a JACK server (jackd2, or PipeWire's library in its
/// place) that calls the cycle. A server that is absent, dies, hangs or comes back is a normal
/// state: ports, connections and latency are brought to what is wanted whenever there is one.
///
/// Connections that are kept across servers and clients: those of want(), those of connect(), and
/// those that others made to our ports; until somebody disconnects them while both ends are there.
///
/// Calls to JACK are made by a thread that nobody waits for without a limit. A call that has not
/// returned after 2 s counts as abandoned; the next is made when it returns, or by another thread
/// when the server it hangs at is gone.
class JackDriver final : public process::Driver {
  public:
    /// Limits of the JACK thread.
    struct Limits {
        std::chrono::milliseconds call{2000};  ///< a call that takes longer is abandoned
        std::chrono::milliseconds exit{500};   ///< the same for stop()
        std::chrono::milliseconds stall{2000}; ///< without a cycle: stalled
    };
    /// Which server, under which name, and whose cycle is called.
    struct Options {
        std::string server;                          ///< "": $JACK_DEFAULT_SERVER, else "default"
        std::string client = "backline";             ///< exactly this name or none
        process::Cycle& cycle;                       ///< outlives the driver
        process::DriverListener* listener = nullptr; ///< outlives the driver; may be nullptr
        std::chrono::milliseconds reopen_min{100};   ///< first wait before trying to reopen
        std::chrono::milliseconds reopen_max{1000};  ///< longest wait; they double in between
        Limits limits{};
    };
    /// A connection that is remembered, as /jack/wanted shows it.
    struct Kept {
        std::string from; ///< full names, or a wish's pattern
        std::string to;
        bool connected = false;
    };

    /// Makes no call to JACK yet; see start().
    explicit JackDriver(Options options);
    /// As stop().
    ~JackDriver() override;

    /// Begins to look for the server. Once. Calls of the listener begin.
    void start();
    /// Closes the client within Limits::exit, or leaves it behind, and ends; every reply that is
    /// owed is given ("jack_lost"). Waits for a listener call in progress. Calls of the listener
    /// and replies end. The driver cannot be started again.
    void stop();

    std::uint64_t publish(std::vector<process::ExternalPort> ports) override;
    std::uint64_t want(std::vector<process::WantedConnection> connections) override;
    void set_latency(std::uint32_t frames) override;
    bool settled(std::uint64_t ticket) const override;
    process::DriverStatus status() const override;
    void connect(std::string from, std::string to, bool make, Reply reply) override;
    void ports(PortsReply reply) override;
    /// What is kept, with or without a server. [any]
    std::vector<Kept> kept() const;

  private:
    std::unique_ptr<JackSupervisor> supervisor_;
};

} // namespace backline::audio
