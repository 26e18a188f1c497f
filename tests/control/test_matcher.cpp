// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/matcher.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <stdexcept>

namespace backline::control {
namespace {

bool matches(const char* pattern, const char* address) {
    return Pattern(pattern).matches(address);
}

TEST(Matcher, LiteralsMatchThemselvesOnly) {
    EXPECT_TRUE(matches("/node/eq/gain", "/node/eq/gain"));
    EXPECT_FALSE(matches("/node/eq/gain", "/node/eq/gai"));
    EXPECT_FALSE(matches("/node/eq/gain", "/node/eq/gain2"));
    EXPECT_FALSE(matches("/node/eq/gain", "/node/eq"));
    EXPECT_FALSE(matches("/node", ""));
}

TEST(Matcher, StarsAndQuestionMarksNeverCrossASlash) {
    EXPECT_TRUE(matches("/node/*/gain", "/node/eq/gain"));
    EXPECT_TRUE(matches("/node/*", "/node/eq"));
    EXPECT_FALSE(matches("/node/*", "/node/eq/gain"));
    EXPECT_FALSE(matches("/*", "/node/eq"));
    EXPECT_TRUE(matches("/n*d*e*", "/node"));
    EXPECT_TRUE(matches("/*", "/"));
    EXPECT_TRUE(matches("/node/??", "/node/eq"));
    EXPECT_FALSE(matches("/node/???", "/node/eq"));
    EXPECT_FALSE(matches("/node?eq", "/node/eq"));
    EXPECT_TRUE(matches("/a**b", "/axxb"));
    EXPECT_TRUE(matches("/*a*a*", "/banana"));
}

TEST(Matcher, Brackets) {
    EXPECT_TRUE(matches("/[a-c]x", "/bx"));
    EXPECT_FALSE(matches("/[a-c]x", "/dx"));
    EXPECT_TRUE(matches("/[!a-c]x", "/dx"));
    EXPECT_FALSE(matches("/[!a-c]x", "/bx"));
    EXPECT_FALSE(matches("/a[!b]c", "/a/c")) << "not even a negated set crosses a slash";
    EXPECT_TRUE(matches("/[a-]x", "/-x"));
    EXPECT_TRUE(matches("/[-a]x", "/-x"));
    EXPECT_TRUE(matches("/[xyz0-9]", "/7"));
    EXPECT_FALSE(matches("/[]x", "/x")) << "an empty set matches nothing";
    EXPECT_TRUE(matches("/[!]x", "/ax")) << "and its opposite everything";
    EXPECT_FALSE(matches("/[z-a]", "/b"));
}

TEST(Matcher, Braces) {
    EXPECT_TRUE(matches("/{peak,rms}", "/peak"));
    EXPECT_TRUE(matches("/{peak,rms}", "/rms"));
    EXPECT_FALSE(matches("/{peak,rms}", "/peakrms"));
    EXPECT_TRUE(matches("/{a,ab}c", "/abc"));
    EXPECT_TRUE(matches("/{ab,a}bc", "/abc"));
    EXPECT_TRUE(matches("/x{,y}z", "/xz"));
    EXPECT_TRUE(matches("/x{,y}z", "/xyz"));
    EXPECT_TRUE(matches("/{a,b}{c,d}", "/bd"));
    EXPECT_TRUE(matches("/{}", "/"));
    EXPECT_TRUE(matches("/*{gain,mute}", "/outputmute"));
}

TEST(Matcher, TwoSlashesStandForAnyNumberOfLevels) {
    EXPECT_TRUE(matches("//gain", "/gain"));
    EXPECT_TRUE(matches("//gain", "/node/gain"));
    EXPECT_TRUE(matches("//gain", "/node/eq/gain"));
    EXPECT_FALSE(matches("//gain", "/node/again"));
    EXPECT_FALSE(matches("//gain", "/node/gain/x"));
    EXPECT_TRUE(matches("/node//gain", "/node/gain"));
    EXPECT_TRUE(matches("/node//gain", "/node/a/b/gain"));
    EXPECT_FALSE(matches("/node//gain", "/output/gain"));
    EXPECT_TRUE(matches("//*", "/node/eq/gain"));
    EXPECT_TRUE(matches("//eq/*", "/node/eq/gain"));
}

TEST(Matcher, WhatIsNoPattern) {
    EXPECT_THROW(Pattern("/a[bc"), std::invalid_argument);
    EXPECT_THROW(Pattern("/a{b,c"), std::invalid_argument);
    EXPECT_THROW(Pattern("/" + std::string(300, 'a')), std::invalid_argument);
    EXPECT_NO_THROW(Pattern("/" + std::string(254, '*')));
    EXPECT_NO_THROW(Pattern("/a]b}c"));
}

// What takes others seconds: many stars against an address that almost matches.
TEST(Matcher, NoPatternTakesLong) {
    std::string address = "/" + std::string(253, 'a');
    for (std::string pattern : {std::string("/"), std::string("//")}) {
        while (pattern.size() < 240)
            pattern += pattern.size() % 3 == 0 ? "{a,aa}" : "*a";
        const Pattern hostile(pattern + "b");
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_FALSE(hostile.matches(address));
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(50));
    }
}

} // namespace
} // namespace backline::control
