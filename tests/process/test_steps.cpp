// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What each step of a plan does to the signal.
#include "rig.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace backline::process {
namespace {

using namespace test;
constexpr Handle kNode{1, 1};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(Steps, NanAndInfBecomeZeroAreCountedAndNamedAndTheNodeIsReset) {
    Rig rig;
    Probe probe;
    probe.act = [&](const float*, float* out, const bl_process& p) {
        std::fill_n(out, p.frames, 0.5f);
        if (p.time == 0) {
            EXPECT_EQ(probe.resets, 0);
            out[3] = kNan;
            out[4] = -kInf;
        }
        return BL_OK;
    };
    rig.start_chain(probe, 32);
    const auto heard = rig.run(64); // two slices: the reset comes at the end of the cycle
    EXPECT_EQ(heard[2], 0.5f);
    EXPECT_EQ(heard[3], 0.0f);
    EXPECT_EQ(heard[4], 0.0f);
    EXPECT_EQ(heard[5], 0.5f);
    EXPECT_EQ(probe.resets, 1);
    EXPECT_EQ(probe.cost.scrubbed.load(), 2u);
    Report report;
    ASSERT_TRUE(rig.cycle.take_report(report));
    EXPECT_EQ(report.kind, Report::Kind::scrubbed);
    EXPECT_EQ(report.handle, kNode);
    EXPECT_EQ(report.count, 2u);
    EXPECT_FALSE(rig.cycle.take_report(report));
    rig.run(64);
    EXPECT_EQ(probe.resets, 1);
}

TEST(Steps, NothingNotANumberComesInFromOutside) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    rig.input.handle = {9, 1};
    rig.signal = [](std::uint64_t frame) { return frame == 10 ? kNan : frame == 11 ? kInf : 1.0f; };
    const auto heard = rig.run(64);
    EXPECT_EQ(heard[9], 1.0f);
    EXPECT_EQ(heard[10], 0.0f);
    EXPECT_EQ(heard[11], 0.0f);
    EXPECT_EQ(rig.input.scrubbed.load(), 2u);
    EXPECT_EQ(probe.resets, 0);
    Report report;
    ASSERT_TRUE(rig.cycle.take_report(report));
    EXPECT_EQ(report.kind, Report::Kind::input_scrubbed);
    EXPECT_EQ(report.handle, (Handle{9, 1}));
    Meter::Channel seen{};
    EXPECT_EQ(rig.input.meter.read(&seen), 64u);
    EXPECT_EQ(seen.square_sum, 62.0);
}

TEST(Steps, ACallThatFailsIsSilentAndReported) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    probe.act = [](const float*, float* out, const bl_process& p) {
        std::fill_n(out, p.frames, 3.0f);
        return p.time < 64 ? BL_ERROR : BL_OK;
    };
    EXPECT_EQ(rig.run(64), std::vector<float>(64, 0.0f));
    EXPECT_EQ(rig.run(64), std::vector<float>(64, 3.0f));
    EXPECT_EQ(probe.cost.errors.load(), 1u);
    Report report;
    ASSERT_TRUE(rig.cycle.take_report(report));
    EXPECT_EQ(report.kind, Report::Kind::plugin_error);
}

TEST(Steps, BypassPassesTheSignalOnAndKeepsParametersForLater) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    rig.signal = [](std::uint64_t frame) { return std::sin(static_cast<float>(frame)); };
    rig.cycle.set(kNode, probe.cells[0], 0, 2.0);
    rig.run(64);
    const std::size_t calls = probe.calls.size();
    rig.cycle.set(kNode, probe.cells[1], 1, 1.0); // the switch comes after the plugin's own
    const auto dry = rig.run(64);
    for (std::uint32_t i = 0; i < 64; ++i)
        EXPECT_EQ(dry[i], rig.signal(64 + i));
    rig.cycle.set(kNode, probe.cells[0], 0, 3.0);
    rig.run(64);
    rig.push(set_at(0, kNode, 4.0));
    rig.run(64);
    EXPECT_EQ(probe.calls.size(), calls);
    EXPECT_EQ(probe.resets, 0);
    EXPECT_EQ(rig.cycle.value(probe.cells[0]), 4.0);
    rig.cycle.set(kNode, probe.cells[1], 1, 0.0);
    const auto wet = rig.run(64);
    EXPECT_EQ(probe.resets, 1);
    EXPECT_EQ(wet[5], rig.signal(256 + 5) * 4.0f);
    // The plugin never sees the host's switch.
    for (const Probe::Heard& event : probe.heard())
        EXPECT_EQ(event.param, 0u);
}

