// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later

/// @file
/// backline.tone: a sine whose frequency is right to 2^-64 of the sample rate.

#include <algorithm>
#include <array>
#include <backline/plugin.hpp>
#include <limits>

#include "plugins/dsp/sine.hpp"
#include "plugins/dsp/smoother.hpp"

namespace {

namespace dsp = backline::dsp;
namespace sdk = backline::sdk;

class Tone final : public sdk::Plugin {
  public:
    static constexpr sdk::Info info{.id = "backline.tone",
                                    .name = "Tone",
                                    .vendor = "backline",
                                    .about = "Sine on 1 to 8 channels; the level is its peak.",
                                    .kind = BL_KIND_GENERATOR,
                                    .tail_s = std::numeric_limits<double>::infinity()};
    enum Ports : uint32_t { kOut };
    enum Params : uint32_t { kFrequency, kLevel };
    static constexpr bl_port ports[] = {sdk::main_out(8, 1)};
    static constexpr bl_param params[] = {
        sdk::number(0, "frequency", "Frequency", "Hz", 1.0, 20000.0, 1000.0, BL_SCALE_LOG),
        sdk::number(1, "level", "Level", "dB", dsp::DecibelLaw::kFloor, 0.0, -18.0, BL_SCALE_DB)};

    void activate(const sdk::Activation& how) override {
        rate_ = how.rate();
        const bl_param& frequency = params[kFrequency];
        frequency_.prepare(rate_, frequency.min, frequency.max, frequency.def);
        const bl_param& level = params[kLevel];
        level_.prepare(rate_, level.min, level.max, level.def);
        reset();
    }

    bl_status process(sdk::Process p) noexcept override {
        const sdk::OutBus out = p.out(kOut);
        sdk::for_each_segment(
            p,
            [this](const bl_param_event& event) {
                event.param == kFrequency ? set(frequency_, event.value) : set(level_, event.value);
            },
            [&](uint32_t from, uint32_t to) {
                started_ = true;
                for (uint32_t n = 0; from < to; from += n) {
                    n = std::min(to - from, kChunk);
                    render(out[0] + from, n);
                    for (uint32_t c = 1; c < out.channels(); ++c)
                        std::copy_n(out[0] + from, n, out[c] + from);
                }
            });
        return BL_OK;
    }

    void reset() noexcept override {
        frequency_.finish();
        level_.finish();
        phase_.reset();
        started_ = false;
    }

    uint64_t tail() const noexcept override { return UINT64_MAX; }

  private:
    static constexpr uint32_t kChunk = 64;

    template <class Parameter>
    void set(Parameter& parameter, double value) noexcept {
        started_ ? parameter.set(value) : parameter.jump(value);
    }

    void render(float* out, uint32_t n) noexcept {
        std::array<int32_t, kChunk> phases;
        uint32_t i = 0;
        for (const uint32_t moving = std::min(frequency_.moving(), n); i < moving; ++i)
            phases[i] = phase_.advance(dsp::Phase::increment(frequency_.next(), rate_));
        const uint64_t increment = dsp::Phase::increment(frequency_.target(), rate_);
        for (; i < n; ++i)
            phases[i] = phase_.advance(increment);

        std::array<double, kChunk> levels;
        const uint32_t moving = level_.ramp(levels.data(), n);
        std::fill(levels.begin() + moving, levels.begin() + n, level_.target());
        for (i = 0; i < n; ++i)
            out[i] = static_cast<float>(levels[i] * dsp::sine_of_turns(phases[i]));
    }

    double rate_ = 48000.0;
    dsp::Smoothed<dsp::LogLaw> frequency_;
    dsp::Smoothed<dsp::DecibelLaw> level_;
    dsp::Phase phase_;
    bool started_ = false; ///< the first values apply without a ramp
};

} // namespace

BACKLINE_PLUGIN(Tone);
