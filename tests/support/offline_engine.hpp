// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/audio/offline_driver.hpp"
#include "daemon/engine/engine.hpp"

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace backline::test {

/// The real engine, cycle, pool and plugins, stepped by hand: no JACK, no threads.
class OfflineEngine {
  public:
    struct Setup {
        std::vector<std::string> plugin_directories;
        std::string probe;
        double rate = 48000.0;
        std::uint32_t max_frames = 1024;
        std::uint32_t period = 4096;
        std::uint64_t start_clock = 0;
        std::function<std::string(const std::string&, const std::string&)> find_file = {};
        bool ramped = true;
        bool timing = true;
    };

    explicit OfflineEngine(const Setup& setup)
        : master(std::make_shared<process::Master>()),
          pool({1, false}),
          registry({setup.probe, setup.plugin_directories, 5.0}),
          cycle({setup.max_frames, &pool.ready(), setup.start_clock,
                 [](void* p) { static_cast<worker::Pool*>(p)->run_now(); }, &pool, nullptr, 90.0,
                 setup.timing},
                *master),
          engine({setup.rate, true, 10.0, master, {}, setup.ramped}, cycle, pool, registry,
                 {[this](engine::Completion c) { completions[c.token] = std::move(c); },
                  [this](engine::Event e) { events.push_back(std::move(e)); }, setup.find_file}),
          driver(cycle, setup.rate, setup.period, 16) {
        registry.scan();
    }

    /// Carries out ops as one request, at once; returns how it went.
    engine::Completion edit(std::vector<engine::Op> ops) {
        const std::uint64_t token = submit(std::move(ops));
        engine.step(driver.clock());
        return completions.at(token);
    }

    /// Submits without waiting; `frame` absent = as soon as possible.
    std::uint64_t submit(std::vector<engine::Op> ops, std::optional<std::uint64_t> frame = {}) {
        engine::Request request;
        request.token = ++token_;
        request.sender = 1;
        request.ops = std::move(ops);
        request.frame = frame;
        engine.submit(std::move(request));
        return token_;
    }

    /// Runs `frames` in periods of `period` and returns what external output `slot` gave. `feed`
    /// fills the inputs before each period, given its first frame and length.
    std::vector<float> run(std::uint64_t frames, std::uint32_t period, std::uint32_t slot = 0,
                           const std::function<void(std::uint64_t, std::uint32_t)>& feed = {}) {
        std::vector<float> heard;
        for (std::uint64_t done = 0; done < frames;) {
            const auto wanted =
                static_cast<std::uint32_t>(std::min<std::uint64_t>(period, frames - done));
            if (feed) feed(driver.clock(), wanted);
            const std::uint32_t n =
                driver.run(wanted, [this](std::uint64_t until) { return engine.step(until); });
            heard.insert(heard.end(), driver.output(slot), driver.output(slot) + n);
            done += n;
        }
        engine.step(driver.clock());
        return heard;
    }

    std::shared_ptr<process::Master> master;
    worker::Pool pool;
    plugin::Registry registry;
    process::Cycle cycle;
    std::map<std::uint64_t, engine::Completion> completions;
    std::vector<engine::Event> events;
    engine::Engine engine;
    audio::OfflineDriver driver;

  private:
    std::uint64_t token_ = 0;
};

} // namespace backline::test
