// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/jack_patchbay.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace backline::audio {
namespace {

using Links = std::vector<JackLink>;
constexpr const char* kAudio = "32 bit float mono audio";

const JackPort kOut{"backline:out", true, false, kAudio, {}};
const JackPort kIn{"backline:in", false, false, kAudio, {}};
const JackPort kCapture{"system:capture_1", true, true, kAudio, {}};
const JackPort kPlayback{"system:playback_1", false, true, kAudio, {}};
const JackPort kSynth{"synth:out", true, false, kAudio, {}};
const JackPort kMidi{"synth:keys", true, false, "8 bit raw midi", {}};
const JackLink kToCard{"backline:out", "system:playback_1"};
const JackLink kFromSynth{"synth:out", "backline:in"};

class PatchbayTest : public ::testing::Test {
  protected:
    /// One look at these ports; what it makes and undoes then is so.
    JackPatchbay::Work look(std::vector<JackPort> ports, std::set<std::string> appeared = {},
                            bool all = false, std::set<std::string> left = {}) {
        JackGraph graph;
        graph.left = std::move(left);
        graph.ports = JackPortList("backline", std::move(ports));
        graph.appeared = std::move(appeared);
        graph.all_appeared = all;
        std::erase_if(links, [&](const JackLink& link) {
            return graph.ports.find(link.from) == nullptr || graph.ports.find(link.to) == nullptr;
        });
        graph.links = links;
        auto work = patchbay.look(graph, now);
        links.insert(work.make.begin(), work.make.end());
        for (const auto& link : work.undo)
            links.erase(link);
        return work;
    }
    JackPatchbay patchbay{"backline"};
    JackPatchbay::Clock::time_point now{};
    std::set<JackLink> links;
};

TEST_F(PatchbayTest, AWishIsMadeOnceItsEndsAreThere) {
    patchbay.want({{"out", "playback:1"}, {"in", "synth:out"}});
    EXPECT_EQ(look({kCapture}, {}, true).make, Links{});
    EXPECT_EQ(look({kPlayback, kOut}, {"backline:out"}).make, Links{kToCard});
    EXPECT_EQ(look({kPlayback, kOut, kIn, kSynth}, {"backline:in", "synth:out"}).make,
              Links{kFromSynth});
    EXPECT_EQ(look({kPlayback, kOut, kIn, kSynth}).make, Links{});
}

TEST_F(PatchbayTest, WhatSomebodyUndoesStaysUndoneUntilAnEndIsNew) {
    patchbay.want({{"out", "playback:1"}});
    look({kPlayback, kOut}, {}, true);
    links.clear();
    EXPECT_EQ(look({kPlayback, kOut, kSynth}, {"synth:out"}).make, Links{});
    EXPECT_EQ(look({kPlayback, kOut}, {"system:playback_1"}).make, Links{kToCard});
}

TEST_F(PatchbayTest, AnOrdinalStaysWithItsPortWhenTheOrderShifts) {
    patchbay.want({{"out", "playback:1"}});
    look({kPlayback, kOut}, {}, true);
    look({kPlayback, kOut});
    const JackPort other{"usb:playback_1", false, true, kAudio, {}};
    EXPECT_EQ(look({other, kPlayback, kOut}, {"usb:playback_1"}).make, Links{});
}

TEST_F(PatchbayTest, AudioIsNotConnectedToMidi) {
    patchbay.want({{"in", "/^synth/"}});
    EXPECT_EQ(look({kIn, kMidi, kSynth}, {}, true).make, Links{kFromSynth});
}

TEST_F(PatchbayTest, AWithdrawnWishIsUndoneUnlessAnotherHoldsIt) {
    patchbay.want({{"out", "playback:1"}});
    look({kPlayback, kOut}, {}, true);
    patchbay.want({{"out", "system:playback_1"}});
    EXPECT_EQ(look({kPlayback, kOut}).undo, Links{});
    patchbay.want({});
    EXPECT_EQ(look({kPlayback, kOut}).undo, Links{kToCard});
    EXPECT_EQ(look({kPlayback, kOut}, {}, true).make, Links{});
}

TEST_F(PatchbayTest, AnotherClientsConnectionOutlivesServers) {
    look({kIn, kSynth}, {}, true);
    links.insert(kFromSynth);
    look({kIn, kSynth});
    EXPECT_EQ(look({kIn}).make, Links{}); // the server is new, the client not there yet
    EXPECT_EQ(look({kIn, kSynth}, {"synth:out"}).make, Links{kFromSynth});
    links.clear();
    EXPECT_EQ(look({kIn, kSynth}, {}, true).make, Links{kFromSynth});
}

TEST_F(PatchbayTest, ALeavingClientIsNotAWishToDisconnect) {
    links.insert(kFromSynth);
    look({kIn, kSynth}, {}, true);
    links.clear(); // the connection goes first
    look({kIn, kSynth});
    ASSERT_TRUE(patchbay.look_again());
    look({kIn}); // then the port
    EXPECT_FALSE(patchbay.look_again());
    now += std::chrono::seconds(10);
    EXPECT_EQ(look({kIn, kSynth}, {"synth:out"}).make, Links{kFromSynth});
}

TEST_F(PatchbayTest, AClientThatIsNotActiveForAWhileIsNotAWishToDisconnect) {
    links.insert(kFromSynth);
    look({kIn, kSynth}, {}, true);
    links.clear();
    look({kIn, kSynth});
    look({kIn, kSynth}, {}, false, {"synth:out"}); // its port stays in the list
    now += std::chrono::seconds(10);
    look({kIn, kSynth});
    EXPECT_EQ(look({kIn, kSynth}, {"synth:out"}).make, Links{kFromSynth});
}

TEST_F(PatchbayTest, ADisconnectionIsMeantWhenBothEndsStay) {
    links.insert(kFromSynth);
    look({kIn, kSynth}, {}, true);
    links.clear();
    look({kIn, kSynth});
    now += JackPatchbay::kGrace;
    look({kIn, kSynth});
    EXPECT_TRUE(patchbay.kept().empty());
    EXPECT_EQ(look({kIn, kSynth}, {}, true).make, Links{});
}

TEST_F(PatchbayTest, WhatTheServerRefusesWaitsForTheOtherClient) {
    links.insert(kFromSynth);
    look({kIn, kSynth}, {}, true);
    links.clear();
    ASSERT_EQ(look({kIn, kSynth}, {}, true).make, Links{kFromSynth});
    links.clear(); // the synth has its port and is not active
    patchbay.refused(kFromSynth);
    look({kIn, kSynth});
    now += std::chrono::seconds(10);
    look({kIn, kSynth});
    EXPECT_EQ(look({kIn, kSynth}, {"synth:out"}).make, Links{kFromSynth});
}

TEST_F(PatchbayTest, ARemovedPortIsForgotten) {
    links.insert(kFromSynth);
    look({kIn, kSynth}, {}, true);
    patchbay.set_ports({});
    EXPECT_TRUE(patchbay.kept().empty());
}

TEST_F(PatchbayTest, RequestsAreKeptAndReleased) {
    const JackLink card{"system:capture_1", "system:playback_1"};
    patchbay.keep(card);
    EXPECT_EQ(look({kCapture, kPlayback}, {}, true).make, Links{card});
    patchbay.release(card);
    links.clear();
    EXPECT_EQ(look({kCapture, kPlayback}, {}, true).make, Links{});
}

TEST_F(PatchbayTest, MemoryIsBounded) {
    look({kIn}, {}, true);
    for (std::size_t i = 0; i < JackPatchbay::kMaxKept + 10; ++i) {
        patchbay.keep({"client" + std::to_string(i) + ":out", "backline:in"});
        if (i % 1000 == 0) look({kIn});
    }
    EXPECT_EQ(patchbay.kept().size(), JackPatchbay::kMaxKept);
    const auto kept = patchbay.kept();
    EXPECT_EQ(std::count(kept.begin(), kept.end(), JackLink{"client0:out", "backline:in"}), 0)
        << "the oldest went";
}

TEST_F(PatchbayTest, TheTableShowsWishesThatWait) {
    patchbay.want({{"in", "capture:1"}, {"out", "playback:1"}});
    look({kPlayback, kOut}, {}, true);
    look({kPlayback, kOut});
    const auto rows = patchbay.table({{0, true, "in"}, {0, false, "out"}});
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].from, "backline:out");
    EXPECT_EQ(rows[0].to, "system:playback_1");
    EXPECT_TRUE(rows[0].connected);
    EXPECT_EQ(rows[1].from, "capture:1");
    EXPECT_EQ(rows[1].to, "backline:in");
    EXPECT_FALSE(rows[1].connected);
}

} // namespace
} // namespace backline::audio
