// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The single-producer single-consumer ring beside boost's.
#include "bench/measure.hpp"
#include "daemon/rt/spsc_queue.hpp"

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstdint>
#include <cstdlib>
#include <sched.h>
#include <thread>
#include <vector>

using namespace backline;

namespace {

constexpr std::size_t kCapacity = 1024;
constexpr std::uint64_t kBurst = kCapacity / 2;
constexpr std::uint64_t kItems = 200 * kBurst;
constexpr int kRounds = 200;

/// Keeps the calling thread on the n-th processor that the program may use: two threads on one take
/// turns, and pass nothing from core to core.
void stay_on(int n) {
    static const cpu_set_t allowed = [] {
        cpu_set_t set;
        sched_getaffinity(0, sizeof set, &set);
        return set;
    }();
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &allowed) || n-- != 0) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof one, &one);
        return;
    }
}

/// Waits for its turn; leaves the processor when nobody else seems to have one.
void await(const std::atomic<std::uint64_t>& turn, std::uint64_t ours) {
    for (unsigned tries = 1; turn.load(std::memory_order_acquire) != ours; ++tries)
        if (tries % 4096 == 0) std::this_thread::yield();
}

/// Two threads, turn about: one puts half a ring in, the other takes it out, as the engine and the
/// audio thread do from period to period. Two that stream and spin would say little of a ring: by
/// chance one of them runs into the other's index at every element or at none, and either ring is
/// up to three times the other's speed. The sum is checked.
template <typename Push, typename Pop>
void pass(Push push, Pop pop) {
    alignas(128) std::atomic<std::uint64_t> turn{0};
    std::thread producer([&] {
        stay_on(1);
        for (std::uint64_t i = 1; i <= kItems; ++i) {
            if (!push(i)) std::abort();
            if (i % kBurst != 0) continue;
            turn.store(i, std::memory_order_release);
            await(turn, 0);
        }
    });
    std::uint64_t sum = 0, item = 0;
    for (std::uint64_t n = kBurst; n <= kItems; n += kBurst) {
        await(turn, n);
        while (pop(item))
            sum += item;
        turn.store(0, std::memory_order_release);
    }
    producer.join();
    if (sum != kItems * (kItems + 1) / 2) std::abort();
}

} // namespace

int main() {
    rt::SpscQueue<std::uint64_t> ours(kCapacity);
    boost::lockfree::spsc_queue<std::uint64_t, boost::lockfree::capacity<kCapacity>> boosts;
    const auto push = [&](std::uint64_t i) { return ours.try_push(i); };
    const auto pop = [&](std::uint64_t& i) { return ours.try_pop(i); };
    const auto boost_push = [&](std::uint64_t i) { return boosts.push(i); };
    const auto boost_pop = [&](std::uint64_t& i) { return boosts.pop(i); };

    bench::Table table("SPSC ring of 1024 64-bit numbers between two threads, in bursts of 512");
    stay_on(0);
    std::vector<double> our_s, boost_s;
    for (int round = 0; round < kRounds; ++round) {
        our_s.push_back(bench::time_of([&] { pass(push, pop); }));
        boost_s.push_back(bench::time_of([&] { pass(boost_push, boost_pop); }));
    }
    // Rounds that nothing else disturbed; both are treated alike.
    const double our = bench::quantile(our_s, 0.25), other = bench::quantile(boost_s, 0.25);
    table.figure("ours", static_cast<double>(kItems) / our / 1e6, "M/s");
    table.figure("boost::lockfree::spsc_queue", static_cast<double>(kItems) / other / 1e6, "M/s");
    table.at_least("ratio ours/boost", other / our, 0.95, "x");
    return table.status();
}
