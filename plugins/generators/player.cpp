// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later

/// @file
/// backline.player: plays a sound file (WAV, FLAC, Ogg and what else libsndfile reads), resampled
/// to the daemon's rate and streamed from disk.
///
/// - Output channel c plays channel c modulo the file's count: a mono file is heard on every
///   channel, a stereo file on a node of four twice. Channels of the file beyond the node's are
///   left out.
/// - `playing` starts and stops. It starts at the beginning of the file, whose first sample comes
///   out as it is; with `from_start` off it goes on where it stopped, or starts over when the file
///   had come to its end.
/// - `loop` decides at the last frame of the file. The seam has no gap and no click, resampled or
///   not, and at the file's own rate the period is exactly the file's length.
/// - Whatever starts or stops in the middle of the sound fades within 5 ms.
/// - When the disk is late the sound stops, goes on where it stopped once there is enough again,
///   and `underruns` counts.

#include "plugins/dsp/smoother.hpp"
#include "plugins/dsp/sound_stream.hpp"

#include <backline/plugin.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace backline;
using dsp::SoundStream;

class Player final : public sdk::Plugin, public sdk::Files<SoundStream> {
  public:
    static constexpr sdk::Info info{.id = "backline.player",
                                    .name = "Player",
                                    .vendor = "backline",
                                    .about = "Plays a sound file, streamed and resampled.",
                                    .kind = BL_KIND_GENERATOR,
                                    .tail_s = std::numeric_limits<double>::infinity()};
    static constexpr bl_port ports[] = {sdk::main_out(8)};

    enum Param : uint32_t { kFile, kPlaying, kLoop, kFromStart, kLevel };
    static constexpr bl_param params[] = {
        sdk::file(1, "file", "Sound file", "audio"), sdk::toggle(2, "playing", "Playing", true),
        sdk::toggle(3, "loop", "Loop"),
        sdk::toggle(4, "from_start", "Start at the beginning", true),
        sdk::number(5, "level", "Level", "dB", -96.0, 24.0, 0.0, BL_SCALE_DB)};

    enum Out : uint32_t { kPosition, kUnderruns };
    static constexpr bl_result results[] = {
        sdk::result(1, "position", "Place in the file", "s", 1, 10.0, 0.0),
        sdk::result(2, "underruns", "Times the disk was late", "", 1, 0.0, 0.0)};

    /// A job says which stream wants to be filled.
    struct Refill {
        SoundStream* stream;
    };
    static constexpr bl_worker worker = sdk::worker_bounds(sizeof(Refill), 8, 0, BL_WORK_IO);

    // ---- loader ----

    void activate(const sdk::Activation& how) override {
        rate_ = how.rate();
        channels_ = how.channels(0);
        // A second, and enough for some calls of the longest kind.
        ahead_ = std::max(static_cast<uint32_t>(rate_), 4 * how.max_frames());
        position_every_ = std::max<uint64_t>(1, std::llround(rate_ / 10.0));
        position_due_ = position_every_;
        level_.prepare(rate_, params[kLevel].min, params[kLevel].max, params[kLevel].def);
        gains_.assign(how.max_frames(), 0.0f);

        // A step seen through a Hann window: without a corner at either end.
        fade_.resize(static_cast<size_t>(std::max(1.0, std::round(rate_ * 0.005))));
        for (size_t i = 0; i < fade_.size(); ++i) {
            const double t = (static_cast<double>(i) + 0.5) / static_cast<double>(fade_.size());
            fade_[i] = static_cast<float>(
                t - std::sin(2.0 * std::numbers::pi * t) / (2.0 * std::numbers::pi));
        }
        leaving_.assign(fade_.size() * channels_, 0.0f);
        leaving_left_ = leaving_at_ = 0;

        playing_ = from_start_ = true;
        loop_ = false;
        underruns_ = 0;
        if (stream_) stream_->rewind(cursor_);
        cursor_ = {};
        start();
    }

    std::unique_ptr<SoundStream> open(uint32_t, const char* path) override {
        auto stream = std::make_unique<SoundStream>(path, rate_, channels_, ahead_);
        if (!stream->damage().empty()) warn(*stream);
        return stream;
    }

    // ---- audio ----

