// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later

/// @file
/// backline.delay: an echo of up to 5 s whose time glides like a tape machine's.

#include <algorithm>
#include <array>
#include <atomic>
#include <backline/plugin.hpp>
#include <cmath>

#include "plugins/dsp/delay_line.hpp"
#include "plugins/dsp/smoother.hpp"

namespace {

namespace dsp = backline::dsp;
namespace sdk = backline::sdk;

class Delay final : public sdk::Plugin {
  public:
    enum Ports : uint32_t { kIn, kOut };
    enum Params : uint32_t { kTime, kFeedback, kMix };
    static constexpr uint32_t kChannels = 8;
    static constexpr double kTailSeconds = 600.0; ///< no longer tail is announced
    static constexpr bl_param params[] = {
        sdk::number(0, "time", "Time", "ms", 0.0, 5000.0, 500.0),
        sdk::number(1, "feedback", "Feedback", "", 0.0, 0.999, 0.3),
        sdk::number(2, "mix", "Mix", "", 0.0, 1.0, 0.5)};
    static constexpr bl_port ports[] = {sdk::main_in(kChannels),
                                        sdk::main_out(kChannels, 2, BL_PORT_IN_PLACE)};
    static constexpr sdk::Info info{
        .id = "backline.delay",
        .name = "Delay",
        .vendor = "backline",
        .about = "Interpolated echo with feedback. A new time is glided to, changing the pitch of "
                 "what is in the line by up to half; mix runs from dry (0) to echoes alone (1).",
        .tail_s = kTailSeconds};

    void activate(const sdk::Activation& how) override {
        per_ms_ = how.rate() / 1000.0;
        channels_ = how.channels(kIn);
        const double longest = params[kTime].max * per_ms_;
        goal_ = place_ = params[kTime].def * per_ms_;
        delay_.prepare(how.rate(), 0.0, longest, goal_);
        const bl_param& feedback = params[kFeedback];
        feedback_.prepare(how.rate(), feedback.min, feedback.max, feedback.def);
        const bl_param& mix = params[kMix];
        mix_.prepare(how.rate(), mix.min, mix.max, mix.def);
        for (uint32_t c = 0; c < channels_; ++c)
            lines_[c].prepare(static_cast<size_t>(std::ceil(longest)));
        reset();
    }

    bl_status process(sdk::Process p) noexcept override {
        sdk::for_each_segment(
            p, [this](const bl_param_event& event) { set(event); },
            [&](uint32_t from, uint32_t to) {
                started_ = true;
                render(p.in(kIn), p.out(kOut), from, to);
            });
        announce_tail();
        return BL_OK;
    }

    void reset() noexcept override {
        place_ = goal_;
        delay_.jump(goal_);
        feedback_.finish();
        mix_.finish();
        for (dsp::DelayLine& line : lines_)
            line.reset();
        settled_ = {dsp::DelayTap::at(goal_), static_cast<float>(feedback_.target()),
                    static_cast<float>(mix_.target())};
        started_ = false;
        announce_tail();
    }

    uint64_t tail() const noexcept override { return tail_.load(std::memory_order_relaxed); }

  private:
    /// Frames of delay per frame while gliding: the pitch goes to 0.5 or 1.5 of itself.
    static constexpr double kGlide = 0.5;

    /// One frame's settings, all channels alike.
    struct Frame {
        dsp::DelayTap tap;
        float feedback, mix;
    };

    void set(const bl_param_event& event) noexcept {
        const auto go = [this](auto& to, double value) {
            started_ ? to.set(value) : to.jump(value);
        };
        switch (event.param) {
        case kTime:
            goal_ = event.value * per_ms_;
            if (!started_) delay_.jump(place_ = goal_);
            break;
        case kFeedback:
            go(feedback_, event.value);
            break;
        case kMix:
            go(mix_, event.value);
            break;
        default:
            break;
        }
        settled_ = {dsp::DelayTap::at(goal_), static_cast<float>(feedback_.target()),
                    static_cast<float>(mix_.target())};
    }

    bool moving() const noexcept {
        return place_ != goal_ || delay_.moving() > 0 || feedback_.moving() > 0
               || mix_.moving() > 0;
    }

    /// Moves on by one frame: at constant speed towards the goal, the corners of that rounded by
    /// the smoother.
    Frame next() noexcept {
        if (place_ != goal_) {
            place_ += std::clamp(goal_ - place_, -kGlide, kGlide);
            delay_.set(place_);
        }
        const double delay = delay_.next();
        const auto feedback = static_cast<float>(feedback_.next());
        return {dsp::DelayTap::at(delay), feedback, static_cast<float>(mix_.next())};
    }

    void render(sdk::InBus in, sdk::OutBus out, uint32_t at, uint32_t to) noexcept {
        while (at < to && moving()) {
            std::array<Frame, 32> ramp;
            uint32_t n = 0;
            while (n < ramp.size() && at + n < to && moving())
                ramp[n++] = next();
            echo(in, out, at, n, [&](uint32_t i) -> const Frame& { return ramp[i]; });
            at += n;
        }
        const Frame settled = settled_;
        echo(in, out, at, to - at, [&](uint32_t) -> const Frame& { return settled; });
    }

    template <class FrameAt>
    void echo(sdk::InBus in, sdk::OutBus out, uint32_t at, uint32_t n,
              FrameAt&& frame_at) noexcept {
        for (uint32_t c = 0; c < out.channels(); ++c) {
            dsp::DelayLine& line = lines_[c];
            const float* x = in[c] + at;
            float* y = out[c] + at;
            for (uint32_t i = 0; i < n; ++i) {
                const Frame& frame = frame_at(i);
                const float dry = x[i];
                line.push(dry);
                const float wet = line.read(frame.tap);
                line.add(frame.feedback * wet);
                y[i] = (1.0f - frame.mix) * dry + frame.mix * wet;
            }
        }
    }

    /// Until the repeats are 120 dB down.
    void announce_tail() noexcept {
        const double repeats =
            feedback_.target() > 0.0 ? std::ceil(-6.0 / std::log10(feedback_.target())) : 0.0;
        const double longest = std::max(delay_.target(), goal_) + dsp::DelayTap::kMaxTaps;
        const double cap = kTailSeconds * 1000.0 * per_ms_;
        const double frames = std::min((repeats + 1.0) * longest, cap);
        tail_.store(static_cast<uint64_t>(frames), std::memory_order_relaxed);
    }

    double per_ms_ = 48.0; ///< frames
    uint32_t channels_ = 0;
    double goal_ = 0.0, place_ = 0.0; ///< delay in frames: as set, and how far the glide has come
    dsp::Smoother delay_;
    dsp::Smoothed<dsp::LinearLaw> feedback_, mix_;
    Frame settled_{};
    std::array<dsp::DelayLine, kChannels> lines_;
    std::atomic<uint64_t> tail_ = 0;
    bool started_ = false; ///< the first values apply without a ramp
};

} // namespace

BACKLINE_PLUGIN(Delay);
