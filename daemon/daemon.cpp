// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/daemon.hpp"

#include "daemon/audio/jack_driver.hpp"
#include "daemon/control/file_names.hpp"
#include "daemon/control/rack_files.hpp"
#include "daemon/control/server.hpp"
#include "daemon/engine/engine.hpp"
#include "daemon/install_paths.hpp"
#include "daemon/log.hpp"
#include "daemon/plugin/prefault.hpp"
#include "daemon/system/black_box.hpp"
#include "daemon/system/crash.hpp"
#include "daemon/system/lock_file.hpp"
#include "daemon/system/notify.hpp"
#include "daemon/system/port_file.hpp"
#include "daemon/system/realtime.hpp"
#include "daemon/system/thread.hpp"
#include "daemon/system/watchdog.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fftw3.h>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace backline {

namespace {

/// SCHED_FIFO priority that real-time threads of ours would like, to say at start whether it is
/// granted; JACK sets the audio thread's own.
constexpr int kWantedPriority = 60;

/// Token of the request that loads the first rack; the server's own begin at 1.
constexpr std::uint64_t kRackToken = 0;

/// Loaded with the program, and the audio thread runs code of theirs. What plugins bring along is
/// made present with them.
constexpr std::array<std::string_view, 6> kAudioLibraries{
    "libc.so", "libm.so", "libstdc++.so", "libgcc_s.so", "libjack.so", "ld-linux"};

std::filesystem::path program_directory() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

/// systemd makes it for a service; started by hand we do.
void make_runtime_directory(const std::string& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error)
        throw std::runtime_error("runtime directory " + directory + ": " + error.message()
                                 + "; --runtime-dir takes another");
}

/// What plugins say, under their own ids.
void log_plugin(std::uint32_t level, const char* plugin, const char* message) {
    const LogLevel levels[] = {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error};
    log::limited(levels[std::min<std::uint32_t>(level, BL_LOG_ERROR)], plugin, "{}: {}", plugin,
                 message);
}

/// "did not return from process()", for the log, /status and /event/bypassed.
std::string describe(const system::Verdict& verdict) {
    if (verdict.kind == system::Verdict::Kind::hung)
        return "the former run ended because it did not return from process()";
    return std::string("the former run ended because it crashed: ") + strsignal(verdict.signal);
}

void work_now(void* pool) {
    static_cast<worker::Pool*>(pool)->run_now();
}

} // namespace

std::vector<std::string> plugin_directories(const Config& config) {
    std::vector<std::string> directories;
    if (const char* path = std::getenv("BACKLINE_PLUGIN_PATH")) {
        std::string rest = path;
        while (!rest.empty()) {
            const std::size_t colon = rest.find(':');
            if (colon != 0) directories.push_back(rest.substr(0, colon));
            rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
        }
    }
    directories.insert(directories.end(), config.plugins.directories.begin(),
                       config.plugins.directories.end());
    const std::filesystem::path built = program_directory() / "../lib/backline";
    std::error_code error;
    directories.push_back(std::filesystem::is_directory(built, error)
                              ? std::filesystem::weakly_canonical(built, error).string()
                              : kInstalledPlugins);
    return directories;
}

std::string probe_path() {
    const std::filesystem::path beside = program_directory() / "backline-probe";
    std::error_code error;
    if (std::filesystem::exists(beside, error)) return beside.string();
    // Relative to the program, so that an installation may be moved.
    const std::filesystem::path moved = program_directory() / "../libexec/backline/backline-probe";
    return std::filesystem::exists(moved, error) ? moved.string() : kInstalledProbe;
}

std::string runtime_directory(const Config& config) {
    if (!config.runtime.dir.empty()) return config.runtime.dir;
    const char* given = std::getenv("RUNTIME_DIRECTORY");
    return given != nullptr && *given != '\0' ? given : "/run/backline";
}

/// Members are made from top to bottom and ended from bottom to top.
struct Daemon::Parts {
    explicit Parts(DaemonOptions options_) : options(std::move(options_)) {}

    DaemonOptions options;
    /// Ports and connections, closed when everything else has ended, the state's lock included: who
    /// has asked us to quit may start the next one then.
    std::shared_ptr<void> open_ends;
    std::optional<system::LockFile> state_lock;
    system::RealtimeReport realtime;
    std::optional<system::BlackBox> black_box;
    std::optional<system::CrashHandler> crash_handler;
    std::optional<worker::Pool> pool;
    std::optional<plugin::Registry> registry;
    std::shared_ptr<process::Master> master = std::make_shared<process::Master>();
    std::optional<process::Cycle> cycle;
    std::optional<engine::Engine> engine;
    std::optional<system::Watchdog> watchdog;
    std::optional<audio::JackDriver> driver;
    std::optional<control::Server> server;
    system::Thread control_thread;
    system::Thread start_thread;
    std::optional<engine::Rack> rack; ///< what the graph starts from
    bool rack_submitted = false;      ///< of the thread that scans

