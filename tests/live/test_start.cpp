// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The start, with a plugin library that hangs when it is loaded: it holds up nobody but who asks
// for what it might contain.
#include "tests/live/live.hpp"

#include <future>

namespace backline::test {
namespace {

class Start : public LiveTest {
  protected:
    Start() {
        std::filesystem::copy_file(kFixtures + "/broken/hang_on_load.so", hanging_ / "hangs.so");
    }
    /// A daemon that looks for plugins where one hangs first of all.
    DaemonProcess::Options hanging(std::vector<std::string> arguments = {}) {
        return {.arguments = std::move(arguments), .plugins_first = {hanging_ / ""}};
    }
    std::string rack(const std::string& plugin) {
        const std::string path = hanging_ / (plugin + ".toml");
        std::ofstream(path)
            << "format = 1\nconnect = [\"tone -> out\"]\n[output.out]\nchannels = 1\n"
            << "[node.tone]\nplugin = \"" << plugin << "\"\n"
            << "params = { level = -6.0 }\n";
        return path;
    }

    TemporaryDirectory hanging_;
};

TEST_F(Start, WhatIsNotFoundYetIsWaitedFor) {
    const auto began = Clock::now();
    start(hanging(), false);
    // All at once, right after the port is known: in order, each answered.
    client
        ->bundle({protocol::message("/output/add", "out", 1),
                  protocol::message("/node/add", "a", "backline.gain", "channels", 1),
                  protocol::message("/connect", "a", "out")})
        .or_throw();
    client->send(protocol::message("/node/add", "fader", "backline.gain"));
    client->send(protocol::message("/node/fader/gain", -6.0f));
    EXPECT_EQ(done("/node/fader/gain").args.at(0).as_number(), -6.0);
    done("/node/add", {"b", "backline.tone"});
    done("/node/replace", {"b", "backline.noise"});
    EXPECT_EQ(Json::parse(client->text("/plugin/info", {"backline.delay"}))["id"],
              "backline.delay");
    done("/rack/apply", {read_text(rack("backline.tone"))});
    done("/rack/check", {"demo"});
    figure("exec_to_edited", seconds_since(began) * 1e3, "ms");
    EXPECT_LT(seconds_since(began), 1.5);
    EXPECT_EQ(json("/plugin/list")["complete"], false) << "the scan was over: nothing was tested";
}

TEST_F(Start, WhatIsNeverFoundIsRefusedWhenTheScanIsOver) {
    start(hanging(), false);
    Client other(daemon->udp());
    const auto asked = Clock::now();
    auto refused = std::async(std::launch::async, [&] {
        return code_of("/node/add", {"a", "no.such.plugin"});
    });
    for (int i = 0; i < 20; ++i) {
        const auto sent = Clock::now();
        ASSERT_TRUE(other.request("/output/add", {"out" + std::to_string(i), 1}).ok);
        EXPECT_LT(seconds_since(sent), 0.3) << "others pass";
    }
    EXPECT_EQ(refused.get(), "no_such_plugin");
    EXPECT_GT(seconds_since(asked), 3.0);
    EXPECT_EQ(json("/plugin/list")["complete"], true);
    EXPECT_EQ(code_of("/node/add", {"a", "hangs"}), "plugin_refused");
}

TEST_F(Start, TheRackIsHeardWithinASecond) {
    server.start();
    recorder = std::make_unique<JackPeer>(server.name(), "recorder");
    recorder->input("through");
    recorder->activate();
    const auto began = Clock::now();
    start(hanging({"--rack", rack("backline.tone")}));
    ASSERT_TRUE(eventually([&] { return recorder->has_port("backline:out_1"); }));
    recorder->connect("backline:out_1", "recorder:through");
    ASSERT_TRUE(eventually([&] { return hears(0.5011872336 / std::sqrt(2.0)); }));
    figure("exec_to_sound", seconds_since(began) * 1e3, "ms");
    EXPECT_LT(seconds_since(began), 1.0);
    EXPECT_EQ(json("/plugin/list")["complete"], false) << "the scan was over: nothing was tested";
}

TEST_F(Start, AnEndWaitsForNoScan) {
    start(hanging({"--rack", rack("org.example.nowhere")}), false);
    const auto asked = Clock::now();
    daemon->program().signal(SIGTERM);
    EXPECT_EQ(daemon->program().wait(4s), 0);
    figure("exit_after", seconds_since(asked) * 1e3, "ms");
    EXPECT_LT(seconds_since(asked), 2.0);
}

} // namespace
} // namespace backline::test
