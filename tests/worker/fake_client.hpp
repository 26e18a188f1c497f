// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/job_ring.hpp"
#include "daemon/rt/thread_role.hpp"
#include "daemon/worker/pool.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <thread>
#include <utility>

namespace backline::test {

/// Waits until `condition` holds, at most `limit`; returns whether it does.
template <typename Condition>
bool wait_for(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
}

/// A client of the pool whose jobs are numbers, handed to a function.
class FakeClient {
  public:
    using Work = std::function<void(std::uint64_t)>;

    explicit FakeClient(Work work, std::uint32_t depth = 64, bool drop_oldest = false,
                        std::uint32_t work_class = BL_WORK_LIVE)
        : jobs(sizeof(std::uint64_t), depth, drop_oldest), work_(std::move(work)) {
        plugin_.data = this;
        plugin_.work = [](const bl_plugin* self, const void* job, std::uint32_t) {
            auto& me = *static_cast<FakeClient*>(self->data);
            if (me.inside_.fetch_add(1) != 0) ++me.overlaps;
            std::uint64_t number = 0;
            std::memcpy(&number, job, sizeof number);
            me.work_(number);
            me.inside_.fetch_sub(1);
        };
        client.plugin = &plugin_;
        client.jobs = &jobs;
        client.work_class = work_class;
    }

    /// Submits as an instance does on the audio thread, in a cycle of its own; the wake is the
    /// caller's. False when full.
    bool submit(worker::Pool& pool, std::uint64_t number) {
        const rt::RoleScope audio(rt::Role::audio);
        void* const room = jobs.reserve(sizeof number);
        if (room == nullptr) return false;
        std::memcpy(room, &number, sizeof number);
        jobs.submit();
        pool.notify(client);
        pool.ready().publish();
        return true;
    }

    rt::JobRing jobs;
    worker::Client client;
    std::atomic<int> overlaps{0};

  private:
    Work work_;
    bl_plugin plugin_{};
    std::atomic<int> inside_{0};
};

} // namespace backline::test