TEST(Steps, ATimedBypassTakesEffectAtItsFrame) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    rig.cycle.set(kNode, probe.cells[0], 0, 2.0);
    rig.push(set_at(100, kNode, 1.0, 1, true));
    rig.push(set_at(150, kNode, 0.0, 1, true));
    const auto heard = rig.run(256);
    EXPECT_EQ(heard[99], 2.0f);
    EXPECT_EQ(heard[100], 1.0f);
    EXPECT_EQ(heard[149], 1.0f);
    EXPECT_EQ(heard[150], 2.0f);
}

TEST(Steps, ABypassedGeneratorIsSilent) {
    Rig rig;
    Probe probe;
    probe.act = [](const float*, float* out, const bl_process& p) {
        std::fill_n(out, p.frames, 1.0f);
        return BL_OK;
    };
    PlanBuilder build;
    const Wire out = build.wire();
    build.node(probe.node, {}, out).output(rig.output, {0}, {out});
    rig.start(build.take(), probe);
    EXPECT_EQ(rig.run(16), std::vector<float>(16, 1.0f));
    rig.cycle.set(kNode, probe.cells[1], 1, 1.0);
    EXPECT_EQ(rig.run(16), std::vector<float>(16, 0.0f));
}

TEST(Steps, MixAddsInTheOrderGivenAndIsSilentWhenAllAre) {
    Rig rig;
    Probe a;
    Probe b;
    Probe c;
    Probe sum;
    const auto constant = [](float value) {
        return [value](const float*, float* out, const bl_process& p) {
            std::fill_n(out, p.frames, p.time < 64 ? value : 0.0f);
            return BL_OK;
        };
    };
    a.act = constant(1e8f); // (a + b) + c is 0.5, a + (b + c) is 0
    b.act = constant(-1e8f);
    c.act = constant(0.5f);
    PlanBuilder build;
    const Wire wires[] = {build.wire(), build.wire(), build.wire()};
    const Wire mixed = build.wire();
    const Wire out = build.wire();
    build.node(a.node, {}, wires[0]).node(b.node, {}, wires[1]).node(c.node, {}, wires[2]);
    build.mix(mixed, {wires[0], wires[1], wires[2]});
    build.node(sum.node, {mixed}, out).output(rig.output, {0}, {out});
    rig.start(build.take(), sum);
    EXPECT_EQ(rig.run(64), std::vector<float>(64, 0.5f));
    EXPECT_EQ(sum.calls.back().silent, 0u);
    rig.run(64);
    EXPECT_EQ(sum.calls.back().silent, 1u);
}

TEST(Steps, SilenceIsHintedWhenItIsExact) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    rig.signal = [](std::uint64_t frame) { return frame == 63 ? 1e-30f : 0.0f; };
    rig.run(64);
    rig.run(64);
    EXPECT_EQ(probe.calls[0].silent, 0u);
    EXPECT_EQ(probe.calls[1].silent, 1u);
    rig.signal = [](std::uint64_t) { return -0.0f; };
    rig.run(64);
    EXPECT_EQ(probe.calls[2].silent, 1u);
    rig.signal = [](std::uint64_t) { return 1.0f; };
    rig.run(64);
    EXPECT_EQ(probe.calls[3].silent, 0u);
}

TEST(Steps, FeedbackComesBackAfterExactlyItsDelay) {
    for (const std::uint32_t period : {1u, 7u, 16u, 100u, 256u}) {
        Rig rig;
        Probe probe;
        DelayLine line(16);
        rig.signal = [](std::uint64_t frame) { return frame == 5 ? 1.0f : 0.0f; };
        PlanBuilder build(16); // a slice is never longer than the delay
        const Wire in = build.wire();
        const Wire back = build.wire();
        const Wire sum = build.wire();
        const Wire out = build.wire();
        build.input(rig.input, {0}, {in}).delay_read(line, back).mix(sum, {in, back});
        build.node(probe.node, {sum}, out).delay_write(line, out).output(rig.output, {0}, {out});
        rig.start(build.take(), probe);
        rig.cycle.set(kNode, probe.cells[0], 0, 0.5);
        std::vector<float> heard;
        while (heard.size() < 100) {
            const auto more = rig.run(period);
            heard.insert(heard.end(), more.begin(), more.end());
        }
        float expected = 0.5f;
        for (std::uint32_t i = 0; i < 100; ++i) {
            const bool echo = i % 16 == 5;
            EXPECT_EQ(heard[i], echo ? expected : 0.0f) << "period " << period << " frame " << i;
            if (echo) expected *= 0.5f;
        }
    }
}

