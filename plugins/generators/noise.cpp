// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later

/// @file
/// backline.noise: white and pink, the same samples for the same seed.

#include <algorithm>
#include <array>
#include <backline/plugin.hpp>
#include <limits>

#include "plugins/dsp/pink_filter.hpp"
#include "plugins/dsp/smoother.hpp"
#include "plugins/dsp/white_noise.hpp"

namespace {

namespace dsp = backline::dsp;
namespace sdk = backline::sdk;

class Noise final : public sdk::Plugin {
  public:
    static constexpr sdk::Info info{
        .id = "backline.noise",
        .name = "Noise",
        .vendor = "backline",
        .about = "Normally distributed noise on 1 to 8 uncorrelated channels; the level is its "
                 "RMS. Each seed is one noise, which setting it starts from the beginning.",
        .kind = BL_KIND_GENERATOR,
        .tail_s = std::numeric_limits<double>::infinity()};
    enum Ports : uint32_t { kOut };
    enum Params : uint32_t { kType, kLevel, kSeed };
    static constexpr uint32_t kChannels = 8;
    static constexpr bl_port ports[] = {sdk::main_out(kChannels, 1)};
    static constexpr const char* types[] = {"white", "pink"};
    static constexpr bl_param params[] = {
        sdk::choice(0, "type", "Type", types),
        sdk::number(1, "level", "Level", "dB", dsp::DecibelLaw::kFloor, 0.0, -18.0, BL_SCALE_DB),
        // Up to 2^24, which a 32-bit float still carries exactly.
        sdk::number(2, "seed", "Seed", "", 0.0, 16777216.0, 1.0, BL_SCALE_INTEGER)};

    void activate(const sdk::Activation& how) override {
        pink_.prepare(how.rate(), 0.0, 1.0, params[kType].def);
        const bl_param& level = params[kLevel];
        level_.prepare(how.rate(), level.min, level.max, level.def);
        for (Channel& channel : channels_)
            channel.pink.prepare(how.rate());
        seed_ = static_cast<uint64_t>(params[kSeed].def);
        reset();
    }

    bl_status process(sdk::Process p) noexcept override {
        const sdk::OutBus out = p.out(kOut);
        sdk::for_each_segment(
            p, [this](const bl_param_event& event) { set(event); },
            [&](uint32_t from, uint32_t to) {
                started_ = true;
                for (uint32_t n = 0; from < to; from += n) {
                    n = std::min(to - from, kChunk);
                    render(out, from, n);
                }
            });
        return BL_OK;
    }

    void reset() noexcept override {
        pink_.finish();
        level_.finish();
        restart();
        started_ = false;
    }

    uint64_t tail() const noexcept override { return UINT64_MAX; }

  private:
    static constexpr uint32_t kChunk = 64;
    using Values = std::array<double, kChunk>;

    struct Channel {
        dsp::WhiteNoise white;
        dsp::PinkFilter pink;
    };

    void set(const bl_param_event& event) noexcept {
        const auto go = [this](auto& to, double value) {
            started_ ? to.set(value) : to.jump(value);
        };
        switch (event.param) {
        case kType:
            go(pink_, event.value);
            break;
        case kLevel:
            go(level_, event.value);
            break;
        case kSeed:
            seed_ = static_cast<uint64_t>(event.value);
            restart();
            break;
        default:
            break;
        }
    }

    void restart() noexcept {
        for (uint32_t c = 0; c < kChannels; ++c) {
            channels_[c].white.seed(seed_, c);
            channels_[c].pink.reset();
        }
    }

    void render(sdk::OutBus out, uint32_t at, uint32_t n) noexcept {
        Values levels, shares;
        std::fill(levels.begin() + level_.ramp(levels.data(), n), levels.begin() + n,
                  level_.target());
        const uint32_t mixed = pink_.ramp(shares.data(), n);
        std::fill(shares.begin() + mixed, shares.begin() + n, pink_.target());
        for (uint32_t c = 0; c < out.channels(); ++c) {
            Channel& channel = channels_[c];
            float* y = out[c] + at;
            for (uint32_t i = 0; i < n; ++i) {
                // The filter always runs, so that pink sets in with its slow parts in motion.
                const double white = channel.white.next();
                const double pink = channel.pink.process(white);
                y[i] = static_cast<float>(levels[i] * (white + shares[i] * (pink - white)));
            }
        }
    }

    dsp::Smoothed<dsp::LinearLaw> pink_; ///< share of pink
    dsp::Smoothed<dsp::DecibelLaw> level_;
    uint64_t seed_ = 1;
    std::array<Channel, kChannels> channels_;
    bool started_ = false; ///< the first values apply without a ramp
};

} // namespace

BACKLINE_PLUGIN(Noise);
