// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// @file
/// A host in the test's own process: loads one built plugin, plays all three roles on the calling
/// thread, and checks the contract on the way. Like the daemon it runs the plugin with denormals
/// flushed to zero. Whatever breaks the contract is a std::runtime_error: an allocation inside an
/// audio-role call, an output left unwritten, an input overwritten, a failed status.

#include <backline/file.h>
#include <backline/plugin.h>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace backline::test {

/// One port's samples: [channel][frame].
using Signal = std::vector<std::vector<float>>;

/// A parameter set: `frame` counts from the start of the run, `value` is in the parameter's unit.
struct Set {
    uint64_t frame;
    std::string symbol;
    double value;
};

/// The length of each next process() call; the host keeps it within 1..max_frames.
using Slicing = std::function<uint32_t()>;
/// Calls of `frames` each.
Slicing slices_of(uint32_t frames);
/// Calls of 1..max frames, repeatable by `seed`.
Slicing random_slices(uint32_t max, uint32_t seed);

/// What emit() received.
struct Result {
    uint32_t index;
    uint64_t time;
    std::vector<float> values;
};

/// When submitted jobs are worked.
enum class Work {
    kAtOnce, ///< after the process() call that submitted them; responses before the next
    kHeld    ///< when work_all() is called
};

/// One plugin of one library.
class PluginHost {
  public:
    struct Config {
        double rate = 48000.0;
        uint32_t max_frames = 1024;
        uint32_t channels = 2; ///< of the ports that follow, within their ranges
        std::map<std::string, uint32_t> port_channels = {}; ///< of other ports, by symbol
        bool offline = false;
        bool in_place = false; ///< main output shares the main input's buffers
        Work work = Work::kAtOnce;
    };

    /// Loads `library`.so of the build and creates its plugin `id` ("backline." + library if
    /// empty).
    explicit PluginHost(const std::string& library, const std::string& id = "");
    ~PluginHost();
    PluginHost(const PluginHost&) = delete;
    PluginHost& operator=(const PluginHost&) = delete;

    const bl_descriptor& descriptor() const { return *descriptor_; }
    const bl_plugin& plugin() const { return *plugin_; }
    /// Index by symbol; throws when there is none.
    uint32_t param(const std::string& symbol) const;
    uint32_t port(const std::string& symbol) const;
    uint32_t result(const std::string& symbol) const;

    /// Activates; an active plugin is deactivated first. try_activate() hands the status back.
    void activate(const Config& config);
    bl_status try_activate(const Config& config);
    void deactivate();
    bool active() const { return active_; }

    /// Runs `frames` frames cut by `slicing`. `inputs` by port symbol; missing, short or empty ones
    /// are silence (and hinted as such). Returns every output port by symbol. Frames of `sets` must
    /// not decrease.
    std::map<std::string, Signal> run_ports(const std::map<std::string, Signal>& inputs,
                                            uint64_t frames, const std::vector<Set>& sets = {},
                                            const Slicing& slicing = slices_of(256));
    /// The same with the main ports alone.
    Signal run(const Signal& in, uint64_t frames, const std::vector<Set>& sets = {},
               const Slicing& slicing = slices_of(256));

    /// Forgets signal history, as the audio role.
    void reset();
    uint32_t latency() const { return plugin_->latency ? plugin_->latency(plugin_) : 0; }
    uint64_t tail() const { return plugin_->tail ? plugin_->tail(plugin_) : 0; }

    /// Opens `path` and puts it in place, closing what was there; returns the reason on failure,
    /// else "". An empty path takes the file out.
    std::string load_file(const std::string& symbol, const std::string& path);

    /// Works every waiting job, in order.
    void work_all();

    std::vector<Result> results;       ///< emitted so far
    std::vector<uint32_t> requests;    ///< host->request() so far
    std::vector<std::string> messages; ///< host->log() so far
    uint64_t time = 0;                 ///< sample clock of the next frame
    uint64_t submitted = 0;            ///< jobs accepted
    uint64_t dropped = 0;              ///< job_reserve() answered by NULL

  private:
    struct alignas(16) Block {
        std::byte bytes[16];
    };
    struct Packet {
        std::vector<Block> room;
        uint32_t size = 0;
        explicit Packet(uint32_t bytes)
            : room((bytes + sizeof(Block)) / sizeof(Block)), size(bytes) {}
        void* data() { return room.data(); }
    };

    static PluginHost& of(const bl_host* host) { return *static_cast<PluginHost*>(host->data); }
    static void* job_reserve(const bl_host* host, uint32_t size);
    static void job_submit(const bl_host* host);
    static bool respond(const bl_host* host, const void* data, uint32_t size);
    static bool emit(const bl_host* host, uint32_t result, uint64_t time, const float* values,
                     uint32_t count);
    static void request(const bl_host* host, uint32_t what);
    static void log(const bl_host* host, uint32_t level, const char* message);
    static const void* host_extension(const bl_host* host, const char* id);

    const bl_ext_file& file_extension() const;
    uint32_t main_port(uint32_t direction) const; ///< UINT32_MAX when there is none

    void* library_ = nullptr;
    const bl_descriptor* descriptor_ = nullptr;
    const bl_plugin* plugin_ = nullptr;
    bl_host host_{};
    Config config_{};
    std::vector<uint32_t> channels_;
    std::map<uint32_t, void*> files_; ///< what is in place, by parameter
    std::deque<Packet> reserved_, jobs_, responses_;
    bool active_ = false;
};

} // namespace backline::test
