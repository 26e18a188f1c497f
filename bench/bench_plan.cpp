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

} // namespace

int main() {
    rt::flush_denormals();
    test::OfflineEngine host({{PLUGIN_DIR}, PROBE});
    if (!host.edit(chain()).ok) return 2;
    const bl_param_event gain{0, 0, -0.01};
    bench::BareChain bare(PLUGIN_DIR "/gain.so", kNodes, {&gain, 1});
    bool finite = true;

    process::Period period;
    std::vector<float> in(kFrames, 0.5f), out(kFrames);
    const float* ins[1] = {in.data()};
    float* outs[1] = {out.data()};
    period.frames = kFrames;
    period.inputs = ins;
    period.outputs = outs;
    period.input_slots = period.output_slots = 1;
    period.rate = 48000.0;
    const auto with_host = [&] {
        for (int i = 0; i < kPeriods; ++i)
            host.cycle.run(period);
    };
    const auto without = [&] {
        for (int i = 0; i < kPeriods; ++i) {
            std::fill_n(bare.buffer(), kFrames, 0.5f);
            bare.run(kFrames, [&](const float* heard) {
                finite = finite && rt::scan(heard, kFrames).finite;
            });
        }
    };
    for (int i = 0; i < 100; ++i) // past the first values' ramps
        with_host();
    const bench::Pair pair = bench::in_turn(201, with_host, without);
    const double calls = static_cast<double>(kNodes) * kPeriods;

    bench::Table table("chain of 128 gains, mono, 64 frames, per-node timing on");
    table.figure("node in the cycle", pair.a / calls * 1e9, "ns");
    table.figure("bare call with the same output scan", pair.b / calls * 1e9, "ns");
    table.at_most("ratio", pair.ratio, 1.5, "x");
    table.at_most("above the plugin, per node", (pair.a - pair.b) / calls * 1e9, 35.0, "ns");
    return finite ? table.status() : 2;
}
