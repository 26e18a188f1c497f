// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/server.hpp"
#include "protocol/client.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace backline::test {

/// A directory of its own that is gone afterwards.
class TemporaryDirectory {
  public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// In JACK's place: a server that is there, is gone, or hangs, as the test says. What it is asked
/// is answered by another thread, or (stalled) never.
class PlainDriver final : public process::Driver {
  public:
    ~PlainDriver() override;
    std::uint64_t publish(std::vector<process::ExternalPort> ports) override;
    std::uint64_t want(std::vector<process::WantedConnection> connections) override;
    void set_latency(std::uint32_t) override {}
    bool settled(std::uint64_t) const override { return settles; }
    process::DriverStatus status() const override;
    void connect(std::string from, std::string to, bool make, Reply reply) override;
    void ports(PortsReply reply) override;

    std::atomic<process::DriverStatus::State> state{process::DriverStatus::State::running};
    std::atomic<bool> settles{true};
    std::atomic<std::uint64_t> xruns{0};

  private:
    void answer(std::function<void()> task);
    std::mutex mutex_;
    std::vector<std::thread> threads_;
    std::uint64_t tickets_ = 0;
};

/// A daemon without JACK: the real engine, cycle, pool, plugins and OSC server on free ports.
/// Cycles come from a thread of ours, or not at all, and then the engine applies in their place.
class Rig {
  public:
    struct Options {
        bool cycles = false;                   ///< call the cycle every 256 frames at 48 kHz
        Role role = Role::admin;               ///< of UDP senders
        std::uint32_t max_packet = 65536;      ///< bytes
        std::vector<std::string> plugins = {}; ///< directories besides the built-in ones
        bool driver = false;                   ///< with a PlainDriver
    };
    explicit Rig(Options options);
    Rig() : Rig(Options{}) {}
    ~Rig();

    std::string udp_url() const;
    std::string unix_url() const;
    /// A client of either kind.
    protocol::Client client(bool stream = false) const;
    const std::filesystem::path& directory() const { return directory_.path(); }

    /// Starts and stops the cycles.
    void run_cycles(bool on);

    TemporaryDirectory directory_;
    Config config;
    PlainDriver driver;
    std::shared_ptr<process::Master> master = std::make_shared<process::Master>();
    worker::Pool pool;
    plugin::Registry registry;
    process::Cycle cycle;
    std::unique_ptr<control::Server> server;
    std::unique_ptr<engine::Engine> engine;
    std::atomic<int> quits{0};

  private:
    void audio();

    std::thread control_, audio_;
    std::atomic<bool> cycling_{false};
};

} // namespace backline::test
