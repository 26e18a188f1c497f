// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The driver with a real server that behaves.

#include "tests/audio/driver_fixture.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace backline::test {
namespace {

class JackDriverTest : public DriverTest {
  protected:
    void SetUp() override { server.start(); }

    std::vector<std::string> our_ports(JackPeer& peer) {
        std::vector<std::string> list;
        for (const auto& port : peer.ports())
            if (port.starts_with("backline:")) list.push_back(port);
        std::sort(list.begin(), list.end());
        return list;
    }
};

TEST_F(JackDriverTest, MakesAndRemovesPortsWhileRunning) {
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    JackPeer peer(server.name(), "peer");
    EXPECT_EQ(our_ports(peer), (std::vector<std::string>{"backline:in_1", "backline:in_2",
                                                         "backline:out_1", "backline:out_2"}));
    // One port leaves, one moves into its slot under another name, one comes far up.
    const std::vector<process::ExternalPort> next{
        {0, true, "in_1"}, {0, false, "main_1"}, {1, false, "out_2"}, {700, false, "far"}};
    ASSERT_TRUE(settles(driver->publish(next)));
    EXPECT_EQ(our_ports(peer), (std::vector<std::string>{"backline:far", "backline:in_1",
                                                         "backline:main_1", "backline:out_2"}));
    ASSERT_TRUE(settles(driver->publish({})));
    EXPECT_EQ(our_ports(peer), std::vector<std::string>{});
}

TEST_F(JackDriverTest, ReportsTheServer) {
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    const auto status = driver->status();
    EXPECT_EQ(status.server, server.name());
    EXPECT_EQ(status.client, "backline");
    EXPECT_EQ(status.rate, 48000.0);
    EXPECT_EQ(status.period, 256u);
    EXPECT_EQ(status.restarts, 0u);
    EXPECT_EQ(status.abandoned_calls, 0u);
    ASSERT_EQ(listener.prepared().size(), 1u);
    EXPECT_EQ(listener.prepared()[0], (std::pair{48000.0, 256u}));
    EXPECT_GE(listener.changes.load(), 1);
}

TEST_F(JackDriverTest, StartsTheClockOfEachCycleOnMonotonicRaw) {
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    const double now_s = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
    const auto anchor = thru.cycle().anchor();
    EXPECT_NEAR(static_cast<double>(anchor.ns) * 1e-9, now_s, 0.1);
    EXPECT_EQ(anchor.rate, 48000.0);
}

TEST_F(JackDriverTest, SoundPassesUnchangedAtEveryPeriod) {
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    auto peer = make_peer();
    peer->connect("peer:out", "backline:in_1");
    peer->connect("backline:out_1", "peer:in");
    // 1024 is more than the cycle's longest slice.
    for (const std::uint32_t period : {256u, 64u, 1024u, 17u, 512u}) {
        peer->set_period(period);
        ASSERT_TRUE(eventually([&] { return driver->status().period == period; })) << period;
        // A connection counts from the server's next period on: what is recorded begins after that.
        ASSERT_TRUE(eventually([&] { return hears(*peer); })) << period;
        const auto end = Clock::now() + 10s;
        while (true) {
            const std::uint64_t xruns = driver->status().xruns;
            const double level = level_of(peer->record({"in"}, 9600)[0], 1000.0, kRate);
            const double off = 20.0 * std::log10(level * std::sqrt(2.0) / 0.5);
            if (std::abs(off) < 0.01) break;
            // A recording with an xrun in it, as 17 frames provoke, is not the one that counts; the
            // server tells of one a moment later.
            ASSERT_TRUE(eventually([&] { return driver->status().xruns != xruns; }, 300ms))
                << period << " frames: " << off << " dB without an xrun";
            ASSERT_LT(Clock::now(), end) << period << " frames: an xrun in every recording";
        }
    }
    EXPECT_EQ(listener.prepared().size(), 1u) << "a period size re-activates nothing";
}

TEST_F(JackDriverTest, TheAudioThreadFaultsNoPage) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer's own memory is touched on the way";
#endif
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    ASSERT_TRUE(eventually([&] { return thru.cycle().anchor().cycles > 20; }));
    const auto faults = [&] {
        std::ifstream in("/proc/self/task/" + std::to_string(thru.thread()) + "/stat");
        std::string line;
        std::getline(in, line);
        std::istringstream fields(line.substr(line.rfind(')') + 2)); // from the state on
        std::string skipped;
        for (int i = 0; i < 7; ++i)
            fields >> skipped;
        long minor = -1;
        fields >> minor;
        return minor;
    };
    const long before = faults();
    ASSERT_GT(before, 0);
    const auto cycles = thru.cycle().anchor().cycles;
    // Edits meanwhile: ports come and go.
    auto ports = thru.ports();
    for (std::uint32_t i = 2; i < 42; ++i) {
        ports.push_back({i, i % 2 == 0, "more_" + std::to_string(i)});
        ASSERT_TRUE(settles(driver->publish(ports)));
    }
    ASSERT_TRUE(settles(driver->publish(thru.ports())));
    ASSERT_TRUE(eventually([&] { return thru.cycle().anchor().cycles > cycles + 100; }));
    // JACK locks the buffers of new ports in memory only when it is real-time.
    EXPECT_LE(faults() - before, driver->status().realtime ? 0 : 40);
}

