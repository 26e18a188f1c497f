// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What backlined says and with which status it ends when it cannot do what it was started for.
#include "tests/live/live.hpp"

#include <map>
#include <tuple>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace backline::test {
namespace {

using Words = std::vector<std::string>;

struct Ending {
    int status;
    std::string out, err;
};

class CommandLine : public LiveTest {
  protected:
    /// Runs a program to its end; status -1 when it has not ended after 20 s.
    Ending run(const Words& words) {
        Program program(words, {"BACKLINE_PLUGIN_PATH=" BACKLINE_PLUGINS}, folder_ / "program");
        const auto status = program.wait(20s);
        return {status.value_or(-1), program.out(), program.err()};
    }
    /// Runs backlined without JACK, in directories and at a port of its own where `words` do not
    /// say otherwise.
    Ending run_daemon(Words words) {
        for (const auto& [option, value] :
             std::map<std::string, std::string>{{"--osc-port", "0"},
                                                {"--state-dir", folder_ / "own-state"},
                                                {"--runtime-dir", folder_ / "own-run"}})
            if (std::find(words.begin(), words.end(), option) == words.end())
                words.insert(words.end(), {option, value});
        std::filesystem::create_directories(folder_ / "own-run");
        words.insert(words.begin(), {kBacklined, "--no-jack"});
        return run(words);
    }
    std::string write(const std::string& name, const std::string& text) {
        return write_bytes(folder_ / name, text);
    }