    void open_black_box();
    void start_watchdog();
    bool bypass_suspect();
    void scan();
    void load_rack(const plugin::Catalogue& catalogue);
    void rack_loaded(const engine::Completion& how);
    std::vector<std::string> reasons();

    std::mutex rack_mutex;
    std::string rack_problem; ///< why the graph is not what it should have started from
    bool has_suspect = false; ///< the rack names the node that ended the former run
};

Daemon::Daemon(DaemonOptions options, std::function<void()> quit)
    : parts_(std::make_unique<Parts>(std::move(options))) {
    Parts& p = *parts_;
    const Config& config = p.options.config;
    if (!config.state.dir.empty()) {
        try {
            p.state_lock.emplace(config.state.dir);
        } catch (const std::system_error& error) {
            throw std::runtime_error("state directory " + config.state.dir + ": "
                                     + error.code().message()
                                     + "; --state-dir takes another, \"\" none");
        }
    }

    p.realtime = system::prepare_realtime(kWantedPriority);
    for (const std::string& problem : p.realtime.problems)
        log::warning("{}", problem);
    p.open_black_box();
    fftwf_make_planner_thread_safe(); // hosted plugins plan too, each on a thread of ours

    plugin::Instance::set_log_sink(log_plugin);
    p.pool.emplace(worker::Pool::Options{config.workers.count, true});
    p.registry.emplace(plugin::Registry::Options{
        probe_path(), plugin_directories(config), 5.0,
        [](const std::string& library, const std::string& text) {
            log::limited(LogLevel::warning, library, "{} wrote when it was loaded: {}", library,
                         text);
        },
        [&p](const plugin::Catalogue& catalogue) { p.load_rack(catalogue); }});
    p.cycle.emplace(process::Cycle::Options{config.engine.max_frames, &p.pool->ready(), 0, work_now,
                                            &*p.pool, &p.black_box->pulse(),
                                            config.limits.cycle_percent},
                    *p.master);
    engine::Engine::Callbacks callbacks;
    callbacks.completed = [&p](engine::Completion done) {
        if (done.token == kRackToken)
            p.rack_loaded(done);
        else
            p.server->completed(std::move(done));
    };
    callbacks.event = [&p](engine::Event event) {
        log::limited(event.name == "jack_back" ? LogLevel::info : LogLevel::warning, event.name,
                     "{}{}{}: {}", event.name, event.subject.empty() ? "" : " ", event.subject,
                     event.text);
        p.server->event(std::move(event));
    };
    callbacks.find_file = [&config](const std::string& kind, const std::string& name) {
        const auto found = config.files.find(kind);
        return found == config.files.end() ? std::string()
                                           : control::find_file(found->second, name);
    };
    callbacks.named = [&p](process::Handle handle, const std::string& node,
                           const std::string& plugin) {
        p.black_box->name_slot(handle.slot, handle.generation, node, plugin);
    };
    p.engine.emplace(
        engine::Engine::Options{48000.0, false, 10.0, p.master, {config.limits.node_percent, {}}},
        *p.cycle, *p.pool, *p.registry, std::move(callbacks));
    if (p.options.jack) {
        p.start_watchdog();
        p.driver.emplace(audio::JackDriver::Options{
            config.jack.server,
            config.jack.name,
            *p.cycle,
            &*p.engine,
            std::chrono::milliseconds(static_cast<int>(config.jack.reopen_min_s * 1e3)),
            std::chrono::milliseconds(static_cast<int>(config.jack.reopen_max_s * 1e3)),
            {}});
        p.engine->set_driver(&*p.driver);
    }

    control::Server::Hooks hooks;
    hooks.quit = std::move(quit);
    hooks.scan = [&p] { p.registry->scan(); };
    hooks.jack_kept = [&p] {
        std::vector<control::KeptConnection> kept;
        if (p.driver)
            for (const auto& each : p.driver->kept())
                kept.push_back({each.from, each.to, each.connected});
        return kept;
    };
    hooks.reasons = [&p] { return p.reasons(); };
    p.server.emplace(control::Server::Parts{*p.engine, *p.cycle, p.driver ? &*p.driver : nullptr,
                                            *p.registry, *p.pool, config},
                     std::move(hooks), runtime_directory(config) + "/osc.sock");
}

