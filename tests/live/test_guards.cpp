// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Plugins that take too long, deliver what is no sound, hang or crash: what their neighbours hear
// of it, what is said, and what the next start makes of it.
//   BACKLINE_TEST_QUIET  seconds without a late period afterwards (default 20)
#include "tests/live/live.hpp"

#include <cstring>
#include <optional>

namespace backline::test {
namespace {

class Guards : public LiveTest {
  protected:
    static DaemonProcess::Options options(std::vector<std::string> arguments = {}) {
        return {.arguments = std::move(arguments), .plugins = {kFixtures + "/faulty"}};
    }

    /// What is heard on the path beside the bad node, and what went in, over a second in which
    /// nobody lost a period; `meanwhile` happens 200 ms into it.
    std::vector<std::vector<float>> second(const std::function<void()>& meanwhile) {
        for (int attempt = 0;; ++attempt) {
            const Json before = status()["jack"]["xruns"];
            recorder->start_recording({"direct", "through"}, 48000);
            std::this_thread::sleep_for(200ms);
            meanwhile();
            auto both = recorder->recording();
            if (status()["jack"]["xruns"] == before || attempt == 5) return both;
        }
    }

    /// The factor that the neighbour applies to every sample, to the bit; nothing if there is none.
    static std::optional<float> factor(const std::vector<std::vector<float>>& both) {
        const std::vector<float>&in = both[0], &out = both[1];
        const auto loudest = std::max_element(in.begin(), in.end()) - in.begin();
        const auto at = static_cast<std::size_t>(loudest);
        float guess = out[at] / in[at];
        for (int i = 0; i < 4; ++i)
            guess = std::nextafter(guess, 0.0f);
        for (int i = 0; i < 9; ++i, guess = std::nextafter(guess, 2.0f)) {
            std::size_t same = 0;
            while (same < in.size() && in[same] * guess == out[same])
                ++same;
            if (same == in.size()) return guess;
        }
        return std::nullopt;
    }

    /// Reads the events that come until one of this address about `node`.
    bool event(const std::string& address, const std::string& node,
               std::chrono::milliseconds limit = 3000ms) {
        return eventually(
            [&] {
                bool found = false;
                client->poll(
                    [&](const protocol::Message& message) {
                        found = found
                                || (message.address == address && !message.args.empty()
                                    && message.args[0].as_text() == node);
                    },
                    50ms);
                return found;
            },
            limit);
    }
    bool bypassed(const std::string& node) {
        const Reply reply = done("/bypass/" + node);
        return reply.ok && reply.args.at(0).as_number() == 1.0;
    }

