// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Handing a job to the pool: what it costs the audio thread, and how soon a sleeping worker is at
// it after the end of the cycle that submitted it.
#include "bench/measure.hpp"
#include "daemon/rt/tick_rate.hpp"
#include "daemon/worker/pool.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

using namespace backline;

namespace {

std::atomic<std::uint64_t> started_ns{0};

void work(const bl_plugin*, const void*, std::uint32_t) {
    started_ns.store(rt::monotonic_ns(), std::memory_order_release);
}

} // namespace

int main() {
    worker::Pool pool({1, true});
    bl_plugin plugin{};
    plugin.struct_size = sizeof plugin;
    plugin.work = work;
    rt::JobRing ring(1024, 64, false);
    worker::Client client;
    client.plugin = &plugin;
    client.jobs = &ring;
    client.work_class = BL_WORK_LIVE;
    pool.add(client);

    std::vector<double> submit_ns, start_us;
    float block[128] = {};
    const rt::TickRate rate;
    for (int i = 0; i < 3000; ++i) {
        // A worker that has gone to sleep, as between the periods of a live graph.
        std::this_thread::sleep_for(std::chrono::microseconds(1333));
        started_ns.store(0);
        const std::uint64_t before = rt::ticks();
        void* job = ring.reserve(sizeof block);
        if (job == nullptr) return 2;
        std::memcpy(job, block, sizeof block);
        ring.submit();
        pool.notify(client);
        const std::uint64_t after = rt::ticks();
        const std::uint64_t end_of_cycle = rt::monotonic_ns();
        pool.ready().wake_one();
        std::uint64_t started = 0;
        while ((started = started_ns.load(std::memory_order_acquire)) == 0)
            std::this_thread::yield();
        submit_ns.push_back(static_cast<double>(after - before) * rate.ns_per_tick());
        start_us.push_back(static_cast<double>(started - end_of_cycle) * 1e-3);
    }
    pool.remove(client, 1.0);

    bench::Table table("worker pool, one worker, a job of 128 samples every 1.33 ms");
    table.at_most("reserve, fill 512 bytes, submit: p50", bench::quantile(submit_ns, 0.5) * 1e-3,
                  0.1, "us");
    table.at_most("end of cycle to start of work: p50", bench::quantile(start_us, 0.5), 85.0, "us");
    table.figure("end of cycle to start of work: p99", bench::quantile(start_us, 0.99), "us");
    return table.status();
}
