// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/error.hpp"
#include "daemon/engine/model.hpp"
#include "daemon/engine/request.hpp"
#include "daemon/plugin/loader.hpp"
#include "daemon/plugin/registry.hpp"
#include "daemon/process/cycle.hpp"
#include "daemon/process/driver.hpp"
#include "daemon/worker/pool.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace backline::engine {

/// Something that happened without having been asked for; becomes `/event/<name>`.
struct Event {
    std::string name;    ///< "xrun", "bypassed", "jack_lost", "jack_stalled", "jack_back", …
    std::string subject; ///< node, input or output it speaks of; "" = the daemon
    std::string text;    ///< for people
    double value = 0.0;
};

/// Untimed requests that may wait in the engine before a sender is told to hold back.
inline constexpr std::size_t kRequestsMax = 65'536;
/// Timed requests that may wait for their time, those on their way to the audio side included.
inline constexpr std::size_t kScheduleMax = 131'072;

/// Owns the graph. Commands run through three phases: *prepare* (here: validate, load, compile),
/// *apply* (audio thread: move pointers), *finish* (here: free, answer). A command that fails in
/// prepare has changed nothing.
class Engine final : public process::DriverListener {
  public:
    /// How it works, for as long as it lives.
    struct Options {
        double rate = 48000.0; ///< until a driver says otherwise
        bool offline = false;  ///< no threads: the caller steps the engine and loads run in place
        double load_limit_s = 10.0;
        std::shared_ptr<process::Master> master; ///< the one the cycle was made with
        process::Budget budget = {};             ///< of nodes that have none of their own
        bool ramped = true; ///< switched gains take 10 ms; false: they jump, and click
    };
    /// Called on the engine's thread; quick and non-blocking.
    struct Callbacks {
        std::function<void(Completion)> completed;
        std::function<void(Event)> event;
        /// Looks up a file's name in the configured directories of a kind; "" when there is none.
        std::function<std::string(const std::string& kind, const std::string& name)> find_file;
        /// Told who is in a slot before its code runs; again for the same one.
        std::function<void(process::Handle, const std::string& node, const std::string& plugin)>
            named = {};
    };

    /// `cycle`, `pool` and `registry` outlive the engine.
    Engine(Options options, process::Cycle& cycle, worker::Pool& pool, plugin::Registry& registry,
           Callbacks callbacks);
    ~Engine() override;

    /// Ports are published to it from now on; call before start(). May be nullptr (offline).
    void set_driver(process::Driver* driver);
    /// Starts the engine and loader threads (not offline).
    void start();
    /// Takes everything out of the plan, retires all instances as far as they let us, and ends the
    /// threads within about a second.
    void stop();

    /// Queues a request; its Completion comes through the callback. False when too many wait:
    /// kRequestsMax untimed ones, kScheduleMax timed ones beside them. [any control-side thread]
    bool submit(Request request);
    /// Fails the timed requests of these tokens with "cancelled", as far as they have not gone to
    /// the audio side; then a Completion of `token` says how many. [any control-side thread]
    void cancel(std::vector<std::uint64_t> tokens, std::uint64_t token);
    /// The newest applied graph; never null. [any control-side thread]
    std::shared_ptr<const Model> model() const;
    /// The live graph as a rack. [any control-side thread]
    Rack to_rack() const;

    /// Offline: carries out what waits and hands everything that is due before sample clock `until`
    /// to the cycle. Returns the clock up to which the cycle may run now: `until`, or less when the
    /// queue to the cycle is full. [the one thread]
    std::uint64_t step(std::uint64_t until);
    /// The sample clock now, extrapolated while no cycle comes. [any]
    std::uint64_t clock_now() const;
    /// Instances, loader calls and workers given up because they never returned.
    std::size_t abandoned() const;
    /// Requests that wait for their time.
    std::size_t scheduled() const;
    /// Of nodes that have none of their own. [any]
    process::Budget default_budget() const;

    // process::DriverListener
    void prepare(double rate, std::uint32_t period) override;
    void driver_changed() override;
    void xrun(float delayed_us) override;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace backline::engine
