// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later

/// @file
/// backline.mixer: eight mono or stereo inputs to one stereo output.

#include <algorithm>
#include <array>
#include <backline/plugin.hpp>

#include "plugins/dsp/pan.hpp"
#include "plugins/dsp/smoother.hpp"

namespace {

namespace dsp = backline::dsp;
namespace sdk = backline::sdk;

constexpr uint32_t kInputs = 8;

constexpr bl_port input(const char* symbol, const char* name, uint32_t role = 0) {
    return sdk::audio(BL_INPUT, symbol, name, BL_PORT_FOLLOWS | role, 1, 2, 2);
}
constexpr bl_param gain(uint32_t id, const char* symbol, const char* name) {
    return sdk::number(id, symbol, name, "dB", dsp::DecibelLaw::kFloor, 24.0, 0.0, BL_SCALE_DB);
}
constexpr bl_param pan(uint32_t id, const char* symbol, const char* name) {
    return sdk::number(id, symbol, name, "", -1.0, 1.0, 0.0);
}

class Mixer final : public sdk::Plugin {
  public:
    static constexpr sdk::Info info{
        .id = "backline.mixer",
        .name = "Mixer",
        .vendor = "backline",
        .about = "Eight inputs with gain, pan and mute to stereo. A mono input is panned at "
                 "constant power, -3 dB in the middle; a stereo input is balanced."};
    static constexpr uint32_t kOut = kInputs;
    static constexpr bl_port ports[] = {
        input("in1", "Input 1", BL_PORT_MAIN),
        input("in2", "Input 2"),
        input("in3", "Input 3"),
        input("in4", "Input 4"),
        input("in5", "Input 5"),
        input("in6", "Input 6"),
        input("in7", "Input 7"),
        input("in8", "Input 8"),
        sdk::audio(BL_OUTPUT, "out", "Output", BL_PORT_MAIN, 2, 2, 2)};
    enum Kind : uint32_t { kGain, kPan, kMute, kKinds }; ///< of parameter 3 * input + kind
    static constexpr bl_param params[] = {
        gain(0, "gain1", "Gain 1"),  pan(1, "pan1", "Pan 1"),  sdk::toggle(2, "mute1", "Mute 1"),
        gain(3, "gain2", "Gain 2"),  pan(4, "pan2", "Pan 2"),  sdk::toggle(5, "mute2", "Mute 2"),
        gain(6, "gain3", "Gain 3"),  pan(7, "pan3", "Pan 3"),  sdk::toggle(8, "mute3", "Mute 3"),
        gain(9, "gain4", "Gain 4"),  pan(10, "pan4", "Pan 4"), sdk::toggle(11, "mute4", "Mute 4"),
        gain(12, "gain5", "Gain 5"), pan(13, "pan5", "Pan 5"), sdk::toggle(14, "mute5", "Mute 5"),
        gain(15, "gain6", "Gain 6"), pan(16, "pan6", "Pan 6"), sdk::toggle(17, "mute6", "Mute 6"),
        gain(18, "gain7", "Gain 7"), pan(19, "pan7", "Pan 7"), sdk::toggle(20, "mute7", "Mute 7"),
        gain(21, "gain8", "Gain 8"), pan(22, "pan8", "Pan 8"), sdk::toggle(23, "mute8", "Mute 8")};

    void activate(const sdk::Activation& how) override {
        for (uint32_t i = 0; i < kInputs; ++i)
            strips_[i].prepare(how.rate(), how.channels(i) == 2);
        started_ = false;
    }

    bl_status process(sdk::Process p) noexcept override {
        sdk::for_each_segment(
            p,
            [this](const bl_param_event& event) {
                strips_[event.param / kKinds].set(event.param % kKinds, event.value, started_);
            },
            [&](uint32_t from, uint32_t to) {
                started_ = true;
                for (uint32_t n = 0; from < to; from += n) {
                    n = std::min(to - from, kChunk);
                    render(p, from, n);
                }
            });
        return BL_OK;
    }

    void reset() noexcept override {
        for (Strip& strip : strips_)
            strip.finish();
        started_ = false;
    }

  private:
    static constexpr uint32_t kChunk = 64;
    using Sum = std::array<double, kChunk>;

    /// One input's way to the output.
    class Strip {
      public:
        void prepare(double rate, bool stereo) {
            const bl_param& range = params[kGain];
            stereo_ = stereo;
            position_ = 0.0;
            mute_ = false;
            const dsp::StereoGain sides = this->sides();
            gain_.prepare(rate, range.min, range.max, range.def);
            left_.prepare(rate, 0.0, 1.0, sides.left);
            right_.prepare(rate, 0.0, 1.0, sides.right);
        }

        void set(uint32_t kind, double value, bool gliding) noexcept {
            const auto go = [gliding](auto& to, double target) {
                gliding ? to.set(target) : to.jump(target);
            };
            if (kind == kGain) return go(gain_, value);
            if (kind == kPan)
                position_ = value;
            else
                mute_ = value >= 0.5;
            const dsp::StereoGain sides = this->sides();
            go(left_, sides.left);
            go(right_, sides.right);
        }

        void finish() noexcept {
            gain_.finish();
            left_.finish();
            right_.finish();
        }

        /// Adds the first `n` <= kChunk frames of the input's channels, or of silence (nullptr).
        void add(const float* in_left, const float* in_right, uint32_t n, Sum& left,
                 Sum& right) noexcept {
            const uint32_t moving =
                std::min(std::max({gain_.moving(), left_.moving(), right_.moving()}), n);
            Sum ramp_left, ramp_right;
            for (uint32_t i = 0; i < moving; ++i) {
                const double gain = gain_.next();
                ramp_left[i] = gain * left_.next();
                ramp_right[i] = gain * right_.next();
            }
            if (in_left == nullptr) return;
            std::fill(ramp_left.begin() + moving, ramp_left.begin() + n,
                      gain_.target() * left_.target());
            std::fill(ramp_right.begin() + moving, ramp_right.begin() + n,
                      gain_.target() * right_.target());
            for (uint32_t i = 0; i < n; ++i) {
                left[i] += ramp_left[i] * in_left[i];
                right[i] += ramp_right[i] * in_right[i];
            }
        }

      private:
        /// Pan and mute together, so that both fade alike.
        dsp::StereoGain sides() const noexcept {
            if (mute_) return {0.0, 0.0};
            return stereo_ ? dsp::balance(position_) : dsp::constant_power_pan(position_);
        }

        dsp::Smoothed<dsp::DecibelLaw> gain_;
        dsp::Smoothed<dsp::LinearLaw> left_, right_;
        double position_ = 0.0;
        bool mute_ = false, stereo_ = true;
    };

    /// Sums in double: eight inputs cost at most one rounding.
    void render(sdk::Process p, uint32_t at, uint32_t n) noexcept {
        Sum left{}, right{};
        for (uint32_t i = 0; i < kInputs; ++i) {
            const sdk::InBus in = p.in(i);
            const uint32_t second = in.channels() - 1; // of a mono input its only channel
            const bool silent = in.silent(0) && in.silent(second);
            strips_[i].add(silent ? nullptr : in[0] + at, silent ? nullptr : in[second] + at, n,
                           left, right);
        }
        const sdk::OutBus out = p.out(kOut);
        for (uint32_t i = 0; i < n; ++i) {
            out[0][at + i] = static_cast<float>(left[i]);
            out[1][at + i] = static_cast<float>(right[i]);
        }
    }

    std::array<Strip, kInputs> strips_;
    bool started_ = false; ///< the first values apply without a ramp
};

} // namespace

BACKLINE_PLUGIN(Mixer);