TEST_F(JackDriverTest, AddsNoFrames) {
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    JackPeer source(server.name(), "source");
    source.output("out");
    source.activate();
    JackPeer sink(server.name(), "sink");
    sink.input("direct");
    sink.input("through");
    sink.activate();
    source.connect("source:out", "sink:direct");
    source.connect("source:out", "backline:in_1");
    source.connect("backline:out_1", "sink:through");
    for (const std::uint32_t period : {64u, 256u, 1024u}) {
        source.set_period(period);
        ASSERT_TRUE(eventually([&] { return driver->status().period == period; }));
        std::this_thread::sleep_for(50ms); // the graph is reordered within a period or two
        sink.start_recording({"direct", "through"}, 24000);
        source.impulse("out", 5000);
        const auto heard = sink.recording();
        const auto at = [](const std::vector<float>& signal) {
            return std::max_element(signal.begin(), signal.end()) - signal.begin();
        };
        EXPECT_EQ(heard[0][static_cast<std::size_t>(at(heard[0]))], 1.0f);
        EXPECT_EQ(heard[1][static_cast<std::size_t>(at(heard[1]))], 1.0f);
        EXPECT_EQ(at(heard[0]), at(heard[1])) << "period " << period;
    }
}

TEST_F(JackDriverTest, TheTransportReachesThePlugins) {
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    JackPeer peer(server.name(), "peer");
    peer.activate();
    ASSERT_TRUE(eventually([&] { return thru.transport().flags == BL_TRANSPORT_FRAME; }));
    const auto at = thru.transport().frame;
    peer.roll(true);
    EXPECT_TRUE(eventually([&] {
        const auto now = thru.transport();
        return now.flags == (BL_TRANSPORT_FRAME | BL_TRANSPORT_PLAYING) && now.frame > at + 1000;
    }));
    peer.tempo(90.0, 6, 8);
    const auto musical =
        BL_TRANSPORT_FRAME | BL_TRANSPORT_PLAYING | BL_TRANSPORT_TEMPO | BL_TRANSPORT_BAR;
    ASSERT_TRUE(eventually([&] { return thru.transport().flags == musical; }));
    const auto now = thru.transport();
    EXPECT_EQ(now.tempo, 45.0) << "90 eighths are 45 quarters";
    EXPECT_EQ(now.beats_per_bar, 6.0);
    EXPECT_EQ(now.beat_unit, 8u);
    EXPECT_EQ(now.bar, 3);
    EXPECT_EQ(now.beat, 2.5);
    peer.roll(false);
    EXPECT_TRUE(eventually([&] { return (thru.transport().flags & BL_TRANSPORT_PLAYING) == 0; }));
}

TEST_F(JackDriverTest, FreewheelIsOffline) {
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    EXPECT_EQ(thru.offline_periods(), 0u);
    JackPeer peer(server.name(), "peer");
    peer.freewheel(true);
    // Faster than time: 200 s of sound in a few.
    EXPECT_TRUE(eventually([&] { return thru.offline_periods() > 2000; }));
    peer.freewheel(false);
    std::this_thread::sleep_for(100ms);
    const auto after = thru.offline_periods();
    const auto cycles = thru.cycle().anchor().cycles;
    EXPECT_TRUE(eventually([&] { return thru.cycle().anchor().cycles > cycles + 10; }));
    EXPECT_EQ(thru.offline_periods(), after);
    EXPECT_EQ(driver->status().state, State::running);
}

