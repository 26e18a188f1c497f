// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol/client.hpp"
#include "tests/support/daemon_process.hpp"
#include "tests/support/jack_client.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/waiting.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace backline::test {

using Json = nlohmann::json;
using protocol::Argument;
using protocol::Client;
using protocol::Reply;

/// A figure that the test has measured, on its output and in its report.
inline void figure(const std::string& name, double value, const std::string& unit) {
    std::cout << "[ measured ] " << name << ": " << value << " " << unit << std::endl;
    testing::Test::RecordProperty(name, std::to_string(value) + " " + unit);
}

/// The p-th percentile (0..100), by the nearest rank. `values` is not empty.
inline double percentile(std::vector<double> values, double p) {
    std::sort(values.begin(), values.end());
    const auto rank = std::ceil(p / 100.0 * static_cast<double>(values.size()));
    return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

/// One daemon beside its private JACK server, and a client of it.
class LiveTest : public ::testing::Test {
  protected:
    /// With `jackd`, starts the private server first and gives its name to the daemon.
    void start(DaemonProcess::Options options = {}, bool jackd = true) {
        if (jackd) {
            if (server.pid() == 0) server.start();
            options.jack_server = server.name();
        }
        daemon = std::make_unique<DaemonProcess>(std::move(options));
        daemon->start();
        client = std::make_unique<Client>(daemon->udp());
        if (!jackd) return;
        ASSERT_TRUE(jack_is("running"));
    }

    /// Carries out a command that has to succeed.
    Reply done(std::string_view address, std::vector<Argument> args = {}) {
        Reply reply = client->request(address, std::move(args));
        EXPECT_TRUE(reply.ok) << address << ": " << reply.code << ": " << reply.message;
        return reply;
    }
    /// The code of a command that has to fail; "done" when it did not.
    std::string code_of(std::string_view address, std::vector<Argument> args = {}) {
        const Reply reply = client->request(address, std::move(args));
        return reply.ok ? "done" : reply.code;
    }
    Json json(std::string_view address) { return Json::parse(client->text(address)); }
    Json status() { return json("/status"); }
    std::string graph() { return client->text("/graph"); }

    bool jack_is(const std::string& state, std::chrono::milliseconds limit = 3000ms) {
        return eventually([&] { return status()["jack"]["state"] == state; }, limit);
    }
    /// Whether the graph has this many nodes, which a rack of the start takes a moment for.
    bool has_nodes(std::size_t count, std::chrono::milliseconds limit = 5000ms) {
        return eventually([&] { return status()["graph"]["nodes"] == count; }, limit);
    }

    /// The clients on both sides of us: one that plays a sine, one that records what comes from it
    /// directly and what comes through us.
    void open_peers(double hz = 1000.0, double amplitude = 0.5) {
        source.reset();
        recorder.reset();
        source = std::make_unique<JackPeer>(server.name(), "source");
        source->output("out");
        source->sine("out", hz, amplitude);
        source->activate();
        recorder = std::make_unique<JackPeer>(server.name(), "recorder");
        recorder->input("direct");
        recorder->input("through");
        recorder->activate();
    }
    /// source -> `input` … `output` -> recorder, by OSC.
    void patch_peers(const std::string& input, const std::string& output) {
        done("/jack/connect", {"source:out", "backline:" + input});
        done("/jack/connect", {"backline:" + output, "recorder:through"});
    }
    /// What the recorder hears through us in the next `frames` frames.
    std::vector<float> hear(std::uint32_t frames) {
        return recorder->record({"through"}, frames).front();
    }
    /// Whether a signal has this RMS, to 1 dB, over the next 20 ms.
    bool hears(double rms) {
        const std::vector<float> heard = hear(960);
        double sum = 0.0;
        for (const float x : heard)
            sum += double{x} * double{x};
        return std::abs(20.0 * std::log10(std::sqrt(sum / 960.0) / rms + 1e-9)) < 1.0;
    }

    JackServer server;
    std::unique_ptr<DaemonProcess> daemon;
    std::unique_ptr<Client> client;
    std::unique_ptr<JackPeer> source;
    std::unique_ptr<JackPeer> recorder;
};

} // namespace backline::test
