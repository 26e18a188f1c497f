// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/client.hpp"

#include "tests/protocol/fake_daemon.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace backline::protocol {
namespace {

using test::FakeDaemon;
using namespace std::chrono_literals;

TEST(Url, IsReadAndWritten) {
    for (const char* text : {"osc.udp://localhost:9770", "osc.udp://127.0.0.1:1",
                             "osc.udp://[::1]:65535", "osc.unix:///run/backline/osc.sock"})
        EXPECT_EQ(Url::parse(text).text(), text);
    EXPECT_EQ(Url::parse("osc.udp://[::1]:9770/").host, "::1");
}

TEST(Url, OthersAreRefused) {
    for (const char* text : {"", "localhost:9770", "osc.tcp://h:1", "osc.udp://", "osc.udp://host",
                             "osc.udp://:1", "osc.udp://h:0", "osc.udp://h:65536", "osc.udp://h:1x",
                             "osc.udp://::1:9770", "osc.unix://relative", "osc.unix://"})
        EXPECT_THROW(Url::parse(text), std::invalid_argument) << text;
    EXPECT_THROW(Url::parse("osc.unix:///" + std::string(200, 'x')), std::invalid_argument);
}

class OverBoth : public testing::TestWithParam<bool> {
  protected:
    [[nodiscard]] static bool stream() { return GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Client, OverBoth, testing::Bool(),
                         [](const auto& i) { return i.param ? "Unix" : "Udp"; });

TEST_P(OverBoth, ARequestGetsItsReply) {
    FakeDaemon daemon(stream(), FakeDaemon::done([](const Message& m) { return m.args; }));
    Client client(daemon.url());
    for (int i = 0; i < 100; ++i) {
        const Reply reply = client.request("/echo", {i, "text", 0.5F, true});
        EXPECT_TRUE(reply.ok);
        EXPECT_EQ(reply.address, "/echo");
        EXPECT_EQ(reply.args, (std::vector<Argument>{i, "text", 0.5F, true}));
    }
    EXPECT_EQ(daemon.received().size(), 100U);
}

TEST_P(OverBoth, AFailureSaysWhatAndWhy) {
    FakeDaemon daemon(stream(), [](const Packet& packet) {
        const auto [id, m] = FakeDaemon::unwrap(std::get<Message>(packet));
        return std::vector<Packet>{
            message("/fail", id, m.address, "no_such_node", "no node \"x\"")};
    });
    Client client(daemon.url());
    const Reply reply = client.request("/node/remove", {"x"});
    EXPECT_FALSE(reply.ok);
    EXPECT_EQ(reply.code, "no_such_node");
    EXPECT_EQ(reply.message, "no node \"x\"");
    EXPECT_FALSE(reply.member);
    try {
        reply.or_throw();
        FAIL();
    } catch (const RequestError& error) {
        EXPECT_EQ(error.code, "no_such_node");
        EXPECT_STREQ(error.what(), "no node \"x\"");
    }
}

TEST_P(OverBoth, RepliesAreToldApartByTheirId) {
    // Every request is answered three times: late for the one before, right, and out of nowhere.
    FakeDaemon daemon(stream(), [](const Packet& packet) {
        const auto [id, m] = FakeDaemon::unwrap(std::get<Message>(packet));
        return std::vector<Packet>{message("/done", id - 1, m.address, "late"),
                                   message("/fail", 0, "/node/eq/x", "no_such_node", "…"),
                                   message("/done", id, m.address, "right")};
    });
    Client client(daemon.url());
    EXPECT_EQ(client.request("/a").args, std::vector<Argument>{"right"});
    EXPECT_EQ(client.request("/b").args, std::vector<Argument>{"right"});
    std::vector<Message> seen;
    // A late answer with id 0 has nobody to go to but the caller of poll().
    EXPECT_EQ(client.poll([&](const Message& m) { seen.push_back(m); }, 0ms), 3U);
    EXPECT_EQ(std::count_if(seen.begin(), seen.end(),
                            [](const Message& m) { return m.address == "/fail"; }),
              2);
}

TEST_P(OverBoth, ATransactionIsOneBundleWithAHead) {
    FakeDaemon daemon(stream(), [](const Packet& packet) {
        const auto& b = std::get<Bundle>(packet);
        const auto& head = std::get<Message>(b.elements.at(0));
        EXPECT_EQ(head.address, "/request");
        EXPECT_EQ(head.args.at(1).as_text(), "#bundle");
        EXPECT_EQ(b.elements.size(), 3U);
        return std::vector<Packet>{message("/fail", head.args[0], "#bundle", "no_such_plugin",
                                           "no plugin \"p\"", 1, "/node/add")};
    });
    Client client(daemon.url());
    const Reply reply =
        client.bundle({message("/node/remove", "a"), message("/node/add", "b", "p")});
    EXPECT_FALSE(reply.ok);
    EXPECT_EQ(reply.address, "#bundle");
    EXPECT_EQ(reply.member, 1);
    EXPECT_EQ(reply.member_address, "/node/add");
}

/** Pages of at most 1000 bytes of what `text` says, its revision counted by calls of it. */
FakeDaemon::Handler pages(std::function<std::pair<int, std::string>()> text) {
    return FakeDaemon::done([text = std::move(text)](const Message& m) -> std::vector<Argument> {
        const auto [revision, whole] = text();
        const int offset = m.args.size() > 1 ? *m.args[1].as_int() : 0;
        EXPECT_EQ(m.args.at(0).as_text(), "id");
        const auto from = std::min(static_cast<std::size_t>(offset), whole.size());
        return {revision, offset, static_cast<int>(whole.size()), whole.substr(from, 1000)};
    });
}

TEST_P(OverBoth, PagesBecomeOneText) {
    for (const std::size_t size : {0U, 1U, 999U, 1000U, 1001U, 3000U, 12'345U}) {
        std::string whole(size, ' ');
        for (std::size_t i = 0; i < size; ++i)
            whole[i] = static_cast<char>('a' + i % 26);
        FakeDaemon daemon(stream(), pages([&] { return std::pair{1, whole}; }));
        Client client(daemon.url());
        EXPECT_EQ(client.text("/plugin/info", {"id"}), whole);
        EXPECT_EQ(daemon.received().size(), std::max<std::size_t>(1, (size + 999) / 1000));
    }
}

TEST_P(OverBoth, PagesOfAnAnswerThatChangedAreAskedForAgain) {
    int asked = 0;
    FakeDaemon daemon(stream(), pages([&] {
                          // The third page belongs to another revision.
                          const bool changed = ++asked >= 3;
                          return std::pair{changed ? 2 : 1, std::string(2500, changed ? 'b' : 'a')};
                      }));
    Client client(daemon.url());
    EXPECT_EQ(client.text("/plugin/info", {"id"}), std::string(2500, 'b'));
    EXPECT_EQ(asked, 6);
}

TEST_P(OverBoth, PagesThatAreNoneAreRefused) {
    int revision = 0;
    FakeDaemon restless(stream(), pages([&] {
                            return std::pair{++revision, std::string(2500, 'a')};
                        }));
    EXPECT_THROW(Client(restless.url()).text("/x", {"id"}), RequestError);
    for (const std::vector<Argument>& reply : {std::vector<Argument>{},
                                               {1, 0, 10, ""},
                                               {1, 0, 5, "longer than said"},
                                               {1, 4, 10, "xxxxxx"},
                                               {1, -1, 10, "x"},
                                               {1, 0, 10, 10}}) {
        FakeDaemon daemon(stream(), FakeDaemon::done([&](const Message&) { return reply; }));
        EXPECT_THROW(Client(daemon.url()).text("/x"), RequestError);
    }
}

TEST_P(OverBoth, StreamsComeThroughPoll) {
    FakeDaemon daemon(stream(), [](const Packet& packet) {
        const auto [id, m] = FakeDaemon::unwrap(std::get<Message>(packet));
        return std::vector<Packet>{
            message("/event/xrun", 1, true), message("/done", id, m.address, 30.0F, 10.0F),
            Bundle{kImmediately, {message("/level/main", 1.0F), message("/level/mic", 2.0F)}}};
    });
    Client client(daemon.url());
    client.subscribe("/level/*", 30);
    std::vector<std::string> seen;
    while (seen.size() < 3)
        ASSERT_GT(client.poll([&](const Message& m) { seen.push_back(m.address); }, 2s), 0U);
    EXPECT_EQ(seen, (std::vector<std::string>{"/event/xrun", "/level/main", "/level/mic"}));
    EXPECT_EQ(client.poll([](const Message&) { FAIL(); }, 1ms), 0U);
}

TEST_P(OverBoth, SilenceIsATimeout) {
    FakeDaemon daemon(stream(), [](const Packet&) { return std::vector<Packet>{}; });
    Client client(daemon.url());
    try {
        client.request("/ping", {}, 20ms);
        FAIL();
    } catch (const TimeoutError& error) {
        EXPECT_EQ(std::string(error.what()), daemon.url() + ": no answer to /ping within 0.020 s");
    }
}

TEST(Client, RenewsItsLeasesOverUdp) {
    FakeDaemon daemon(false, FakeDaemon::done([](const Message&) -> std::vector<Argument> {
                          return {0.0F, 0.3F};
                      }));
    Client client(daemon.url());
    client.subscribe("/result/*/*", 20, 0.3F);
    const auto until = std::chrono::steady_clock::now() + 5s;
    while (daemon.received().size() < 3 && std::chrono::steady_clock::now() < until)
        EXPECT_EQ(client.poll([](const Message&) {}, 50ms), 0U);
    const auto renewed = daemon.received();
    ASSERT_GE(renewed.size(), 3U);
    for (const Message& m : renewed)
        EXPECT_EQ(m, message("/subscribe", "/result/*/*", 20.0F, 0.3F));
    client.unsubscribe("/result/*/*");
    const std::size_t count = daemon.received().size();
    client.poll([](const Message&) {}, 500ms);
    EXPECT_EQ(daemon.received().size(), count);
}

TEST(Client, SaysThatNobodyIsThere) {
    EXPECT_THROW(Client("osc.unix:///nonexistent/osc.sock"), ConnectionError);
    std::string url;
    {
        FakeDaemon gone(false, [](const Packet&) { return std::vector<Packet>{}; });
        url = gone.url();
    }
    Client client(url);
    EXPECT_THROW(client.request("/ping"), ConnectionError);
    EXPECT_THROW(Client("osc.udp://no.such.host.invalid:1"), ConnectionError);
}

TEST(Client, SaysThatTheDaemonLeft) {
    auto daemon = std::make_unique<FakeDaemon>(
        true, FakeDaemon::done([](const Message&) { return std::vector<Argument>{}; }));
    Client client(daemon->url());
    EXPECT_TRUE(client.request("/ping").ok);
    daemon.reset();
    EXPECT_THROW(client.request("/ping"), ConnectionError);
}

TEST(Client, RefusesWhatDoesNotFitADatagram) {
    FakeDaemon daemon(false, FakeDaemon::done([](const Message& m) { return m.args; }));
    Client client(daemon.url());
    EXPECT_THROW(client.request("/rack/apply", {std::string(65'500, 'x')}), ConnectionError);
    EXPECT_TRUE(client.request("/rack/check", {std::string(30'000, 'x')}).ok);
}

} // namespace
} // namespace backline::protocol