TEST_F(JackDriverTest, TellsLatencyToTheServer) {
    driver.reset();
    start_driver();
    driver->set_latency(37);
    ASSERT_TRUE(reaches(State::running));
    JackPeer peer(server.name(), "peer");
    peer.connect("system:capture_1", "backline:in_1");
    peer.connect("backline:out_1", "system:playback_1");
    const auto card_in = peer.latency("system:capture_1", "capture");
    const auto card_out = peer.latency("system:playback_1", "playback");
    ASSERT_GT(card_in.max, 0u);
    ASSERT_GT(card_out.max, 0u);
    for (const std::uint32_t latency : {37u, 4000u, 0u}) {
        driver->set_latency(latency);
        EXPECT_TRUE(eventually([&] {
            const auto range = peer.latency("backline:out_1", "capture");
            return range.max == card_in.max + latency && range.min == card_in.min + latency;
        })) << latency;
        EXPECT_TRUE(eventually([&] {
            return peer.latency("backline:in_1", "playback").max == card_out.max + latency;
        })) << latency;
    }
    EXPECT_TRUE(eventually([&] {
        const auto status = driver->status();
        return status.capture_latency == card_in.max && status.playback_latency == card_out.max;
    }));
}

TEST_F(JackDriverTest, TakesNoOtherName) {
    auto other = std::make_unique<JackPeer>(server.name(), "backline");
    start_driver();
    ASSERT_TRUE(reaches(State::name_taken));
    EXPECT_TRUE(driver->settled(driver->publish(thru.ports())));
    EXPECT_EQ(connect("system:capture_1", "system:playback_1").code, "jack_lost");
    other.reset();
    EXPECT_TRUE(reaches(State::running));
    JackPeer peer(server.name(), "peer");
    EXPECT_TRUE(peer.has_port("backline:in_1"));
}

TEST_F(JackDriverTest, WishesComeTrueWhenTheirPortsAppear) {
    start_driver();
    driver->want({{"in_1", "capture:2"},
                  {"in_2", "/^late.*:voice$/"},
                  {"out_1", "system:playback_1"},
                  {"out_2", "the-desk"}});
    ASSERT_TRUE(reaches(State::running));
    JackPeer peer(server.name(), "peer");
    EXPECT_TRUE(eventually([&] { return peer.connected("system:capture_2", "backline:in_1"); }));
    EXPECT_TRUE(eventually([&] { return peer.connected("backline:out_1", "system:playback_1"); }));
    EXPECT_TRUE(peer.connections("backline:in_2").empty());

    JackPeer late(server.name(), "later");
    late.output("voice");
    late.output("noise");
    late.activate();
    EXPECT_TRUE(eventually([&] { return peer.connected("later:voice", "backline:in_2"); }));
    EXPECT_TRUE(peer.connections("later:noise").empty());

    const auto kept = driver->kept();
    EXPECT_TRUE(std::any_of(kept.begin(), kept.end(), [](const auto& row) {
        return row.from == "backline:out_2" && row.to == "the-desk" && !row.connected;
    }));
    EXPECT_TRUE(eventually([&] {
        const auto now = driver->kept();
        return std::any_of(now.begin(), now.end(), [](const auto& row) {
            return row.from == "later:voice" && row.to == "backline:in_2" && row.connected;
        });
    }));
}

TEST_F(JackDriverTest, AnAliasIsAName) {
    JackPeer peer(server.name(), "peer");
    peer.input("desk");
    peer.alias("peer:desk", "studio:left");
    start_driver();
    driver->want({{"out_1", "studio:left"}});
    ASSERT_TRUE(reaches(State::running));
    EXPECT_TRUE(peer.connections("peer:desk").empty());
    peer.activate(); // before that nobody can connect it
    EXPECT_TRUE(eventually([&] { return peer.connected("backline:out_1", "peer:desk"); }));
}

TEST_F(JackDriverTest, WithdrawnWishesAreUndone) {
    start_driver();
    driver->want({{"out_1", "playback:1"}, {"out_2", "playback:2"}});
    ASSERT_TRUE(reaches(State::running));
    JackPeer peer(server.name(), "peer");
    ASSERT_TRUE(eventually([&] { return peer.connected("backline:out_1", "system:playback_1"); }));
    ASSERT_TRUE(eventually([&] { return peer.connected("backline:out_2", "system:playback_2"); }));
    ASSERT_EQ(connect("out_2", "playback:2").code, "");
    ASSERT_TRUE(settles(driver->want({})));
    EXPECT_FALSE(peer.connected("backline:out_1", "system:playback_1"));
    EXPECT_TRUE(peer.connected("backline:out_2", "system:playback_2")) << "also asked for by hand";
}

