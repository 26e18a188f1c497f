// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Every conversation of tests/transcripts, over UDP and over the unix socket.
#include "tests/control/transcript.hpp"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <tuple>
#include <vector>

namespace backline::test {
namespace {

std::vector<std::string> transcripts() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(TRANSCRIPTS_DIR))
        if (entry.path().extension() == ".osc") names.push_back(entry.path().stem());
    std::sort(names.begin(), names.end());
    return names;
}

class Transcript : public testing::TestWithParam<std::tuple<std::string, bool>> {};

TEST_P(Transcript, IsAnsweredAsWritten) {
    const auto& [name, stream] = GetParam();
    const auto path = std::filesystem::path(TRANSCRIPTS_DIR) / (name + ".osc");
    EXPECT_EQ(play(path, stream), "");
}

INSTANTIATE_TEST_SUITE_P(All, Transcript,
                         testing::Combine(testing::ValuesIn(transcripts()), testing::Bool()),
                         [](const auto& case_) {
                             return std::get<0>(case_.param)
                                    + (std::get<1>(case_.param) ? "_unix" : "_udp");
                         });

TEST(Transcripts, ThereAreSome) {
    EXPECT_GE(transcripts().size(), 10u);
}

} // namespace
} // namespace backline::test
