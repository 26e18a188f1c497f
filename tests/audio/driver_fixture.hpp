// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/audio/jack_driver.hpp"
#include "tests/audio/thru_cycle.hpp"
#include "tests/support/jack_client.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/waiting.hpp"

#include <atomic>
#include <chrono>
#include <cmath>
#include <future>
#include <mutex>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace backline::test {

using State = process::DriverStatus::State;

/// RMS of the sine of `hz` in a signal, by correlation over all of it.
inline double level_of(std::span<const float> signal, double hz, double rate) {
    double re = 0.0;
    double im = 0.0;
    for (std::size_t i = 0; i < signal.size(); ++i) {
        const double angle = 2.0 * std::numbers::pi * hz * static_cast<double>(i) / rate;
        re += static_cast<double>(signal[i]) * std::cos(angle);
        im += static_cast<double>(signal[i]) * std::sin(angle);
    }
    return std::sqrt(2.0) * std::hypot(re, im) / static_cast<double>(signal.size());
}

/// Remembers what the driver said.
class Listener final : public process::DriverListener {
  public:
    void prepare(double rate, std::uint32_t period) override {
        const std::lock_guard lock(mutex_);
        prepared_.emplace_back(rate, period);
    }
    void driver_changed() override { ++changes; }
    void xrun(float) override { ++xruns; }

    std::vector<std::pair<double, std::uint32_t>> prepared() const {
        const std::lock_guard lock(mutex_);
        return prepared_;
    }
    std::atomic<int> changes{0};
    std::atomic<int> xruns{0};

  private:
    mutable std::mutex mutex_;
    std::vector<std::pair<double, std::uint32_t>> prepared_;
};

/// A server, a driver with two channels of thru, and ways to wait.
class DriverTest : public ::testing::Test {
  protected:
    static constexpr std::uint32_t kRate = 48000;

    void start_driver(const std::string& name = "backline") {
        driver = std::make_unique<audio::JackDriver>(audio::JackDriver::Options{
            .server = server.name(), .client = name, .cycle = thru.cycle(), .listener = &listener});
        driver->publish(thru.ports());
        driver->start();
    }
    bool reaches(State state, std::chrono::milliseconds limit = 10s) {
        return eventually([&] { return driver->status().state == state; }, limit);
    }
    bool settles(std::uint64_t ticket, std::chrono::milliseconds limit = 10s) {
        return eventually([&] { return driver->settled(ticket); }, limit);
    }
    process::Driver::Answer connect(const std::string& from, const std::string& to,
                                    bool make = true) {
        auto promise = std::make_shared<std::promise<process::Driver::Answer>>();
        auto answer = promise->get_future();
        driver->connect(from, to, make,
                        [promise](process::Driver::Answer a) { promise->set_value(std::move(a)); });
        if (answer.wait_for(5s) != std::future_status::ready) return {"no answer", ""};
        return answer.get();
    }
    /// Whether the driver remembers a connection.
    bool keeps(const std::string& from, const std::string& to) const {
        for (const auto& row : driver->kept())
            if (row.from == from && row.to == to) return true;
        return false;
    }
    /// Whether a 1 kHz tone that `peer` sends from "out" arrives at its "in" through us.
    static bool hears(JackPeer& peer, std::uint32_t rate = kRate) {
        const auto heard = peer.record({"in"}, rate / 10);
        return std::abs(level_of(heard[0], 1000.0, rate) - 0.5 / std::sqrt(2.0)) < 0.01;
    }
    /// A peer with "out" playing a tone of amplitude 0.5, and "in".
    std::unique_ptr<JackPeer> make_peer(const std::string& name = "peer") {
        auto peer = std::make_unique<JackPeer>(server.name(), name);
        peer->input("in");
        peer->output("out");
        peer->sine("out", 1000.0, 0.5);
        peer->activate();
        return peer;
    }

    JackServer server;
    ThruCycle thru{2};
    Listener listener;
    std::unique_ptr<audio::JackDriver> driver;
};

} // namespace backline::test
