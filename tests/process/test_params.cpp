// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/params.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace backline::process {
namespace {

struct Bank : ::testing::Test {
    std::vector<ParamCell> cells{100};
    ParamBank bank{cells.data(), 100};

    std::vector<double> values() const {
        std::vector<double> all;
        for (std::uint32_t i = 0; i < bank.event_count(); ++i)
            all.push_back(bank.events()[i].value);
        return all;
    }
};

TEST_F(Bank, PresetsAreHeardAtOnceAndDeliveredFirst) {
    bank.preset(3, 0.5);
    EXPECT_EQ(bank.value(3), 0.5);
    EXPECT_EQ(cells[3].heard.load(), 0.5);
    bank.add(7, 4, 1.0);
    bank.flush(64);
    ASSERT_EQ(bank.event_count(), 2u);
    EXPECT_EQ(bank.events()[0].param, 3u);
    EXPECT_EQ(bank.events()[0].frame, 0u);
    EXPECT_EQ(bank.events()[1].frame, 7u);
    EXPECT_FALSE(bank.waiting());
}

TEST_F(Bank, ALaterValueForTheSameFrameReplaces) {
    bank.add(5, 1, 1.0);
    bank.add(5, 2, 2.0);
    bank.add(5, 1, 3.0);
    bank.add(6, 1, 4.0);
    EXPECT_EQ(values(), (std::vector<double>{3.0, 2.0, 4.0}));
    EXPECT_EQ(bank.value(1), 4.0);
}

TEST_F(Bank, FlushKeepsToItsLimitAndToTheOrderOfArrival) {
    for (std::uint32_t i = 0; i < 100; ++i)
        bank.preset(99 - i, i);
    bank.flush(64);
    EXPECT_EQ(bank.event_count(), 64u);
    EXPECT_EQ(bank.waiting_count(), 36u);
    EXPECT_EQ(bank.events()[0].param, 99u);
    bank.clear_events();
    bank.flush(64);
    EXPECT_EQ(bank.event_count(), 36u);
    EXPECT_EQ(bank.events()[35].param, 0u);
}

TEST_F(Bank, TakingOneParameterOutLeavesTheOthers) {
    bank.add(0, 1, 1.0);
    bank.add(1, 2, 2.0);
    bank.add(2, 1, 3.0);
    double value = 0.0;
    EXPECT_TRUE(bank.extract(1, value));
    EXPECT_EQ(value, 3.0);
    EXPECT_FALSE(bank.extract(1, value));
    EXPECT_EQ(values(), (std::vector<double>{2.0}));
}

TEST_F(Bank, UndeliveredEventsWaitAsValues) {
    bank.add(0, 1, 1.0);
    bank.add(9, 1, 2.0);
    bank.add(9, 2, 3.0);
    bank.keep_events();
    EXPECT_EQ(bank.event_count(), 0u);
    EXPECT_EQ(bank.waiting_count(), 2u);
    bank.flush(64);
    EXPECT_EQ(values(), (std::vector<double>{2.0, 3.0}));
}

TEST_F(Bank, ParametersThatDoNotExistAreIgnored) {
    bank.add(0, 100, 1.0);
    bank.take(100);
    EXPECT_EQ(bank.event_count() + bank.waiting_count(), 0u);
}

TEST_F(Bank, EverythingAtOnceFits) {
    // One value for each at the first frame, more behind it up to the limit, and a full group
    // after.
    for (std::uint32_t i = 0; i < 100; ++i)
        bank.preset(i, 1.0);
    std::uint32_t timed = 0;
    for (std::uint32_t frame = 1; bank.has_room(1); ++frame, ++timed)
        bank.add(frame, timed, 2.0);
    EXPECT_EQ(timed, 32u); // each brought its untimed value with it
    for (std::uint32_t i = 0; i < 100; ++i)
        bank.add(1000, i, 3.0);
    bank.flush(100);
    EXPECT_FALSE(bank.waiting());
    EXPECT_EQ(bank.event_count(), 100u + timed + 100u);
    for (std::uint32_t i = 0; i < 100; ++i)
        EXPECT_EQ(bank.events()[i].value, 1.0);
}

} // namespace
} // namespace backline::process
