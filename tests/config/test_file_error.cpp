// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/file_error.hpp"

#include <array>

#include <gtest/gtest.h>

namespace backline {
namespace {

constexpr std::array<std::string_view, 5> kWords{"port", "bind", "loopback_role", "max_packet",
                                                 "in"};

TEST(FileError, NamesFileAndLine) {
    const FileError error("a.toml", 7, "wrong");
    EXPECT_STREQ(error.what(), "a.toml:7: wrong");
    EXPECT_EQ(error.file(), "a.toml");
    EXPECT_EQ(error.line(), 7u);
    EXPECT_EQ(error.message(), "wrong");
}

TEST(FileError, WithoutALine) {
    EXPECT_STREQ(FileError("a.toml", 0, "wrong").what(), "a.toml: wrong");
}

TEST(DidYouMean, FindsOneEditAway) {
    EXPECT_EQ(did_you_mean("prt", kWords), ", did you mean \"port\"?");   // lost
    EXPECT_EQ(did_you_mean("poort", kWords), ", did you mean \"port\"?"); // too many
    EXPECT_EQ(did_you_mean("part", kWords), ", did you mean \"port\"?");  // another
    EXPECT_EQ(did_you_mean("prot", kWords), ", did you mean \"port\"?");  // swapped
    EXPECT_EQ(did_you_mean("i", kWords), ", did you mean \"in\"?");
}

TEST(DidYouMean, ForgivesMoreInLongWords) {
    EXPECT_EQ(did_you_mean("loopbackrol", kWords), ", did you mean \"loopback_role\"?");
    EXPECT_EQ(did_you_mean("max_packets_size", kWords), "");
}

TEST(DidYouMean, SaysNothingWhenNothingIsNear) {
    EXPECT_EQ(did_you_mean("server", kWords), "");
    EXPECT_EQ(did_you_mean("", kWords), "");
    EXPECT_EQ(did_you_mean(std::string(100000, 'p'), kWords), "");
    EXPECT_EQ(did_you_mean("port", {}), "");
}

} // namespace
} // namespace backline