    TemporaryDirectory folder_;
};

/// A file with one mistake, and the line it is in.
struct Mistake {
    const char* what;
    const char* text;
    int line;
    const char* says;
};
std::ostream& operator<<(std::ostream& out, const Mistake& mistake) {
    return out << mistake.what;
}
std::string name_of(const testing::TestParamInfo<Mistake>& info) {
    return info.param.what;
}

class WrongConfig : public CommandLine, public testing::WithParamInterface<Mistake> {};

TEST_P(WrongConfig, EndsWith78AndTheLine) {
    const std::string path = write("bad.toml", GetParam().text);
    for (const Words& more : {Words{}, Words{"--check-config"}}) {
        Words words{"--config", path};
        words.insert(words.end(), more.begin(), more.end());
        const Ending end = run_daemon(words);
        EXPECT_EQ(end.status, 78);
        EXPECT_NE(end.err.find(path + ":" + std::to_string(GetParam().line) + ":"),
                  std::string::npos)
            << end.err;
        EXPECT_NE(end.err.find(GetParam().says), std::string::npos) << end.err;
    }
}

INSTANTIATE_TEST_SUITE_P(Live, WrongConfig,
                         testing::ValuesIn(std::vector<Mistake>{
                             {"UnknownKey", "[osc]\nprot = 9770\n", 2, "port"},
                             {"UnknownTable", "\n[ocs]\nport = 9770\n", 2, "osc"},
                             {"WrongType", "[osc]\n\nport = \"many\"\n", 3, "port"},
                             {"OutOfRange", "[engine]\nmax_frames = 1000\n", 2, "1000"},
                             {"Syntax", "[osc]\nport = = 1\n", 2, ""},
                             {"DuplicateKey", "[osc]\nport = 1\nport = 2\n", 3, "port"},
                         }),
                         name_of);

class WrongRack : public CommandLine, public testing::WithParamInterface<Mistake> {};

TEST_P(WrongRack, EndsWith78AndTheLine) {
    const std::string path = write("bad.toml", GetParam().text);
    const Ending daemon_end = run_daemon({"--rack", path});
    EXPECT_EQ(daemon_end.status, 78);
    const Ending render_end = run({kBacklined, "render", path, "--output", folder_ / "x.wav"});
    EXPECT_EQ(render_end.status, 78);
    for (const Ending& end : {daemon_end, render_end}) {
        EXPECT_NE(end.err.find(path + ":" + std::to_string(GetParam().line)), std::string::npos)
            << end.err;
        EXPECT_NE(end.err.find(GetParam().says), std::string::npos) << end.err;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Live, WrongRack,
    testing::ValuesIn(std::vector<Mistake>{
        {"UnknownKey", "format = 1\n[node.a]\nplugin = \"backline.gain\"\nparam = {}\n", 4,
         "params"},
        {"WrongType", "format = 1\nconnect = 5\n", 2, "connect"},
        {"DuplicateNode",
         "format = 1\n[node.a]\nplugin = \"backline.gain\"\n\n[node.a]\nplugin = "
         "\"backline.gain\"\n",
         5, "a"},
        {"NodeNamedLikeAnInput",
         "format = 1\n[input.a]\nchannels = 1\n[node.a]\nplugin = \"backline.gain\"\n", 4, "a"},
        {"Syntax", "format = 1\n[node.a\n", 2, ""},
        {"NoFormat", "connect = []\n", 1, "format"},
    }),
    name_of);

TEST_F(CommandLine, ARackThatOnlyTheEngineCanRefuseEndsARenderWith78AndItsLine) {
    for (const auto& [name, text, line] : std::vector<std::tuple<std::string, std::string, int>>{
             {"plugin", "format = 1\n[output.o]\nchannels = 1\n[node.a]\nplugin = \"no.such\"\n",
              4},
             {"parameter",
              "format = 1\n[output.o]\nchannels = 1\n[node.a]\nplugin = \"backline.gain\"\n"
              "params = { loud = 1 }\n",
              4},
             {"loop",
              "format = 1\nconnect = [\n\"a -> b\",\n\"b -> a\"]\n[output.o]\nchannels = 1\n"
              "[node.a]\nplugin = \"backline.gain\"\n[node.b]\nplugin = \"backline.gain\"\n",
              4}}) {
        SCOPED_TRACE(name);
        const std::string path = write(name + ".toml", text);
        const Ending end = run({kBacklined, "render", path, "--output", folder_ / "x.wav"});
        EXPECT_EQ(end.status, 78);
        EXPECT_NE(end.err.find(path + ":" + std::to_string(line)), std::string::npos) << end.err;
    }
}

TEST_F(CommandLine, ARackThatIsNotThereEndsWith78) {
    for (const Words& words : {Words{"--rack", "nowhere"}, Words{"--rack", folder_ / "x.toml"}}) {
        const Ending end = run_daemon(words);
        EXPECT_EQ(end.status, 78) << end.err;
        EXPECT_NE(end.err.find(words[1]), std::string::npos) << end.err;
    }
}

TEST_F(CommandLine, ARenderOfBadSoundFilesNamesThem) {
    write("thru.toml", "format = 1\nconnect = [\"i -> o\"]\n[input.i]\nchannels = 1\n"
                       "[output.o]\nchannels = 1\n");
    const std::string corrupt = write("corrupt.wav", "RIFF    WAVE");
    for (const std::string& input : {corrupt, folder_ / "missing.wav"}) {
        const Ending end = run({kBacklined, "render", folder_ / "thru.toml", "--input", input,
                                "--output", folder_ / "x.wav"});
        EXPECT_NE(end.status, 0);
        EXPECT_NE(end.err.find(input), std::string::npos) << end.err;
    }
}

TEST_F(CommandLine, UsageErrorsEndWith2) {
    for (const Words& more :
         {Words{"--nonsense"}, Words{"--osc-port", "70000"}, Words{"--workers", "many"},
          Words{"render"}, Words{"render", "thru"}}) {
        Words words{kBacklined};
        words.insert(words.end(), more.begin(), more.end());
        const Ending end = run(words);
        EXPECT_EQ(end.status, 2) << more[0];
        EXPECT_FALSE(end.err.empty());
    }
}

TEST_F(CommandLine, SaysWhatItIs) {
    EXPECT_EQ(run({kBacklined, "--version"}).out.substr(0, 10), "backlined ");
    const Ending defaults = run({kBacklined, "--print-default-config"});
    EXPECT_EQ(defaults.out, read_text(kSource + "/config/backline.toml"));
    const Ending check =
        run_daemon({"--check-config", "--config", kSource + "/config/backline.toml"});
    EXPECT_EQ(check.status, 0) << check.err;
    EXPECT_EQ(run_daemon({"--check-config", "--config", folder_ / "missing.toml"}).status, 0);
}

TEST_F(CommandLine, APortInUseEndsWith75AndNamesItsHolder) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), size), 0);
    ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    const std::string port = std::to_string(ntohs(address.sin_port));
    const Ending end = run_daemon({"--osc-port", port});
    close(fd);
    EXPECT_EQ(end.status, 75);
    EXPECT_NE(end.err.find(port), std::string::npos) << end.err;
    EXPECT_NE(end.err.find(std::to_string(getpid())), std::string::npos) << end.err;
}

TEST_F(CommandLine, ASecondDaemonEndsWith75AndNamesTheFirst) {
    start({}, false);
    const std::string first = std::to_string(daemon->pid());
    const Ending same_state = run_daemon({"--state-dir", daemon->state()});
    EXPECT_EQ(same_state.status, 75);
    EXPECT_NE(same_state.err.find(daemon->state()), std::string::npos) << same_state.err;
    EXPECT_NE(same_state.err.find(first), std::string::npos) << same_state.err;
    const Ending same_socket = run_daemon({"--runtime-dir", daemon->runtime()});
    EXPECT_EQ(same_socket.status, 75);
    EXPECT_NE(same_socket.err.find(daemon->socket()), std::string::npos) << same_socket.err;
    EXPECT_NE(same_socket.err.find(first), std::string::npos) << same_socket.err;
    // The first is none the worse for it.
    EXPECT_TRUE(client->request("/ping").ok);
    EXPECT_TRUE(Client(daemon->unix_url()).request("/ping").ok);
}

} // namespace
} // namespace backline::test
