// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/host_side.hpp"

#include "daemon/rt/thread_role.hpp"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <utility>

namespace backline::plugin {

namespace {

std::atomic<Instance::LogSink> log_sink{nullptr};

bool is_worker(rt::Role role) noexcept {
    return role == rt::Role::worker || role == rt::Role::io;
}

} // namespace

void Instance::set_log_sink(LogSink sink) noexcept {
    log_sink.store(sink, std::memory_order_release);
}

HostSide::HostSide(std::shared_ptr<const PluginInfo> info, std::shared_ptr<Shared> shared,
                   worker::Pool& pool)
    : host_{sizeof(bl_host), BL_ABI_VERSION, this,    job_reserve, job_submit,
            respond,         emit,           request, log,         get_extension},
      info_(std::move(info)),
      shared_(std::move(shared)),
      pool_(pool) {
    for (const ResultInfo& result : info_->results)
        result_counts_.push_back(result.count_max);
}

void HostSide::enlist(const bl_plugin* plugin) {
    if (shared_->jobs == nullptr || enlisted_) return;
    client_.plugin = plugin;
    client_.jobs = shared_->jobs.get();
    client_.work_class = info_->worker.work_class;
    pool_.add(client_);
    enlisted_ = true;
}

bool HostSide::dismiss(double timeout_s) {
    if (!enlisted_) return true;
    if (!pool_.remove(client_, timeout_s)) return false;
    enlisted_ = false;
    return true;
}

bool HostSide::drain(double timeout_s) {
    return !enlisted_ || pool_.drain(client_, timeout_s);
}

std::string HostSide::take_error() {
    return std::exchange(error_, {});
}

HostSide& HostSide::of(const bl_host* host) noexcept {
    return *static_cast<HostSide*>(host->data);
}

bool HostSide::misused() const noexcept {
    shared_->misuses.fetch_add(1, std::memory_order_relaxed);
    return false;
}

void* HostSide::job_reserve(const bl_host* host, std::uint32_t size) noexcept {
    const HostSide& self = of(host);
    if (rt::current_role != rt::Role::audio || self.shared_->jobs == nullptr) {
        self.misused();
        return nullptr;
    }
    return self.shared_->jobs->reserve(size);
}

void HostSide::job_submit(const bl_host* host) noexcept {
    HostSide& self = of(host);
    if (rt::current_role != rt::Role::audio || self.shared_->jobs == nullptr
        || !self.shared_->jobs->submit())
        self.misused();
    else
        self.pool_.notify(self.client_);
}

bool HostSide::respond(const bl_host* host, const void* data, std::uint32_t size) noexcept {
    const HostSide& self = of(host);
    if (!is_worker(rt::current_role)) return self.misused();
    std::byte* room = nullptr;
    if (size <= self.info_->worker.response_bytes_max && self.shared_->responses != nullptr)
        room = self.shared_->responses->reserve(size);
    if (room == nullptr) {
        self.shared_->responses_lost.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    if (size != 0) std::memcpy(room, data, size);
    self.shared_->responses->commit();
    return true;
}

/// Each role has a ring of its own: they may emit at the same time.
rt::RecordRing* HostSide::result_ring() const noexcept {
    if (rt::current_role == rt::Role::audio) return shared_->audio_results.get();
    if (is_worker(rt::current_role)) return shared_->worker_results.get();
    misused();
    return nullptr;
}

bool HostSide::emit(const bl_host* host, std::uint32_t result, std::uint64_t time,
                    const float* values, std::uint32_t count) noexcept {
    const HostSide& self = of(host);
    rt::RecordRing* const ring = self.result_ring();
    const bool possible = ring != nullptr && result < self.result_counts_.size()
                          && count <= self.result_counts_[result]
                          && (values != nullptr || count == 0);
    std::byte* const room = possible
                                ? ring->reserve(static_cast<std::uint32_t>(sizeof(ResultFrame))
                                                + count * static_cast<std::uint32_t>(sizeof(float)))
                                : nullptr;
    if (room == nullptr) {
        self.shared_->results_lost.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    const ResultFrame frame{result, count, time};
    std::memcpy(room, &frame, sizeof frame);
    if (count != 0) std::memcpy(room + sizeof frame, values, count * sizeof(float));
    ring->commit();
    return true;
}

void HostSide::request(const bl_host* host, std::uint32_t what) noexcept {
    const HostSide& self = of(host);
    if (what < BL_REQUEST_LATENCY || what > BL_REQUEST_STATE_DIRTY)
        self.misused();
    else
        self.shared_->requests.fetch_or(1u << what, std::memory_order_release);
}

void HostSide::log(const bl_host* host, std::uint32_t level, const char* message) noexcept {
    HostSide& self = of(host);
    if (rt::current_role == rt::Role::audio || message == nullptr) {
        self.misused();
        return;
    }
    if (level >= BL_LOG_ERROR && !is_worker(rt::current_role)) self.error_ = message;
    if (const auto sink = log_sink.load(std::memory_order_acquire); sink != nullptr)
        sink(level, self.info_->id.c_str(), message);
    else
        std::fprintf(stderr, "%s: %s\n", self.info_->id.c_str(), message);
}

const void* HostSide::get_extension(const bl_host* /*host*/, const char* /*id*/) noexcept {
    return nullptr;
}

} // namespace backline::plugin
