// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What a node costs beyond its plugin: a chain of 128 gains at 64 frames through the whole cycle,
// beside a bare loop that calls the same 128 plugins and scans each output the same way.
#include "bench/bare_chain.hpp"
#include "bench/measure.hpp"
#include "daemon/rt/denormals.hpp"
#include "daemon/rt/scan.hpp"
#include "tests/support/offline_engine.hpp"

using namespace backline;

namespace {

constexpr std::uint32_t kNodes = 128;
constexpr std::uint32_t kFrames = 64;
constexpr int kPeriods = 400;

std::vector<engine::Op> chain() {
    std::vector<engine::Op> ops{engine::AddStrip{true, "in", 1, {}},
                                engine::AddStrip{false, "main", 1, {}}};
    std::string last = "in";
    for (std::uint32_t i = 0; i < kNodes; ++i) {
        const std::string name = "g" + std::to_string(i);
        ops.push_back(engine::AddNode{name, "backline.gain", 1u, {{"gain", -0.01}}});
        ops.push_back(engine::Connect{last, name, {}});
        last = name;
    }
    ops.push_back(engine::Connect{last, "main", {}});
    return ops;
}

/// The chain in the engine's cycle.
struct Hosted {
    explicit Hosted(bool timing) : host(setup(timing)) {
        if (!host.edit(chain()).ok) std::exit(2);
        period.frames = kFrames;
        period.inputs = ins;
        period.outputs = outs;
        period.input_slots = period.output_slots = 1;
        period.rate = 48000.0;
        for (int i = 0; i < 100; ++i) // past the first values' ramps
            run();
        host.engine.step(UINT32_MAX); // past the connections' ramps
        run();
    }
    static test::OfflineEngine::Setup setup(bool timing) {
        test::OfflineEngine::Setup setup{{PLUGIN_DIR}, PROBE};
        setup.timing = timing;
        return setup;
    }
    void run() {
        for (int i = 0; i < kPeriods; ++i)
            host.cycle.run(period);
    }

    test::OfflineEngine host;
    process::Period period;
    std::vector<float> in = std::vector<float>(kFrames, 0.5f), out = std::vector<float>(kFrames);
    const float* ins[1] = {in.data()};
    float* outs[1] = {out.data()};
};

} // namespace

int main(int argc, char**) {
    rt::flush_denormals();
    Hosted timed(true), plain(false);
    const bl_param_event gain{0, 0, -0.01};
    bench::BareChain bare(PLUGIN_DIR "/gain.so", kNodes, {&gain, 1});
    const std::uint32_t frames = argc == 0 ? 1 : kFrames; // known when it runs, as the host's
    bool finite = true;
    std::uint32_t silent = 0;
    const auto without = [&] {
        for (int i = 0; i < kPeriods; ++i) {
            std::fill_n(bare.buffer(), kFrames, 0.5f);
            bare.run(frames, [&](const float* heard) {
                const rt::Scan seen = rt::scan(heard, frames);
                if (!seen.finite) finite = false;
                if (seen.silent) ++silent;
            });
        }
    };
    const double calls = static_cast<double>(kNodes) * kPeriods;
    const bench::Pair with_timing = bench::in_turn(
        101, [&] { timed.run(); }, without);
    const bench::Pair pair = bench::in_turn(
        101, [&] { plain.run(); }, without);

    bench::Table table("chain of 128 gains, mono, 64 frames");
    table.figure("bare call with the same output scan", pair.b / calls * 1e9, "ns");
    table.figure("node in the cycle, not timed", pair.a / calls * 1e9, "ns");
    table.at_most("ratio, not timed", pair.ratio, 1.5, "x");
    table.figure("node in the cycle, timed", with_timing.a / calls * 1e9, "ns");
    table.at_most("above the plugin, timed, per node",
                  (with_timing.a - with_timing.b) / calls * 1e9, 35.0, "ns");
    return finite && silent == 0 ? table.status() : 2;
}
