// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/rt/histogram.hpp"

#include "daemon/rt/pulse.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <algorithm>

#include <gtest/gtest.h>

namespace backline::rt {
namespace {

TEST(Histogram, BucketsAreInOrderAndHoldTheirMiddle) {
    std::uint32_t last = 0;
    for (std::uint64_t value = 0; value < (std::uint64_t{1} << 40); value += 1 + value / 64) {
        const std::uint32_t bucket = Histogram::bucket(value);
        ASSERT_LT(bucket, Histogram::kBuckets);
        ASSERT_GE(bucket, last);
        ASSERT_LE(bucket, last + 1);
        last = bucket;
        const auto exact = static_cast<double>(value);
        ASSERT_LE(std::fabs(Histogram::middle(bucket) - exact), 0.0625 * exact + 0.5) << value;
    }
    EXPECT_EQ(last, Histogram::kBuckets - 1);
    EXPECT_EQ(Histogram::bucket(~std::uint64_t{0}), Histogram::kBuckets - 1);
}

TEST(Histogram, QuantilesAreRightToSevenPercent) {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> draw(9.0, 2.0);
    Histogram histogram;
    std::vector<double> values;
    for (int i = 0; i < 100'000; ++i) {
        const auto value = static_cast<std::uint64_t>(draw(random));
        histogram.add(value);
        values.push_back(static_cast<double>(value));
    }
    std::sort(values.begin(), values.end());
    for (const double p : {0.01, 0.5, 0.9, 0.99, 0.999}) {
        const double exact = values[static_cast<std::size_t>(p * 100'000.0) - 1];
        EXPECT_NEAR(histogram.quantile(p), exact, 0.07 * exact) << p;
    }
}

TEST(Histogram, OfNothingIsZero) {
    EXPECT_EQ(Histogram().quantile(0.5), 0.0);
}

TEST(Histogram, OneValueIsEveryQuantile) {
    Histogram histogram;
    histogram.add(5);
    for (const double p : {0.0, 0.5, 1.0})
        EXPECT_EQ(histogram.quantile(p), 5.0);
}

TEST(Pulse, SaysWhichNodeRunsWhileItDoes) {
    Pulse pulse;
    const std::uint64_t word = node_word(17, 3);
    EXPECT_EQ(slot_of(word), 17u);
    EXPECT_EQ(generation_of(word), 3u);
    EXPECT_EQ(node_word(17, 0), 0u);
    {
        const InNode outside(word); // of a thread that runs no cycle
        EXPECT_EQ(current_mark, nullptr);
    }
    {
        const PulseThread thread(pulse, 5);
        {
            const InNode inside(word);
            EXPECT_EQ(pulse.threads[5].running.load(), word);
        }
        EXPECT_EQ(pulse.threads[5].running.load(), 0u);
    }
    EXPECT_EQ(current_mark, nullptr);
    EXPECT_EQ(pulse.threads[0].running.load(), 0u);
}

} // namespace
} // namespace backline::rt
