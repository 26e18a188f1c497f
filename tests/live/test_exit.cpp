// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The daemon ends when it is asked to, whatever JACK does meanwhile, and leaves nothing behind.
#include "tests/live/live.hpp"

namespace backline::test {
namespace {

enum class Jack { running, absent, killed, stopped, none };
enum class How { signal, quit };

std::ostream& operator<<(std::ostream& out, Jack jack) {
    constexpr const char* kNames[] = {"Running", "Absent", "Killed", "Stopped", "None"};
    return out << kNames[static_cast<int>(jack)];
}
std::ostream& operator<<(std::ostream& out, How how) {
    return out << (how == How::signal ? "Sigterm" : "Quit");
}

class Exit : public LiveTest, public testing::WithParamInterface<std::tuple<Jack, How>> {
  protected:
    /// Names in /dev/shm that belong to our client of the private server.
    std::size_t left_in_shared_memory() {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
            const std::string name = entry.path().filename();
            if (name.find(server.name()) != std::string::npos
                && name.find("backline") != std::string::npos)
                ++count;
        }
        return count;
    }
};

TEST_P(Exit, IsQuickAndClean) {
    const auto [jack, how] = GetParam();
    DaemonProcess::Options options{.arguments = {"--rack", "demo"}};
    if (jack == Jack::none) {
        start(options, false);
    } else if (jack == Jack::absent) {
        options.jack_server = server.name();
        start(options, false);
    } else {
        start(options);
    }
    ASSERT_TRUE(has_nodes(6));
    if (jack == Jack::killed) {
        server.kill();
        ASSERT_TRUE(jack_is("jack_lost"));
    } else if (jack == Jack::stopped) {
        server.freeze();
        // Mid-call: an edit that wants a port of a server that does not answer.
        client->send(protocol::message("/output/add", "late", 2));
        std::this_thread::sleep_for(200ms);
    }

    const auto asked = Clock::now();
    if (how == How::signal)
        daemon->program().signal(SIGTERM);
    else
        EXPECT_TRUE(client->request("/quit").ok);
    const auto status = daemon->program().wait(10s);
    figure("exit_after", seconds_since(asked) * 1e3, "ms");
    EXPECT_EQ(status, 0);
    EXPECT_LE(seconds_since(asked), 2.0);
    EXPECT_FALSE(std::filesystem::exists(daemon->socket()));
    if (jack == Jack::running) {
        EXPECT_TRUE(eventually([&] { return left_in_shared_memory() == 0; }, 1s));
        // The server is none the worse: another daemon gets the same name.
        daemon->start();
        client = std::make_unique<Client>(daemon->udp());
        EXPECT_TRUE(jack_is("running"));
    }
    if (jack == Jack::stopped) server.thaw();
}

INSTANTIATE_TEST_SUITE_P(Live, Exit,
                         testing::Combine(testing::Values(Jack::running, Jack::absent, Jack::killed,
                                                          Jack::stopped, Jack::none),
                                          testing::Values(How::signal, How::quit)),
                         [](const auto& instance) {
                             std::ostringstream name;
                             name << std::get<0>(instance.param) << std::get<1>(instance.param);
                             return name.str();
                         });

TEST_F(LiveTest, AnInterruptEndsItToo) {
    start({}, false);
    daemon->program().signal(SIGINT);
    EXPECT_EQ(daemon->program().wait(2s), 0);
}

TEST_F(LiveTest, AfterACrashTheNextOneStarts) {
    start({.arguments = {"--rack", "thru"}});
    daemon->program().signal(SIGKILL);
    ASSERT_EQ(daemon->program().wait(2s), 128 + SIGKILL);
    // Socket and lock are still there, and JACK may not have noticed.
    ASSERT_TRUE(std::filesystem::exists(daemon->socket()));
    daemon->start();
    client = std::make_unique<Client>(daemon->unix_url());
    EXPECT_TRUE(jack_is("running", 5s));
    EXPECT_TRUE(eventually([&] { return status()["graph"]["connections"] == 1; }));
}

} // namespace
} // namespace backline::test
