// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/arguments.hpp"
#include "protocol/backlinectl/commands.hpp"
#include "protocol/backlinectl/run.hpp"
#include "protocol/backlinectl/session.hpp"
#include "protocol/backlinectl/table.hpp"

#include "tests/protocol/fake_daemon.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace backline::protocol::backlinectl {
namespace {

using nlohmann::json;
using test::FakeDaemon;

TEST(ParseArgument, GuessesAsTheContractSays) {
    EXPECT_EQ(parse_argument("12"), Argument(12));
    EXPECT_EQ(parse_argument("-12"), Argument(-12));
    EXPECT_EQ(parse_argument("+12"), Argument(12));
    EXPECT_EQ(parse_argument("2147483647"), Argument(2147483647));
    EXPECT_EQ(parse_argument("2147483648"), Argument(std::int64_t{2147483648}));
    EXPECT_EQ(parse_argument("0.5"), Argument(0.5F));
    EXPECT_EQ(parse_argument("-.5"), Argument(-0.5F));
    EXPECT_EQ(parse_argument("1e3"), Argument(1000.0F));
    EXPECT_EQ(parse_argument("T"), Argument(true));
    EXPECT_EQ(parse_argument("F"), Argument(false));
    for (const char* word : {"", "low", "nan", "inf", "-inf", "1.2.3", "12x", "-", "+", "+-1", "e",
                             "0x10", "true", "S:x", "1 2"})
        EXPECT_EQ(parse_argument(word), Argument(word)) << word;
}

TEST(ParseArgument, APrefixForcesTheType) {
    EXPECT_EQ(parse_argument("s:12"), Argument("12"));
    EXPECT_EQ(parse_argument("s:"), Argument(""));
    EXPECT_EQ(parse_argument("s:s:x"), Argument("s:x"));
    EXPECT_EQ(parse_argument("i:-3"), Argument(-3));
    EXPECT_EQ(parse_argument("f:3"), Argument(3.0F));
    EXPECT_EQ(parse_argument("f:nan").tag(), 'f');
    for (const char* word : {"i:", "i:1.5", "i:2147483648", "i:x", "f:", "f:x", "f:1x"})
        EXPECT_THROW(parse_argument(word), UsageError) << word;
}

TEST(ParseAssignment, TakesTheFirstEqualsSign) {
    EXPECT_EQ(parse_assignment("gain=-6"), (std::pair<std::string, Argument>("gain", -6)));
    EXPECT_EQ(parse_assignment("file=a=b.wav"),
              (std::pair<std::string, Argument>("file", "a=b.wav")));
    EXPECT_THROW(parse_assignment("gain"), UsageError);
    EXPECT_THROW(parse_assignment("=3"), UsageError);
}

TEST(Table, AlignsByCharacters) {
    Table table;
    table.add({"é", "b", "c"});
    table.add({"long", "", "end"});
    std::ostringstream out;
    table.print(out, 1);
    EXPECT_EQ(out.str(), " é     b  c\n long     end\n");
}

/** What the program did. */
struct Outcome {
    int status = 0;
    std::string out, err;
};

Outcome run_with(std::vector<std::string> words) {
    std::vector<const char*> argv{"backlinectl"};
    for (const std::string& word : words)
        argv.push_back(word.c_str());
    std::ostringstream out, err;
    const int status = run(static_cast<int>(argv.size()), argv.data(), out, err);
    return {status, out.str(), err.str()};
}

/** A daemon that knows some JSON replies and says `/done` to all else. */
class Commands : public testing::Test {
  protected:
    Commands()
        : daemon_(false, [this](const Packet& packet) {
              const auto [id, m] = FakeDaemon::unwrap(std::get<Message>(packet));
              if (const auto failure = failures_.find(m.address); failure != failures_.end())
                  return std::vector<Packet>{
                      message("/fail", id, m.address, failure->second, "why")};
              Message reply = message("/done", id, m.address);
              if (const auto page = pages_.find(m.address); page != pages_.end()) {
                  const auto size = static_cast<int>(page->second.size());
                  reply = message("/done", id, m.address, 1, 0, size, page->second);
              } else if (const auto values = values_.find(m.address); values != values_.end()) {
                  reply.args.insert(reply.args.end(), values->second.begin(), values->second.end());
              }
              return std::vector<Packet>{reply};
          }) {}

