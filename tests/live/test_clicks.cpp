// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// A sine goes through the live daemon while a client edits the graph as fast as it likes. What the
// recording has above 5 kHz is what the edits added; tests/engine/test_clicks.cpp is the same
// offline.
#include "tests/live/live.hpp"
#include "tests/support/high_pass.hpp"

#include <random>

namespace backline::test {
namespace {

constexpr int kEdits = 1000;                 // that were possible
constexpr std::uint32_t kFrames = 3 * 48000; // of a recording
constexpr auto kEditing = 2900ms;            // while it lasts

class Clicks : public LiveTest {
  protected:
    /// One edit of a kind chosen at random; whether it was possible.
    bool edit() {
        const std::string node = pick({"a", "b", "c"});
        const auto level = [&] { return Argument(-static_cast<float>(random() % 12)); };
        switch (random() % 11) {
        case 0:
            if (code_of("/node/add",
                        {node, pick({"backline.gain", "backline.filter"}), "channels", 1})
                != "done")
                return false;
            code_of("/connect", {"in", node});
            return code_of("/connect", {node, "out"}) == "done";
        case 1:
            return code_of("/node/remove", {node}) == "done";
        case 2:
            return code_of("/node/remove", {node, "tail"}) == "done";
        case 3:
            return code_of("/connect", {pick({"in", "a", "b", "c"}), pick({"out", "a", "b"})})
                   == "done";
        case 4:
            return code_of("/disconnect", {pick({"in", "a", "b", "c"}), pick({"out", "a", "b"})})
                   == "done";
        case 5:
            return code_of("/bypass/" + node, {random() % 2 == 0}) == "done";
        case 6:
            return code_of("/output/out/mute", {random() % 2 == 0}) == "done";
        case 7:
            return code_of("/output/out/gain", {level()}) == "done";
        case 8:
            return code_of("/mute", {random() % 2 == 0}) == "done";
        case 9:
            return code_of("/node/replace", {node, pick({"backline.gain", "backline.filter"})})
                   == "done";
        default:
            return code_of("/node/" + node + "/gain", {level()}) == "done";
        }
    }
    std::string pick(std::vector<std::string> from) { return from[random() % from.size()]; }

    std::mt19937 random{20};
};

TEST_F(Clicks, AThousandLiveEditsLeaveNothingAbove5kHz) {
    start({.arguments = {"--rack", "thru"}});
    open_peers(997.0, 0.5);
    ASSERT_TRUE(eventually([&] { return recorder->has_port("backline:out_1"); }));
    patch_peers("in_1", "out_1");
    ASSERT_TRUE(eventually([&] { return hears(0.5 / std::sqrt(2.0)); }));
    int made = 0;
    double worst = 0.0;
    double loudest = 0.0;
    for (int takes = 0; made < kEdits && takes < 10; ++takes) {
        const Json before = status()["jack"]["xruns"];
        std::vector<float> heard;
        std::thread listener([&] { heard = hear(kFrames); });
        int now = 0;
        const auto end = std::chrono::steady_clock::now() + kEditing;
        while (std::chrono::steady_clock::now() < end)
            if (edit()) ++now;
        listener.join();
        // A period that the server lost is a click, but not of ours.
        if (status()["jack"]["xruns"] != before) continue;
        made += now;
        HighPass high(5000.0, 48000.0);
        for (std::size_t i = 0; i < heard.size(); ++i) {
            const double left = std::abs(high.next(heard[i]));
            if (i > 4800) worst = std::max(worst, left); // past the recording's own beginning
            loudest = std::max(loudest, std::abs(static_cast<double>(heard[i])));
        }
    }
    figure("above_5_kHz", 20.0 * std::log10(worst), "dBFS");
    figure("edits", made, "");
    EXPECT_GE(made, kEdits);
    EXPECT_GT(loudest, 0.1); // there was something to click
    EXPECT_LE(20.0 * std::log10(worst), -80.0);
}

} // namespace
} // namespace backline::test