    std::unique_ptr<SoundStream> install(uint32_t,
                                         std::unique_ptr<SoundStream> next) noexcept override {
        fade_out();
        std::swap(stream_, next);
        cursor_ = {};
        since_refill_ = ahead_;
        start();
        return next;
    }

    void reset() noexcept override {
        leaving_left_ = 0;
        faded_in_ = cursor_.frame > 0 ? 0 : fade_frames();
        level_.finish();
    }

    uint64_t tail() const noexcept override { return UINT64_MAX; }

    bl_status process(sdk::Process p) noexcept override {
        if (late_ && stream_ && enough_again()) {
            late_ = false;
            faded_in_ = 0;
        }
        sdk::for_each_segment(
            p, [&](const bl_param_event& e) { set(e); },
            [&](uint32_t from, uint32_t to) {
                while (from < to)
                    from += render(p, from, to - from);
            });
        if (stream_) {
            stream_->release(cursor_);
            ask_for_refill(p.frames());
        }
        return BL_OK;
    }

    // ---- worker ----

    void work(std::span<const std::byte> job) override {
        SoundStream& stream = *reinterpret_cast<const Refill*>(job.data())->stream;
        const bool sound = stream.damage().empty();
        stream.refill();
        if (sound && !stream.damage().empty()) warn(stream);
    }

  private:
    void warn(const SoundStream& stream) const {
        host.log(BL_LOG_WARNING, ("the sound file ends early: " + stream.damage()).c_str());
    }
    uint32_t fade_frames() const noexcept { return static_cast<uint32_t>(fade_.size()); }
    bool sounding() const noexcept { return stream_ && playing_ && !late_; }

    void set(const bl_param_event& e) noexcept {
        const bool on = e.value >= 0.5;
        switch (e.param) {
        case kPlaying:
            if (on == playing_) break;
            if (!on) {
                fade_out();
            } else {
                if (stream_ && (from_start_ || cursor_.in_ending)) stream_->rewind(cursor_);
                start();
            }
            playing_ = on;
            break;
        case kLoop:
            loop_ = on;
            break;
        case kFromStart:
            from_start_ = on;
            break;
        case kLevel:
            level_.set(e.value);
            break;
        default:
            break;
        }
    }

    /// Makes ready to sound from the cursor on.
    void start() noexcept {
        late_ = false;
        faded_in_ = cursor_.frame > 0 ? 0 : fade_frames();
    }

    /// Puts what would sound next, fading, into `leaving_`, where it sounds on while the cursor
    /// stays or goes elsewhere.
    void fade_out() noexcept {
        if (!sounding()) return;
        const uint32_t frames = fade_frames();
        SoundStream::Cursor at = cursor_;
        for (uint32_t i = leaving_left_; i < frames; ++i)
            std::fill_n(&leaving_[leaving_index(i)], channels_, 0.0f);
        for (uint32_t i = 0; i < frames;) {
            const SoundStream::Piece piece = stream_->read(at, frames - i, loop_);
            if (piece.frames == 0) break;
            for (uint32_t j = 0; j < piece.frames; ++j, ++i) {
                float gain = fade_[frames - 1 - i];
                if (faded_in_ + i < frames) gain *= fade_[faded_in_ + i];
                for (uint32_t c = 0; c < channels_; ++c)
                    leaving_[leaving_index(i) + c] += gain * sample(piece, j, c);
            }
        }
        leaving_left_ = frames;
    }
    size_t leaving_index(uint32_t i) const noexcept {
        return (leaving_at_ + i) % fade_frames() * channels_;
    }
    float sample(const SoundStream::Piece& piece, uint32_t frame, uint32_t channel) const noexcept {
        const uint32_t count = stream_->channels();
        return piece.samples[size_t{frame} * count + channel % count];
    }