    Outcome ctl(std::vector<std::string> words) {
        words.insert(words.begin(), {"--url", daemon_.url()});
        return run_with(std::move(words));
    }

    /** Runs a command that is to succeed silently; says what it sent last. */
    Message sent(std::vector<std::string> words) {
        const Outcome result = ctl(std::move(words));
        EXPECT_EQ(result.status, kDone) << result.err;
        EXPECT_EQ(result.out, "");
        const auto received = daemon_.received();
        return received.empty() ? Message{} : received.back();
    }

    std::map<std::string, std::string> failures_, pages_;
    std::map<std::string, std::vector<Argument>> values_;
    FakeDaemon daemon_;
};

TEST_F(Commands, SendWhatTheySay) {
    EXPECT_EQ(sent({"add", "eq", "backline.filter"}),
              message("/node/add", "eq", "backline.filter"));
    EXPECT_EQ(sent({"add", "eq", "p", "mode=low", "gain=-6", "q=0.7", "--channels", "2"}),
              message("/node/add", "eq", "p", "channels", 2, "mode", "low", "gain", -6, "q", 0.7F));
    EXPECT_EQ(sent({"rm", "eq"}), message("/node/remove", "eq"));
    EXPECT_EQ(sent({"connect", "eq", "main"}), message("/connect", "eq", "main"));
    EXPECT_EQ(sent({"connect", "eq", "main", "--feedback"}),
              message("/connect", "eq", "main", "feedback"));
    EXPECT_EQ(sent({"connect", "eq", "main", "--feedback", "64"}),
              message("/connect", "eq", "main", "feedback", 64));
    EXPECT_EQ(sent({"disconnect", "eq:out.1", "main"}), message("/disconnect", "eq:out.1", "main"));
    EXPECT_EQ(sent({"input", "add", "mic"}), message("/input/add", "mic", 1));
    EXPECT_EQ(sent({"input", "rm", "mic"}), message("/input/remove", "mic"));
    EXPECT_EQ(sent({"output", "add", "main", "2"}), message("/output/add", "main", 2));
    EXPECT_EQ(sent({"output", "rm", "main"}), message("/output/remove", "main"));
    EXPECT_EQ(sent({"set", "eq", "gain", "-6"}), message("/node/eq/gain", -6));
    EXPECT_EQ(sent({"set", "eq", "gain", "-.5"}), message("/node/eq/gain", -0.5F));
    EXPECT_EQ(sent({"set", "eq", "mode", "high"}), message("/node/eq/mode", "high"));
    EXPECT_EQ(sent({"ramp", "eq", "gain", "-6", "1.5"}), message("/node/eq/gain/ramp", -6, 1.5F));
    EXPECT_EQ(sent({"ramp", "eq", "f", "20", "1", "-.5", "2", "exp"}),
              message("/node/eq/f/ramp", 20, 1, -0.5F, 2, "exp"));
    EXPECT_EQ(sent({"snapshot", "store", "a"}), message("/snapshot/store", "a"));
    EXPECT_EQ(sent({"snapshot", "recall", "a"}), message("/snapshot/recall", "a"));
    EXPECT_EQ(sent({"snapshot", "recall", "a", "2.5"}), message("/snapshot/recall", "a", 2.5F));
    EXPECT_EQ(sent({"snapshot", "remove", "a"}), message("/snapshot/remove", "a"));
    EXPECT_EQ(sent({"sched", "cancel", "7"}), message("/sched/cancel", 7));
    EXPECT_EQ(sent({"sched", "clear"}), message("/sched/clear", "all"));
    EXPECT_EQ(sent({"bypass", "eq", "on"}), message("/bypass/eq", true));
    EXPECT_EQ(sent({"bypass", "eq", "off"}), message("/bypass/eq", false));
    EXPECT_EQ(sent({"mute", "on"}), message("/mute", true));
    EXPECT_EQ(sent({"jack", "connect", "a:b", "c:d"}), message("/jack/connect", "a:b", "c:d"));
    EXPECT_EQ(sent({"jack", "disconnect", "a:b", "c:d"}),
              message("/jack/disconnect", "a:b", "c:d"));
    EXPECT_EQ(sent({"send", "/any/thing", "1", "-2", "0.5", "-0.5", "T", "x", "s:7"}),
              message("/any/thing", 1, -2, 0.5F, -0.5F, true, "x", "7"));
}

TEST_F(Commands, SayWhichWasMeant) {
    const auto said = [this](std::vector<std::string> words) {
        const Outcome result = ctl(std::move(words));
        EXPECT_EQ(result.status, kUsage);
        EXPECT_EQ(result.out, "");
        return result.err;
    };
    const std::string list = " (backlinectl --help lists them)\n";
    EXPECT_EQ(said({"stauts"}),
              "backlinectl: no command \"stauts\", did you mean \"status\"?" + list);
    EXPECT_EQ(said({"--json", "--timeout", "1", "plugin", "x"}),
              "backlinectl: no command \"plugin\", did you mean \"plugins\"?" + list);
    EXPECT_EQ(said({"jack", "prots"}),
              "backlinectl: no command \"jack prots\", did you mean \"jack ports\"?" + list);
    EXPECT_EQ(said({"frobnicate"}), "backlinectl: no command \"frobnicate\"" + list);
    // A known one with wrong words, and none at all, are other mistakes.
    EXPECT_EQ(said({"rm"}).find("no command"), std::string::npos);
    EXPECT_EQ(said({"status", "--frob"}).find("no command"), std::string::npos);
    EXPECT_EQ(said({"jack"}).find("no command"), std::string::npos);
    EXPECT_TRUE(daemon_.received().empty());
}

/** Over both transports. */
class Quit : public testing::TestWithParam<bool> {
  protected:
    std::unique_ptr<FakeDaemon> daemon_ = std::make_unique<FakeDaemon>(
        GetParam(), FakeDaemon::done([](const Message&) { return std::vector<Argument>{}; }));
};

TEST_P(Quit, ReturnsWhenTheDaemonHasGone) {
    const std::string url = daemon_->url();
    const auto asked = std::chrono::steady_clock::now();
    std::atomic<bool> gone{false};
    std::thread end([&] {
        const auto quits = [](const Message& m) { return m.address == "/quit"; };
        for (bool heard = false; !heard;) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            const auto received = daemon_->received();
            heard = std::any_of(received.begin(), received.end(), quits);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        gone = true;
        daemon_.reset();
    });
    const Outcome result = run_with({"--url", url, "quit"});
    EXPECT_TRUE(gone);
    end.join();
    EXPECT_EQ(result.status, kDone) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(2));
}