TEST_F(JackDriverTest, ConnectsOnRequestAndSaysWhyNot) {
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    JackPeer peer(server.name(), "peer");
    EXPECT_EQ(connect("capture:1", "backline:in_1").code, "");
    EXPECT_TRUE(peer.connected("system:capture_1", "backline:in_1"));
    EXPECT_EQ(connect("capture:1", "in_1").code, "") << "again is no error";
    EXPECT_EQ(connect("system:capture_2", "system:playback_2").code, "");
    EXPECT_TRUE(peer.connected("system:capture_2", "system:playback_2"));

    EXPECT_EQ(connect("capture:9", "in_1").code, "no_such_port");
    EXPECT_EQ(connect("nobody:at_all", "in_1").code, "no_such_port");
    EXPECT_EQ(connect("/*(/", "in_1").code, "no_such_port");
    const auto backwards = connect("in_1", "capture:1");
    EXPECT_EQ(backwards.code, "no_such_port");
    EXPECT_NE(backwards.message.find("receives"), std::string::npos) << backwards.message;

    EXPECT_EQ(connect("capture:1", "in_1", false).code, "");
    EXPECT_FALSE(peer.connected("system:capture_1", "backline:in_1"));
    EXPECT_EQ(connect("capture:1", "in_1", false).code, "no_such_connection");
}

TEST_F(JackDriverTest, ListsThePorts) {
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    ASSERT_EQ(connect("capture:1", "in_1").code, "");
    std::promise<std::vector<process::Driver::PortInfo>> promise;
    driver->ports([&](const process::Driver::Answer& answer, auto list) {
        EXPECT_EQ(answer.code, "");
        promise.set_value(std::move(list));
    });
    const auto list = promise.get_future().get();
    const auto named = [&](const std::string& name) {
        return std::find_if(list.begin(), list.end(),
                            [&](const auto& port) { return port.name == name; });
    };
    ASSERT_EQ(list.size(), 8u);
    ASSERT_NE(named("system:capture_1"), list.end());
    EXPECT_TRUE(named("system:capture_1")->is_output);
    EXPECT_TRUE(named("system:capture_1")->physical);
    EXPECT_EQ(named("system:capture_1")->type, "audio");
    EXPECT_EQ(named("system:capture_1")->connections, std::vector<std::string>{"backline:in_1"});
    EXPECT_FALSE(named("backline:in_1")->is_output);
    EXPECT_FALSE(named("backline:in_1")->physical);
}

TEST_F(JackDriverTest, RemembersWhatOthersConnected) {
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    JackPeer patcher(server.name(), "patcher");
    auto peer = make_peer();
    patcher.connect("peer:out", "backline:in_1");
    patcher.connect("peer:out", "backline:in_2");
    patcher.connect("backline:out_1", "peer:in");
    ASSERT_TRUE(eventually([&] { return driver->kept().size() == 3; }));

    // Somebody disconnects: that is meant.
    patcher.disconnect("peer:out", "backline:in_2");
    ASSERT_TRUE(eventually([&] { return driver->kept().size() == 2; }));

    // The client leaves and comes back, quickly and slowly.
    for (const auto away : {0ms, 300ms}) {
        peer.reset();
        ASSERT_TRUE(eventually([&] { return !patcher.has_port("peer:in"); }));
        std::this_thread::sleep_for(away);
        peer = make_peer();
        EXPECT_TRUE(eventually([&] { return patcher.connected("peer:out", "backline:in_1"); }));
        EXPECT_TRUE(eventually([&] { return patcher.connected("backline:out_1", "peer:in"); }));
        EXPECT_FALSE(patcher.connected("peer:out", "backline:in_2"));
    }
}

TEST_F(JackDriverTest, StopsInOrder) {
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    JackPeer peer(server.name(), "peer");
    driver->stop();
    EXPECT_EQ(driver->status().state, State::none);
    EXPECT_EQ(driver->status().abandoned_calls, 0u);
    EXPECT_FALSE(peer.has_port("backline:in_1"));
    EXPECT_EQ(connect("capture:1", "playback:1").code, "jack_lost");
}

} // namespace
} // namespace backline::test
