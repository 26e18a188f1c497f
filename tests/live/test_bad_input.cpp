// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that can be wrong about what comes in over OSC: answered with the right code, and
// nothing changed.
#include "tests/live/live.hpp"

#include <array>
#include <cstddef>
#include <limits>
#include <span>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace backline::test {
namespace {

using protocol::message;
using protocol::Message;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// One daemon for all of them: a wrong request that harmed it would fail the next.
class BadInput : public LiveTest {
  protected:
    static void SetUpTestSuite() {
        jackd_ = new JackServer;
        jackd_->start();
        plugins_ = new TemporaryDirectory;
        for (const std::string library :
             {"broken/other_major", "broken/no_symbol", "broken/crash_on_load",
              "broken/hang_on_load", "broken/not_a_library", "faulty/create_null",
              "faulty/activate_fails", "faulty/throws_in_create"})
            std::filesystem::create_symlink(kFixtures + "/" + library + ".so",
                                            *plugins_
                                                / (library.substr(library.find('/') + 1) + ".so"));
        daemon_ = new DaemonProcess({.jack_server = jackd_->name(),
                                     .plugins = {*plugins_ / "."},
                                     .config = "[osc]\nmax_packet = 4096\n"});
        write_sound(daemon_->audio() + "/good.wav", std::vector<float>(4800, 0.25f), 1, 48000);
        write_bytes(daemon_->audio() + "/corrupt.wav", "RIFF\x10\x00\x00\x00WAVEjunkjunkjunk");
        write_bytes(daemon_->audio() + "/empty.wav", "");
        daemon_->start();
        Client client(daemon_->udp());
        // The scan is over when the library that hangs has been given up.
        ASSERT_TRUE(eventually(
            [&] { return Json::parse(client.text("/plugin/list"))["refused"].size() == 5; }, 15s));
        client
            .bundle({message("/input/add", "in", 2), message("/output/add", "out", 2),
                     message("/node/add", "eq", "backline.filter", "channels", 2),
                     message("/node/add", "fader", "backline.gain", "channels", 2),
                     message("/node/add", "player", "backline.player", "file", "good.wav"),
                     message("/node/add", "wide", "backline.gain", "channels", 5),
                     message("/connect", "in", "eq"), message("/connect", "eq", "fader"),
                     message("/connect", "fader", "out")})
            .or_throw();
    }
    static void TearDownTestSuite() {
        delete daemon_;
        delete plugins_;
        delete jackd_;
    }
    void SetUp() override {
        client = std::make_unique<Client>(daemon_->udp());
        before_ = graph();
    }
    void TearDown() override {
        EXPECT_EQ(graph(), before_) << "a refused request has changed the graph";
        EXPECT_EQ(daemon_->program().wait(0ms), std::nullopt) << "the daemon has ended";
    }

    static JackServer* jackd_;
    static DaemonProcess* daemon_;
    static TemporaryDirectory* plugins_;
    std::string before_;
};
JackServer* BadInput::jackd_ = nullptr;
DaemonProcess* BadInput::daemon_ = nullptr;
TemporaryDirectory* BadInput::plugins_ = nullptr;

struct Wrong {
    const char* what;
    Message request;
    const char* code;
    const char* says; ///< a part of the message
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong) {
    return out << wrong.what;
}

class WrongRequest : public BadInput, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongRequest, IsRefusedByItsCodeAndChangesNothing) {
    const Wrong& wrong = GetParam();
    const Reply reply = client->request(wrong.request.address, wrong.request.args);
    EXPECT_FALSE(reply.ok);
    EXPECT_EQ(reply.code, wrong.code) << reply.message;
    EXPECT_NE(reply.message.find(wrong.says), std::string::npos) << reply.message;
    EXPECT_EQ(reply.address, wrong.request.address);
}

const std::string kLongName(64, 'x');