TEST_P(Quit, FailsWhenItStays) {
    const Outcome result = run_with({"--url", daemon_->url(), "--timeout", "0.3", "quit"});
    EXPECT_EQ(result.status, kFailed);
    EXPECT_NE(result.err.find("still there"), std::string::npos) << result.err;
}

INSTANTIATE_TEST_SUITE_P(Transport, Quit, testing::Bool(), [](const auto& instance) {
    return std::string(instance.param ? "Unix" : "Udp");
});

TEST_F(Commands, TakeNamesThatAreCommands) {
    EXPECT_EQ(sent({"add", "status", "p"}), message("/node/add", "status", "p"));
    EXPECT_EQ(sent({"connect", "add", "rm"}), message("/connect", "add", "rm"));
    EXPECT_EQ(sent({"input", "add", "jack"}), message("/input/add", "jack", 1));
    EXPECT_EQ(sent({"send", "/x", "quit"}), message("/x", "quit"));
}

TEST_F(Commands, MuteLooksUpWhatItIsToldTo) {
    pages_["/graph"] = R"({"inputs": [{"name": "mic"}], "outputs": [{"name": "main"}]})";
    EXPECT_EQ(sent({"mute", "main", "on"}), message("/output/main/mute", true));
    EXPECT_EQ(sent({"mute", "mic", "off"}), message("/input/mic/mute", false));
    const Outcome unknown = ctl({"mute", "eq", "on"});
    EXPECT_EQ(unknown.status, kFailed);
    EXPECT_NE(unknown.err.find("no input or output \"eq\""), std::string::npos) << unknown.err;
    EXPECT_EQ(ctl({"mute", "main", "maybe"}).status, kUsage);
}