void Daemon::start() {
    Parts& p = *parts_;
    const Config& config = p.options.config;
    const std::string& name = p.options.rack.empty() ? config.engine.rack : p.options.rack;
    if (!name.empty()) {
        const bool is_path = name.find('/') != std::string::npos || name.ends_with(".toml");
        p.rack = is_path ? engine::load_rack(name) : control::read_rack(config.racks, name);
    }
    make_runtime_directory(runtime_directory(config));
    p.server->start();
    if (!p.options.port_file.empty())
        system::write_port_file(p.options.port_file, p.server->port());
    p.engine->start();
    plugin::populate_libraries(kAudioLibraries);
    if (p.driver) p.driver->start();
    p.control_thread = system::Thread({"bl-control", 512 * 1024}, [&p] { p.server->run(); });
    log::info("listening on UDP port {} and {}", p.server->port(),
              runtime_directory(config) + "/osc.sock");
    system::notify::ready("listening on UDP port " + std::to_string(p.server->port()));
    p.start_thread = system::Thread({"bl-start", 512 * 1024}, [&p] { p.scan(); });
}

void Daemon::Parts::scan() {
    try {
        registry->scan();
    } catch (const std::exception& error) {
        log::error("plugins cannot be looked for: {}", error.what());
    }
    const auto catalogue = registry->catalogue();
    for (const plugin::Refused& refused : catalogue->refused)
        log::warning("plugin library {} refused: {}", refused.library, refused.reason);
    log::info("{} plugins", catalogue->plugins.size());
}

/// What the former run of this state directory has left there; without one, of the runtime
/// directory, which only one daemon has either.
void Daemon::Parts::open_black_box() {
    const Config& config = options.config;
    black_box.emplace(system::BlackBox::name_for(
        config.state.dir.empty() ? runtime_directory(config) : config.state.dir));
    if (!black_box->problem().empty()) log::warning("{}", black_box->problem());
    crash_handler.emplace(*black_box);
    if (!black_box->last()) return;
    const system::Verdict& last = *black_box->last();
    if (last.node.empty())
        log::warning("{}; no node was running then", describe(last));
    else
        log::warning("node \"{}\" ({}): {}", last.node, last.plugin, describe(last));
}

void Daemon::Parts::start_watchdog() {
    // Above JACK's threads, below the kernel's own.
    constexpr int kHighest = 98;
    watchdog.emplace(*black_box, std::min(realtime.fifo_max, kHighest));
    if (realtime.fifo_max == 0)
        log::warning("the watchdog runs without real-time priority: it may notice late that a "
                     "plugin hangs");
}

/// Bypasses the node of the rack that ended the former run; false when the rack has none.
bool Daemon::Parts::bypass_suspect() {
    if (!black_box->last()) return false;
    const system::Verdict& last = *black_box->last();
    for (engine::RackNode& node : rack->nodes)
        // The box keeps the beginning of longer ids.
        if (node.name == last.node
            && node.plugin.substr(0, system::BlackBox::kText - 1) == last.plugin)
            return node.bypass = true;
    return false;
}

/// Submits the rack like any client's request, as soon as its plugins are there; how it went is in
/// the log and in /status.
void Daemon::Parts::load_rack(const plugin::Catalogue& catalogue) {
    if (!rack || rack_submitted) return;
    const auto found = [&](const engine::RackNode& node) {
        return catalogue.plugins.contains(node.plugin);
    };
    if (!catalogue.complete && !std::all_of(rack->nodes.begin(), rack->nodes.end(), found)) return;
    rack_submitted = true;
    has_suspect = bypass_suspect();
    engine::Request request;
    request.token = kRackToken;
    request.ops.push_back(engine::LoadRack{*rack});
    engine->submit(std::move(request));
}

void Daemon::Parts::rack_loaded(const engine::Completion& how) {
    if (how.ok) {
        log::info("rack {} is loaded", rack->file);
        if (!has_suspect) return;
        const system::Verdict& last = *black_box->last();
        log::warning("node \"{}\" starts bypassed; \"/bypass/{} F\" brings it back", last.node,
                     last.node);
        server->event({"bypassed", last.node, describe(last), 0.0});
        return;
    }
    log::error("rack {} was not loaded: {}", rack->file, how.message);
    const std::scoped_lock lock(rack_mutex);
    rack_problem = "rack not loaded: " + how.message;
}

std::vector<std::string> Daemon::Parts::reasons() {
    std::vector<std::string> all = realtime.problems;
    const std::scoped_lock lock(rack_mutex);
    if (!rack_problem.empty()) all.push_back(rack_problem);
    return all;
}

Daemon::~Daemon() {
    Parts& p = *parts_;
    system::notify::stopping();
    p.registry->stop();
    if (p.start_thread.joinable()) p.start_thread.join();
    if (p.driver) p.driver->stop();
    p.engine->stop();
    p.server->stop();
    if (p.control_thread.joinable()) p.control_thread.join();
    p.open_ends = p.server->take_open_ends();
}

} // namespace backline
