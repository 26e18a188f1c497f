// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/rt/latest_value.hpp"
#include "tests/rt/stress.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace backline::rt {
namespace {

struct Sample {
    std::uint64_t number = 0;
    std::uint64_t a = 0, b = 0, c = 0;
};

TEST(LatestValue, IsZeroThenTheNewest) {
    LatestValue<Sample> value;
    EXPECT_EQ(value.read().number, 0u);
    value.write({1, 2, 3, 4});
    value.write({5, 6, 7, 8});
    EXPECT_EQ(value.read().number, 5u);
    EXPECT_EQ(value.read().c, 8u);
}

TEST(LatestValue, IsNeverTornAndNeverGoesBack) {
    LatestValue<Sample> value;
    std::atomic<bool> over{false};
    std::thread writer([&] {
        for (std::uint64_t n = 1; n <= test::kStressItems / 10; ++n)
            value.write({n, test::mix(n), test::mix(n + 1), test::mix(n + 2)});
        over.store(true);
    });
    std::uint64_t torn = 0, back = 0, newest = 0;
    for (bool last = false; !last;) {
        last = over.load();
        const Sample s = value.read();
        if (s.number != 0)
            torn += s.a != test::mix(s.number) || s.b != test::mix(s.number + 1)
                            || s.c != test::mix(s.number + 2)
                        ? 1
                        : 0;
        back += s.number < newest ? 1 : 0;
        newest = s.number;
    }
    writer.join();
    EXPECT_EQ(torn, 0u);
    EXPECT_EQ(back, 0u);
    EXPECT_EQ(newest, test::kStressItems / 10);
}

} // namespace
} // namespace backline::rt