TEST(Steps, PortsThatAreMissingOutsideAreSilenceAndNowhere) {
    Rig rig;
    Probe probe;
    PlanBuilder build;
    const Wire in = build.wire();
    const Wire out = build.wire();
    // Slot 7 does not exist; the output goes nowhere and is metered all the same.
    build.input(rig.input, {7}, {in}).node(probe.node, {in}, out).output(rig.output, {7}, {out});
    rig.start(build.take(), probe);
    probe.act = [](const float* from, float* to, const bl_process& p) {
        EXPECT_EQ(from[0], 0.0f);
        std::fill_n(to, p.frames, 0.5f);
        return BL_OK;
    };
    EXPECT_EQ(rig.run(64), std::vector<float>(64, 1e9f));
    EXPECT_EQ(probe.calls.back().silent, 1u);
    Meter::Channel seen{};
    EXPECT_EQ(rig.output.meter.read(&seen), 64u);
    EXPECT_EQ(seen.peak, 0.5f);

    Period period; // no buffers at all
    const float* inputs[8] = {};
    float* outputs[8] = {};
    period.frames = 64;
    period.inputs = inputs;
    period.outputs = outputs;
    period.input_slots = 8;
    period.output_slots = 8;
    rig.cycle.run(period);
    EXPECT_EQ(probe.calls.back().time, 64u);
}

TEST(Steps, ResponsesArriveBeforeTheCallThatMayUseThem) {
    Rig rig;
    Probe probe;
    rt::RecordRing ring(1024);
    probe.node.responses = &ring;
    rig.start_chain(probe);
    for (const char* text : {"one", "three"}) {
        const auto size = static_cast<std::uint32_t>(std::strlen(text));
        std::memcpy(ring.reserve(size), text, size);
        ring.commit();
    }
    std::size_t seen = 0;
    probe.act = [&](const float*, float* out, const bl_process& p) {
        seen = probe.responses.size();
        std::fill_n(out, p.frames, 0.0f);
        return BL_OK;
    };
    rig.run(16);
    EXPECT_EQ(seen, 2u);
    EXPECT_EQ(probe.responses, (std::vector<std::string>{"one", "three"}));
}

TEST(Steps, TransportAdvancesFromSliceToSlice) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe, 24000);
    rig.transport.flags =
        BL_TRANSPORT_PLAYING | BL_TRANSPORT_FRAME | BL_TRANSPORT_TEMPO | BL_TRANSPORT_BAR;
    rig.transport.tempo = 120.0; // a quarter note is 24 000 frames
    rig.transport.beats_per_bar = 4.0;
    rig.transport.beat_unit = 4;
    rig.transport.bar = 1;
    rig.transport.beat = 3.5;
    rig.transport.frame = 1000;
    rig.run(72000);
    ASSERT_EQ(probe.calls.size(), 3u);
    EXPECT_EQ(probe.calls[1].transport.frame, 25000);
    EXPECT_DOUBLE_EQ(probe.calls[1].transport.beat, 4.5);
    EXPECT_EQ(probe.calls[1].transport.bar, 1);
    EXPECT_DOUBLE_EQ(probe.calls[2].transport.beat, 1.5);
    EXPECT_EQ(probe.calls[2].transport.bar, 2);
    rig.transport.flags = BL_TRANSPORT_FRAME; // stopped
    probe.calls.clear();
    rig.run(48000);
    EXPECT_EQ(probe.calls[1].transport.frame, 1000);
}

TEST(Steps, PluginsAreToldWhenItIsNotInRealTime) {
    Rig rig;
    Probe probe;
    rig.start_chain(probe);
    rig.run(16);
    rig.run(16, true);
    EXPECT_EQ(probe.calls[0].flags, 0u);
    EXPECT_EQ(probe.calls[1].flags, static_cast<std::uint32_t>(BL_OFFLINE));
}

} // namespace
} // namespace backline::process
