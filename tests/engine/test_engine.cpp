// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/offline_engine.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace backline::engine {
namespace {

using test::OfflineEngine;

OfflineEngine::Setup setup() {
    return {{PLUGIN_DIR, FIXTURE_DIR}, PROBE};
}

AddStrip output(const char* name, std::uint32_t channels = 1) {
    return {false, name, channels, {}};
}
AddStrip input(const char* name, std::uint32_t channels = 1) {
    return {true, name, channels, {}};
}
AddNode node(const char* name, const char* plugin,
             std::vector<std::pair<std::string, Value>> params = {},
             std::optional<std::uint32_t> channels = 1) {
    return {name, plugin, channels, std::move(params)};
}
SetValue set(const char* name, const char* param, Value value) {
    return {{Target::Kind::node_param, name, param, false}, std::move(value)};
}

float peak(const std::vector<float>& samples, std::size_t from = 0) {
    float top = 0.0f;
    for (std::size_t i = from; i < samples.size(); ++i)
        top = std::max(top, std::fabs(samples[i]));
    return top;
}

TEST(Engine, TonePatchedThroughGainIsHeardAtTheRightLevel) {
    OfflineEngine host(setup());
    const Completion done =
        host.edit({node("tone", "backline.tone", {{"level", -6.0}}),
                   node("trim", "backline.gain", {{"gain", -6.0}}), output("main"),
                   Connect{"tone", "trim", {}}, Connect{"trim", "main", {}}});
    ASSERT_TRUE(done.ok) << done.message;
    const auto heard = host.run(48000, 256);
    EXPECT_NEAR(20.0 * std::log10(peak(heard, 24000)), -12.0, 0.01);
}

TEST(Engine, EveryMistakeIsNamedAndChangesNothing) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({node("a", "backline.gain"), node("b", "backline.gain", {}, 2),
                           output("main", 2), Connect{"a", "b", {}}})
                    .ok);
    const auto before = host.engine.model();
    const struct {
        Op op;
        const char* code;
        const char* part;
    } mistakes[] = {
        {node("a", "backline.gain"), "name_taken", "a node"},
        {node("main", "backline.gain"), "name_taken", "an output"},
        {node("no/slash", "backline.gain"), "bad_name", "no/slash"},
        {node("x", "backline.gian"), "no_such_plugin", "backline.gain"},
        {node("x", "backline.gain", {{"gian", 1.0}}), "no_such_parameter", "did you mean \"gain\""},
        {node("x", "backline.gain", {{"gain", 1000.0}}), "out_of_range", "got 1000"},
        {node("x", "backline.gain", {{"gain", std::string("loud")}}), "bad_type", "loud"},
        {node("x", "backline.gain", {}, 65), "channels", "65"},
        {Connect{"b", "a", {}}, "channels", "2 channels"},
        {Connect{"b.1", "a", {}}, "no_such_node", "b.1"},
        {Connect{"b:out.1", "a", {}}, "loop", "a -> b -> a"},
        {Connect{"b:out.3", "main", {}}, "no_such_port", "3"},
        {Connect{"a", "b", {}}, "already_connected", "a"},
        {Connect{"a:nose", "b", {}}, "no_such_port", "nose"},
        {Connect{"main", "b", {}}, "no_such_port", "output"},
        {Connect{"a", "nobody", {}}, "no_such_node", "nobody"},
        {Disconnect{"b", "main"}, "no_such_connection", "main"},
        {RemoveNode{"nobody"}, "no_such_node", "nobody"},
        {RenameNode{"a", "b"}, "name_taken", "b"},
        {output("main"), "name_taken", "main"},
        {output("wide", 65), "out_of_range", "65"},
        {set("a", "gain", std::nan("")), "out_of_range", "nan"},
        {set("nobody", "gain", 0.0), "no_such_node", "nobody"},
    };
    for (const auto& mistake : mistakes) {
        const Completion outcome = host.edit({output("extra"), mistake.op});
        EXPECT_FALSE(outcome.ok) << mistake.part;
        EXPECT_EQ(outcome.code, mistake.code) << outcome.message;
        EXPECT_NE(outcome.message.find(mistake.part), std::string::npos) << outcome.message;
        EXPECT_EQ(outcome.failed_op, 1u);
        EXPECT_EQ(host.engine.model(), before) << "nothing changed";
    }
}

