// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later

/// @file
/// org.example.peak: 1 to 20 equal peaking biquads in series, for measuring what a node costs whose
/// cost is known. New values apply at their frame without a ramp.

#include <backline/plugin.hpp>

#include "plugins/dsp/biquad.hpp"

namespace {

namespace dsp = backline::dsp;
namespace sdk = backline::sdk;

constexpr uint32_t kMost = 20;

class Peak final : public sdk::Plugin {
  public:
    static constexpr sdk::Info info{.id = "org.example.peak",
                                    .name = "Peaks",
                                    .vendor = "backline",
                                    .about = "1 to 20 peaking biquads in series, mono."};
    enum Ports : uint32_t { kIn, kOut };
    static constexpr bl_port ports[] = {sdk::main_in(1, 1), sdk::main_out(1, 1, BL_PORT_IN_PLACE)};
    enum Params : uint32_t { kCount, kFrequency, kQ, kGain, kParams };
    static constexpr bl_param params[] = {
        sdk::number(kCount, "count", "Count", "", 1.0, kMost, 1.0, BL_SCALE_INTEGER),
        sdk::number(kFrequency, "frequency", "Frequency", "Hz", 20.0, 20000.0, 1200.0,
                    BL_SCALE_LOG),
        sdk::number(kQ, "q", "Q", "", 0.1, 20.0, 1.0, BL_SCALE_LOG),
        sdk::number(kGain, "gain", "Gain", "dB", -24.0, 24.0, 3.0, BL_SCALE_DB)};

    void activate(const sdk::Activation& how) override {
        rate_ = how.rate();
        for (uint32_t i = 0; i < kParams; ++i)
            values_[i] = params[i].def;
        tune();
        reset();
    }

    bl_status process(sdk::Process p) noexcept override {
        sdk::for_each_segment(
            p,
            [this](const bl_param_event& event) {
                values_[event.param] = event.value;
                tune();
            },
            [&](uint32_t from, uint32_t to) {
                const float* source = p.in(kIn)[0] + from;
                float* target = p.out(kOut)[0] + from;
                for (uint32_t i = 0; i < static_cast<uint32_t>(values_[kCount]); ++i) {
                    filters_[i].process(source, target, to - from);
                    source = target;
                }
            });
        return BL_OK;
    }

    void reset() noexcept override {
        for (dsp::Biquad& filter : filters_)
            filter.reset();
    }

  private:
    void tune() noexcept {
        const auto coefficients = dsp::Biquad::Coefficients::peak(values_[kFrequency], values_[kQ],
                                                                  values_[kGain], rate_);
        for (dsp::Biquad& filter : filters_)
            filter.set(coefficients);
    }

    double rate_ = 48000.0;
    double values_[kParams] = {};
    dsp::Biquad filters_[kMost];
};

} // namespace

BACKLINE_PLUGIN(Peak);
