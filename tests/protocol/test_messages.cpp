// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/messages.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

namespace backline::protocol {
namespace {

TEST(TimeTag, KnowsThe1900Epoch) {
    // RFC 5905 figure 4: 1970-01-01 is 2208988800 s of era 0.
    EXPECT_EQ(TimeTag::from_unix_ns(0).ntp, std::uint64_t{2'208'988'800} << 32U);
    EXPECT_EQ(TimeTag::from_unix_ns(500'000'000).ntp & 0xffff'ffffU, 0x8000'0000U);
    EXPECT_EQ(TimeTag::from_unix_ns(-1'000'000'000).ntp, std::uint64_t{2'208'988'799} << 32U);
}

TEST(TimeTag, KeepsNanosecondsAcrossTheEraOf2036) {
    for (const std::int64_t second : {-1'000LL, 0LL, 1'780'000'000LL, 2'085'978'495LL,
                                      2'085'978'496LL, 2'085'978'497LL, 4'000'000'000LL})
        for (const std::int64_t ns : {0LL, 1LL, 2LL, 499'999'999LL, 999'999'999LL}) {
            const std::int64_t when = second * 1'000'000'000 + ns;
            EXPECT_EQ(TimeTag::from_unix_ns(when).unix_ns(), when);
        }
}

TEST(TimeTag, ImmediateIsNotATime) {
    EXPECT_TRUE(kImmediately.immediate());
    EXPECT_FALSE(TimeTag{0}.immediate()) << "that is a day in 1900";
    EXPECT_FALSE(TimeTag::at(std::chrono::system_clock::now()).immediate());
}

TEST(Argument, ConvertsFromWhatCodeHasAtHand) {
    const Message m = message("/x", "text", std::string("more"), std::string_view("view"), 1, 2.5F,
                              2.5, true, std::int64_t{7}, 'c', Blob{}, Nil{});
    EXPECT_EQ(m.tags(), "sssifdThcbN");
    EXPECT_EQ(m.args[2].as_text(), "view");
}

TEST(Argument, CoercesNumbers) {
    EXPECT_EQ(Argument(3).as_number(), 3.0);
    EXPECT_EQ(Argument(std::int64_t{3}).as_number(), 3.0);
    EXPECT_EQ(Argument(2.5F).as_number(), 2.5);
    EXPECT_EQ(Argument(2.5).as_number(), 2.5);
    EXPECT_EQ(Argument(true).as_number(), 1.0);
    EXPECT_EQ(Argument("3").as_number(), std::nullopt);
    EXPECT_EQ(Argument(Symbol{"low"}).as_text(), "low");
    EXPECT_EQ(Argument(1).as_text(), std::nullopt);
}

TEST(Argument, TakesOnlyWholeNumbersThatFitForInts) {
    EXPECT_EQ(Argument(2.0F).as_int(), 2);
    EXPECT_EQ(Argument(2.5F).as_int(), std::nullopt);
    EXPECT_EQ(Argument(2147483647.0).as_int(), 2147483647);
    EXPECT_EQ(Argument(2147483648.0).as_int(), std::nullopt);
    EXPECT_EQ(Argument(-2147483648.0).as_int(), std::numeric_limits<std::int32_t>::min());
    EXPECT_EQ(Argument(std::numeric_limits<double>::quiet_NaN()).as_int(), std::nullopt);
    EXPECT_EQ(Argument(std::numeric_limits<float>::infinity()).as_int(), std::nullopt);
}

TEST(Argument, NaNIsNeitherOnNorOff) {
    EXPECT_EQ(Argument(0).as_bool(), false);
    EXPECT_EQ(Argument(0.1F).as_bool(), true);
    EXPECT_EQ(Argument(std::numeric_limits<float>::quiet_NaN()).as_bool(), std::nullopt);
    EXPECT_EQ(Argument("T").as_bool(), std::nullopt);
}

TEST(Code, SymbolsAreUniqueAndComeBack) {
    std::set<std::string_view> seen;
    for (const CodeInfo& info : kCodes) {
        EXPECT_TRUE(seen.insert(info.symbol).second) << info.symbol;
        EXPECT_EQ(code_from(to_symbol(info.code)), info.code);
        EXPECT_FALSE(info.meaning.empty());
    }
    EXPECT_EQ(code_from("of_tomorrow"), std::nullopt);
}

} // namespace
} // namespace backline::protocol