TEST_F(Commands, GetPrintsTheValue) {
    values_["/node/eq/cutoff"] = {1200.5F};
    values_["/node/eq/mode"] = {2, "high"};
    EXPECT_EQ(ctl({"get", "eq", "cutoff"}).out, "1200.5\n");
    EXPECT_EQ(ctl({"get", "eq", "mode"}).out, "high\n");
    EXPECT_EQ(ctl({"--json", "get", "eq", "cutoff"}).out, "1200.5\n");
    EXPECT_EQ(ctl({"get", "eq", "mode", "--json"}).out, "\"high\"\n");
    EXPECT_EQ(ctl({"get", "eq", "none"}).status, kFailed);
}

TEST_F(Commands, AFailureIsToldOnStandardError) {
    failures_["/node/remove"] = "no_such_node";
    const Outcome result = ctl({"rm", "eq"});
    EXPECT_EQ(result.status, kFailed);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "backlinectl: no_such_node: why\n");
}

TEST_F(Commands, SendPrintsTheReply) {
    values_["/version"] = {"backline", 0, 1, 0};
    pages_["/status"] = R"({"state":"running"})";
    pages_["/rack/text"] = "format = 1\n";
    EXPECT_EQ(ctl({"send", "/version"}).out, "\"backline\" 0 1 0\n");
    EXPECT_EQ(json::parse(ctl({"--json", "send", "/version"}).out),
              (json{{"address", "/version"}, {"args", {"backline", 0, 1, 0}}}));
    EXPECT_EQ(json::parse(ctl({"send", "/status"}).out)["state"], "running");
    EXPECT_EQ(ctl({"send", "/rack/text"}).out, "format = 1\n");
}

TEST_F(Commands, JsonIsPassedOn) {
    pages_["/status"] = R"({"state":"running","new":[1]})";
    EXPECT_EQ(json::parse(ctl({"--json", "status"}).out), json::parse(pages_["/status"]));
    EXPECT_EQ(ctl({"--json", "rm", "eq"}).out, "{}\n");
    pages_["/status"] = "not json";
    EXPECT_EQ(ctl({"status"}).status, kFailed);
}

TEST_F(Commands, StatusReadsAsSentences) {
    pages_["/status"] = R"({"version": "0.1.0", "state": "degraded", "uptime_s": 7300.5,
        "jack": {"state": "running", "server": "default", "client": "backline", "rate": 48000,
                 "period": 256, "realtime": true, "xruns": 2, "xruns_ours": 0, "late": 0,
                 "silent_cycles": 0},
        "load": {"now": 0.0312, "max": 0.12},
        "graph": {"nodes": 4, "inputs": 1, "outputs": 1, "connections": 5, "revision": 14},
        "workers": {"count": 1, "dropped": 3}, "osc": {"received": 512},
        "reasons": ["the rack did not load"]})";
    EXPECT_EQ(ctl({"status"}).out,
              "backline  0.1.0, degraded for 2 h 1 min\n"
              "jack      running, server default, client backline, 48000 Hz, 256 frames (5.33 ms), "
              "real-time\n"
              "load      3.1 % of the period, at most 12 %\n"
              "graph     4 nodes, 1 input, 1 output, 5 connections (revision 14)\n"
              "xruns     2, of which ours 0; late 0, silent cycles 0\n"
              "workers   count 1, dropped 3\n"
              "osc       received 512\n"
              "degraded  the rack did not load\n");
}