    /// source -> in -> a node of this plugin -> out -> recorder, with a neighbour, as a rack.
    std::string write_rack(const std::string& folder, const std::string& plugin) {
        const std::string path = folder + "/" + plugin + ".toml";
        std::ofstream(path) << "format = 1\n"
                               "connect = [\"in -> bad -> good -> out\"]\n"
                               "[input.in]\njack = [\"source:out\"]\n"
                               "[output.out]\njack = [\"recorder:through\"]\n"
                               "[node.bad]\nplugin = \"org.example."
                            << plugin
                            << "\"\nchannels = 1\n"
                               "[node.good]\nplugin = \"backline.gain\"\nchannels = 1\n";
        return path;
    }
    void expect_named(const std::string& node, const std::string& reason) {
        const Json now = status();
        EXPECT_EQ(now["state"], "degraded");
        ASSERT_EQ(now["suspects"].size(), 1u) << now["suspects"];
        EXPECT_EQ(now["suspects"][0]["node"], node);
        EXPECT_NE(now["suspects"][0]["reason"].get<std::string>().find(reason), std::string::npos)
            << now["suspects"];
        EXPECT_NE(now["reasons"].dump().find(node), std::string::npos);
        EXPECT_NE(json("/errors").dump().find(reason), std::string::npos);
    }
};

TEST_F(Guards, NeighboursOfABadNodeHearNothingOfIt) {
    start(options());
    open_peers(997.0, 0.5);
    done("/input/add", {"in", 1});
    done("/output/add", {"out", 1});
    done("/output/add", {"spare", 1});
    done("/node/add", {"good", "backline.gain", "channels", 1, "gain", -6.0});
    done("/connect", {"in", "good"});
    done("/connect", {"good", "out"});
    patch_peers("in_1", "out_1");
    source->connect("source:out", "recorder:direct");
    ASSERT_TRUE(eventually([&] { return hears(0.5 * 0.501187 / std::sqrt(2.0)); }));
    std::this_thread::sleep_for(100ms); // connections and the gain's first ramp are over
    const auto without = factor(second([] {}));
    ASSERT_TRUE(without);
    client->subscribe("/event/*");

    for (const std::string plugin : {"burns", "emits_nan", "emits_denormals"}) {
        SCOPED_TRACE(plugin);
        done("/node/add", {plugin, "org.example." + plugin, "channels", 1});
        done("/connect", {"in", plugin});
        done("/connect", {plugin, "spare"});
        done("/node/budget", {plugin, 30.0});
        const auto with = factor(second([&] {
            done("/bypass/" + plugin, {false});
            done("/node/" + plugin + "/fault", {true});
        }));
        ASSERT_TRUE(with); // every sample, from before the fault to after
        EXPECT_EQ(*with, *without);
        if (plugin == "emits_denormals") {
            EXPECT_FALSE(bypassed(plugin));
            continue;
        }
        EXPECT_TRUE(event("/event/bypassed", plugin));
        EXPECT_TRUE(bypassed(plugin));
    }
    const Json cost = json("/stats/node/burns");
    figure("burns_max", cost["percent"]["max"].get<double>(), "% of the period");
    EXPECT_GT(cost["percent"]["max"], 56.0); // 3 ms of 5.33
    EXPECT_GE(cost["percent"]["max"], cost["percent"]["p99"]);
    EXPECT_GT(json("/stats/node/emits_nan")["scrubbed"], 0);
    EXPECT_EQ(status()["suspects"].size(), 2u);

    const Json before = json("/stats/cycle");
    std::this_thread::sleep_for(std::chrono::seconds(count_from("BACKLINE_TEST_QUIET", 20)));
    const Json after = json("/stats/cycle");
    figure("cycle_p99", after["percent"]["p99"].get<double>(), "% of the period");
    EXPECT_EQ(after["late"], before["late"]) << after;
    EXPECT_GT(after["cycles"], before["cycles"]);

    // Healed, and asked for: it is back, and nobody is a suspect any more.
    done("/node/burns/fault", {false});
    done("/node/emits_nan/fault", {false});
    done("/bypass/burns", {false});
    done("/bypass/emits_nan", {false});
    EXPECT_TRUE(eventually([&] { return !bypassed("burns") && !bypassed("emits_nan"); }));
    EXPECT_TRUE(eventually([&] { return status()["suspects"].empty(); }));
}

TEST_F(Guards, AnOverrunIsAnEventAndReportLeavesTheNodeBe) {
    start(options());
    ASSERT_TRUE(
        eventually([&] { return client->request("/plugin/info", {"org.example.burns"}).ok; }, 5s));
    done("/node/add", {"slow", "org.example.burns", "channels", 1});
    done("/node/budget", {"slow", 20.0, "report"});
    EXPECT_EQ(json("/stats/node/slow")["budget"], (Json{{"percent", 20.0}, {"policy", "report"}}));
    client->subscribe("/event/*");
    done("/node/slow/fault", {true});
    EXPECT_TRUE(event("/event/overrun", "slow"));
    EXPECT_FALSE(bypassed("slow"));
    done("/node/budget", {"slow", 20.0});
    EXPECT_TRUE(event("/event/bypassed", "slow"));
    EXPECT_TRUE(bypassed("slow"));
    expect_named("slow", "its limit is 20 %");
    const std::string text = client->text("/rack/text");
    EXPECT_NE(text.find("budget = 20.0"), std::string::npos) << text;

    EXPECT_EQ(code_of("/node/budget", {"slow", 0.0}), "out_of_range");
    EXPECT_EQ(code_of("/node/budget", {"slow", 100.5}), "out_of_range");
    EXPECT_EQ(code_of("/node/budget", {"slow", -3.0}), "out_of_range");
    EXPECT_EQ(code_of("/node/budget", {"slow", 30.0, "kill"}), "out_of_range");
    EXPECT_EQ(code_of("/node/budget", {"nobody", 30.0}), "no_such_node");
    EXPECT_EQ(client->text("/rack/text"), text); // nothing has changed
}

TEST_F(Guards, ANodeThatHangsEndsTheDaemonAndIsBypassedByTheNext) {
    TemporaryDirectory folder;
    const std::string rack = write_rack(folder / "", "hang_in_process");
    server.start();
    open_peers(1000.0, 0.5);
    start(options({"--rack", rack}));
    const double rms = 0.5 / std::sqrt(2.0);
    ASSERT_TRUE(eventually([&] { return hears(rms); }, 5s));
    ASSERT_FALSE(bypassed("bad"));

    const auto hung = Clock::now();
    client->send(protocol::message("/node/bad/fault", true));
    const auto ended = daemon->program().wait(5s);
    figure("hang_until_exit", seconds_since(hung) * 1e3, "ms");
    ASSERT_EQ(ended, 70);
    EXPECT_LT(seconds_since(hung), 0.5);
    EXPECT_NE(daemon->err().find("node \"bad\" (org.example.hang_in_process) has not returned"),
              std::string::npos);

    daemon->start();
    client = std::make_unique<Client>(daemon->udp());
    EXPECT_TRUE(eventually([&] { return hears(rms); }, 5s));
    figure("hang_until_sound", seconds_since(hung) * 1e3, "ms");
    EXPECT_LE(seconds_since(hung), 2.0);
    EXPECT_TRUE(bypassed("bad"));
    EXPECT_FALSE(bypassed("good"));
    expect_named("bad", "did not return from process()");
    EXPECT_NE(daemon->err().find("\"bad\" starts bypassed"), std::string::npos);
    // Whoever comes to listen is told what nobody was there to hear, and only once.
    client->subscribe("/event/*");
    EXPECT_TRUE(event("/event/bypassed", "bad"));
    EXPECT_FALSE(event("/event/bypassed", "bad", 1200ms));

    // Nobody else is blamed for it, and it is not for ever.
    done("/bypass/bad", {false});
    EXPECT_TRUE(eventually([&] { return !bypassed("bad") && status()["suspects"].empty(); }));
    EXPECT_TRUE(eventually([&] { return status()["state"] == "running"; }));
    client->request("/quit");
    ASSERT_EQ(daemon->program().wait(5s), 0);
    daemon->start();
    client = std::make_unique<Client>(daemon->udp());
    ASSERT_TRUE(has_nodes(2));
    EXPECT_FALSE(bypassed("bad"));
}

TEST_F(Guards, ANodeThatCrashesIsBypassedByTheNextStart) {
    TemporaryDirectory folder;
    server.start();
    open_peers(1000.0, 0.5);
    start(options({"--rack", write_rack(folder / "", "segfault_in_process")}));
    ASSERT_TRUE(has_nodes(2));
    ASSERT_TRUE(eventually([&] { return hears(0.5 / std::sqrt(2.0)); }, 5s));
    client->send(protocol::message("/node/bad/fault", true));
    ASSERT_EQ(daemon->program().wait(5s), 128 + SIGSEGV);
    EXPECT_NE(daemon->err().find("a plugin crashed: node \"bad\""), std::string::npos);
    daemon->start();
    client = std::make_unique<Client>(daemon->udp());
    ASSERT_TRUE(has_nodes(2));
    EXPECT_TRUE(eventually([&] { return bypassed("bad"); }));
    expect_named("bad", "crashed: Segmentation fault");
    EXPECT_TRUE(eventually([&] { return hears(0.5 / std::sqrt(2.0)); }, 5s));
}

TEST_F(Guards, AnotherPluginOfThatNameIsNotBlamed) {
    TemporaryDirectory folder;
    const std::string rack = write_rack(folder / "", "hang_in_process");
    start(options({"--rack", rack}));
    ASSERT_TRUE(has_nodes(2));
    client->send(protocol::message("/node/bad/fault", true));
    ASSERT_EQ(daemon->program().wait(5s), 70);
    std::string text = read_text(rack);
    const std::string plugin = "org.example.hang_in_process";
    text.replace(text.find(plugin), plugin.size(), "backline.gain");
    std::ofstream(rack) << text;
    daemon->start();
    client = std::make_unique<Client>(daemon->udp());
    ASSERT_TRUE(has_nodes(2));
    EXPECT_FALSE(bypassed("bad"));
    EXPECT_TRUE(status()["suspects"].empty());
}

TEST_F(Guards, AStoppedDaemonIsNotAHungOne) {
    start(options({"--rack", "demo"}));
    ASSERT_TRUE(has_nodes(6));
    for (int i = 0; i < 3; ++i) {
        daemon->program().signal(SIGSTOP);
        std::this_thread::sleep_for(400ms);
        daemon->program().signal(SIGCONT);
        std::this_thread::sleep_for(200ms);
    }
    EXPECT_TRUE(jack_is("running", 5s));
    EXPECT_EQ(daemon->program().wait(0ms), std::nullopt);
}

} // namespace
} // namespace backline::test
