// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/plugin/instance.hpp"
#include "daemon/worker/pool.hpp"

#include <backline/plugin.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace backline::plugin {

/// What the host offers one instance: the functions behind bl_host and what they work on. A call
/// from a thread whose role the ABI does not admit is refused and counted.
class HostSide {
  public:
    /// `pool` outlives this. [loader]
    HostSide(std::shared_ptr<const PluginInfo> info, std::shared_ptr<Shared> shared,
             worker::Pool& pool);
    HostSide(const HostSide&) = delete;
    HostSide& operator=(const HostSide&) = delete;

    /// For create(); valid as long as this.
    const bl_host* host() const noexcept { return &host_; }

    /// Lets the pool run the instance's jobs. [loader]
    void enlist(const bl_plugin* plugin);
    /// Ends that, see worker::Pool::remove(). True when it was not enlisted. [loader]
    bool dismiss(double timeout_s);
    /// See worker::Pool::drain(). [loader]
    bool drain(double timeout_s);

    /// The newest message of level BL_LOG_ERROR since the last call, for whoever reports why a call
    /// failed. [loader]
    std::string take_error();

  private:
    static HostSide& of(const bl_host* host) noexcept;
    BACKLINE_RT static void* job_reserve(const bl_host* host, std::uint32_t size) noexcept;
    BACKLINE_RT static void job_submit(const bl_host* host) noexcept;
    BACKLINE_RT static bool emit(const bl_host* host, std::uint32_t result, std::uint64_t time,
                                 const float* values, std::uint32_t count) noexcept;
    BACKLINE_RT static void request(const bl_host* host, std::uint32_t what) noexcept;
    BACKLINE_RT static const void* get_extension(const bl_host* host, const char* id) noexcept;
    static bool respond(const bl_host* host, const void* data, std::uint32_t size) noexcept;
    static void log(const bl_host* host, std::uint32_t level, const char* message) noexcept;

    BACKLINE_RT rt::RecordRing* result_ring() const noexcept;
    BACKLINE_RT bool misused() const noexcept;

    bl_host host_;
    std::shared_ptr<const PluginInfo> info_;
    std::shared_ptr<Shared> shared_;
    worker::Pool& pool_;
    worker::Client client_;
    std::vector<std::uint32_t> result_counts_; ///< count_max by result
    bool enlisted_ = false;
    std::string error_;
};

} // namespace backline::plugin