TEST(Engine, WhatLoadsAndIsNotTimedGoesBeforeWhatIsDueLaterInTheStep) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({node("a", "backline.gain"), output("main")}).ok);
    const auto timed = host.submit({RenameNode{"a", "b"}}, 100);
    const auto untimed = host.submit({node("x", "backline.gain"), Connect{"a", "x", {}}});
    host.run(256, 256);
    EXPECT_TRUE(host.completions.at(untimed).ok) << host.completions.at(untimed).message;
    EXPECT_EQ(host.completions.at(untimed).frame, 0u);
    EXPECT_TRUE(host.completions.at(timed).ok) << host.completions.at(timed).message;
    EXPECT_EQ(host.completions.at(timed).frame, 100u);
}

TEST(Engine, FeedbackIsDelayedByExactlyItsFrames) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({node("tick", "backline.impulse", {{"period", 0.0}, {"level", 0.0}}),
                           node("sum", "backline.gain"), output("main"), Connect{"tick", "sum", {}},
                           Connect{"sum", "sum", 100u}, Connect{"sum", "main", {}}})
                    .ok);
    const auto heard = host.run(1000, 64);
    const auto first = static_cast<std::size_t>(
        std::find_if(heard.begin(), heard.end(), [](float x) { return x != 0.0f; })
        - heard.begin());
    ASSERT_LT(first, 100u);
    for (std::size_t i = 0; i < heard.size(); ++i)
        EXPECT_EQ(heard[i] != 0.0f, i >= first && (i - first) % 100 == 0) << i;
}

TEST(Engine, RenameReplaceAndRemoveKeepTheRest) {
    OfflineEngine host(setup());
    ASSERT_TRUE(
        host.edit({node("tone", "backline.tone"), node("fx", "backline.gain", {{"gain", -6.0}}),
                   output("main"), Connect{"tone", "fx", {}}, Connect{"fx", "main", {}}})
            .ok);
    ASSERT_TRUE(host.edit({RenameNode{"fx", "trim"}}).ok);
    auto model = host.engine.model();
    EXPECT_EQ(model->nodes.count("fx"), 0u);
    EXPECT_EQ(to_string(*model, model->connections[0].to, false), "trim");
    ASSERT_TRUE(host.edit({ReplaceNode{"trim", "backline.filter"}}).ok);
    model = host.engine.model();
    EXPECT_EQ(model->nodes.at("trim").info->id, "backline.filter");
    EXPECT_EQ(model->connections.size(), 2u);
    EXPECT_GT(peak(host.run(4800, 256)), 0.01f);
    ASSERT_TRUE(host.edit({RemoveNode{"trim"}}).ok);
    EXPECT_TRUE(host.engine.model()->connections.empty());
    host.run(480, 256); // it fades
    EXPECT_EQ(peak(host.run(4800, 256)), 0.0f);
}

TEST(Engine, MonoFeedsEveryChannelAndConnectionsSum) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({input("mic"), input("line", 2), output("main", 2),
                           Connect{"mic", "main", {}}, Connect{"line", "main", {}}})
                    .ok);
    const auto feed = [&](std::uint64_t, std::uint32_t n) {
        std::fill_n(host.driver.input(0), n, 0.25f);  // mic
        std::fill_n(host.driver.input(1), n, 0.125f); // line, left
        std::fill_n(host.driver.input(2), n, 0.5f);   // line, right
    };
    EXPECT_EQ(host.run(64, 64, 0, feed).back(), 0.375f);
    EXPECT_EQ(host.run(64, 64, 1, feed).back(), 0.75f);
}

