// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/instance.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace backline::plugin {

namespace {

constexpr std::size_t kResultRingMax = 1u << 20;
constexpr double kResultSeconds = 0.5;
constexpr std::size_t kResultFrames = 8;
constexpr std::size_t kUnratedFrames = 64;         // of a result that may come at any rate,
constexpr std::size_t kUnratedBytes = 256u * 1024; // as far as they fit into this
constexpr std::size_t kRecordHeader = 8;           // of rt::RecordRing

std::size_t record_bytes(std::size_t payload) {
    return kRecordHeader + (payload + 7u) / 8u * 8u;
}

/// How many frames of a result the ring has room for.
double frames_kept(const ResultInfo& result, std::size_t bytes) {
    const double least = kResultFrames;
    if (result.rate > 0.0) return std::max(std::ceil(result.rate * kResultSeconds), least);
    return std::max(static_cast<double>(std::min(kUnratedFrames, kUnratedBytes / bytes)), least);
}

/// A record may take half of its ring.
std::size_t result_ring_bytes(const PluginInfo& info) {
    std::size_t largest = 0;
    double sum = 0.0;
    for (const ResultInfo& result : info.results) {
        const std::size_t bytes =
            record_bytes(sizeof(ResultFrame) + result.count_max * sizeof(float));
        largest = std::max(largest, bytes);
        sum += static_cast<double>(bytes) * frames_kept(result, bytes);
    }
    const auto wanted =
        static_cast<std::size_t>(std::min(sum, static_cast<double>(kResultRingMax)));
    return std::max(wanted, 2 * largest);
}

std::size_t response_ring_bytes(const WorkerInfo& worker) {
    // One for each waiting job, and never less than four.
    const std::size_t record = record_bytes(worker.response_bytes_max);
    return record
           * std::clamp<std::size_t>(worker.job_depth, 4,
                                     std::max<std::size_t>(4, kResultRingMax / record));
}

} // namespace

Shared::Shared(const PluginInfo& info)
    : cells(std::make_unique<process::ParamCell[]>(info.params.size() + 1)) {
    for (std::size_t i = 0; i < info.params.size(); ++i) {
        cells[i].wanted.store(info.params[i].def, std::memory_order_relaxed);
        cells[i].heard.store(info.params[i].def, std::memory_order_relaxed);
    }
    const WorkerInfo& worker = info.worker;
    if (worker.job_depth != 0)
        jobs = std::make_unique<rt::JobRing>(worker.job_bytes_max, worker.job_depth,
                                             (worker.flags & BL_WORK_DROP_OLDEST) != 0);
    if (worker.response_bytes_max != 0)
        responses = std::make_unique<rt::RecordRing>(response_ring_bytes(worker));
    if (info.results.empty()) return;
    audio_results = std::make_unique<rt::RecordRing>(result_ring_bytes(info));
    if (worker.job_depth != 0)
        worker_results = std::make_unique<rt::RecordRing>(result_ring_bytes(info));
}

} // namespace backline::plugin
