// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The driver with a server that is absent, dies, hangs or comes back.

#include "tests/audio/driver_fixture.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <jack/jack.h>

namespace backline::test {
namespace {

std::size_t entries(const char* folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder))
        ++count;
    return count;
}

/// KiB of a line of /proc/self/status.
long memory(const std::string& key) {
    std::ifstream in("/proc/self/status");
    for (std::string word; in >> word;)
        if (word == key + ":") {
            long kib = 0;
            in >> kib;
            return kib;
        }
    return -1;
}

class JackFaultTest : public DriverTest {
  protected:
    /// Milliseconds until a new peer of the old name hears its tone through us, without anybody
    /// connecting it.
    double ms_to_sound(Clock::time_point from) {
        auto peer = make_peer();
        EXPECT_TRUE(eventually([&] { return hears(*peer); }));
        return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
    }
    void patch_peer(JackPeer& peer) {
        ASSERT_TRUE(reaches(State::running));
        peer.connect("peer:out", "backline:in_1");
        peer.connect("backline:out_1", "peer:in");
        ASSERT_TRUE(eventually([&] { return hears(peer); }));
        ASSERT_TRUE(eventually([&] {
            return keeps("peer:out", "backline:in_1") && keeps("backline:out_1", "peer:in");
        }));
    }
    /// Calls everything that must not wait, many times. One in a hundred may lose the processor to
    /// others; a call that waited for JACK would take seconds.
    void expect_quick_calls() {
        std::vector<double> took_ms;
        const auto timed = [&](auto call) {
            const auto begin = Clock::now();
            call();
            took_ms.push_back(
                std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
        };
        std::uint64_t ticket = 0;
        auto ports = thru.ports();
        for (std::uint32_t i = 0; i < 50; ++i) {
            timed([&] { driver->status(); });
            timed([&] {
                ports.push_back({100 + i, false, "extra_" + std::to_string(i)});
                ticket = driver->publish(ports);
            });
            timed([&] { driver->want({{"out_1", "playback:" + std::to_string(i)}}); });
            timed([&] { driver->set_latency(i); });
            timed([&] { driver->settled(ticket); });
            timed([&] { driver->connect("a", "b", true, [](const auto&) {}); });
            timed([&] { driver->kept(); });
        }
        driver->want({});
        driver->publish(thru.ports());
        std::sort(took_ms.begin(), took_ms.end());
        EXPECT_LT(took_ms[took_ms.size() * 99 / 100], 2.0);
        EXPECT_LT(took_ms.back(), 200.0);
    }
};

TEST_F(JackFaultTest, WaitsForAServer) {
    start_driver();
    ASSERT_TRUE(reaches(State::lost));
    EXPECT_TRUE(driver->settled(driver->publish(thru.ports())));
    EXPECT_EQ(connect("capture:1", "in_1").code, "jack_lost");
    EXPECT_EQ(driver->status().rate, 0.0);
    expect_quick_calls();
    std::this_thread::sleep_for(1500ms); // the longest back-off is reached
    server.start();
    EXPECT_TRUE(reaches(State::running, 2000ms));
    JackPeer peer(server.name(), "peer");
    EXPECT_TRUE(peer.has_port("backline:out_2"));
}

TEST_F(JackFaultTest, SoundComesBackAfterEveryKill) {
    const int kills = count_from("BACKLINE_TEST_KILLS", 5);
    server.start();
    start_driver();
    driver->want({{"out_2", "playback:2"}});
    auto peer = make_peer();
    patch_peer(*peer);
    ASSERT_EQ(connect("capture:1", "in_2").code, "");

    std::size_t descriptors = 0;
    std::size_t threads = 0;
    std::size_t shared = 0;
    long resident = 0;
    long mapped = 0;
    double slowest = 0.0;
    for (int i = 0; i <= kills; ++i) {
        peer.reset();
        const auto dead = Clock::now();
        server.kill();
        ASSERT_TRUE(reaches(State::lost, 1000ms));
        EXPECT_LT(Clock::now() - dead, 1s);
        server.options().rate = i % 2 == 0 ? 44100 : 48000; // the next one is another machine
        server.options().period = i % 2 == 0 ? 128 : 256;
        server.start();
        const auto alive = Clock::now();
        ASSERT_TRUE(reaches(State::running));
        peer = make_peer();
        ASSERT_TRUE(eventually([&] { return hears(*peer, server.options().rate); }));
        slowest = std::max(slowest,
                           std::chrono::duration<double, std::milli>(Clock::now() - alive).count());
        EXPECT_TRUE(peer->connected("backline:out_2", "system:playback_2"));
        EXPECT_TRUE(peer->connected("system:capture_1", "backline:in_2"));
        EXPECT_EQ(listener.prepared().back(),
                  std::pair(static_cast<double>(server.options().rate), server.options().period));
        if (i == 0) { // the first round fills what is filled once
            descriptors = entries("/proc/self/fd");
            threads = entries("/proc/self/task");
            shared = JackServer::shared_objects();
            resident = memory("RssAnon");
            mapped = memory("VmSize");
        }
    }
    EXPECT_LE(slowest, 2000.0);
    EXPECT_LE(entries("/proc/self/fd"), descriptors);
    EXPECT_LE(entries("/proc/self/task"), threads);
    if (isolate_shared_memory()) {
        EXPECT_LE(JackServer::shared_objects(), shared);
    }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // they keep what is freed
    EXPECT_LT(memory("RssAnon"), resident + 1024);
#endif
    EXPECT_LT(memory("VmSize"), mapped + 16 * 1024) << "a server's segment is larger";
    EXPECT_EQ(driver->status().restarts, static_cast<std::uint64_t>(kills) + 1);
    EXPECT_EQ(driver->status().abandoned_calls, 0u);
    std::printf("slowest return of sound %.0f ms; resident %ld -> %ld KiB, mapped %ld -> %ld KiB\n",
                slowest, resident, memory("RssAnon"), mapped, memory("VmSize"));
}

TEST_F(JackFaultTest, AFrozenServerHoldsNobodyUp) {
    const int freezes = count_from("BACKLINE_TEST_FREEZES", 1);
    const auto length = std::chrono::seconds(count_from("BACKLINE_TEST_FREEZE_S", 5));
    server.start();
    start_driver();
    auto peer = make_peer();
    patch_peer(*peer);
    for (int i = 0; i < freezes; ++i) {
        server.freeze();
        const auto frozen = Clock::now();
        // An edit before anybody knows: its call hangs.
        auto ports = thru.ports();
        ports.push_back({50, false, "late_" + std::to_string(i)});
        const auto ticket = driver->publish(ports);
        EXPECT_TRUE(reaches(State::stalled, 2500ms));
        EXPECT_TRUE(driver->settled(ticket));
        expect_quick_calls();
        EXPECT_EQ(connect("capture:1", "in_2").code, "jack_stalled");
        driver->publish(ports);
        std::this_thread::sleep_until(frozen + length);
        EXPECT_EQ(driver->status().state, State::stalled);

        server.thaw();
        const auto thawed = Clock::now();
        EXPECT_TRUE(reaches(State::running, 2000ms));
        EXPECT_TRUE(eventually([&] { return hears(*peer); }));
        EXPECT_LT(Clock::now() - thawed, 2s);
        EXPECT_TRUE(
            eventually([&] { return peer->has_port("backline:late_" + std::to_string(i)); }));
    }
    EXPECT_GE(driver->status().abandoned_calls, 1u);
}

TEST_F(JackFaultTest, ANewServerReplacesAFrozenOne) {
    server.start();
    start_driver();
    auto peer = make_peer();
    patch_peer(*peer);
    server.freeze();
    driver->publish({{3, true, "edited"}, {0, true, "in_1"}, {0, false, "out_1"}}); // hangs
    ASSERT_TRUE(reaches(State::stalled, 2500ms));
    peer.reset();
    server.kill();
    ASSERT_TRUE(reaches(State::lost, 1000ms));
    server.start();
    EXPECT_LE(ms_to_sound(Clock::now()), 2000.0);
    EXPECT_EQ(driver->status().state, State::running);
}

TEST_F(JackFaultTest, OpeningAtAFrozenServerIsWaitedFor) {
    server.start();
    server.freeze();
    start_driver();
    ASSERT_TRUE(reaches(State::stalled, 3000ms));
    EXPECT_EQ(driver->status().abandoned_calls, 1u);
    EXPECT_EQ(connect("capture:1", "in_2").code, "jack_stalled");
    server.thaw();
    EXPECT_TRUE(reaches(State::running, 2000ms));
}

TEST_F(JackFaultTest, LeavesAFrozenServerBehind) {
    server.start();
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    server.freeze();
    // Far more questions than may wait: each gets its one answer.
    std::atomic<int> answers{0};
    std::atomic<int> refused{0};
    for (int i = 0; i < 3000; ++i)
        driver->connect("capture:1", "in_1", true, [&](const process::Driver::Answer& answer) {
            ++answers;
            if (answer.code == "queue_full") ++refused;
        });
    EXPECT_GE(refused.load(), 1900);
    EXPECT_LE(refused.load(), 2000);
    const auto begin = Clock::now();
    driver->stop();
    EXPECT_LT(Clock::now() - begin, 800ms);
    EXPECT_EQ(answers.load(), 3000);
    EXPECT_EQ(driver->status().abandoned_calls, 1u);
    driver.reset();
    server.kill(); // what hangs comes back, and touches nothing of ours
    std::this_thread::sleep_for(200ms);
}

TEST_F(JackFaultTest, AServerThatLeavesInOrderIsLostToo) {
    server.start();
    start_driver();
    ASSERT_TRUE(reaches(State::running));
    server.quit();
    EXPECT_TRUE(reaches(State::lost, 1000ms));
    server.start();
    EXPECT_TRUE(reaches(State::running, 2000ms));
    EXPECT_EQ(driver->status().restarts, 1u);
}

/// As after an abandoned call, the library keeps a client of the dead server. It is never closed:
/// that would tear down what the library shares with the living one. The last test for this reason.
TEST_F(JackFaultTest, AClientLeftBehindDoesNotSilenceTheNextServer) {
    server.start();
    jack_client_t* left =
        jack_client_open("left", static_cast<jack_options_t>(JackNoStartServer | JackServerName),
                         nullptr, server.name().c_str());
    ASSERT_NE(left, nullptr);
    start_driver();
    auto peer = make_peer();
    patch_peer(*peer);
    peer.reset();
    server.kill();
    ASSERT_TRUE(reaches(State::lost, 1000ms));
    server.start();
    EXPECT_LE(ms_to_sound(Clock::now()), 2000.0);
}

} // namespace
} // namespace backline::test
