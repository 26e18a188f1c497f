// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/rack.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace backline::engine {
namespace {

/// What is wrong with `text`, "" when nothing is.
std::string mistake(const std::string& text) {
    try {
        parse_rack(text, "r.toml");
        return "";
    } catch (const RackError& error) {
        return error.what();
    }
}

constexpr const char* kExample = R"(format = 1
connect = [
    "mic -> gate -> eq -> main",
    "eq:out.1 -> meter",
    "main_send -> eq:sidechain feedback 64",
    "eq -> main_send feedback",
]

[input.mic]
channels = 1
jack = ["capture:1"]

[output.main]
channels = 2
jack = ["playback:1", "/usb.*:playback_2/"]
gain = -3
mute = true

[node.gate]
plugin = "backline.gate"
params = { threshold = -45, mode = "soft", sidechain = true }

[node.eq]
plugin = "backline.eq"
channels = 2
bypass = true

[node.meter]
plugin = "backline.level"

[node.main_send]
plugin = "backline.gain"
)";

TEST(Rack, ReadsEverything) {
    const Rack r = parse_rack(kExample, "r.toml");
    EXPECT_EQ(r.file, "r.toml");
    ASSERT_EQ(r.inputs.size(), 1u);
    EXPECT_EQ(r.inputs[0], (RackPort{"mic", 1, 0.0, false, {"capture:1"}}));
    EXPECT_EQ(r.inputs[0].line, 9u);
    ASSERT_EQ(r.outputs.size(), 1u);
    EXPECT_EQ(r.outputs[0],
              (RackPort{"main", 2, -3.0, true, {"playback:1", "/usb.*:playback_2/"}}));
    EXPECT_EQ(r.outputs[0].line, 13u);
    ASSERT_EQ(r.nodes.size(), 4u); // in the order written, not sorted
    EXPECT_EQ(
        r.nodes[0],
        (RackNode{"gate",
                  "backline.gate",
                  std::nullopt,
                  false,
                  {{"threshold", -45.0}, {"mode", std::string("soft")}, {"sidechain", true}}}));
    EXPECT_EQ(r.nodes[0].line, 19u);
    EXPECT_EQ(r.nodes[1], (RackNode{"eq", "backline.eq", 2, true, {}}));
    EXPECT_EQ(r.nodes[2].name, "meter");
    EXPECT_EQ(r.nodes[3].name, "main_send");
    const std::vector<RackConnection> arrows{{"mic", "gate", {}},
                                             {"gate", "eq", {}},
                                             {"eq", "main", {}},
                                             {"eq:out.1", "meter", {}},
                                             {"main_send", "eq:sidechain", 64},
                                             {"eq", "main_send", kDefaultFeedback}};
    EXPECT_EQ(r.connections, arrows);
    EXPECT_EQ(r.connections[0].line, 3u);
    EXPECT_EQ(r.connections[2].line, 3u);
    EXPECT_EQ(r.connections[3].line, 4u);
}

TEST(Rack, NeedsNothingButItsFormat) {
    EXPECT_EQ(parse_rack("format = 1", "r"), Rack{});
}

TEST(Rack, FeedbackInsideAChain) {
    const Rack r = parse_rack("format = 1\nconnect = [\"a->b feedback 32->c  feedback->a\"]\n"
                              "[node]\na.plugin='p'\nb.plugin='p'\nc.plugin='p'\n",
                              "r");
    const std::vector<RackConnection> arrows{{"a", "b", 32}, {"b", "c", 256}, {"c", "a", {}}};
    EXPECT_EQ(r.connections, arrows);
    EXPECT_EQ(r.nodes[2].line, 6u);
}

TEST(Rack, EqualityIgnoresLinesAndFile) {
    EXPECT_EQ(parse_rack(kExample, "a"), parse_rack("# moved\n\n" + std::string(kExample), "b"));
    const Rack a = parse_rack(kExample, "a");
    Rack b = a;
    b.nodes[0].params[0].second = -46.0;
    EXPECT_NE(a, b);
    b = a;
    b.connections[4].feedback = 65;
    EXPECT_NE(a, b);
    b = a;
    b.outputs[0].mute = false;
    EXPECT_NE(a, b);
}

