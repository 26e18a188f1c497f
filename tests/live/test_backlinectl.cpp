// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The command line against the real daemon: what it says, on which stream, with which status.
#include "tests/live/live.hpp"

namespace backline::test {
namespace {

struct Ending {
    int status;
    std::string out, err;
};

class Backlinectl : public LiveTest {
  protected:
    void SetUp() override {
        start({}, false);
        ASSERT_TRUE(eventually([&] { return json("/plugin/list")["complete"] == true; }));
    }

    /// Runs `backlinectl words…` against our daemon; status -1 when it does not end within 10 s.
    Ending ctl(std::vector<std::string> words) {
        words.insert(words.begin(), {kBacklinectl, "--url", daemon->unix_url()});
        Program program(words, {}, daemon->file("ctl"));
        const auto status = program.wait(10s);
        return {status.value_or(-1), program.out(), program.err()};
    }
    /// One that succeeds; returns what it writes.
    std::string said(const std::vector<std::string>& words) {
        const Ending end = ctl(words);
        EXPECT_EQ(end.status, 0) << words.front() << ": " << end.err;
        EXPECT_EQ(end.err, "");
        return end.out;
    }
    /// The graph without what counts edits.
    Json shape() {
        Json shape = Json::parse(graph());
        shape.erase("revision");
        return shape;
    }
};

TEST_F(Backlinectl, BuildsTurnsAndShowsAGraph) {
    said({"add", "lead", "backline.tone", "frequency=440", "level=-12"});
    said({"add", "trim", "backline.gain"});
    said({"send", "/output/add", "main", "2"});
    said({"connect", "lead", "trim"});
    said({"connect", "trim", "main"});
    said({"set", "trim", "gain", "-6"});
    EXPECT_EQ(said({"get", "trim", "gain"}).substr(0, 2), "-6");
    said({"bypass", "trim", "on"});
    said({"mute", "main", "on"});
    const Json json = Json::parse(said({"--json", "graph"}));
    EXPECT_EQ(json["nodes"].size(), 2u);
    EXPECT_EQ(json["connections"].size(), 2u);
    EXPECT_EQ(json["outputs"][0]["mute"], true);
    const std::string text = said({"graph"});
    for (const char* word : {"lead", "backline.tone", "trim", "main"})
        EXPECT_NE(text.find(word), std::string::npos) << word << " in\n" << text;
    said({"disconnect", "trim", "main"});
    said({"rm", "lead"});
    EXPECT_EQ(status()["graph"]["connections"], 0);
    EXPECT_EQ(status()["graph"]["nodes"], 1);
    EXPECT_NE(said({"status"}).find("none"), std::string::npos); // JACK's state
    EXPECT_NE(said({"plugins"}).find("backline.filter"), std::string::npos);
    EXPECT_NE(said({"info", "backline.filter"}).find("cutoff"), std::string::npos);
}

TEST_F(Backlinectl, EndsWith1AndTheTextOfTheFailure) {
    for (const auto& [words, says] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"rm", "nobody"}, "nobody"},
             {{"add", "x", "backline.gane"}, "backline.gane"},
             {{"connect", "a", "b"}, "\"a\""},
             {{"load", "nowhere"}, "nowhere"},
             {{"load", daemon->file("missing.toml")}, "missing.toml"},
             {{"info", "backline.gane"}, "backline.gane"},
             {{"send", "/nonsense"}, "/nonsense"}}) {
        SCOPED_TRACE(words[0] + " " + words[1]);
        const Ending end = ctl(words);
        EXPECT_EQ(end.status, 1);
        EXPECT_EQ(end.out, "");
        EXPECT_NE(end.err.find(says), std::string::npos) << end.err;
    }
    const int port = daemon->port();
    client->request("/quit");
    ASSERT_EQ(daemon->program().wait(5s), 0);
    EXPECT_EQ(ctl({"status"}).status, 1); // nobody is there
    Program udp({kBacklinectl, "--url", "osc.udp://127.0.0.1:" + std::to_string(port), "status"},
                {}, daemon->file("udp"));
    EXPECT_EQ(udp.wait(15s), 1) << udp.err();
}