TEST(Engine, TimedEditsLandOnTheirFrame) {
    for (const bool ramped : {false, true}) {
        for (const std::uint32_t period : {17u, 64u, 1000u, 4096u}) {
            OfflineEngine::Setup how = setup();
            how.ramped = ramped;
            OfflineEngine host(how);
            ASSERT_TRUE(host.edit({input("in"), output("main"), Connect{"in", "main", {}}}).ok);
            const std::uint64_t off = host.submit({Disconnect{"in", "main"}}, 12345);
            const std::uint64_t on = host.submit({Connect{"in", "main", {}}}, 23456);
            const auto heard = host.run(30000, period, 0, [&](std::uint64_t, std::uint32_t n) {
                std::fill_n(host.driver.input(0), n, 1.0f);
            });
            const std::size_t way = ramped ? 480 : 1;
            EXPECT_EQ(heard[12344], 1.0f);
            EXPECT_LT(heard[12345], 1.0f);
            EXPECT_EQ(heard[12345 + way - 1], 0.0f);
            EXPECT_EQ(heard[23455], 0.0f);
            EXPECT_GT(heard[23456], 0.0f);
            EXPECT_EQ(heard[23456 + way - 1], 1.0f);
            if (ramped) {
                EXPECT_NEAR(heard[12345 + way / 2 - 1], 0.5f, 1e-5f);
            }
            EXPECT_EQ(host.completions.at(off).frame, 12345u);
            EXPECT_EQ(host.completions.at(on).frame, 23456u);
        }
    }
}

TEST(Engine, AThousandTimedValuesLandOnTheirFramesWhateverThePeriod) {
    const auto render = [](std::uint32_t period) {
        OfflineEngine host(setup());
        EXPECT_TRUE(host.edit({input("in"), node("trim", "backline.gain"), output("main"),
                               Connect{"in", "trim", {}}, Connect{"trim", "main", {}}})
                        .ok);
        std::mt19937 random(1);
        for (int i = 0; i < 1000; ++i)
            host.submit({set("trim", "gain", -0.01 * static_cast<double>(random() % 2400))},
                        random() % 48000);
        return host.run(48000, period, 0, [&](std::uint64_t at, std::uint32_t n) {
            for (std::uint32_t i = 0; i < n; ++i)
                host.driver.input(0)[i] = std::sin(0.05f * static_cast<float>((at + i) % 4096));
        });
    };
    const auto reference = render(1);
    for (const std::uint32_t period : {64u, 1000u, 4096u})
        EXPECT_EQ(render(period), reference) << period;
}

TEST(Engine, ParallelTransactionIsAllOrNothing) {
    OfflineEngine host(setup());
    const Completion outcome = host.edit({node("a", "backline.gain"), node("b", "backline.gain"),
                                          Connect{"a", "b", {}}, Connect{"b", "a", {}}});
    EXPECT_FALSE(outcome.ok);
    EXPECT_EQ(outcome.code, "loop");
    EXPECT_EQ(outcome.failed_op, 3u);
    EXPECT_TRUE(host.engine.model()->nodes.empty());
}

TEST(Engine, LoadAfterSaveIsTheIdentity) {
    OfflineEngine host(setup());
    const Rack rack = parse_rack(R"(format = 1
connect = ["mic -> eq -> echo -> main", "echo:out.1 -> meter", "echo -> eq feedback 512"]
[input.mic]
channels = 2
gain = -3.0
[output.main]
channels = 2
mute = true
jack = ["playback:1", "playback:2"]
[node.eq]
plugin = "backline.filter"
channels = 2
params = { type = "high", cutoff = 120.0 }
[node.echo]
plugin = "backline.delay"
channels = 2
bypass = true
[node.meter]
plugin = "backline.level"
channels = 1
)",
                                 "test.toml");
    const Completion done = host.edit({LoadRack{rack}});
    ASSERT_TRUE(done.ok) << done.message;
    const Rack saved = host.engine.to_rack();
    ASSERT_TRUE(host.edit({LoadRack{parse_rack(write_rack(saved), "again.toml")}}).ok);
    EXPECT_EQ(host.engine.to_rack(), saved);
    EXPECT_EQ(saved.inputs, rack.inputs);
    EXPECT_EQ(saved.outputs, rack.outputs);
    EXPECT_EQ(saved.connections.size(), rack.connections.size());
}