INSTANTIATE_TEST_SUITE_P(
    Osc, WrongRequest,
    testing::ValuesIn(std::vector<Wrong>{
        {"UnknownAddress", message("/nonsense"), "no_such_address", "/nonsense"},
        {"UnknownDeepAddress", message("/node/eq/cutoff/nonsense", 1.0f), "no_such_address", ""},
        {"WrongType", message("/node/add", 1, 2), "bad_type", "name"},
        {"TextForANumber", message("/node/eq/cutoff", "loud"), "bad_type", "cutoff"},
        {"BlobForANumber", message("/node/eq/cutoff", protocol::Blob(4)), "bad_type", ""},
        {"MissingArguments", message("/node/add", "lonely"), "missing_argument", "plugin"},
        {"MissingValue", message("/node/add", "x", "backline.gain", "gain"), "missing_argument",
         ""},
        {"TooManyArguments", message("/connect", "eq", "out", "feedback", 256, 1),
         "too_many_arguments", ""},
        {"UnknownNode", message("/node/remove", "nobody"), "no_such_node", "nobody"},
        {"UnknownNodeInConnect", message("/connect", "nobody", "out"), "no_such_node", "nobody"},
        {"SetOfUnknownNode", message("/node/nobody/gain", 1.0f), "no_such_node", "nobody"},
        {"UnknownPort", message("/connect", "eq:nowhere", "out"), "no_such_port", "nowhere"},
        {"UnknownChannel", message("/connect", "eq:out.3", "out"), "no_such_port", "3"},
        {"UnknownPlugin", message("/node/add", "x", "backline.gane"), "no_such_plugin",
         "backline.gane"},
        {"UnknownParameter", message("/node/eq/loudness", 1.0f), "no_such_parameter", "loudness"},
        {"UnknownInitialParameter", message("/node/add", "x", "backline.gain", "loud", 1.0f),
         "no_such_parameter", "loud"},
        {"UnknownConnection", message("/disconnect", "in", "out"), "no_such_connection", ""},
        {"OutOfRange", message("/node/eq/cutoff", 5.0f), "out_of_range", "20..20000 Hz, got 5"},
        {"OutOfRangeInitially", message("/node/add", "x", "backline.gain", "gain", 99.0f),
         "out_of_range", "99"},
        {"UnknownEnumLabel", message("/node/eq/type", "loud"), "out_of_range", "loud"},
        {"NotANumber", message("/node/eq/cutoff", kNaN), "out_of_range", "NaN"},
        {"Infinite", message("/node/eq/cutoff", kInfinity), "out_of_range", ""},
        {"GainOfAnOutput", message("/output/out/gain", 1000.0f), "out_of_range", "1000"},
        {"ZeroChannels", message("/input/add", "x", 0), "out_of_range", "0"},
        {"TooManyChannels", message("/output/add", "x", 65), "out_of_range", "65"},
        {"NegativeFeedback", message("/connect", "fader", "eq", "feedback", -1), "out_of_range",
         "-1"},
        {"DuplicateName", message("/node/add", "eq", "backline.gain"), "name_taken", "eq"},
        {"NameOfAnInput", message("/output/add", "in", 1), "name_taken", "in"},
        {"RenamedToATakenName", message("/node/rename", "eq", "fader"), "name_taken", "fader"},
        {"IllegalName", message("/node/add", "a/b", "backline.gain"), "bad_name", "a/b"},
        {"EmptyName", message("/node/add", "", "backline.gain"), "bad_name", ""},
        {"LongName", message("/node/add", kLongName, "backline.gain"), "bad_name", ""},
        {"AlreadyConnected", message("/connect", "in", "eq"), "already_connected", "eq"},
        {"Loop", message("/connect", "fader", "eq"), "loop", "eq -> fader -> eq"},
        {"LoopWithItself", message("/connect", "eq", "eq"), "loop", "eq -> eq"},
        {"ChannelMismatch", message("/connect", "wide", "out"), "channels", "5"},
        {"OtherAbiMajor", message("/node/add", "x", "other_major"), "plugin_refused", "ABI"},
        {"LibraryWithoutTheSymbol", message("/node/add", "x", "no_symbol"), "plugin_refused",
         "backline_plugin_entry"},
        {"CrashOnLoad", message("/node/add", "x", "crash_on_load"), "plugin_refused", "crash"},
        {"HangOnLoad", message("/node/add", "x", "hang_on_load"), "plugin_refused", "5"},
        {"NotALibrary", message("/node/add", "x", "not_a_library"), "plugin_refused", ""},
        {"CreateGivesNothing", message("/node/add", "x", "org.example.create_null"),
         "plugin_failed", ""},
        {"CreateThrows", message("/node/add", "x", "org.example.throws_in_create"), "plugin_failed",
         ""},
        {"ActivateFails", message("/node/add", "x", "org.example.activate_fails"), "plugin_failed",
         "out of order"},
        {"MissingFile", message("/node/player/file", "nowhere.wav"), "no_such_file", "nowhere.wav"},
        {"PathForAFile", message("/node/player/file", "../run/osc.sock"), "no_such_file", ""},
        {"CorruptFile", message("/node/player/file", "corrupt.wav"), "bad_file", "corrupt.wav"},
        {"EmptyFile", message("/node/player/file", "empty.wav"), "bad_file", "empty.wav"},
        {"CorruptFileInitially",
         message("/node/add", "x", "backline.player", "file", "corrupt.wav"), "bad_file",
         "corrupt.wav"},
        {"UnknownRack", message("/rack/load", "nowhere"), "no_such_rack", "nowhere"},
        {"RackSyntax", message("/rack/apply", "format = 1\n[node.x\n"), "bad_rack", "2"},
        {"RackUnknownKey", message("/rack/apply", "format = 1\nconnekt = []\n"), "bad_rack",
         "connect"},
        {"RackUnknownPlugin",
         message("/rack/apply", "format = 1\n[node.x]\nplugin = \"backline.gane\"\n"), "bad_rack",
         "backline.gane"},
        {"RackDuplicateNode",
         message("/rack/apply", "format = 1\n[node.x]\nplugin = \"backline.gain\"\n"
                                "[node.x]\nplugin = \"backline.gain\"\n"),
         "bad_rack", "4"},
        {"JackPortUnknown", message("/jack/connect", "nobody:out", "backline:in_1"), "no_such_port",
         "nobody:out"},
        {"LogLevel", message("/log/level", "loud"), "out_of_range", "loud"},
        {"SubscribePattern", message("/subscribe", "/[a"), "out_of_range", ""},
        {"Page", message("/graph", -1), "out_of_range", ""},
        {"WrappedTwice", message("/request", 1, "/ping"), "no_such_address", ""},
    }),
    [](const auto& instance) { return std::string(instance.param.what); });

