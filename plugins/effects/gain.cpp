// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later

/// @file
/// backline.gain: level of up to 64 channels.

#include <algorithm>
#include <array>
#include <backline/plugin.hpp>

#include "plugins/dsp/smoother.hpp"

namespace {

namespace dsp = backline::dsp;
namespace sdk = backline::sdk;

class Gain final : public sdk::Plugin {
  public:
    static constexpr sdk::Info info{.id = "backline.gain",
                                    .name = "Gain",
                                    .vendor = "backline",
                                    .about = "Level of 1 to 64 channels; -96 dB is silence."};
    enum Ports : uint32_t { kIn, kOut };
    static constexpr bl_port ports[] = {sdk::main_in(), sdk::main_out(64, 2, BL_PORT_IN_PLACE)};
    static constexpr bl_param params[] = {
        sdk::number(0, "gain", "Gain", "dB", dsp::DecibelLaw::kFloor, 24.0, 0.0, BL_SCALE_DB)};

    void activate(const sdk::Activation& how) override {
        const bl_param& gain = params[0];
        gain_.prepare(how.rate(), gain.min, gain.max, gain.def);
        started_ = false;
    }

    bl_status process(sdk::Process p) noexcept override {
        sdk::for_each_segment(
            p,
            [this](const bl_param_event& event) {
                started_ ? gain_.set(event.value) : gain_.jump(event.value);
            },
            [&](uint32_t from, uint32_t to) {
                started_ = true;
                render(p.in(kIn), p.out(kOut), from, to);
            });
        return BL_OK;
    }

    void reset() noexcept override {
        gain_.finish();
        started_ = false;
    }

  private:
    void render(sdk::InBus in, sdk::OutBus out, uint32_t at, uint32_t to) noexcept {
        while (gain_.moving() > 0 && at < to) {
            std::array<float, 64> ramp;
            const uint32_t n =
                gain_.ramp(ramp.data(), std::min(to - at, static_cast<uint32_t>(ramp.size())));
            for (uint32_t c = 0; c < out.channels(); ++c)
                for (uint32_t i = 0; i < n; ++i)
                    out[c][at + i] = in[c][at + i] * ramp[i];
            at += n;
        }
        const auto gain = static_cast<float>(gain_.target());
        for (uint32_t c = 0; c < out.channels(); ++c) {
            const float* x = in[c];
            float* y = out[c];
            for (uint32_t i = at; i < to; ++i)
                y[i] = x[i] * gain;
        }
    }

    dsp::Smoothed<dsp::DecibelLaw> gain_;
    bool started_ = false; ///< the first values apply without a ramp
};

} // namespace

BACKLINE_PLUGIN(Gain);
