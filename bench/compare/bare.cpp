// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What plugins cost without a host, for ./dev compare:
//     bench_bare LIBRARY COUNT BLOCKS [THREADS] [PARAM=VALUE]...
// calls COUNT equal plugins, shared out evenly over THREADS (default 1), for BLOCKS blocks of 64
// frames of noise. Prints nanoseconds per block: processor time of one thread, then the time on the
// wall until all threads are done. Parameters go by their number.
#include "bench/bare_chain.hpp"
#include "bench/measure.hpp"
#include "daemon/rt/denormals.hpp"

#include <barrier>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <pthread.h>
#include <sched.h>
#include <thread>

namespace {

using namespace backline;

using Clock = std::chrono::steady_clock;
constexpr std::uint32_t kFrames = 64;

struct Arguments {
    std::string library;
    std::uint32_t count = 0, blocks = 0, threads = 1;
    std::vector<bl_param_event> values;
};

Arguments parse(int argc, char** argv) {
    if (argc < 4)
        throw std::runtime_error("usage: bench_bare LIBRARY COUNT BLOCKS [THREADS] "
                                 "[PARAM=VALUE]...");
    Arguments given{argv[1],
                    static_cast<std::uint32_t>(std::stoul(argv[2])),
                    static_cast<std::uint32_t>(std::stoul(argv[3])),
                    1,
                    {}};
    for (int i = 4; i < argc; ++i) {
        const char* equals = std::strchr(argv[i], '=');
        if (equals == nullptr)
            given.threads = static_cast<std::uint32_t>(std::stoul(argv[i]));
        else
            given.values.push_back(
                {0, static_cast<std::uint32_t>(std::stoul(argv[i])), std::stod(equals + 1)});
    }
    if (given.threads == 0 || given.count % given.threads != 0)
        throw std::runtime_error("COUNT is not a multiple of THREADS");
    return given;
}

/// One thread's share of the work.
class Share {
  public:
    explicit Share(const Arguments& given)
        : chain_(given.library, given.count / given.threads, given.values), blocks_(given.blocks) {
        std::uint32_t state = 1;
        for (float& sample : noise_) {
            state = state * 1664525u + 1013904223u; // Knuth's linear congruential generator
            sample = static_cast<float>(static_cast<double>(state) / 2147483648.0 - 1.0) * 0.1f;
        }
    }
    /// `go` returns when all threads are ready.
    template <typename Go>
    void run(Go&& go) {
        rt::flush_denormals();
        play(blocks_ / 10 + 1);
        go();
        begin_ = Clock::now();
        seconds_ = bench::cpu_time_of([this] { play(blocks_); });
        end_ = Clock::now();
    }
    double seconds() const { return seconds_; } ///< of processor time
    Clock::time_point begin() const { return begin_; }
    Clock::time_point end() const { return end_; }

  private:
    void play(std::uint32_t blocks) {
        for (std::uint32_t i = 0; i < blocks; ++i) {
            std::memcpy(chain_.buffer(), noise_, sizeof noise_);
            chain_.run(kFrames, [](const float*) {});
        }
    }

    bench::BareChain chain_;
    std::uint32_t blocks_;
    float noise_[kFrames];
    double seconds_ = 0.0;
    Clock::time_point begin_{}, end_{};
};

/// As a host's threads are, where that is permitted: others' work does not count on the wall.
void be_realtime() {
    const sched_param lowest{.sched_priority = 1};
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &lowest);
}

int run(const Arguments& given) {
    std::vector<std::unique_ptr<Share>> shares;
    for (std::uint32_t i = 0; i < given.threads; ++i)
        shares.push_back(std::make_unique<Share>(given));
    std::barrier ready(static_cast<std::ptrdiff_t>(given.threads));
    std::vector<std::jthread> threads;
    for (const auto& share : shares)
        threads.emplace_back([&] {
            be_realtime();
            share->run([&] { ready.arrive_and_wait(); });
        });
    threads.clear();
    Clock::time_point begin = shares[0]->begin(), end = shares[0]->end();
    for (const auto& share : shares) {
        begin = std::min(begin, share->begin());
        end = std::max(end, share->end());
    }
    const double wall = std::chrono::duration<double>(end - begin).count();
    std::printf("%.3f %.3f\n", shares[0]->seconds() / given.blocks * 1e9,
                wall / given.blocks * 1e9);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(parse(argc, argv));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_bare: %s\n", error.what());
        return 2;
    }
}
