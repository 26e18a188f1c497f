// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The single-producer single-consumer ring beside boost's.
#include "bench/measure.hpp"
#include "daemon/rt/spsc_queue.hpp"

#include <boost/lockfree/spsc_queue.hpp>
#include <cstdint>
#include <thread>

using namespace backline;

namespace {

constexpr std::uint64_t kItems = 4'000'000;
constexpr std::size_t kCapacity = 1024;

/// Two threads, one passing kItems numbers to the other; the sum is checked.
template <typename Push, typename Pop>
void pass(Push push, Pop pop) {
    std::thread producer([&] {
        for (std::uint64_t i = 1; i <= kItems; ++i)
            while (!push(i)) {
            }
    });
    std::uint64_t sum = 0;
    for (std::uint64_t n = 0; n < kItems;) {
        std::uint64_t item = 0;
        if (!pop(item)) continue;
        sum += item;
        ++n;
    }
    producer.join();
    if (sum != kItems * (kItems + 1) / 2) std::abort();
}

} // namespace

int main() {
    rt::SpscQueue<std::uint64_t> ours(kCapacity);
    boost::lockfree::spsc_queue<std::uint64_t, boost::lockfree::capacity<kCapacity>> boosts;
    const bench::Pair pair = bench::in_turn_by_wall(
        15,
        [&] {
            pass([&](std::uint64_t i) { return ours.try_push(i); },
                 [&](std::uint64_t& i) { return ours.try_pop(i); });
        },
        [&] {
            pass([&](std::uint64_t i) { return boosts.push(i); },
                 [&](std::uint64_t& i) { return boosts.pop(i); });
        });
    bench::Table table("SPSC ring of 1024 64-bit numbers between two threads");
    table.figure("ours", static_cast<double>(kItems) / pair.a / 1e6, "M/s");
    table.figure("boost::lockfree::spsc_queue", static_cast<double>(kItems) / pair.b / 1e6, "M/s");
    table.at_least("ratio ours/boost", 1.0 / pair.ratio, 0.95, "x");
    return table.status();
}