TEST_F(Commands, GraphAndPluginsAreTables) {
    pages_["/graph"] = R"({"nodes": [{"name": "eq", "plugin": "backline.filter", "bypass": true,
            "parameters": {"cutoff": 800.0, "mode": "low"}, "channels": {"in": 2, "out": 2},
            "state": "active"}],
        "inputs": [{"name": "mic", "channels": 1, "gain": -3.0, "mute": true, "jack": ["capture:1"]}],
        "outputs": [], "connections": [{"from": "mic", "to": "eq"},
                                       {"from": "eq", "to": "eq", "feedback": 64}]})";
    EXPECT_EQ(ctl({"graph"}).out,
              "inputs\n"
              "  mic  1 channel  -3 dB, muted  capture:1\n"
              "nodes\n"
              "  eq  backline.filter  in 2, out 2  bypassed  cutoff 800, mode low\n"
              "connections\n"
              "  mic -> eq\n"
              "  eq -> eq   feedback, 64 frames\n");
    pages_["/plugin/list"] = R"({"plugins": [{"id": "backline.gain", "name": "Gain",
        "version": "1.0.0", "kind": "effect", "format": "native", "summary": "Level in dB"}],
        "refused": [{"file": "old.so", "reason": "ABI 2.0"}]})";
    EXPECT_EQ(ctl({"plugins", "backline.*"}).out,
              "backline.gain  1.0.0  effect  native  Level in dB\n"
              "refused\n"
              "  old.so  ABI 2.0\n");
    EXPECT_EQ(daemon_.received().back(), message("/plugin/list", "backline.*"));
}

TEST_F(Commands, InfoShowsPortsParametersAndResults) {
    pages_["/plugin/info"] = R"({"id": "p.x", "name": "X", "version": "1", "kind": "effect",
        "format": "native", "vendor": "v", "summary": "Does x.",
        "ports": [{"symbol": "in", "kind": "audio", "direction": "input", "sidechain": false,
                   "channels": {"min": 1, "max": 64, "default": 2}},
                  {"symbol": "key", "kind": "audio", "direction": "input", "sidechain": true,
                   "channels": {"min": 1, "max": 1, "default": 1}}],
        "parameters": [{"symbol": "hz", "name": "Frequency", "unit": "Hz", "min": 20.0,
                        "max": 20000.0, "default": 1000.0, "scale": "log", "labels": []},
                       {"symbol": "mode", "name": "Mode", "unit": "", "min": 0, "max": 1,
                        "default": 0, "scale": "enum", "labels": ["low", "high"]}],
        "results": [{"symbol": "peak", "name": "Peak", "unit": "dB", "count": 2, "rate": 20.0}]})";
    EXPECT_EQ(ctl({"info", "p.x"}).out, "p.x  X 1  effect  native  v\n"
                                        "Does x.\n"
                                        "ports\n"
                                        "  in   audio input  1 to 64 channels\n"
                                        "  key  audio input  1 channels        sidechain\n"
                                        "parameters\n"
                                        "  hz    20 .. 20000  Hz  default 1000  log   Frequency\n"
                                        "  mode  low, high        default 0     enum  Mode\n"
                                        "results\n"
                                        "  peak  2 values  dB  20 per second  Peak\n");
}

TEST_F(Commands, ADaemonOfAnotherVersionDoesNoHarm) {
    for (const char* reply : {"{}", "[]", "null", "7", R"({"jack": 3, "nodes": {}, "inputs": [1],
                              "plugins": [null], "parameters": [{"min": "x"}], "results": ["a"],
                              "reasons": {"a": 1}, "load": {"now": "much"}, "workers": null})"})
        for (const auto& [address, words] :
             std::map<std::string, std::vector<std::string>>{{"/status", {"status"}},
                                                             {"/graph", {"graph"}},
                                                             {"/plugin/list", {"plugins"}},
                                                             {"/plugin/info", {"info", "x"}},
                                                             {"/jack/ports", {"jack", "ports"}}}) {
            pages_[address] = reply;
            EXPECT_EQ(ctl(words).status, kDone) << address << ' ' << reply;
        }
}

