// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/describe.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace backline::plugin {
namespace {

PluginInfo sample() {
    constexpr double inf = std::numeric_limits<double>::infinity();
    PluginInfo info;
    info.id = "org.example.sample";
    info.name = "S\u00e4mple \"quoted\"\n";
    info.version = "1.2.3";
    info.vendor = "Example";
    info.about = "About.";
    info.library = "/tmp/sample.so";
    info.kind = 5;
    info.ports = {{"in", "Input", 0, 0, 9, 1, 64, 2}, {"ev", "Events", 1, 1, 1, 0, 0, 0}};
    info.params = {{7, "freq", "Frequency", "Hz", 20.0, 20000.0, 0.1 + 0.2, 1, {}, ""},
                   {8, "mode", "Mode", "", 0.0, 1.0, 1.0, 5, {"low", "high"}, ""},
                   {9, "file", "File", "", 0.0, 0.0, 0.0, 6, {}, "audio"}};
    info.results = {{3, "level", "Level", "dB", 12, -inf, inf, 10.5}};
    info.worker = {1024, 8, 64, 2, 1};
    info.tail_s = inf;
    return info;
}

TEST(Describe, ComesBackAsItWas) {
    PluginInfo other = sample();
    other.id = "org.example.other";
    other.tail_s = 1.0 / 3.0;
    const std::vector<PluginInfo> plugins{sample(), other};
    const std::string text = describe(plugins);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_EQ(undescribe(text), plugins);
}

std::string reason(const std::string& text) {
    try {
        undescribe(text);
    } catch (const PluginError& error) {
        EXPECT_EQ(error.code, "plugin_refused");
        return error.what();
    }
    return "";
}

TEST(Describe, CarriesReasons) {
    EXPECT_EQ(reason(describe_error("no \"symbol\"")), "no \"symbol\"");
    EXPECT_EQ(reason(describe_error("caf\xe9")), "caf\xef\xbf\xbd");
}

TEST(Describe, RefusesWhatIsNotAnAnswer) {
    for (const char* text :
         {"", "{", "[]", "{}", "{\"plugins\":[{}]}", "{\"plugins\":7}", "null", "{\"error\":7}"})
        EXPECT_TRUE(reason(text).starts_with("the probe's answer cannot be read: ")) << text;
}

} // namespace
} // namespace backline::plugin
