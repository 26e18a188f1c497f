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
#include <memory>
#include <thread>
#include <utility>
#include <vector>

using namespace backline;

namespace {

constexpr std::size_t kClients = 8;
constexpr std::size_t kCycles = 2000;
constexpr std::uint32_t kDepth = 64;
constexpr std::uint32_t kBytesMax = 1024;
constexpr std::uint32_t kBytes = 128 * sizeof(float);

std::atomic<int> done{0};
std::atomic<std::uint64_t> first_ns{0};

void work(const bl_plugin*, const void*, std::uint32_t) {
    std::uint64_t none = 0;
    first_ns.compare_exchange_strong(none, rt::monotonic_ns());
    done.fetch_add(1, std::memory_order_release);
}

/// An analysis with a ring of its own.
struct Analysis {
    explicit Analysis(worker::Pool& pool) {
        plugin.struct_size = sizeof plugin;
        plugin.work = work;
        client.plugin = &plugin;
        client.jobs = &ring;
        client.work_class = BL_WORK_LIVE;
        pool.add(client);
    }
    bl_plugin plugin{};
    rt::JobRing ring{kBytesMax, kDepth, false};
    worker::Client client;
};

struct Figures {
    std::vector<double> hand_over_us; ///< reserve and submit, the publishing shared out; per job
    std::vector<double> whole_us;     ///< with the fill, and nothing in between; per job
    std::vector<double> start_us;     ///< from the end of the cycle to the first job's start
};

/// About a microsecond of arithmetic, as the rest of a node and the nodes after it.
float other_nodes(float seed) {
    for (int i = 0; i < 500; ++i)
        seed = seed * 0.999f + 0.001f;
    return seed;
}

/// Time that passes on the audio thread, without what looking at the clock costs.
class Watch {
  public:
    Watch() {
        std::vector<double> nothing;
        for (int i = 0; i < 1001; ++i) {
            begin();
            nothing.push_back(static_cast<double>(rt::ticks() - began_));
        }
        nothing_ = bench::quantile(nothing, 0.5);
    }
    void begin() { began_ = rt::ticks(); }
    void end() { sum_ += static_cast<double>(rt::ticks() - began_) - nothing_; }
    /// Microseconds between begin() and end() since the last call.
    double take() { return std::exchange(sum_, 0.0) * rate_.ns_per_tick() * 1e-3; }

  private:
    rt::TickRate rate_; // known better the longer it lives
    std::uint64_t began_ = 0;
    double nothing_ = 0.0, sum_ = 0.0;
};

/// Cycles in which so many analyses submit a job each, to a worker that has gone to sleep
/// meanwhile, as between the periods of a live graph. Empty when a ring was full.
Figures run(worker::Pool& pool, std::vector<std::unique_ptr<Analysis>>& analyses,
            std::size_t jobs) {
    Watch watch;
    alignas(64) float block[128] = {};
    float sound = 0.0f;
    Figures figures;
    for (std::size_t i = 0; i < 2 * kCycles; ++i) {
        // In every other cycle as a graph does it; in the others all at once, in one measurement.
        const bool graph = i % 2 == 0;
        std::this_thread::sleep_for(std::chrono::microseconds(1333));
        done.store(0);
        first_ns.store(0);
        block[i % 128] = static_cast<float>(i);
        if (!graph) watch.begin();
        for (std::size_t n = 0; n < jobs; ++n) {
            Analysis& analysis = *analyses[n];
            if (graph) watch.begin();
            void* const job = analysis.ring.reserve(kBytes);
            if (graph) watch.end();
            if (job == nullptr) return {};
            std::memcpy(job, block, kBytes);
            if (graph) watch.begin();
            analysis.ring.submit();
            pool.notify(analysis.client);
            if (!graph) continue;
            watch.end();
            sound = other_nodes(sound);
        }
        if (graph) watch.begin();
        pool.ready().publish();
        watch.end();
        (graph ? figures.hand_over_us : figures.whole_us)
            .push_back(watch.take() / static_cast<double>(jobs));

        const std::uint64_t end_of_cycle = rt::monotonic_ns();
        pool.ready().wake_one();
        while (done.load(std::memory_order_acquire) != static_cast<int>(jobs))
            std::this_thread::yield();
        figures.start_us.push_back(
            (static_cast<double>(first_ns.load()) - static_cast<double>(end_of_cycle)) * 1e-3);
    }
    asm volatile("" : : "r"(&sound) : "memory"); // computed, though nobody hears it
    return figures;
}

} // namespace

int main() {
    worker::Pool pool({1, true});
    std::vector<std::unique_ptr<Analysis>> analyses;
    for (std::size_t i = 0; i < kClients; ++i)
        analyses.push_back(std::make_unique<Analysis>(pool));
    const Figures one = run(pool, analyses, 1), several = run(pool, analyses, kClients);
    for (const auto& analysis : analyses)
        pool.remove(analysis->client, 1.0);
    if (one.start_us.empty() || several.start_us.empty()) return 2;

    bench::Table table("worker pool, one worker, jobs of 128 samples every 1.33 ms");
    const auto p50 = [](const std::vector<double>& values) { return bench::quantile(values, 0.5); };
    table.at_most("8 analyses in a cycle: reserve and submit a job: p50", p50(several.hand_over_us),
                  0.1, "us");
    table.figure("  the same back to back, with 512 bytes filled: p50", p50(several.whole_us),
                 "us");
    table.figure("one analysis in a cycle: reserve and submit its job: p50", p50(one.hand_over_us),
                 "us");
    table.figure("  the same with 512 bytes filled: p50", p50(one.whole_us), "us");
    table.at_most("end of cycle to start of work: p50", p50(one.start_us), 85.0, "us");
    table.figure("end of cycle to start of work: p99", bench::quantile(one.start_us, 0.99), "us");
    return table.status();
}