TEST_F(Commands, SnapshotsAndTheScheduleAreTables) {
    pages_["/snapshot/list"] = R"([{"name": "verse", "values": 7}])";
    EXPECT_EQ(ctl({"snapshot", "list"}).out, "verse  7 values\n");
    pages_["/sched/list"] = R"({"count": 1, "requests": [{"id": 4, "seconds": 9.5, "frame": 1,
        "sender": "unix 7", "members": 2, "addresses": ["/node/a/gain", "/mute"]}]})";
    EXPECT_EQ(ctl({"sched", "list"}).out, "4  in 9.5 s  unix 7  /node/a/gain, /mute\n");
    EXPECT_EQ(daemon_.received().back(), message("/sched/list", "all"));
}

TEST_F(Commands, JackPortsAreATable) {
    pages_["/jack/ports"] = R"([{"name": "system:capture_1", "type": "audio", "direction": "output",
                                 "physical": true, "connections": ["backline:mic_1"]}])";
    EXPECT_EQ(ctl({"jack", "ports"}).out,
              "system:capture_1  audio  output  physical  backline:mic_1\n");
}

TEST_F(Commands, RacksAreNamesOrFiles) {
    const std::filesystem::path directory =
        std::filesystem::path(testing::TempDir()) / ("ctl" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory);
    const std::string file = (directory / "my.toml").string();
    const std::string text = "format = 1\n# grün\n";
    std::ofstream(file) << text;

    EXPECT_EQ(sent({"load", "stage"}), message("/rack/load", "stage"));
    EXPECT_EQ(sent({"save", "stage"}), message("/rack/save", "stage"));
    EXPECT_EQ(sent({"check", "stage"}), message("/rack/check", "stage"));
    EXPECT_EQ(sent({"load", file}), message("/rack/apply", text));
    EXPECT_EQ(sent({"check", file}), message("/rack/check", text));

    pages_["/rack/text"] = "format = 1\n# saved\n";
    EXPECT_EQ(sent({"save", file}).address, "/rack/text");
    std::ifstream saved(file);
    EXPECT_EQ(std::string((std::istreambuf_iterator<char>(saved)), {}), pages_["/rack/text"]);
    EXPECT_FALSE(std::filesystem::exists(file + ".tmp"));

    for (const std::string missing : {"none.toml", "./none", directory.c_str()}) {
        const Outcome result = ctl({"load", missing});
        EXPECT_EQ(result.status, kFailed);
        EXPECT_NE(result.err.find(missing + ": "), std::string::npos) << result.err;
    }
    EXPECT_EQ(ctl({"save", "/nonexistent/x.toml"}).status, kFailed);
    failures_["/rack/text"] = "internal";
    EXPECT_EQ(ctl({"save", file}).status, kFailed);
    EXPECT_TRUE(std::filesystem::exists(file));
    std::filesystem::remove_all(directory);
}

TEST(Watch, PrintsMessagesAsTheyCome) {
    FakeDaemon daemon(true, [](const Packet& packet) {
        const auto [id, m] = FakeDaemon::unwrap(std::get<Message>(packet));
        std::vector<Packet> out{message("/done", id, m.address, 0.0F, 10.0F)};
        if (m.address == "/subscribe") {
            out.emplace_back(message("/event/xrun", 3, false));
            out.emplace_back(message("/level/main", -12.5F, -15.0F, 0));
        }
        return out;
    });
    const Outcome text = run_with({"--url", daemon.url(), "watch", "/*/*", "--count", "2"});
    EXPECT_EQ(text.status, kDone) << text.err;
    EXPECT_EQ(text.out, "/event/xrun 3 F\n/level/main -12.5 -15 0\n");
    const Outcome lines =
        run_with({"--url", daemon.url(), "--json", "watch", "/*/*", "--count", "1"});
    EXPECT_EQ(json::parse(lines.out), (json{{"address", "/event/xrun"}, {"args", {3, false}}}));
    const Outcome timed = run_with({"--url", daemon.url(), "watch", "/*/*", "--seconds", "0.05"});
    EXPECT_EQ(timed.status, kDone);
    EXPECT_EQ(daemon.received().back(), message("/unsubscribe", "/*/*"));
}