TEST(Engine, ARackThatIsWrongSaysWhere) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({output("main")}).ok);
    const Rack rack =
        parse_rack("format = 1\n[node.a]\nplugin = \"backline.nothing\"\n", "bad.toml");
    const Completion outcome = host.edit({LoadRack{rack}});
    EXPECT_EQ(outcome.code, "bad_rack");
    EXPECT_NE(outcome.message.find("bad.toml:2: "), std::string::npos) << outcome.message;
    EXPECT_EQ(host.engine.model()->outputs.count("main"), 1u);
}

TEST(Engine, AnInputOrOutputThatStaysKeepsItsPortsOverARackLoad) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({input("mic"), output("main", 2)}).ok);
    const auto before = host.engine.model();
    const Rack rack =
        parse_rack("format = 1\n[output.main]\nchannels = 2\ngain = -6.0\n", "r.toml");
    ASSERT_TRUE(host.edit({LoadRack{rack}}).ok);
    const auto after = host.engine.model();
    EXPECT_EQ(after->inputs.size(), 0u);
    EXPECT_EQ(after->outputs.at("main").slots, before->outputs.at("main").slots);
    EXPECT_EQ(host.engine.to_rack().outputs[0].gain, -6.0);
}

TEST(Engine, BypassPassesTheDrySignal) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({input("in"), node("trim", "backline.gain", {{"gain", -96.0}}),
                           output("main"), Connect{"in", "trim", {}}, Connect{"trim", "main", {}}})
                    .ok);
    const auto feed = [&](std::uint64_t, std::uint32_t n) {
        std::fill_n(host.driver.input(0), n, 0.5f);
    };
    EXPECT_EQ(host.run(4800, 64, 0, feed).back(), 0.0f);
    ASSERT_TRUE(host.edit({SetValue{{Target::Kind::node_bypass, "trim", "", false}, true}}).ok);
    EXPECT_EQ(host.run(480, 64, 0, feed).back(), 0.5f);
    ASSERT_TRUE(host.edit({SetValue{{Target::Kind::node_bypass, "trim", "", false}, false}}).ok);
    EXPECT_EQ(host.run(4800, 64, 0, feed).back(), 0.0f);
}

TEST(Engine, MuteAndPanic) {
    OfflineEngine host(setup());
    ASSERT_TRUE(
        host.edit({node("tone", "backline.tone"), output("main"), Connect{"tone", "main", {}}}).ok);
    EXPECT_GT(peak(host.run(4800, 64)), 0.01f);
    ASSERT_TRUE(host.edit({Panic{}}).ok);
    host.run(480, 64); // it fades
    EXPECT_EQ(peak(host.run(4800, 64)), 0.0f);
    ASSERT_TRUE(host.edit({SetValue{{Target::Kind::master_mute, "", "", false}, 0.0}}).ok);
    EXPECT_GT(peak(host.run(4800, 64)), 0.01f);
}

TEST(Engine, NothingLeaksOverAThousandEdits) {
    OfflineEngine host(setup());
    ASSERT_TRUE(host.edit({output("main", 2)}).ok);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(host.edit({node("n", "backline.gain", {}, 2), Connect{"n", "main", {}}}).ok);
        host.run(16, 16);
        ASSERT_TRUE(host.edit({RemoveNode{"n"}}).ok);
    }
    EXPECT_EQ(host.engine.abandoned(), 0u);
    EXPECT_EQ(host.cycle.in_flight(), 0u);
}

} // namespace
} // namespace backline::engine
