// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace backline {

/// What the command line says beyond the configuration.
struct DaemonOptions {
    Config config;
    std::string rack; ///< start from this rack (a name or a file's path); "": the configuration's
    std::string port_file; ///< gets the UDP port once it is bound; "": none
    bool jack = true;      ///< false: no JACK client is opened (tests and dry machines)
};

/// The whole daemon: owns every part, made in the order in which they depend on each other.
class Daemon {
  public:
    /// Takes the state directory's lock and prepares memory. `quit` is called when /quit has come,
    /// on the control thread. Throws system::InUse, std::system_error.
    Daemon(DaemonOptions options, std::function<void()> quit);
    /// Ends everything within about two seconds, whatever hangs.
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// Binds the sockets, starts all threads and loads the rack in the background: OSC answers
    /// before plugins are scanned. Throws control::InUse, engine::RackError, ConfigError.
    void start();

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// The directories that are searched for plugins: $BACKLINE_PLUGIN_PATH, the configuration's, the
/// installation's own.
std::vector<std::string> plugin_directories(const Config& config);

/// Where backline-probe is: beside the program in a build tree, else in the installation.
std::string probe_path();

/// The state directory, where the unix socket goes: the configuration's, else $RUNTIME_DIRECTORY,
/// else /run/backline.
std::string runtime_directory(const Config& config);

} // namespace backline