TEST(CommandLine, UsageIsExit2) {
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{},
                                               {"dance"},
                                               {"rm"},
                                               {"rm", "a", "b"},
                                               {"connect", "a"},
                                               {"connect", "a", "b", "--feedback", "x"},
                                               {"bypass", "eq", "maybe"},
                                               {"add", "eq", "p", "gain"},
                                               {"add", "eq", "p", "--channels", "0"},
                                               {"input"},
                                               {"input", "add"},
                                               {"jack", "dance"},
                                               {"mute"},
                                               {"send", "/x", "i:y"},
                                               {"--url", "http://x", "status"},
                                               {"--timeout", "-1", "status"},
                                               {"status", "--nope"}}) {
        const Outcome result = run_with(words);
        EXPECT_EQ(result.status, kUsage) << (words.empty() ? "" : words.back());
        EXPECT_FALSE(result.err.empty());
        EXPECT_EQ(result.out, "");
    }
}

TEST(CommandLine, HelpNamesEveryCommand) {
    const Outcome help = run_with({"--help"});
    EXPECT_EQ(help.status, kDone);
    for (const Command& command : commands()) {
        const auto first = command.name.substr(0, command.name.find(' '));
        EXPECT_NE(help.out.find(first), std::string::npos) << command.name;
    }
    EXPECT_NE(run_with({"jack", "--help"}).out.find("ports"), std::string::npos);
}

TEST(CommandLine, NobodyThereIsExit1) {
    const Outcome result = run_with({"--url", "osc.unix:///nonexistent/osc.sock", "status"});
    EXPECT_EQ(result.status, kFailed);
    EXPECT_NE(result.err.find("osc.unix:///nonexistent/osc.sock"), std::string::npos) << result.err;
    ::unsetenv("BACKLINE_URL");
    EXPECT_EQ(run_with({"--url", "osc.udp://127.0.0.1:1", "status"}).status, kFailed);
}

TEST(CommandLine, LooksForTheDaemonWhereItIs) {
    FakeDaemon daemon(true,
                      FakeDaemon::done([](const Message&) { return std::vector<Argument>{}; }));
    ::unsetenv("BACKLINE_URL");
    ::setenv("RUNTIME_DIRECTORY", (daemon.directory() + ":/other").c_str(), 1);
    EXPECT_EQ(run_with({"rm", "a"}).status, kDone);
    ::setenv("BACKLINE_URL", "osc.unix:///nonexistent/osc.sock", 1);
    EXPECT_EQ(run_with({"rm", "b"}).status, kFailed);
    ::setenv("BACKLINE_URL", daemon.url().c_str(), 1);
    ::setenv("RUNTIME_DIRECTORY", "/nonexistent", 1);
    EXPECT_EQ(run_with({"rm", "c"}).status, kDone);
    EXPECT_EQ(daemon.received().size(), 2U);
    ::unsetenv("BACKLINE_URL");
    EXPECT_EQ(default_urls(), (std::vector<std::string>{"osc.unix:///nonexistent/osc.sock",
                                                        "osc.udp://127.0.0.1:9770"}));
    ::unsetenv("RUNTIME_DIRECTORY");
    EXPECT_EQ(default_urls().front(), "osc.unix:///run/backline/osc.sock");
}

} // namespace
} // namespace backline::protocol::backlinectl
