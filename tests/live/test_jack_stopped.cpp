// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The JACK server is frozen (SIGSTOP): no callback says so, and whoever calls it hangs.
//   BACKLINE_TEST_FREEZES         how often (default 2)
//   BACKLINE_TEST_FREEZE_S  for how long each time (default 5)
#include "tests/live/live.hpp"

namespace backline::test {
namespace {

class JackStopped : public LiveTest {
  protected:
    static constexpr double kLevel = 0.5 / 1.4142135624;

    void SetUp() override {
        start();
        open_peers();
        done("/input/add", {"in", 1});
        done("/output/add", {"out", 1});
        done("/connect", {"in", "out"});
        patch_peers("in_1", "out_1");
        ASSERT_TRUE(eventually([&] { return hears(kLevel); }));
    }

    /// Asks until `end`, and notes how long each answer took, in ms.
    void query_until(Clock::time_point end, std::vector<double>& times) {
        while (Clock::now() < end) {
            for (const char* address : {"/ping", "/graph"}) {
                const auto asked = Clock::now();
                ASSERT_TRUE(client->request(address).ok);
                times.push_back(seconds_since(asked) * 1e3);
            }
            std::this_thread::sleep_for(1ms);
        }
    }
    void query_until(Clock::time_point end) { query_until(end, answers); }
    /// Carries out an edit and notes how long it took, in ms.
    void edit(std::string_view address, std::vector<Argument> args, std::vector<double>& times) {
        const auto asked = Clock::now();
        done(address, std::move(args));
        times.push_back(seconds_since(asked) * 1e3);
    }
    void edit(std::string_view address, std::vector<Argument> args) {
        edit(address, std::move(args), edits);
    }

    std::vector<double> answers, edits, port_edits;
};

TEST_F(JackStopped, QueriesAndEditsGoOnAndSoundReturns) {
    const int stops = count_from("BACKLINE_TEST_FREEZES", 2);
    const auto length = std::chrono::seconds(count_from("BACKLINE_TEST_FREEZE_S", 5));
    std::vector<double> returned;
    std::vector<double> usual; // what this machine takes for it anyway
    query_until(Clock::now() + 1s, usual);
    for (int stop = 0; stop < stops; ++stop) {
        SCOPED_TRACE("stop " + std::to_string(stop + 1));
        server.freeze();
        const auto frozen = Clock::now();
        // At once, before anybody can know that the server will not answer.
        const std::string n = std::to_string(stop);
        edit("/node/add", {"early" + n, "backline.gain", "channels", 1});
        edit("/connect", {"in", "early" + n});
        query_until(frozen + 1000ms);
        ASSERT_EQ(status()["jack"]["state"], "running");
        // A port is asked for at a server of which nobody knows yet that it does not answer.
        edit("/output/add", {"first" + n, 1}, port_edits);
        ASSERT_TRUE(jack_is("jack_stalled", 1500ms));
        figure("stalled_after", seconds_since(frozen) * 1e3, "ms");
        EXPECT_EQ(status()["state"], "degraded");

        EXPECT_EQ(code_of("/jack/connect", {"source:out", "backline:in_1"}), "jack_stalled");
        EXPECT_EQ(code_of("/jack/disconnect", {"source:out", "backline:in_1"}), "jack_stalled");
        EXPECT_EQ(code_of("/jack/ports"), "jack_stalled");
        edit("/node/add", {"late" + n, "backline.gain", "channels", 1});
        edit("/connect", {"early" + n, "late" + n});
        edit("/output/add", {"aux" + n, 1});
        edit("/connect", {"late" + n, "aux" + n});
        edit("/input/add", {"spare" + n, 2});
        edit("/input/remove", {"spare" + n});
        query_until(frozen + length);
        EXPECT_EQ(status()["jack"]["state"], "jack_stalled");

        server.thaw();
        const auto thawed = Clock::now();
        ASSERT_TRUE(eventually([&] { return hears(kLevel); }, 5s));
        returned.push_back(seconds_since(thawed));
        EXPECT_TRUE(jack_is("running", 1s));
        // The server has caught up with the model.
        for (const std::string port : {"aux", "first"})
            EXPECT_TRUE(eventually([&] {
                return recorder->has_port("backline:" + port + n + "_1");
            })) << port;
        EXPECT_FALSE(recorder->has_port("backline:spare" + n + "_1"));
        done("/jack/connect", {"backline:aux" + n + "_1", "recorder:direct"});
        EXPECT_TRUE(eventually([&] {
            const auto heard = recorder->record({"direct"}, 480).front();
            return std::any_of(heard.begin(), heard.end(), [](float x) { return x > 0.4f; });
        })) << "an output that was added while the server stood still";
    }
    figure("query_p99_before", percentile(usual, 99), "ms");
    figure("query_p50", percentile(answers, 50), "ms");
    figure("query_p99", percentile(answers, 99), "ms");
    figure("query_max", percentile(answers, 100), "ms");
    figure("edit_max", percentile(edits, 100), "ms");
    figure("port_edit_max", percentile(port_edits, 100), "ms");
    figure("sound_back_after_max", percentile(returned, 100) * 1e3, "ms");
    EXPECT_LE(percentile(answers, 99), 2.0);
    // An edit waits for the audio thread until it is clear that no cycle comes, at most.
    EXPECT_LE(percentile(edits, 100), 500.0);
    // One that asked the server for a port waits until its call is given up, 2 s.
    EXPECT_LE(percentile(port_edits, 100), 2500.0);
    EXPECT_LE(percentile(returned, 100), 2.0);
}

TEST_F(JackStopped, ANewServerTakesItsPlace) {
    const std::string graph_before = graph();
    server.freeze();
    ASSERT_TRUE(jack_is("jack_stalled"));
    // Somebody asks meanwhile, so that a call hangs in the JACK library.
    EXPECT_EQ(code_of("/jack/ports"), "jack_stalled");
    server.kill();
    EXPECT_TRUE(jack_is("jack_lost"));
    server.start();
    const auto ready = Clock::now();
    open_peers();
    ASSERT_TRUE(eventually([&] { return hears(kLevel); }, 5s));
    figure("sound_back_after", seconds_since(ready) * 1e3, "ms");
    EXPECT_LE(seconds_since(ready), 2.0);
    EXPECT_EQ(graph(), graph_before);
}

} // namespace
} // namespace backline::test
