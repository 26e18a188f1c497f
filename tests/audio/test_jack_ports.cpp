// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/jack_ports.hpp"

#include <gtest/gtest.h>

namespace backline::audio {
namespace {

constexpr const char* kAudio = "32 bit float mono audio";
constexpr const char* kMidi = "8 bit raw midi";

/// As PipeWire shows a card with a microphone: nothing is called "system".
JackPortList list() {
    return {"backline",
            {{"Built-in Audio:monitor_1", true, false, kAudio, {}},
             {"Card MIDI:in", true, true, kMidi, {}},
             {"Card Pro:capture_AUX0", true, true, kAudio, {"alsa:left", "studio:mic"}},
             {"Card Pro:capture_AUX1", true, true, kAudio, {}},
             {"Card Pro:playback_AUX0", false, true, kAudio, {}},
             {"synth:out", true, false, kAudio, {}},
             {"synth:in", false, false, kAudio, {}},
             {"backline:main_1", true, false, kAudio, {}},
             {"backline:mic_1", false, false, kAudio, {}},
             {"playback:7", false, false, kAudio, {}}}};
}

std::string names(const JackPortList& ports, std::string_view pattern, JackEnd end) {
    std::string text;
    for (const JackPort* port : ports.match(pattern, end))
        text += (text.empty() ? "" : ",") + port->name;
    return text;
}

TEST(JackPorts, OrdinalsCountPhysicalAudioPortsByFlags) {
    const auto ports = list();
    EXPECT_EQ(names(ports, "capture:1", JackEnd::from), "Card Pro:capture_AUX0");
    EXPECT_EQ(names(ports, "capture:2", JackEnd::from), "Card Pro:capture_AUX1");
    EXPECT_EQ(names(ports, "capture:3", JackEnd::from), "");
    EXPECT_EQ(names(ports, "playback:1", JackEnd::to), "Card Pro:playback_AUX0");
    EXPECT_EQ(names(ports, "capture:0", JackEnd::from), "");
    EXPECT_EQ(names(ports, "capture:1x", JackEnd::from), "");
    EXPECT_EQ(names(ports, "capture:", JackEnd::from), "");
    EXPECT_EQ(names(ports, "capture:99999999999999999999", JackEnd::from), "");
}

TEST(JackPorts, OrdinalsHaveADirection) {
    EXPECT_EQ(names(list(), "capture:1", JackEnd::to), "");
    EXPECT_EQ(names(list(), "playback:1", JackEnd::from), "");
}

TEST(JackPorts, APortOfThatNameGoesBeforeTheOrdinal) {
    EXPECT_EQ(names(list(), "playback:7", JackEnd::to), "playback:7");
}

TEST(JackPorts, NamesAndAliases) {
    const auto ports = list();
    EXPECT_EQ(names(ports, "synth:out", JackEnd::from), "synth:out");
    EXPECT_EQ(names(ports, "synth:out", JackEnd::to), "");
    EXPECT_EQ(names(ports, "studio:mic", JackEnd::from), "Card Pro:capture_AUX0");
    EXPECT_EQ(names(ports, "main_1", JackEnd::from), "backline:main_1");
    EXPECT_EQ(names(ports, "", JackEnd::from), "");
}

TEST(JackPorts, RegularExpressionsNeverMeanOurOwnPorts) {
    const auto ports = list();
    EXPECT_EQ(names(ports, "/AUX[01]$/", JackEnd::from),
              "Card Pro:capture_AUX0,Card Pro:capture_AUX1");
    EXPECT_EQ(names(ports, "/^alsa:/", JackEnd::from), "Card Pro:capture_AUX0");
    EXPECT_EQ(names(ports, "/(mic|main)_1/", JackEnd::from), "");
    EXPECT_EQ(names(ports, "/[/", JackEnd::from), "");
    EXPECT_EQ(names(ports, "//", JackEnd::from), "");
}

TEST(JackPorts, OursIsAWholeClientName) {
    const auto ports = list();
    EXPECT_TRUE(ports.ours("backline:main_1"));
    EXPECT_FALSE(ports.ours("backline-2:main_1"));
    EXPECT_FALSE(ports.ours("backline"));
}

} // namespace
} // namespace backline::audio