    /// Computes up to `frames` frames from `from` on and returns how many.
    uint32_t render(sdk::Process p, uint32_t from, uint32_t frames) noexcept {
        frames = static_cast<uint32_t>(std::min<uint64_t>(frames, position_due_));
        bool runs_dry = false;
        if (sounding()) {
            // What is needed for a fade is kept back, so that even this end is a soft one.
            const SoundStream::Ready ready = stream_->ready(cursor_, loop_);
            if (!ready.over && ready.frames < uint64_t{frames} + fade_frames()) {
                runs_dry = true;
                frames = static_cast<uint32_t>(ready.frames
                                               - std::min<uint64_t>(ready.frames, fade_frames()));
            }
        }
        play(p.out(0), from, frames);
        add_leaving(p.out(0), from, frames);
        apply_level(p.out(0), from, frames);

        const uint64_t now = p.time() + from + frames;
        if (runs_dry) {
            fade_out();
            late_ = true;
            host.emit(kUnderruns, now, static_cast<float>(++underruns_));
        }
        position_due_ -= frames;
        if (position_due_ == 0) {
            position_due_ = position_every_;
            if (stream_) host.emit(kPosition, now, static_cast<float>(stream_->seconds(cursor_)));
        }
        return frames;
    }

    void play(sdk::OutBus out, uint32_t from, uint32_t frames) noexcept {
        uint32_t done = 0;
        while (sounding() && done < frames) {
            const SoundStream::Piece piece = stream_->read(cursor_, frames - done, loop_);
            if (piece.frames == 0) break; // the file is over
            for (uint32_t c = 0; c < channels_; ++c) {
                float* to = out[c] + from + done;
                for (uint32_t i = 0; i < piece.frames; ++i)
                    to[i] = sample(piece, i, c);
                for (uint32_t i = 0; i < piece.frames && faded_in_ + i < fade_frames(); ++i)
                    to[i] *= fade_[faded_in_ + i];
            }
            faded_in_ = std::min(faded_in_ + piece.frames, fade_frames());
            done += piece.frames;
        }
        for (uint32_t c = 0; c < channels_; ++c)
            std::fill_n(out[c] + from + done, frames - done, 0.0f);
    }

    void add_leaving(sdk::OutBus out, uint32_t from, uint32_t frames) noexcept {
        const uint32_t n = std::min(frames, leaving_left_);
        for (uint32_t i = 0; i < n; ++i)
            for (uint32_t c = 0; c < channels_; ++c)
                out[c][from + i] += leaving_[leaving_index(i) + c];
        leaving_at_ = (leaving_at_ + n) % fade_frames();
        leaving_left_ -= n;
    }

    void apply_level(sdk::OutBus out, uint32_t from, uint32_t frames) noexcept {
        const uint32_t moving = level_.ramp(gains_.data(), frames);
        const auto settled = static_cast<float>(level_.target());
        for (uint32_t c = 0; c < channels_; ++c) {
            float* x = out[c] + from;
            for (uint32_t i = 0; i < moving; ++i)
                x[i] *= gains_[i];
            if (settled != 1.0f)
                for (uint32_t i = moving; i < frames; ++i)
                    x[i] *= settled;
        }
    }

    /// After an underrun a quarter of a second is waited for.
    bool enough_again() const noexcept {
        const SoundStream::Ready ready = stream_->ready(cursor_, loop_);
        return ready.over || ready.frames >= ahead_ / 4;
    }

    void ask_for_refill(uint32_t frames) noexcept {
        since_refill_ += frames;
        // Not in every cycle: one job fills the ring, and a late one would only queue up.
        if (!stream_->wants_refill() || since_refill_ < ahead_ / 16) return;
        since_refill_ = 0;
        if (auto* job = host.reserve<Refill>()) {
            job->stream = stream_.get();
            host.submit();
        }
    }

    double rate_ = 0.0;
    uint32_t channels_ = 0;
    uint32_t ahead_ = 0; ///< frames of a stream's head
    std::unique_ptr<SoundStream> stream_;
    SoundStream::Cursor cursor_;
    bool playing_ = true, loop_ = false, from_start_ = true;
    bool late_ = false; ///< silent since an underrun
    dsp::Smoothed<dsp::DecibelLaw> level_;
    std::vector<float> gains_;   ///< scratch
    std::vector<float> fade_;    ///< rising
    uint32_t faded_in_ = 0;      ///< place in it; its length: no longer fading
    std::vector<float> leaving_; ///< interleaved, circular: sound cut off, fading
    uint32_t leaving_at_ = 0, leaving_left_ = 0;
    uint64_t position_every_ = 1, position_due_ = 1; ///< frames
    uint64_t since_refill_ = UINT32_MAX;             ///< frames since the last job
    uint64_t underruns_ = 0;
};

} // namespace

BACKLINE_PLUGIN(Player);
