// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later

/// @file
/// backline.impulse: single samples, once or periodically.

#include <algorithm>
#include <backline/plugin.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

#include "plugins/dsp/decibel.hpp"

namespace {

namespace dsp = backline::dsp;
namespace sdk = backline::sdk;

class Impulse final : public sdk::Plugin {
  public:
    static constexpr sdk::Info info{
        .id = "backline.impulse",
        .name = "Impulse",
        .vendor = "backline",
        .about = "One sample of the given level at the start and every period thereafter, the "
                 "same on 1 to 8 channels; the times of fractional periods are rounded, not "
                 "their sum.",
        .kind = BL_KIND_GENERATOR,
        .tail_s = std::numeric_limits<double>::infinity()};
    enum Ports : uint32_t { kOut };
    enum Params : uint32_t { kPeriod, kLevel };
    static constexpr double kSilence = -96.0;
    static constexpr bl_port ports[] = {sdk::main_out(8, 1)};
    static constexpr bl_param params[] = {
        sdk::number(0, "period", "Period (0: once)", "ms", 0.0, 60000.0, 1000.0),
        sdk::number(1, "level", "Level", "dB", kSilence, 0.0, 0.0, BL_SCALE_DB)};

    void activate(const sdk::Activation& how) override {
        per_ms_ = how.rate() / 1000.0;
        set_period(params[kPeriod].def);
        set_level(params[kLevel].def);
        reset();
    }

    bl_status process(sdk::Process p) noexcept override {
        const sdk::OutBus out = p.out(kOut);
        sdk::for_each_segment(
            p,
            [this](const bl_param_event& event) {
                event.param == kPeriod ? set_period(event.value) : set_level(event.value);
            },
            [&](uint32_t from, uint32_t to) { render(out, from, to); });
        return BL_OK;
    }

    void reset() noexcept override {
        pending_ = true;
        since_ = 0;
        error_ = 0.0;
    }

    uint64_t tail() const noexcept override { return UINT64_MAX; }

  private:
    void set_period(double ms) noexcept {
        period_ = ms > 0.0 ? std::max(ms * per_ms_, 1.0) : std::numeric_limits<double>::max();
    }
    void set_level(double db) noexcept {
        level_ = db > kSilence ? static_cast<float>(dsp::amplitude_of(db)) : 0.0f;
    }

    void render(sdk::OutBus out, uint32_t at, uint32_t to) noexcept {
        for (uint32_t c = 0; c < out.channels(); ++c)
            std::fill(out[c] + at, out[c] + to, 0.0f);
        for (;;) {
            // The next impulse falls on the frame nearest to one period after the last was due.
            const double due = pending_ ? 0.0 : std::ceil(period_ - error_ - 0.5);
            const double wait = std::max(due - static_cast<double>(since_), 0.0);
            if (wait >= to - at) break;
            at += static_cast<uint32_t>(wait);
            for (uint32_t c = 0; c < out.channels(); ++c)
                out[c][at] = level_;
            // A period made shorter than what has passed starts afresh.
            const bool on_time = !pending_ && due >= static_cast<double>(since_);
            error_ = on_time ? error_ + due - period_ : 0.0;
            since_ = 0;
            pending_ = false;
        }
        since_ += to - at;
    }

    double per_ms_ = 48.0; ///< frames
    double period_ = 1.0;  ///< in frames; max(): never again
    uint64_t since_ = 0;   ///< whole frames since the last impulse
    double error_ = 0.0;   ///< how much later than due that was, within half a frame
    bool pending_ = true;  ///< the first one is still to come
    float level_ = 1.0f;
};

} // namespace

BACKLINE_PLUGIN(Impulse);