TEST_F(Backlinectl, EndsWith2WhenItIsUsedWrongly) {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {}, {"nonsense"}, {"add", "x"}, {"connect", "a"}, {"--url", "http://x", "status"}}) {
        std::vector<std::string> all{kBacklinectl};
        all.insert(all.end(), words.begin(), words.end());
        Program program(all, {}, daemon->file("usage"));
        EXPECT_EQ(program.wait(5s), 2) << (words.empty() ? "nothing" : words.front());
        EXPECT_NE(program.err(), "");
    }
}

TEST_F(Backlinectl, LoadAfterSaveIsTheIdentity) {
    for (const std::string rack : {"demo", "pedalboard", "broadcast", "measuring", "thru"}) {
        SCOPED_TRACE(rack);
        said({"load", rack});
        const Json loaded = shape();
        EXPECT_FALSE(loaded["outputs"].empty() && loaded["inputs"].empty());
        // By name, on the daemon's side, and by file, on ours.
        const std::string name = "copy-" + rack;
        const std::string file = daemon->file(rack + ".toml");
        said({"save", name});
        said({"save", file});
        EXPECT_EQ(read_text(file), client->text("/rack/text"));
        said({"load", "thru"});
        said({"load", name});
        EXPECT_EQ(shape(), loaded);
        said({"load", "thru"});
        said({"check", file});
        said({"load", file});
        EXPECT_EQ(shape(), loaded);
    }
}

TEST_F(Backlinectl, KeepsWhatTheSoundsOfAnEditedGraphDependOn) {
    said({"load", "demo"});
    said({"set", "filter", "cutoff", "1234.5"});
    said({"set", "filter", "type", "band"});
    said({"bypass", "echo", "on"});
    said({"send", "/output/main/gain", "-7.5"});
    said({"send", "/connect", "echo", "filter", "feedback", "300"});
    said({"send", "/input/add", "mic", "1"});
    const Json edited = shape();
    said({"save", "edited"});
    said({"load", "thru"});
    said({"load", "edited"});
    EXPECT_EQ(shape(), edited);
}

TEST_F(Backlinectl, ChecksARackWithoutLoadingIt) {
    const Json before = shape();
    const std::string bad =
        write_bytes(daemon->file("bad.toml"), "format = 1\n[node.x]\nplugin = \"backline.gane\"\n");
    const Ending end = ctl({"check", bad});
    EXPECT_EQ(end.status, 1);
    EXPECT_NE(end.err.find("backline.gane"), std::string::npos) << end.err;
    said({"check", "pedalboard"});
    EXPECT_EQ(shape(), before);
}

TEST_F(Backlinectl, FindsTheDaemonByItsSocketAndEndsIt) {
    Program ping({kBacklinectl, "send", "/ping"}, {"BACKLINE_URL=" + daemon->unix_url()},
                 daemon->file("ping"));
    EXPECT_EQ(ping.wait(5s), 0) << ping.err();
    Program runtime({kBacklinectl, "send", "/ping"}, {"RUNTIME_DIRECTORY=" + daemon->runtime()},
                    daemon->file("runtime"));
    EXPECT_EQ(runtime.wait(5s), 0) << runtime.err();
    said({"quit"});
    EXPECT_FALSE(std::filesystem::exists(daemon->socket()));
    // Nothing is held any more: the same state, socket and port.
    EXPECT_EQ(daemon->program().wait(100ms), 0);
    daemon->start();
    Program udp({kBacklinectl, "--url", daemon->udp(), "quit"}, {}, daemon->file("udp"));
    EXPECT_EQ(udp.wait(5s), 0) << udp.err();
    EXPECT_EQ(daemon->program().wait(100ms), 0);
}

TEST_F(Backlinectl, WatchesResultsAsTheyCome) {
    said({"send", "/output/add", "main", "1"});
    Program watch({kBacklinectl, "--url", daemon->unix_url(), "watch", "/node/*/gain"}, {},
                  daemon->file("watch"));
    said({"add", "trim", "backline.gain"});
    EXPECT_TRUE(eventually([&] {
        said({"set", "trim", "gain", "-17"});
        return watch.out().find("/node/trim/gain") != std::string::npos
               && watch.out().find("-17") != std::string::npos;
    })) << watch.out()
        << watch.err();
    watch.signal(SIGINT);
    EXPECT_EQ(watch.wait(2s), 0);
}

} // namespace
} // namespace backline::test
