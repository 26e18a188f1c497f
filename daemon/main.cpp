// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Arguments, signals and exit codes of backlined; nothing else.
#include "daemon/config.hpp"
#include "daemon/control/sockets.hpp"
#include "daemon/daemon.hpp"
#include "daemon/engine/error.hpp"
#include "daemon/engine/rack.hpp"
#include "daemon/install_paths.hpp"
#include "daemon/log.hpp"
#include "daemon/render.hpp"
#include "daemon/system/lock_file.hpp"
#include "daemon/system/signals.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace {

using namespace backline;

/// Exit statuses; documented in docs/exit-status.md and --help.
enum Exit : int { kAsked = 0, kFailed = 1, kUsage = 2, kInUse = 75, kConfiguration = 78 };
// and system::kHungStatus, of the watchdog

struct Arguments {
    std::string config = kDefaultConfigPath;
    bool check = false, print = false, no_jack = false;
    std::string jack_server, jack_name, port_file, state_dir, runtime_dir, rack;
    int osc_port = -1;
    int workers = -1;
    bool has_state_dir = false;
    RenderOptions render;
};

int wait_for_the_end(DaemonOptions options) {
    // Before any thread exists, so that all of them inherit the mask.
    system::Signals signals({SIGINT, SIGTERM});
    const int quit = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    Daemon daemon(std::move(options), [quit] {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = write(quit, &one, sizeof one);
    });
    daemon.start();
    pollfd wait[2] = {{signals.fd(), POLLIN, 0}, {quit, POLLIN, 0}};
    while (poll(wait, 2, -1) <= 0 || ((wait[0].revents | wait[1].revents) & POLLIN) == 0) {
    }
    const auto number = signals.take();
    log::info("ending: {}", number ? strsignal(*number) : "/quit");
    close(quit);
    return kAsked;
}

Config load(const Arguments& given) {
    Config config = load_config(given.config);
    if (!given.jack_server.empty()) config.jack.server = given.jack_server;
    if (!given.jack_name.empty()) config.jack.name = given.jack_name;
    if (given.osc_port >= 0) config.osc.port = static_cast<std::uint16_t>(given.osc_port);
    if (given.has_state_dir) {
        // Saved racks go where the state goes, unless the configuration says otherwise.
        if (config.racks.writable == Config::Racks().writable)
            config.racks.writable = given.state_dir.empty() ? "" : given.state_dir + "/racks";
        config.state.dir = given.state_dir;
    }
    config.racks.directories.emplace_back(kInstalledRacks);
    if (!given.runtime_dir.empty()) config.runtime.dir = given.runtime_dir;
    if (given.workers >= 0) config.workers.count = static_cast<std::uint32_t>(given.workers);
    return config;
}

int run(const Arguments& given, bool render) {
    const Config config = load(given);
    if (given.check) {
        std::printf("%s: %s\n", given.config.c_str(),
                    access(given.config.c_str(), F_OK) == 0 ? "ok"
                                                            : "not there, the defaults apply");
        return kAsked;
    }
    log::open(config.log.level);
    if (render) {
        backline::render(config, given.render);
        return kAsked;
    }
    return wait_for_the_end({config, given.rack, given.port_file, !given.no_jack});
}

void add_options(CLI::App& app, Arguments& given) {
    app.add_option("--config", given.config, "Configuration file")->capture_default_str();
    app.add_flag("--check-config", given.check,
                 "Read the configuration, say whether it is right, end");
    app.add_flag("--print-default-config", given.print,
                 "Print the commented default configuration");
    app.add_option("--jack-server", given.jack_server, "Name of the JACK server");
    app.add_option("--jack-name", given.jack_name, "Our client's name");
    app.add_option("--osc-port", given.osc_port, "UDP port; 0 picks one")
        ->check(CLI::Range(0, 65535));
    app.add_option("--port-file", given.port_file,
                   "File that gets the port's number once it is bound");
    app.add_option("--state-dir", given.state_dir, "State directory; \"\" writes nothing");
    app.add_option("--runtime-dir", given.runtime_dir, "Directory of the unix socket");
    app.add_option("--rack", given.rack, "Start from this rack: a name or a file");
    app.add_option("--workers", given.workers, "Worker threads; 0: one less than there are cores")
        ->check(CLI::Range(0, 64));
    app.add_flag("--no-jack", given.no_jack, "Open no JACK client");
    app.set_version_flag("--version", std::string("backlined ") + kVersion);
}

void add_render(CLI::App& app, RenderOptions& render) {
    app.add_option("rack", render.rack, "Rack: a name or a file")->required();
    app.add_option("--input", render.inputs, "[NAME=]FILE: sound for an input");
    app.add_option("--output", render.outputs, "[NAME=]FILE: 32-bit float WAV of an output")
        ->required();
    app.add_option("--score", render.score, "OSC bundles with their times, as scsynth's scores");
    app.add_option("--period", render.period, "Frames per period")->check(CLI::Range(1, 8192));
    app.add_option("--rate", render.rate,
                   "Frames per second; default: the first input's, else 48000")
        ->check(CLI::Range(8000, 384000));
    app.add_option("--tail", render.tail_s,
                   "Seconds after the longest input; default: the plugins' own, at most 30")
        ->check(CLI::Range(0.0, 3600.0));
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("JACK real-time audio plugin host daemon, controlled over OSC.\n"
                 "Exit status: 0 asked to end, 1 failed, 2 usage, 70 a plugin hung, "
                 "75 something is in use, 78 configuration or rack.");
    Arguments given;
    add_options(app, given);
    CLI::App* render = app.add_subcommand("render", "Run a rack offline, from files to files");
    add_render(*render, given.render);
    try {
        app.parse(argc, argv);
        given.has_state_dir = app.count("--state-dir") != 0;
    } catch (const CLI::Success& asked) {
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        app.exit(error);
        return kUsage;
    }
    if (given.print) {
        std::fputs(default_config().c_str(), stdout);
        return kAsked;
    }
    try {
        return run(given, render->parsed());
    } catch (const FileError& error) { // configuration and racks
        std::fprintf(stderr, "backlined: %s\n", error.what());
        return kConfiguration;
    } catch (const engine::CommandError& error) {
        std::fprintf(stderr, "backlined: %s\n", error.what());
        return kConfiguration;
    } catch (const system::InUse& error) {
        std::fprintf(stderr, "backlined: %s\n", error.what());
        return kInUse;
    } catch (const control::InUse& error) {
        std::fprintf(stderr, "backlined: %s\n", error.what());
        return kInUse;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "backlined: %s\n", error.what());
        return kFailed;
    }
}
