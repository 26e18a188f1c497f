// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later

/// @file
/// backline.level: peak, RMS and clip count of every channel. It only listens: connect it beside
/// the signal path.
///
/// - `peak`: largest sample magnitude since the previous frame of this result; none is missed.
/// - `rms`: over the last 300 ms, weighted equally. 0 dBFS is a full-scale square wave; a
///   full-scale sine reads -3.01 (AES17 adds 3.01 dB to that).
/// - `clips`: samples at or beyond 32767/32768 since activation or reset.
///
/// Sums are kept in blocks of 10 ms and frames leave at the end of a block.

#include "plugins/dsp/level_meter.hpp"

#include <backline/plugin.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace {

using namespace backline;

class Level final : public sdk::Plugin {
  public:
    static constexpr sdk::Info info{.id = "backline.level",
                                    .name = "Level",
                                    .vendor = "backline",
                                    .about = "Peak and RMS level and clip count per channel.",
                                    .kind = BL_KIND_ANALYSIS};
    static constexpr uint32_t kChannels = 8;
    static constexpr bl_port ports[] = {sdk::main_in(kChannels)};

    enum Param : uint32_t { kRate };
    static constexpr bl_param params[] = {
        sdk::number(1, "rate", "Frames per second", "Hz", 1.0, 50.0, 20.0)};

    enum Out : uint32_t { kPeak, kRms, kClips };
    static constexpr bl_result results[] = {
        sdk::result(1, "peak", "Sample peak", "dBFS", kChannels, 0.0, -200.0),
        sdk::result(2, "rms", "RMS over 300 ms", "dBFS", kChannels, 0.0, -200.0),
        sdk::result(3, "clips", "Clipped samples", "", kChannels, 0.0, 0.0)};

    void activate(const sdk::Activation& how) override {
        block_ = std::max(1u, static_cast<uint32_t>(std::lround(how.rate() / kBlocksPerSecond)));
        meters_.assign(how.channels(0), dsp::LevelMeter(block_, 30));
        rate_ = params[kRate].def;
        reset();
    }

    void reset() noexcept override {
        for (dsp::LevelMeter& meter : meters_)
            meter.reset();
        at_ = 0;
        due_ = 0.0;
        since_ = 0;
    }

    /// Silence is a reading too: the host must not stop calling when there is no signal.
    uint64_t tail() const noexcept override { return UINT64_MAX; }

    bl_status process(sdk::Process p) noexcept override {
        sdk::for_each_segment(
            p, [&](const bl_param_event& e) { rate_ = e.value; },
            [&](uint32_t from, uint32_t to) { measure(p, from, to); });
        return BL_OK;
    }

  private:
    static constexpr double kBlocksPerSecond = 100.0;

    void measure(sdk::Process p, uint32_t from, uint32_t to) noexcept {
        const sdk::InBus in = p.in(0);
        while (from < to) {
            const uint32_t n = std::min(to - from, block_ - at_);
            for (uint32_t c = 0; c < in.channels(); ++c) {
                if (in.silent(c))
                    meters_[c].add_silence(n);
                else
                    meters_[c].add(in[c] + from, n);
            }
            at_ += n;
            from += n;
            if (at_ == block_) end_block(p.time() + from);
        }
    }

    void end_block(uint64_t now) noexcept {
        at_ = 0;
        since_ += block_;
        for (dsp::LevelMeter& meter : meters_)
            meter.end_block();
        due_ += rate_;
        if (due_ < kBlocksPerSecond) return;
        due_ -= kBlocksPerSecond;

        std::array<float, kChannels> peak{}, rms{}, clips{};
        for (size_t c = 0; c < meters_.size(); ++c) {
            const double largest = double{meters_[c].take_peak()};
            peak[c] = static_cast<float>(dsp::power_db(largest * largest));
            rms[c] = static_cast<float>(dsp::power_db(meters_[c].mean_square()));
            clips[c] = static_cast<float>(meters_[c].clips());
        }
        const uint64_t window = meters_.empty() ? 0 : meters_[0].window_frames();
        host.emit(kPeak, now - since_ / 2, std::span(peak).first(meters_.size()));
        host.emit(kRms, now - window / 2, std::span(rms).first(meters_.size()));
        host.emit(kClips, now, std::span(clips).first(meters_.size()));
        since_ = 0;
    }

    std::vector<dsp::LevelMeter> meters_;
    uint32_t block_ = 1;
    uint32_t at_ = 0;    ///< frames in the open block
    uint64_t since_ = 0; ///< frames since the last emitted peak
    double rate_ = 20.0; ///< result frames per second
    double due_ = 0.0;   ///< grows by rate_ per block; a frame is due at kBlocksPerSecond
};

} // namespace

BACKLINE_PLUGIN(Level);
