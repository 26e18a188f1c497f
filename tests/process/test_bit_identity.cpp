// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Nothing the user hears depends on the period size.
#include "rig.hpp"

#include <gtest/gtest.h>

namespace backline::process {
namespace {

using namespace test;
constexpr Handle kNode{1, 1};
constexpr Handle kOutput{2, 1};
constexpr std::uint32_t kFrames = 20000;

/// noise -> (+ feedback of 300 frames) -> one-pole filter with a parameter -> output, with a score
/// of timed values, gains, bypasses and a plan exchanged underway.
std::vector<float> render(std::uint32_t period, bool offline) {
    Rig rig;
    Probe probe(3);
    DelayLine line(300);
    double coefficient = 0.5;
    double memory = 0.0;
    probe.act = [&](const float* in, float* out, const bl_process& p) {
        std::uint32_t next = 0;
        for (std::uint32_t i = 0; i < p.frames; ++i) {
            for (; next < p.event_count && p.params[next].frame == i; ++next)
                if (p.params[next].param == 0) coefficient = p.params[next].value;
            memory += coefficient * (static_cast<double>(in[i]) - memory);
            out[i] = static_cast<float>(memory);
        }
        return BL_OK;
    };
    probe.on_reset = [&] { memory = 0.0; };
    rig.signal = [](std::uint64_t frame) {
        const auto mixed = static_cast<std::uint32_t>((frame + 1) * 2654435761u);
        return static_cast<float>(static_cast<std::int32_t>(mixed)) * 0x1p-32f;
    };
    const auto plan = [&](bool feedback) {
        PlanBuilder build(feedback ? 300 : 1024);
        const Wire in = build.wire();
        const Wire back = build.wire();
        const Wire sum = build.wire();
        const Wire out = build.wire();
        build.input(rig.input, {0}, {in});
        if (feedback) build.delay_read(line, back).mix(sum, {in, back});
        build.node(probe.node, {feedback ? sum : in}, out);
        if (feedback) build.delay_write(line, out);
        build.output(rig.output, {0}, {out});
        return build.take();
    };
    rig.start(plan(true), probe);
    auto strips = std::make_unique<Command>();
    strips->slots.push_back({kOutput, &rig.output.bank, nullptr});
    rig.push(std::move(strips));
    for (std::uint32_t i = 0; i < 150; ++i)
        rig.push(set_at(1 + 97 * i, kNode, 0.1 + 0.8 * (i % 7) / 7.0));
    for (std::uint32_t i = 0; i < 4; ++i) { // within the real-time budget of cuts
        rig.push(set_at(2500 + 3000 * i, kNode, i % 2 == 0 ? 1.0 : 0.0, 3, true));
        rig.push(set_at(4001 + 2999 * i, kOutput, -3.0 * i, Strip::kGain, true));
    }
    auto exchange = std::make_unique<Command>();
    exchange->frame = 17777;
    exchange->plan = plan(false);
    rig.push(std::move(exchange));

    std::vector<float> heard;
    for (std::uint32_t done = 0; done < kFrames;) {
        const std::uint32_t frames = std::min(period, kFrames - done);
        const auto more = rig.run(frames, offline || done == 0);
        heard.insert(heard.end(), more.begin(), more.end());
        done += frames;
    }
    return heard;
}

TEST(BitIdentity, TheSameSamplesForAnyPeriod) {
    const auto expected = render(1, true);
    float energy = 0.0f;
    for (const float sample : expected)
        energy += sample * sample;
    ASSERT_GT(energy, 1.0f);
    for (const std::uint32_t period : {1u, 17u, 64u, 256u, 1000u, 1024u, 4096u}) {
        for (const bool offline : {true, false}) {
            const auto heard = render(period, offline);
            ASSERT_EQ(heard.size(), expected.size());
            std::size_t first = 0;
            while (first < heard.size()
                   && std::memcmp(&heard[first], &expected[first], sizeof(float)) == 0)
                ++first;
            EXPECT_EQ(first, expected.size()) << "period " << period << " differs at " << first
                                              << (offline ? " offline" : " in real time");
        }
    }
}

} // namespace
} // namespace backline::process
