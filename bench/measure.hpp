// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

namespace backline::bench {

/// Seconds that `work` takes, once.
template <typename Work>
double time_of(Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Seconds of processor time that `work` takes in this thread: what others do meanwhile does not
/// count.
template <typename Work>
double cpu_time_of(Work&& work) {
    const auto now = [] {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
    };
    const double begin = now();
    work();
    return now() - begin;
}

/// The q-quantile (0..1) of the values.
inline double quantile(std::vector<double> values, double q) {
    if (values.empty()) return 0.0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

/// Two pieces of work, in turn, `rounds` times: noise that comes and goes hits both. Medians.
struct Pair {
    double a, b, ratio; ///< seconds, seconds, median of a/b
};
template <typename A, typename B, typename Clock>
Pair in_turn(int rounds, A&& a, B&& b, Clock&& seconds_of) {
    std::vector<double> as, bs, ratios;
    a();
    b();
    for (int i = 0; i < rounds; ++i) {
        as.push_back(seconds_of(a));
        bs.push_back(seconds_of(b));
        ratios.push_back(as.back() / bs.back());
    }
    return {quantile(as, 0.5), quantile(bs, 0.5), quantile(ratios, 0.5)};
}
/// In one thread, by processor time.
template <typename A, typename B>
Pair in_turn(int rounds, A&& a, B&& b) {
    return in_turn(rounds, a, b, [](auto& work) { return cpu_time_of(work); });
}
/// Where several threads are at work, by the clock on the wall.
template <typename A, typename B>
Pair in_turn_by_wall(int rounds, A&& a, B&& b) {
    return in_turn(rounds, a, b, [](auto& work) { return time_of(work); });
}

/// Prints figures beside their limits and remembers whether all were kept.
class Table {
  public:
    explicit Table(const char* title) { std::printf("%s\n", title); }

    /// At most `limit`.
    void at_most(const std::string& what, double value, double limit, const char* unit) {
        line(what, value, limit, unit, value <= limit, "<=");
    }
    /// At least `limit`.
    void at_least(const std::string& what, double value, double limit, const char* unit) {
        line(what, value, limit, unit, value >= limit, ">=");
    }
    /// For information.
    void figure(const std::string& what, double value, const char* unit) {
        std::printf("  %-64s %10.3f %-3s\n", what.c_str(), value, unit);
    }
    int status() const { return kept_ ? 0 : 1; }

  private:
    void line(const std::string& what, double value, double limit, const char* unit, bool ok,
              const char* sign) {
        std::printf("  %-64s %10.3f %-3s  %s %-8.3g %s\n", what.c_str(), value, unit, sign, limit,
                    ok ? "ok" : "MISSED");
        kept_ = kept_ && ok;
    }
    bool kept_ = true;
};

} // namespace backline::bench