TEST_F(BadInput, AFailedTransactionNamesTheMemberAndChangesNothing) {
    const Reply reply =
        client->bundle({message("/node/add", "x", "backline.gain"), message("/connect", "x", "out"),
                        message("/connect", "x", "nobody")});
    EXPECT_EQ(reply.code, "no_such_node") << reply.message;
    EXPECT_EQ(reply.address, "#bundle");
    EXPECT_EQ(reply.member, 2);
    EXPECT_EQ(reply.member_address, "/connect");
    EXPECT_EQ(client->bundle({message("/node/add", "x", "backline.gain"), message("/graph")}).code,
              "bad_bundle");
}

TEST_F(BadInput, AnUnwrappedSetIsSilentOrFails) {
    client->send(message("/node/eq/cutoff", 1000.0f));
    client->send(message("/node/eq/cutoff", -3.0f));
    std::vector<Message> answers;
    client->poll([&](const Message& m) { answers.push_back(m); }, 2000ms);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].address, "/fail");
    ASSERT_EQ(answers[0].tags(), "isss");
    EXPECT_EQ(answers[0].args[2].as_text(), "out_of_range");
}

// ---- Packets that are none --------------------------------------------------------------------

/// A socket that sends any bytes.
class RawSocket {
  public:
    explicit RawSocket(int port) : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(static_cast<std::uint16_t>(port));
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    }
    ~RawSocket() { close(fd_); }
    RawSocket(const RawSocket&) = delete;
    RawSocket& operator=(const RawSocket&) = delete;

    void send(std::span<const std::byte> bytes) const {
        EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), 0), std::ssize(bytes));
    }
    /// The next answer within `limit`.
    std::optional<Message> receive(std::chrono::milliseconds limit) const {
        pollfd ready{fd_, POLLIN, 0};
        if (poll(&ready, 1, static_cast<int>(limit.count())) != 1) return {};
        std::array<std::byte, 65536> buffer;
        const ssize_t size = recv(fd_, buffer.data(), buffer.size(), 0);
        if (size <= 0) return {};
        const auto packet =
            protocol::decode(std::span(buffer).first(static_cast<std::size_t>(size)));
        return std::get<Message>(std::get<protocol::Packet>(packet));
    }

  private:
    int fd_;
};

TEST_F(BadInput, ATruncatedPacketIsAnsweredWhenItsAddressIsThere) {
    const RawSocket raw(daemon_->port());
    const std::vector<std::byte> whole =
        protocol::encode(message("/node/add", "x", "backline.gain", "gain", -6.0f));
    // Cut at every length: whatever stands there, it is harmless; with address and tags but too few
    // arguments it is answered.
    for (std::size_t size = 1; size < whole.size(); ++size)
        raw.send(std::span(whole).first(size));
    std::size_t answers = 0;
    while (const auto answer = raw.receive(500ms)) {
        ++answers;
        ASSERT_EQ(answer->address, "/fail");
        EXPECT_EQ(answer->args[1].as_text(), "/node/add");
        const auto code = answer->args[2].as_text();
        EXPECT_TRUE(code == "bad_packet" || code == "missing_argument") << *code;
    }
    // "/node/add" is whole from 12 bytes on.
    EXPECT_GE(answers, whole.size() - 12);
    EXPECT_TRUE(client->request("/ping").ok);
}

TEST_F(BadInput, AnOversizedPacketIsAnswered) {
    const RawSocket raw(daemon_->port());
    raw.send(protocol::encode(message("/rack/apply", std::string(8000, '#'))));
    const auto answer = raw.receive(2000ms);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->address, "/fail");
    EXPECT_EQ(answer->args[1].as_text(), "/rack/apply");
    EXPECT_EQ(answer->args[2].as_text(), "bad_packet");
}

TEST_F(BadInput, GarbageIsCountedAndHarmless) {
    const RawSocket raw(daemon_->port());
    const auto refused = json("/stats/osc")["by_code"].value("bad_packet", 0);
    std::uint32_t state = 1;
    std::vector<std::byte> bytes(300);
    for (int packet = 0; packet < 200; ++packet) {
        for (std::byte& b : bytes) {
            state = state * 1664525u + 1013904223u;
            b = static_cast<std::byte>(state >> 24);
        }
        raw.send(bytes);
        if (packet % 20 != 0) continue;
        EXPECT_TRUE(client->request("/ping").ok); // no faster than it reads
    }
    EXPECT_TRUE(eventually(
        [&] { return json("/stats/osc")["by_code"].value("bad_packet", 0) >= refused + 200; }));
}

} // namespace
} // namespace backline::test
