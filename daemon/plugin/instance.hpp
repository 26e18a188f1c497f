// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/plugin/registry.hpp"
#include "daemon/process/node.hpp"
#include "daemon/rt/job_ring.hpp"
#include "daemon/rt/record_ring.hpp"
#include "daemon/worker/pool.hpp"

#include <backline/file.h>
#include <backline/plugin.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace backline::plugin {

namespace native {
class Library;
}
class HostSide;

/// Header of one frame in a result ring; `count` floats follow.
struct ResultFrame {
    std::uint32_t result; ///< index in the descriptor
    std::uint32_t count;
    std::uint64_t time; ///< sample clock at the centre of what was analysed
};

/// The part of an instance that other threads look at; kept alive by whoever looks, so that reading
/// statistics or draining results never races with the instance's end.
struct Shared {
    /// Sizes everything by what the descriptor declares; all memory is written to. Result rings
    /// hold half a second at the nominal rates (64 frames where there is none) and at least 8
    /// frames of each result, within 1 MiB unless two frames are larger than that.
    explicit Shared(const PluginInfo& info);

    std::unique_ptr<process::ParamCell[]> cells; ///< the plugin's parameters, then bypass
    process::NodeCost cost;
    std::unique_ptr<rt::JobRing> jobs;         ///< nullptr when no worker is declared
    std::unique_ptr<rt::RecordRing> responses; ///< likewise, or when there are none
    /// ResultFrame records emitted by [audio]; nullptr when there are no results. Values are passed
    /// on as they are: levels of silence are -infinity dB.
    std::unique_ptr<rt::RecordRing> audio_results;
    std::unique_ptr<rt::RecordRing> worker_results; ///< by [worker]; also nullptr without a worker
    std::atomic<std::uint64_t> results_lost{0};     ///< refused by emit(), for whatever reason
    std::atomic<std::uint64_t> responses_lost{0};   ///< refused by respond()
    std::atomic<std::uint64_t> misuses{0};  ///< host calls from a role they are not meant for
    std::atomic<std::uint32_t> requests{0}; ///< bit n: BL_REQUEST_n waits for the engine
};

/// One plugin instance: the plugin's half behind its ABI and the host's half of the contract. Every
/// function is called on the loader thread unless it says otherwise.
///
/// What a plugin has allocated when create(), activate() or open_file() returns is populated, so
/// that the audio thread never touches a page of it first.
class Instance {
  public:
    /// What activate() is told.
    struct Layout {
        std::vector<std::uint32_t> channels; ///< per port
        double rate = 48000.0;
        std::uint32_t max_frames = 1024;
        bool offline = false;
    };

    /// Receives what plugins log: a BL_LOG_* level, the plugin's id, one line. [loader, worker]
    using LogSink = void (*)(std::uint32_t level, const char* plugin, const char* message);
    /// Until one is set, or with nullptr, lines go to standard error. [any]
    static void set_log_sink(LogSink sink) noexcept;

    /// Opens the library (RTLD_NOW | RTLD_LOCAL), checks that it is still what was scanned and
    /// creates an instance. Throws PluginError. `pool` outlives the instance.
    static std::unique_ptr<Instance> create(std::shared_ptr<const PluginInfo> info,
                                            worker::Pool& pool);
    /// Deactivates and destroys. The instance is out of the plan and retire() has succeeded; where
    /// that was not called it is done here with 1 s, and a stuck instance is leaked.
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    /// Activates, or deactivates and activates with another layout; the instance is out of the
    /// plan. All parameters are at their defaults afterwards as far as the plugin knows. Throws
    /// PluginError: "channels", "plugin_failed", or "plugin_timeout" when a job does not end.
    void activate(const Layout& layout);
    /// Takes the instance's jobs out of the pool, waits for the one that runs and discards waiting
    /// responses. False when the job still runs after `timeout_s`: the instance is stuck and has to
    /// be abandoned, that is released and never freed.
    bool retire(double timeout_s);

    /// Opens a file for a parameter of scale BL_SCALE_FILE. Throws PluginError: "no_such_file",
    /// "bad_file".
    void* open_file(std::uint32_t param, const std::string& path);
    /// Closes one that is no longer in place, once all earlier jobs are done. Where those do not
    /// end within 5 s the object is leaked.
    void close_file(std::uint32_t param, void* object);

    /// Channel counts per port for a node of `channels` channels (0 = each port's default). Throws
    /// PluginError("channels") when the plugin cannot serve that many. [any]
    static std::vector<std::uint32_t> layout(const PluginInfo& info, std::uint32_t channels);

    /// What the audio side runs; lives as long as the instance.
    process::Node& node() noexcept { return *node_; }
    /// What the scan found.
    const PluginInfo& info() const noexcept { return *info_; }
    /// The part that other threads read.
    const std::shared_ptr<Shared>& shared() const noexcept { return shared_; }
    /// Of the newest successful activate().
    const Layout& current() const noexcept { return layout_; }
    /// Frames from main input to main output; 0 while inactive. [any]
    std::uint32_t latency() const noexcept;
    /// Frames of sound after the input has ended; UINT64_MAX = for ever; 0 while inactive. [any]
    std::uint64_t tail() const noexcept;

  private:
    Instance();

    void make(); // the second half of create()
    void check_layout(const Layout& layout) const;
    bool deactivate(double timeout_s);
    const bl_ext_file& file_functions(std::uint32_t param) const;

    std::shared_ptr<const PluginInfo> info_;
    std::shared_ptr<native::Library> library_;
    std::shared_ptr<Shared> shared_;
    std::unique_ptr<HostSide> host_;
    std::unique_ptr<process::Node> node_;
    std::unique_ptr<bl_event[]> events_; ///< of all event ports, 256 each
    const bl_plugin* plugin_ = nullptr;
    Layout layout_;
    bool active_ = false;
};

} // namespace backline::plugin
