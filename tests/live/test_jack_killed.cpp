// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The JACK server dies (SIGKILL) and comes back, again and again.
//   BACKLINE_TEST_KILLS  how often (default 5)
#include "tests/live/live.hpp"

namespace backline::test {
namespace {

/// What must not grow.
struct Holdings {
    std::size_t memory, descriptors, threads, mappings, names;

    static Holdings of(pid_t pid, const std::string& server) {
        Holdings now{written_memory(pid), test::descriptors(pid), test::threads(pid),
                     shared_mappings(pid), 0};
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
            if (entry.path().filename().string().find(server) != std::string::npos) ++now.names;
        return now;
    }
};

class JackKilled : public LiveTest {
  protected:
    static constexpr double kLevel = 0.5 * 0.5011872336 / 1.4142135624; // -6 dB of the source, RMS

    /// Names of everything that should be connected as it was.
    bool connected() {
        return recorder->connected("backline:main_1", "system:playback_1")
               && recorder->connected("backline:main_1", "recorder:through")
               && recorder->connected("source:out", "backline:in_1");
    }
};

TEST_F(JackKilled, EverythingComesBackAndNothingGrows) {
    start();
    open_peers();
    client
        ->bundle(
            {protocol::message("/input/add", "in", 1), protocol::message("/output/add", "main", 1),
             protocol::message("/node/add", "fader", "backline.gain", "channels", 1, "gain", -6.0),
             protocol::message("/node/add", "spectrum", "backline.spectrum"),
             protocol::message("/connect", "in", "fader"),
             protocol::message("/connect", "fader", "main"),
             protocol::message("/connect", "fader", "spectrum")})
        .or_throw();
    patch_peers("in_1", "main_1");
    done("/jack/connect", {"backline:main_1", "system:playback_1"});
    ASSERT_TRUE(eventually([&] { return hears(kLevel); }));
    const std::string graph_before = graph();

    const int kills = count_from("BACKLINE_TEST_KILLS", 5);
    std::vector<double> noticed, returned;
    Holdings first{}, last{};
    for (int kill = 0; kill < kills; ++kill) {
        SCOPED_TRACE("kill " + std::to_string(kill + 1));
        server.kill();
        const auto dead = Clock::now();
        ASSERT_TRUE(jack_is("jack_lost"));
        noticed.push_back(seconds_since(dead));
        done("/ping");
        EXPECT_EQ(code_of("/jack/ports"), "jack_lost");
        EXPECT_EQ(graph(), graph_before);
        // Ours is a graph without sound now; it can be edited as ever.
        done("/node/fader/gain", {-6.0});

        server.start();
        const auto ready = Clock::now();
        open_peers();
        ASSERT_TRUE(eventually([&] { return hears(kLevel); }, 5s));
        returned.push_back(seconds_since(ready));
        EXPECT_TRUE(eventually([&] { return connected(); }, 1s));
        EXPECT_EQ(graph(), graph_before);
        EXPECT_TRUE(jack_is("running"));
        last = Holdings::of(daemon->pid(), server.name());
        if (kill == 0) first = last;
    }
    figure("noticed_after_max", percentile(noticed, 100) * 1e3, "ms");
    figure("sound_back_after_max", percentile(returned, 100) * 1e3, "ms");
    figure("memory_growth",
           (static_cast<double>(last.memory) - static_cast<double>(first.memory)) / 1024.0, "KiB");
    EXPECT_LE(percentile(noticed, 100), 1.0);
    EXPECT_LE(percentile(returned, 100), 2.0);
    EXPECT_LE(last.descriptors, first.descriptors);
    EXPECT_LE(last.threads, first.threads);
    EXPECT_LE(last.mappings, first.mappings);
    EXPECT_LE(last.names, first.names);
    EXPECT_LE(last.memory, first.memory + 256 * 1024);
}

TEST_F(JackKilled, ARackStartedWithoutAServerIsHeardWhenOneComes) {
    start({.jack_server = server.name(), .arguments = {"--rack", "thru"}}, false);
    ASSERT_TRUE(jack_is("jack_lost"));
    ASSERT_TRUE(eventually([&] { return status()["graph"]["connections"] == 1; }));
    done("/node/add", {"tone", "backline.tone", "channels", 2, "level", -6.0});
    done("/connect", {"tone", "out"});
    EXPECT_EQ(code_of("/jack/connect", {"backline:out_1", "system:playback_1"}), "jack_lost");

    server.start();
    const auto ready = Clock::now();
    open_peers();
    ASSERT_TRUE(jack_is("running"));
    recorder->connect("backline:out_1", "recorder:through");
    ASSERT_TRUE(eventually([&] { return hears(0.5011872336 / std::sqrt(2.0)); }));
    EXPECT_LE(seconds_since(ready), 2.0);
    EXPECT_TRUE(
        eventually([&] { return recorder->connected("backline:out_1", "system:playback_1"); }));
}

} // namespace
} // namespace backline::test
