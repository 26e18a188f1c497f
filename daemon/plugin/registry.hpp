// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace backline::plugin {

/// Why a plugin could not be loaded, created, activated or given a file. `code` is a symbol of the
/// wire contract: "plugin_refused", "plugin_failed", "plugin_timeout", "no_such_file", "bad_file".
struct PluginError : std::runtime_error {
    /// `message` is for people, `code_` for programs.
    PluginError(std::string code_, const std::string& message)
        : std::runtime_error(message), code(std::move(code_)) {}
    std::string code;
};

/// What the probe read from a descriptor; the fields mean what they mean in <backline/plugin.h>.
struct PortInfo {
    std::string symbol, name;
    std::uint32_t kind = 0, direction = 0, flags = 0;
    std::uint32_t channels_min = 0, channels_max = 0, channels_default = 0;
    friend bool operator==(const PortInfo&, const PortInfo&) = default;
};

/// As bl_param; the numbers of a file parameter are 0.
struct ParamInfo {
    std::uint32_t id = 0;
    std::string symbol, name, unit;
    double min = 0.0, max = 1.0, def = 0.0;
    std::uint32_t scale = 0;
    std::vector<std::string> labels;
    std::string file_kind;
    friend bool operator==(const ParamInfo&, const ParamInfo&) = default;
};

/// As bl_result.
struct ResultInfo {
    std::uint32_t id = 0;
    std::string symbol, name, unit;
    std::uint32_t count_max = 1;
    double min = 0.0, max = 0.0, rate = 0.0; ///< min and max may be infinite
    friend bool operator==(const ResultInfo&, const ResultInfo&) = default;
};

/// As bl_worker.
struct WorkerInfo {
    std::uint32_t job_bytes_max = 0, job_depth = 0, response_bytes_max = 0;
    std::uint32_t work_class = 0, flags = 0;
    friend bool operator==(const WorkerInfo&, const WorkerInfo&) = default;
};

/// A plugin the daemon can host.
struct PluginInfo {
    std::string id, name, version, vendor, about;
    std::string format = "native";
    std::string library; ///< path of the shared object
    std::uint32_t kind = 0;
    std::vector<PortInfo> ports;
    std::vector<ParamInfo> params;
    std::vector<ResultInfo> results;
    WorkerInfo worker;
    double tail_s = 0.0; ///< may be infinite
    friend bool operator==(const PluginInfo&, const PluginInfo&) = default;
};

/// A library that was found and not accepted.
struct Refused {
    std::string library; ///< path
    std::string reason;
};

/// What a scan has found. Immutable once published.
struct Catalogue {
    bool complete = false; ///< false until the first scan is over: more may be found
    std::map<std::string, std::shared_ptr<const PluginInfo>> plugins; ///< by id
    std::vector<Refused> refused;

    /// The plugin, or a PluginError: "no_such_plugin" (with the nearest id), or "plugin_refused"
    /// with the reason when `id` is the file name or stem of a refused library.
    std::shared_ptr<const PluginInfo> find(const std::string& id) const;
};

/// Finds plugins in directories. Every library is read by backline-probe, a process of its own with
/// a time limit, so that one that crashes or hangs when loaded harms nobody.
class Registry {
  public:
    /// Where and how to look.
    struct Options {
        std::string probe; ///< path of backline-probe
        std::vector<std::string>
            directories;            ///< searched in order; the first of two equal ids wins
        double probe_limit_s = 5.0; ///< per library
        /// Told what a library wrote to its standard output or error while it was read, at most the
        /// last 4 KiB. Called by scan().
        std::function<void(const std::string& library, const std::string& text)> on_output = {};
        /// Told of every catalogue that is published. Called by scan().
        std::function<void(const Catalogue&)> on_published = {};
    };

    /// Looks at nothing yet.
    explicit Registry(Options options);

    /// Scans all directories; libraries unchanged since the last scan (path, size, mtime) are not
    /// probed again. The first scan publishes what it finds as it goes on: a plugin is there once
    /// all that goes before it in the directories' order has been read or is slow (0.25 s), so that
    /// neither a library that hangs holds up the others nor luck decides between equal ids. Later
    /// scans publish at their end. Throws std::system_error when the probe cannot be started; the
    /// catalogue stays, and counts as complete. Blocks, also while another thread scans; call off
    /// the engine and control threads. [any other control-side thread]
    void scan();
    /// Ends the scan under way within 0.1 s, and every later one at once: nothing more is
    /// published. [any control-side thread]
    void stop();
    /// The newest catalogue; never null, empty before the first scan. [any control-side thread]
    std::shared_ptr<const Catalogue> catalogue() const;

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace backline::plugin
