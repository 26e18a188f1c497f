// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later

/// @file
/// backline.filter: second-order low-, high-, band-pass and notch.

#include <algorithm>
#include <array>
#include <atomic>
#include <backline/plugin.hpp>

#include "plugins/dsp/smoother.hpp"
#include "plugins/dsp/svf.hpp"

namespace {

namespace dsp = backline::dsp;
namespace sdk = backline::sdk;

/// Seconds until a resonance has decayed by 120 dB: its envelope is exp(-pi f t / Q).
constexpr double ringing(double cutoff, double q) {
    return 4.398 * q / cutoff;
}

class Filter final : public sdk::Plugin {
  public:
    enum Ports : uint32_t { kIn, kOut };
    enum Params : uint32_t { kType, kCutoff, kResonance };
    static constexpr uint32_t kChannels = 8;
    static constexpr const char* types[] = {"low", "high", "band", "notch"};
    static constexpr bl_param params[] = {
        sdk::choice(0, "type", "Type", types),
        sdk::number(1, "cutoff", "Cutoff", "Hz", 20.0, 20000.0, 1000.0, BL_SCALE_LOG),
        sdk::number(2, "resonance", "Resonance (Q)", "", 0.5, 20.0, 0.7071067811865476,
                    BL_SCALE_LOG)};
    static constexpr bl_port ports[] = {sdk::main_in(kChannels),
                                        sdk::main_out(kChannels, 2, BL_PORT_IN_PLACE)};
    static constexpr sdk::Info info{
        .id = "backline.filter",
        .name = "Filter",
        .vendor = "backline",
        .about = "State-variable filter, 12 dB per octave; the band-pass peaks at 0 dB.",
        .tail_s = ringing(20.0, 20.0)};

    void activate(const sdk::Activation& how) override {
        rate_ = how.rate();
        const bl_param& cutoff = params[kCutoff];
        const bl_param& resonance = params[kResonance];
        cutoff_.prepare(rate_, cutoff.min, cutoff.max, cutoff.def);
        resonance_.prepare(rate_, resonance.min, resonance.max, resonance.def);
        for (size_t i = 0; i < mix_.size(); ++i)
            mix_[i].prepare(rate_, -1.0, 1.0, kMixes[0][i]);
        reset();
    }

    bl_status process(sdk::Process p) noexcept override {
        sdk::for_each_segment(
            p, [this](const bl_param_event& event) { set(event); },
            [&](uint32_t from, uint32_t to) {
                started_ = true;
                render(p.in(kIn), p.out(kOut), from, to);
            });
        return BL_OK;
    }

    void reset() noexcept override {
        cutoff_.finish();
        resonance_.finish();
        for (auto& weight : mix_)
            weight.finish();
        for (dsp::Svf& filter : filters_)
            filter.reset();
        settle();
        started_ = false;
    }

    uint64_t tail() const noexcept override { return tail_.load(std::memory_order_relaxed); }

  private:
    using Coefficients = dsp::Svf::Coefficients;
    /// Shares of low, band and high in the output.
    using Mix = std::array<double, 3>;
    static constexpr Mix kMixes[] = {{1, 0, 0}, {0, 0, 1}, {0, 1, 0}, {1, 0, 1}};

    /// One frame's settings, all channels alike.
    struct Frame {
        Coefficients coefficients;
        Mix mix;
    };

    void set(const bl_param_event& event) noexcept {
        const auto go = [this](auto& to, double value) {
            started_ ? to.set(value) : to.jump(value);
        };
        switch (event.param) {
        case kType:
            for (size_t i = 0; i < mix_.size(); ++i)
                go(mix_[i], kMixes[static_cast<size_t>(event.value)][i]);
            break;
        case kCutoff:
            go(cutoff_, event.value);
            break;
        case kResonance:
            go(resonance_, event.value);
            break;
        default:
            break;
        }
        settle();
    }

    /// Derives what holds once nothing moves any more.
    void settle() noexcept {
        const double cutoff = cutoff_.target();
        const double q = resonance_.target();
        settled_ = {Coefficients::of(cutoff, q, rate_),
                    {mix_[0].target(), mix_[1].target(), mix_[2].target()}};
        tail_.store(static_cast<uint64_t>(ringing(cutoff, q) * rate_), std::memory_order_relaxed);
    }

    uint32_t moving() const noexcept {
        uint32_t frames = std::max(cutoff_.moving(), resonance_.moving());
        for (const auto& weight : mix_)
            frames = std::max(frames, weight.moving());
        return frames;
    }

    void render(sdk::InBus in, sdk::OutBus out, uint32_t at, uint32_t to) noexcept {
        while (at < to && moving() > 0) {
            std::array<Frame, 32> ramp;
            const uint32_t n = std::min({moving(), to - at, static_cast<uint32_t>(ramp.size())});
            for (uint32_t i = 0; i < n; ++i) {
                const double cutoff = cutoff_.next();
                const double q = resonance_.next();
                ramp[i] = {Coefficients::of(cutoff, q, rate_),
                           {mix_[0].next(), mix_[1].next(), mix_[2].next()}};
            }
            filter(in, out, at, n, [&](uint32_t i) -> const Frame& { return ramp[i]; });
            at += n;
        }
        const Frame settled = settled_;
        filter(in, out, at, to - at, [&](uint32_t) -> const Frame& { return settled; });
    }

    template <class FrameAt>
    void filter(sdk::InBus in, sdk::OutBus out, uint32_t at, uint32_t n,
                FrameAt&& frame_at) noexcept {
        for (uint32_t c = 0; c < out.channels(); ++c) {
            dsp::Svf state = filters_[c];
            const float* x = in[c] + at;
            float* y = out[c] + at;
            for (uint32_t i = 0; i < n; ++i) {
                const Frame& frame = frame_at(i);
                const auto parts = state.process(x[i], frame.coefficients);
                y[i] = static_cast<float>(frame.mix[0] * parts.low + frame.mix[1] * parts.band
                                          + frame.mix[2] * parts.high);
            }
            filters_[c] = state;
        }
    }

    double rate_ = 48000.0;
    dsp::Smoothed<dsp::LogLaw> cutoff_, resonance_;
    std::array<dsp::Smoothed<dsp::LinearLaw>, 3> mix_;
    Frame settled_{};
    std::array<dsp::Svf, kChannels> filters_;
    std::atomic<uint64_t> tail_ = 0;
    bool started_ = false; ///< the first values apply without a ramp
};

} // namespace

BACKLINE_PLUGIN(Filter);
