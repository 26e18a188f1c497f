// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/registry.hpp"

#include <gtest/gtest.h>

namespace backline::plugin {
namespace {

Catalogue catalogue() {
    Catalogue all;
    for (const char* id : {"backline.gain", "backline.delay", "org.example.spectrum"}) {
        PluginInfo info;
        info.id = id;
        all.plugins[id] = std::make_shared<const PluginInfo>(info);
    }
    all.refused.push_back({"/usr/lib/backline/chorus.so", "no symbol backline_plugin_entry"});
    return all;
}

std::pair<std::string, std::string> failure(const Catalogue& all, const std::string& id) {
    try {
        all.find(id);
    } catch (const PluginError& error) {
        return {error.code, error.what()};
    }
    return {"found", id};
}

using Failure = std::pair<std::string, std::string>;

TEST(Catalogue, FindsById) {
    EXPECT_EQ(catalogue().find("backline.delay")->id, "backline.delay");
}

TEST(Catalogue, NamesTheNearest) {
    const std::pair<const char*, const char*> cases[] = {
        {"backline.gian", "backline.gain"},
        {"gain", "backline.gain"},
        {"dely", "backline.delay"},
        {"org.exampel.spectrum", "org.example.spectrum"},
        {"Spectrum", "org.example.spectrum"}};
    for (const auto& [typed, nearest] : cases)
        EXPECT_EQ(failure(catalogue(), typed),
                  Failure("no_such_plugin", std::string("no plugin \"") + typed
                                                + "\"; did you mean \"" + nearest + "\"?"));
    EXPECT_EQ(failure(catalogue(), "something.else.entirely").second.find("did you mean"),
              std::string::npos);
    EXPECT_EQ(failure(Catalogue(), "gain"),
              Failure("no_such_plugin", "no plugin \"gain\": no plugins were found"));
}

TEST(Catalogue, ExplainsARefusedLibrary) {
    const Failure expected("plugin_refused",
                           "plugin library \"/usr/lib/backline/chorus.so\" was refused: no symbol "
                           "backline_plugin_entry");
    EXPECT_EQ(failure(catalogue(), "chorus"), expected);
    EXPECT_EQ(failure(catalogue(), "chorus.so"), expected);
    EXPECT_EQ(failure(catalogue(), "/usr/lib/backline/chorus.so"), expected);
}

} // namespace
} // namespace backline::plugin