TEST(Rack, EveryMistakeHasItsLine) {
    const std::string head = "format = 1\n";
    const std::string two = head + "[node.a]\nplugin = 'p'\n[node.b]\nplugin = 'p'\n"
                            + "[input.in]\n[output.out]\n"; // up to line 7
    const auto connect = [&](const std::string& chain) {
        return "connect = [\n'a -> b',\n'" + chain + "']\n" + two; // the chain is on line 3
    };
    const std::pair<std::string, const char*> cases[] = {
        {"", R"(r.toml:1: "format = 1" is missing)"},
        {"\nformat = 2", "r.toml:2: format is 1, got 2"},
        {"format = '1'", R"(r.toml:1: format is 1, got "1")"},
        {head + "conect = []", R"(r.toml:2: unknown key "conect", did you mean "connect"?)"},
        {head + "[nodes.a]", R"(r.toml:2: unknown key "nodes", did you mean "node"?)"},
        {head + "node = 3", "r.toml:2: node is a table, got 3"},
        {head + "[[node]]", "r.toml:2: node is a table, got an array"},
        {head + "[node]\n\na = 3", R"(r.toml:4: node "a" is a table, got 3)"},
        {head + "[node.a]\nplugn = 'p'",
         R"(r.toml:3: node "a": unknown key "plugn", did you mean "plugin"?)"},
        {head + "\n[node.a]", R"(r.toml:3: node "a": "plugin" is missing)"},
        {head + "[node.a]\nplugin = 7", R"(r.toml:3: node "a": plugin is a string, got 7)"},
        {head + "[node.a]\nplugin = ''",
         R"(r.toml:3: node "a": plugin is the id of a plugin, got "")"},
        {head + "[node.a]\nplugin = 'p'\nchannels = 65",
         R"(r.toml:4: node "a": channels is an integer 1..64, got 65)"},
        {head + "[node.a]\nplugin = 'p'\nchannels = 0",
         R"(r.toml:4: node "a": channels is an integer 1..64, got 0)"},
        {head + "[node.a]\nplugin = 'p'\nbypass = 1",
         R"(r.toml:4: node "a": bypass is true or false, got 1)"},
        {head + "[node.a]\nplugin = 'p'\npriority = 101",
         R"(r.toml:4: node "a": priority is an integer 0..100, got 101)"},
        {head + "[node.a]\nplugin = 'p'\nbudget = 0",
         R"(r.toml:4: node "a": budget is above 0 %, got 0)"},
        {head + "[node.a]\nplugin = 'p'\nbudget = 100.5",
         R"(r.toml:4: node "a": budget is 0..100 %, got 100.5)"},
        {head + "[node.a]\nplugin = 'p'\nbudget = nan",
         R"(r.toml:4: node "a": budget is 0..100 %, got nan)"},
        {head + "[node.a]\nplugin = 'p'\nbudget = { percent = -1 }",
         R"(r.toml:4: node "a": budget: percent is 0..100 %, got -1)"},
        {head + "[node.a]\nplugin = 'p'\nbudget = { percent = 30, policy = 'kill' }",
         R"(r.toml:4: node "a": budget: policy is "bypass", "report" or "off", got "kill")"},
        {head + "[node.a]\nplugin = 'p'\nbudget = { perzent = 30 }",
         R"(r.toml:4: node "a": budget: unknown key "perzent", did you mean "percent"?)"},
        {head + "[node.a]\nplugin = 'p'\nparams = [1]",
         R"(r.toml:4: node "a": params is a table, got an array)"},
        {head + "[node.a]\nplugin = 'p'\n[node.a.params]\nx = 1\ny = nan",
         R"(r.toml:6: node "a": y is a finite number, true, false or a string, got nan)"},
        {head + "[node.a]\nplugin = 'p'\nparams = { x = -inf }",
         R"(r.toml:4: node "a": x is a finite number, true, false or a string, got -inf)"},
        {head + "[node.a]\nplugin = 'p'\nparams = { x = [1] }",
         R"(r.toml:4: node "a": x is a finite number, true, false or a string, got an array)"},
        {head + "[node.a]\nplugin = 'p'\nparams = { '1x' = 1 }",
         R"(r.toml:4: node "a": "1x" cannot be a parameter)"},
        {head + "\n[node.'a b']\nplugin = 'p'",
         R"(r.toml:3: node "a b": a name is 1..63 letters, digits, "_" or "-")"},
        {head + "[input.'']", R"(r.toml:2: input "": a name is 1..63 letters, digits, "_" or "-")"},
        {head + "[output.\"ä\"]",
         R"(r.toml:2: output "ä": a name is 1..63 letters, digits, "_" or "-")"},
        {head + "[node.x]\nplugin = 'p'\n[input.x]",
         R"(r.toml:4: input "x": line 2 has a node of that name)"},
        {head + "[output.x]\n\n[node.x]\nplugin = 'p'",
         R"(r.toml:4: node "x": line 2 has an output of that name)"},
        {head + "[output.x]\n[input.x]",
         R"(r.toml:3: input "x": line 2 has an output of that name)"},
        {head + "[input.x]\nchannels = 'two'",
         R"(r.toml:3: input "x": channels is an integer 1..64, got "two")"},
        {head + "[input.x]\ngain = 41", R"(r.toml:3: input "x": gain is -96..24 dB, got 41)"},
        {head + "[input.x]\nmute = 'no'",
         R"(r.toml:3: input "x": mute is true or false, got "no")"},
        {head + "[output.x]\nplugin = 'p'", R"(r.toml:3: output "x": unknown key "plugin")"},
        {head + "[output.x]\njack = 'playback:1'",
         R"(r.toml:3: output "x": jack is an array of strings, got "playback:1")"},
        {head + "[output.x]\n\njack = ['playback:1', 'playback:2']",
         R"(r.toml:4: output "x": jack has 2 ports for 1 channel)"},
        {head + "connect = 'a -> b'", R"(r.toml:2: connect is an array of strings, got "a -> b")"},
        {head + "connect = [\n\n1]", "r.toml:4: connect holds strings, got 1"},
        {connect("a"), R"(r.toml:3: connect "a": there is no "->")"},
        {connect(""), R"(r.toml:3: connect "": one side of an arrow is missing)"},
        {connect("a ->"), R"(r.toml:3: connect "a ->": one side of an arrow is missing)"},
        {connect("-> a"), R"(r.toml:3: connect "-> a": one side of an arrow is missing)"},
        {connect("a -> -> b"), R"(r.toml:3: connect "a -> -> b": one side of an arrow is missing)"},
        {connect("a > b"), R"(r.toml:3: connect "a > b": there is no "->")"},
        {connect("a b -> b"), R"(r.toml:3: connect "a b -> b": after "a" comes "->", got "b")"},
        {connect("a feedback -> b"),
         R"(r.toml:3: connect "a feedback -> b": after "a" comes "->", got "feedback")"},
        {connect("b -> a fedback"),
         R"(r.toml:3: connect "b -> a fedback": after "a" comes "->" or "feedback", got "fedback")"},
        {connect("b -> a feedback x"),
         R"(r.toml:3: connect "b -> a feedback x": feedback is a number of frames from 1, got "x")"},
        {connect("b -> a feedback 0"),
         R"(r.toml:3: connect "b -> a feedback 0": feedback is a number of frames from 1, got "0")"},
        {connect("b -> a feedback 8 ms"),
         R"(r.toml:3: connect "b -> a feedback 8 ms": feedback is )"
         R"(a number of frames from 1, got "8 ms")"},
        {connect("b -> a:"),
         R"(r.toml:3: connect "b -> a:": "a:" is not name, name:port or name:port.channel)"},
        {connect("b:out.0 -> a"), R"(r.toml:3: connect "b:out.0 -> a": "b:out.0" is not name, )"
                                  R"(name:port or name:port.channel)"},
        {connect("b:out.65 -> a"), R"(r.toml:3: connect "b:out.65 -> a": "b:out.65" is not name, )"
                                   R"(name:port or name:port.channel)"},
        {connect("b:1 -> a"),
         R"(r.toml:3: connect "b:1 -> a": "b:1" is not name, name:port or name:port.channel)"},
        {connect("b.1 -> a"),
         R"(r.toml:3: connect "b.1 -> a": "b.1" is not name, name:port or name:port.channel)"},
        {connect("b -> outt"),
         R"(r.toml:3: connect "b -> outt": nothing here is called "outt", did you mean "out"?)"},
        {connect("b -> in"),
         R"(r.toml:3: connect "b -> in": "in" is an input, nothing can be connected to it)"},
        {connect("out -> b"),
         R"(r.toml:3: connect "out -> b": "out" is an output, nothing can be connected from it)"},
        {connect("a -> b"), R"(r.toml:3: connect "a -> b": "a -> b" is there twice)"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(mistake(text), expected) << text;
}

TEST(Rack, BudgetsAreNumbersOrTablesAndReadBackAsTheyWere) {
    using Policy = process::Budget::Policy;
    const std::string text =
        "format = 1\n"
        "[node.a]\nplugin = 'p'\nbudget = 30\npriority = 0\n"
        "[node.b]\nplugin = 'p'\nbudget = { percent = 12.5, policy = 'report' }\n"
        "[node.c]\nplugin = 'p'\nbudget = { policy = 'off' }\n"
        "[node.d]\nplugin = 'p'\n";
    const Rack r = parse_rack(text, "r");
    EXPECT_EQ(r.nodes[0].budget, (process::Budget{30.0, Policy::bypass}));
    EXPECT_EQ(r.nodes[0].priority, 0u);
    EXPECT_EQ(r.nodes[1].budget, (process::Budget{12.5, Policy::report}));
    EXPECT_EQ(r.nodes[2].budget, (process::Budget{70.0, Policy::off}));
    EXPECT_FALSE(r.nodes[3].budget);
    EXPECT_EQ(r.nodes[3].priority, kDefaultPriority);
    const std::string written = write_rack(r);
    EXPECT_EQ(parse_rack(written, "r"), r) << written;
    EXPECT_NE(written.find("priority = 0\nbudget = 30.0\n"), std::string::npos) << written;
    EXPECT_NE(written.find("budget = { percent = 12.5, policy = \"report\" }"), std::string::npos);
    Rack other = r;
    other.nodes[0].budget->percent = 31.0;
    EXPECT_NE(other, r);
    other = r;
    other.nodes[0].priority = 1;
    EXPECT_NE(other, r);
}

TEST(Rack, SyntaxErrorsAndDuplicateTablesHaveTheirLine) {
    const std::pair<const char*, const char*> cases[] = {
        {"format = 1\n[node.a\n", "r.toml:2: "},
        {"format = 1\nconnect = [\"a -> b\n", "r.toml:2: "},
        {"format = \n", "r.toml:1: "},
        {"format = 1\n[node.a]\nplugin='p'\n[node.a]\nplugin='p'\n", "r.toml:4: "},
        {"format = 1\n[node.a]\nplugin='p'\nplugin='p'\n", "r.toml:4: "},
        {"format = 1\n[node.a]\nplugin='p'\nparams={x=1,x=2}\n", "r.toml:4: "},
        {"format = 1\n# \xff\n", "r.toml:2: "},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_TRUE(mistake(text).starts_with(expected)) << text << mistake(text);
}

TEST(Rack, DepthIsBounded) {
    EXPECT_NE(mistake("format = 1\nconnect = " + std::string(100000, '[')), "");
}

TEST(Rack, LoadNamesTheFile) {
    try {
        load_rack("/nonexistent/x.toml");
        FAIL() << "accepted";
    } catch (const RackError& error) {
        EXPECT_STREQ(error.what(), "/nonexistent/x.toml: no such file");
    }
}

TEST(RackWriter, WritesAsAPersonWould) {
    EXPECT_EQ(write_rack(parse_rack(kExample, "r")), R"(format = 1
connect = [
    "mic -> gate -> eq -> main",
    "eq:out.1 -> meter",
    "main_send -> eq:sidechain feedback 64",
    "eq -> main_send feedback 256",
]

[input.mic]
channels = 1
jack = ["capture:1"]

[output.main]
channels = 2
jack = ["playback:1", "/usb.*:playback_2/"]
gain = -3.0
mute = true

[node.gate]
plugin = "backline.gate"
params = { threshold = -45.0, mode = "soft", sidechain = true }

[node.eq]
plugin = "backline.eq"
channels = 2
bypass = true

[node.meter]
plugin = "backline.level"

[node.main_send]
plugin = "backline.gain"
)");
    EXPECT_EQ(write_rack({}), "format = 1\n");
}

TEST(RackWriter, BreaksLongLines) {
    Rack rack;
    for (int i = 0; i < 40; ++i) {
        rack.nodes.push_back({"node-" + std::to_string(i), "p", {}, false, {}});
        if (i > 0)
            rack.connections.push_back(
                {"node-" + std::to_string(i - 1), "node-" + std::to_string(i), {}});
        rack.nodes[0].params.emplace_back("parameter_" + std::to_string(i), i / 7.0);
    }
    const std::string text = write_rack(rack);
    EXPECT_EQ(parse_rack(text, ""), rack);
    EXPECT_NE(text.find("\n[node.node-0.params]\n"), std::string::npos);
    EXPECT_LT(std::ranges::count(text.substr(0, text.find(']')), '\n'), 10); // chains, not arrows
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        EXPECT_LE(end - at, 100u) << text.substr(at, end - at);
        at = end + 1;
    }
}

TEST(RackWriter, RefusesWhatARackCannotSay) {
    const auto refused = [](const Rack& rack) {
        try {
            write_rack(rack);
            return false;
        } catch (const RackError& error) {
            return error.message().starts_with("cannot be written: ");
        }
    };
    RackNode node{"a", "p", {}, false, {{"x", std::numeric_limits<double>::quiet_NaN()}}};
    EXPECT_TRUE(refused({{}, {}, {node}, {}, ""}));
    node.params = {{"x", std::numeric_limits<double>::infinity()}};
    EXPECT_TRUE(refused({{}, {}, {node}, {}, ""}));
    node.params = {{"file", std::string("latin\xe4")}};
    EXPECT_TRUE(refused({{}, {}, {node}, {}, ""}));
    node.params = {{"x", 1.0}, {"x", 2.0}};
    EXPECT_TRUE(refused({{}, {}, {node}, {}, ""}));
    node.params = {};
    EXPECT_FALSE(refused({{}, {}, {node}, {}, ""}));
    EXPECT_TRUE(refused({{}, {}, {node, node}, {}, ""}));
    EXPECT_TRUE(refused({{}, {}, {node}, {{"a", "b", {}}}, ""}));
    EXPECT_TRUE(refused({{}, {}, {{"a]\n[node.b", "p", {}, false, {}}}, {}, ""}));
    EXPECT_TRUE(refused({{{"in", 65, 0.0, false, {}}}, {}, {}, {}, ""}));
}

/// Any rack that can be said, from a seed.
class RandomRack {
  public:
    explicit RandomRack(std::uint32_t seed) : random_(seed) {}

    Rack make() {
        Rack rack;
        const int inputs = below(4), outputs = below(4), nodes = below(20);
        for (int i = 0; i < inputs; ++i)
            rack.inputs.push_back(port());
        for (int i = 0; i < outputs; ++i)
            rack.outputs.push_back(port());
        for (int i = 0; i < nodes; ++i)
            rack.nodes.push_back(node());
        for (int i = below(60); i > 0; --i)
            connect(rack);
        return rack;
    }

  private:
    int below(int n) { return std::uniform_int_distribution(0, n - 1)(random_); }
    bool coin() { return below(2) == 0; }

    std::string text(std::string_view alphabet, int longest) {
        std::string result;
        for (int i = 1 + below(longest); i > 0; --i)
            result += alphabet[static_cast<std::size_t>(below(static_cast<int>(alphabet.size())))];
        return result;
    }
    std::string name() {
        return text("abcXYZ019_-", 10) + "-" + std::to_string(++names_); // unique
    }
    std::string any_string() {
        static const std::string kPieces[] = {"a",    "\"", "\\",      "\n", "\t", "\x01",
                                              "\x7f", "ü",  "🎛",    "'",  "#",  "]",
                                              "{",    " ",  "\\u0041", "\r", "%s"};
        std::string result;
        for (int i = below(12); i > 0; --i)
            result += kPieces[below(std::size(kPieces))];
        return result;
    }
    double any_number() {
        if (coin()) return below(2000) - 1000;
        double value =
            std::bit_cast<double>(std::uniform_int_distribution<std::uint64_t>()(random_));
        return std::isfinite(value) ? value : -0.0;
    }

    RackPort port() {
        RackPort p;
        p.name = name();
        p.channels = 1 + static_cast<std::uint32_t>(below(64));
        if (coin()) p.gain = (below(120001) - 96000) / 1000.0;
        p.mute = coin();
        for (int i = below(static_cast<int>(std::min(p.channels, 3u)) + 1); i > 0; --i)
            p.jack.push_back(any_string());
        return p;
    }
    RackNode node() {
        RackNode n;
        n.name = name();
        n.plugin = "p" + any_string();
        if (coin()) n.channels = 1 + static_cast<std::uint32_t>(below(64));
        n.bypass = coin();
        for (int i = below(8); i > 0; --i) {
            const std::string symbol = "_" + text("aZ09_", 12) + "_" + std::to_string(i);
            switch (below(3)) {
            case 0:
                n.params.emplace_back(symbol, any_number());
                break;
            case 1:
                n.params.emplace_back(symbol, coin());
                break;
            default:
                n.params.emplace_back(symbol, any_string());
            }
        }
        return n;
    }
    std::string endpoint(const std::string& of) {
        if (coin()) return of;
        const std::string port = of + ":" + text("ab_", 5);
        return coin() ? port : port + "." + std::to_string(1 + below(64));
    }
    void connect(Rack& rack) {
        std::vector<std::string> from, to;
        for (const RackPort& p : rack.inputs)
            from.push_back(p.name);
        for (const RackPort& p : rack.outputs)
            to.push_back(p.name);
        for (const RackNode& n : rack.nodes) {
            from.push_back(n.name);
            to.push_back(n.name);
        }
        if (from.empty() || to.empty()) return;
        RackConnection c;
        const std::string last = rack.connections.empty() ? "" : rack.connections.back().to;
        const bool chain = coin() && std::ranges::find(from, last) != from.end();
        c.from = chain ? last : endpoint(from[static_cast<std::size_t>(below(int(from.size())))]);
        c.to = endpoint(to[static_cast<std::size_t>(below(int(to.size())))]);
        if (below(4) == 0) c.feedback = 1 + static_cast<std::uint32_t>(below(100000));
        const auto same = [&](const RackConnection& o) { return o.from == c.from && o.to == c.to; };
        if (std::ranges::none_of(rack.connections, same)) rack.connections.push_back(c);
    }

    std::mt19937 random_;
    int names_ = 0;
};

TEST(RackWriter, ReadAfterWriteIsTheIdentity) {
    std::size_t connections = 0;
    for (std::uint32_t seed = 0; seed < 500; ++seed) {
        const Rack rack = RandomRack(seed).make();
        const std::string text = write_rack(rack);
        const Rack again = parse_rack(text, "again");
        ASSERT_EQ(again, rack) << "seed " << seed << "\n" << text;
        // Numbers to the bit: == does not see the sign of a zero.
        for (std::size_t n = 0; n < rack.nodes.size(); ++n)
            for (std::size_t p = 0; p < rack.nodes[n].params.size(); ++p)
                if (const auto* x = std::get_if<double>(&rack.nodes[n].params[p].second)) {
                    ASSERT_EQ(std::signbit(*x),
                              std::signbit(std::get<double>(again.nodes[n].params[p].second)));
                }
        ASSERT_EQ(write_rack(again), text);
        connections += rack.connections.size();
    }
    EXPECT_GT(connections, 5000u); // the generator does its job
}

TEST(Rack, AnyTruncationIsReadOrRefused) {
    const std::string text = kExample;
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_NO_FATAL_FAILURE(mistake(text.substr(0, size)));
}

} // namespace
} // namespace backline::engine
