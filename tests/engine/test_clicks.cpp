// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// A sine goes through a graph that is edited at random frames in every way there is. What is left
// of it above 5 kHz is what the edits added.
#include "tests/support/high_pass.hpp"
#include "tests/support/offline_engine.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <numbers>
#include <random>

namespace backline::engine {
namespace {

using test::OfflineEngine;

constexpr double kRate = 48000.0;
constexpr int kEdits = 2500; // of which at least 1000 are possible
constexpr std::uint64_t kLength = 10 * 48000;

Target node_target(const std::string& node, const std::string& param) {
    return {Target::Kind::node_param, node, param, false};
}

/// Makes edits of every kind; whether one is possible at the time it is due is left open.
class Edits {
  public:
    explicit Edits(std::uint32_t seed) : random_(seed) {}

    std::vector<Op> next() {
        const std::string node = pick({"a", "b", "c", "d"});
        switch (random_() % 14) {
        case 0:
            return {
                AddNode{node, pick({"backline.gain", "backline.filter", "backline.delay"}), 1u, {}},
                Connect{"in", node, {}}, Connect{node, pick({"main", "a", "b"}), {}}};
        case 1:
            return {RemoveNode{node, false}};
        case 2:
            return {RemoveNode{node, true}};
        case 3:
            return {Connect{pick({"in", "a", "b", "c", "d"}), pick({"main", "a", "b", "c"}), {}}};
        case 4:
            return {Disconnect{pick({"in", "a", "b", "c", "d"}), pick({"main", "a", "b", "c"})}};
        case 5:
            return {SetValue{{Target::Kind::node_bypass, node, "", false}, flag()}};
        case 6:
            return {SetValue{{Target::Kind::output, "main", "mute", false}, flag()}};
        case 7:
            return {SetValue{{Target::Kind::output, "main", "gain", false}, level()}};
        case 8:
            return {SetValue{{Target::Kind::input, "in", pick({"gain"}), false}, level()}};
        case 9:
            return {SetValue{{Target::Kind::master_mute, "", "", false}, flag()}};
        case 10:
            return {ReplaceNode{node, pick({"backline.gain", "backline.filter"})}};
        case 11:
            return {SetValue{node_target(node, "gain"), level()}};
        case 12:
            return {SetValue{node_target(node, "cutoff"),
                             200.0 + static_cast<double>(random_() % 5000)}};
        default:
            return {LoadRack{rack()}};
        }
    }
    std::uint64_t frame() { return 4800 + random_() % (kLength - 9600); }

  private:
    std::string pick(std::vector<std::string> from) { return from[random_() % from.size()]; }
    bool flag() { return random_() % 2 == 0; }
    double level() { return -static_cast<double>(random_() % 24); }
    Rack rack() {
        Rack rack;
        RackPort in, main;
        in.name = "in";
        main.name = "main";
        in.channels = main.channels = 1;
        rack.inputs = {in};
        rack.outputs = {main};
        RackNode a;
        a.name = "a";
        a.plugin = "backline.gain";
        a.channels = 1;
        rack.nodes = {a};
        rack.connections = {{"in", "a", {}, 0}, {"a", "main", {}, 0}};
        return rack;
    }

    std::mt19937 random_;
};

struct Heard {
    double peak_db;  ///< above 5 kHz, dBFS
    double sound_db; ///< of all
    int done = 0;
};

Heard hear(bool ramped, std::uint32_t seed) {
    OfflineEngine::Setup setup{{PLUGIN_DIR}, PROBE};
    setup.ramped = ramped;
    OfflineEngine host(setup);
    EXPECT_TRUE(host.edit({AddStrip{true, "in", 1, {}}, AddStrip{false, "main", 1, {}},
                           AddNode{"a", "backline.gain", 1u, {}}, Connect{"in", "a", {}},
                           Connect{"a", "main", {}}})
                    .ok);
    Edits edits(seed);
    for (int i = 0; i < kEdits; ++i)
        host.submit(edits.next(), edits.frame());
    const auto heard = host.run(kLength, 256, 0, [&](std::uint64_t first, std::uint32_t n) {
        for (std::uint32_t i = 0; i < n; ++i)
            host.driver.input(0)[i] =
                static_cast<float>(0.5
                                   * std::sin(2.0 * std::numbers::pi * 997.0
                                              * static_cast<double>(first + i) / kRate));
    });
    test::HighPass high(5000.0, kRate);
    double peak = 0.0, sound = 0.0;
    for (std::size_t i = 0; i < heard.size(); ++i) {
        const double left = std::fabs(high.next(heard[i]));
        if (i > 4800) peak = std::max(peak, left); // past the beginning of the sine itself
        if (i > 4800 && left > 1e-4 && std::getenv("SHOW") != nullptr) {
            static std::size_t last = 0;
            if (i > last + 200) std::fprintf(stderr, "%zu %g\n", i, left);
            last = i;
        }
        sound = std::max(sound, std::fabs(static_cast<double>(heard[i])));
    }
    Heard result{20.0 * std::log10(peak), 20.0 * std::log10(sound), 0};
    for (const auto& [token, completion] : host.completions)
        result.done += completion.ok ? 1 : 0;
    return result;
}

TEST(Clicks, AThousandEditsOfEveryKindLeaveNothingAbove5kHz) {
    for (const std::uint32_t seed : {1u, 2u, 3u}) {
        const Heard heard = hear(true, seed);
        EXPECT_LE(heard.peak_db, -80.0) << "seed " << seed;
        EXPECT_GE(heard.sound_db, -7.0);
        EXPECT_GE(heard.done, 1000);
        std::printf("[ MEASURED ] seed %u: %.1f dBFS above 5 kHz, %d edits done\n", seed,
                    heard.peak_db, heard.done);
    }
}

TEST(Clicks, WithoutRampsTheSameEditsClick) {
    EXPECT_GT(hear(false, 1).peak_db, -60.0);
}

} // namespace
} // namespace backline::engine
