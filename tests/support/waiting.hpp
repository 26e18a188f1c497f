// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdlib>
#include <thread>

namespace backline::test {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

inline double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Waits for a condition, looking every 2 ms; false when it does not come within `limit`.
template <typename Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = 3s) {
    const auto end = Clock::now() + limit;
    while (!condition()) {
        if (Clock::now() >= end) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

/// A number from the environment, for the soak.
inline int count_from(const char* variable, int normal) {
    const char* text = std::getenv(variable);
    return text == nullptr ? normal : std::atoi(text);
}

} // namespace backline::test
