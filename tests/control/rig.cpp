// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/control/rig.hpp"

#include "daemon/control/file_names.hpp"

#include <array>
#include <chrono>
#include <vector>

#include <stdlib.h>

namespace backline::test {
namespace {

namespace fs = std::filesystem;

Config make_config(const fs::path& directory, const Rig::Options& options) {
    Config config;
    config.osc.port = 0;
    config.osc.loopback_role = options.role;
    config.osc.max_packet = options.max_packet;
    config.racks.writable = directory / "racks";
    config.racks.directories = {RACKS_DIR};
    config.files = {{"audio", {directory / "audio"}}};
    fs::create_directories(directory / "audio");
    return config;
}

plugin::Registry::Options registry_options(const Rig::Options& options) {
    plugin::Registry::Options result{PROBE, {PLUGIN_DIR}, 5.0};
    result.directories.insert(result.directories.end(), options.plugins.begin(),
                              options.plugins.end());
    return result;
}

} // namespace

TemporaryDirectory::TemporaryDirectory() {
    std::string name = fs::temp_directory_path() / "backline-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

PlainDriver::~PlainDriver() {
    for (std::thread& thread : threads_)
        thread.join();
}

std::uint64_t PlainDriver::publish(std::vector<process::ExternalPort>) {
    return ++tickets_;
}

std::uint64_t PlainDriver::want(std::vector<process::WantedConnection>) {
    return ++tickets_;
}

process::DriverStatus PlainDriver::status() const {
    process::DriverStatus status;
    status.state = state;
    status.server = "default";
    status.client = "backline";
    status.rate = 48000.0;
    status.period = 256;
    status.xruns = xruns;
    return status;
}

void PlainDriver::answer(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    threads_.emplace_back(std::move(task));
}

void PlainDriver::connect(std::string from, std::string, bool, Reply reply) {
    using State = process::DriverStatus::State;
    if (state == State::lost) return reply({"jack_lost", "there is no JACK server"});
    if (state == State::stalled) return reply({"jack_stalled", "the JACK server does not answer"});
    answer([from, reply] {
        Answer how;
        if (from == "nobody:out") {
            how.code = "no_such_port";
            how.message = "there is no port nobody:out";
        }
        reply(how);
    });
}

void PlainDriver::ports(PortsReply reply) {
    if (state == process::DriverStatus::State::stalled) return; // never
    answer([reply] {
        reply({}, {{"system:capture_1", true, true, "32 bit float mono audio", {}, {}},
                   {"backline:main_1", true, false, "32 bit float mono audio", {}, {}}});
    });
}

Rig::Rig(Options options)
    : config(make_config(directory_.path(), options)),
      pool({2, true}),
      registry(registry_options(options)),
      cycle({1024, &pool.ready(), 0, nullptr, nullptr}, *master) {
    registry.scan();
    engine::Engine::Callbacks callbacks;
    callbacks.completed = [this](engine::Completion done) { server->completed(std::move(done)); };
    callbacks.event = [this](engine::Event event) { server->event(std::move(event)); };
    callbacks.find_file = [this](const std::string& kind, const std::string& name) {
        const auto found = config.files.find(kind);
        return found == config.files.end() ? "" : control::find_file(found->second, name);
    };
    engine::Engine::Options engine_options;
    engine_options.master = master;
    engine = std::make_unique<engine::Engine>(engine_options, cycle, pool, registry,
                                              std::move(callbacks));
    process::Driver* const used = options.driver ? &driver : nullptr;
    engine->set_driver(used);
    control::Server::Hooks hooks;
    hooks.quit = [this] { ++quits; };
    hooks.scan = [this] { registry.scan(); };
    server = std::make_unique<control::Server>(
        control::Server::Parts{*engine, cycle, used, registry, pool, config}, std::move(hooks),
        directory_.path() / "osc.sock");
    server->start();
    engine->start();
    control_ = std::thread([this] { server->run(); });
    run_cycles(options.cycles);
}

Rig::~Rig() {
    run_cycles(false);
    engine->stop();
    server->stop();
    control_.join();
    server.reset();
}

void Rig::run_cycles(bool on) {
    if (on == cycling_.exchange(on)) return;
    if (on)
        audio_ = std::thread([this] { audio(); });
    else
        audio_.join();
}

void Rig::audio() {
    constexpr std::uint32_t frames = 256, slots = 64;
    constexpr double rate = 48000.0;
    std::vector<float> silence(frames), sink(frames);
    const std::array<const float*, slots> inputs = [&] {
        std::array<const float*, slots> result{};
        result.fill(silence.data());
        return result;
    }();
    std::array<float*, slots> outputs{};
    outputs.fill(sink.data());
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint64_t n = 1; cycling_; ++n) {
        process::Period period;
        period.frames = frames;
        period.inputs = inputs.data();
        period.outputs = outputs.data();
        period.input_slots = period.output_slots = slots;
        period.rate = rate;
        period.start_ns = control::now_ns();
        cycle.run(period);
        std::this_thread::sleep_until(begin
                                      + std::chrono::nanoseconds(static_cast<std::int64_t>(
                                          static_cast<double>(n * frames) / rate * 1e9)));
    }
}

std::string Rig::udp_url() const {
    return "osc.udp://127.0.0.1:" + std::to_string(server->port());
}

std::string Rig::unix_url() const {
    return "osc.unix://" + (directory_.path() / "osc.sock").string();
}

protocol::Client Rig::client(bool stream) const {
    return protocol::Client(stream ? unix_url() : udp_url());
}

} // namespace backline::test
