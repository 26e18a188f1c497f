// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// @file
/// A sound file as an endless stream of frames at a given rate: libsndfile reads, libsamplerate
/// resamples.

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <samplerate.h>
#include <sndfile.h>
#include <span>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <type_traits>
#include <utility>
#include <vector>

namespace backline::dsp {

/// Repeats a file for ever. The resampler's state is carried across the seam, so the stream is what
/// the file written end to end without limit would resample to: no gap, and the period is the
/// file's own even where it is no whole number of frames. Where the file ends, ending() tells how
/// the sound would have ended instead.
///
/// Reads, allocates and computes: not for the audio thread. One thread at a time. The frames are a
/// function of the file, the rate and the channels alone.
class SoundSource {
  public:
    /// Opens `path` for `rate` frames per second, keeping its first `channels_max` channels.
    /// Throws std::runtime_error that names the file and what is wrong with it.
    SoundSource(const std::string& path, double rate, uint32_t channels_max)
        : name_(path.substr(path.find_last_of('/') + 1)) {
        struct stat status {};
        if (stat(path.c_str(), &status) != 0) fail(std::strerror(errno));
        if (!S_ISREG(status.st_mode)) fail("is not a regular file");
        SF_INFO info{};
        file_.reset(sf_open(path.c_str(), SFM_READ, &info));
        if (!file_)
            fail(std::string("is not a sound file that can be read (WAV, FLAC, Ogg, AIFF, ...): ")
                 + sf_strerror(nullptr));
        file_channels_ = static_cast<uint32_t>(info.channels);
        file_rate_ = info.samplerate;
        channels_ = std::min(file_channels_, std::max(channels_max, 1u));
        raw_.resize(size_t{kChunk} * file_channels_);
        if (static_cast<double>(file_rate_) != rate) make_resampler(rate);
        keep_if_short(info.frames);
    }

    /// Channels of the stream: those of the file, or channels_max when it has more.
    uint32_t channels() const noexcept { return channels_; }

    /// The next frames, interleaved, valid until the next call; at_seam() says whether the file
    /// ends after them. May be empty there.
    std::span<const float> next() {
        if (at_seam_) start();
        uint32_t frames = 0;
        const float* in = read(frames);
        at_seam_ = frames < kChunk;
        if (at_seam_) {
            // A file that can no longer be read must not be read for ever.
            if (pass_frames_ + frames == 0) return silence();
            passes_frames_ += pass_frames_ + frames;
        }
        pass_frames_ += frames;
        if (!resampler_) return {in, size_t{frames} * channels_};
        return resample(resampler_.get(), in, frames, false);
    }

    /// Whether the file ends, and starts again, after the frames of the last next().
    bool at_seam() const noexcept { return at_seam_; }
    /// At the seam: the frames to come if the file is not repeated (the rest of the resampler's
    /// filter), interleaved, valid until the next call.
    std::span<const float> ending() {
        if (!resampler_) return {};
        int error = 0;
        const Resampler copy(src_clone(resampler_.get(), &error));
        if (!copy) throw std::runtime_error(src_strerror(error));
        return resample(copy.get(), raw_.data(), 0, true);
    }
    /// At the seam: length of all passes of the file so far, in seconds of the file.
    double seconds() const noexcept {
        return static_cast<double>(passes_frames_) / static_cast<double>(file_rate_);
    }

    /// Starts over as if newly opened.
    void restart() {
        start();
        passes_frames_ = 0;
        if (resampler_) src_reset(resampler_.get());
    }

    /// Why the file could not be read to its end, or "".
    const std::string& damage() const noexcept { return damage_; }

  private:
    /// Frames read at a time. Always the same, so that the resampler's arithmetic never depends on
    /// when it is called.
    static constexpr uint32_t kChunk = 1024;
    /// Files of no more samples than these are kept in memory (2 MiB).
    static constexpr size_t kShort = size_t{1} << 19;

    struct CloseFile {
        void operator()(SNDFILE* file) const noexcept { sf_close(file); }
    };
    struct DeleteResampler {
        void operator()(SRC_STATE* state) const noexcept { src_delete(state); }
    };
    using File = std::unique_ptr<SNDFILE, CloseFile>;
    using Resampler = std::unique_ptr<SRC_STATE, DeleteResampler>;

    [[noreturn]] void fail(const std::string& why) const {
        throw std::runtime_error("sound file \"" + name_ + "\": " + why);
    }

    void make_resampler(double rate) {
        ratio_ = rate / static_cast<double>(file_rate_);
        if (src_is_valid_ratio(ratio_) == 0)
            fail("cannot be resampled from " + std::to_string(file_rate_) + " Hz");
        int error = 0;
        // 119 dB signal to noise and 90 % of the bandwidth at a third of the cost of BEST.
        resampler_.reset(src_new(SRC_SINC_MEDIUM_QUALITY, static_cast<int>(channels_), &error));
        if (!resampler_) fail(src_strerror(error));
    }

    /// Reads a short file whole; of a longer one no more than proves that it can be read.
    void keep_if_short(sf_count_t frames) {
        const auto known = static_cast<uint64_t>(std::max<sf_count_t>(frames, 0));
        const uint64_t limit = kShort / channels_;
        std::vector<float> samples;
        uint32_t got = kChunk;
        while (got == kChunk && samples.size() < limit * channels_) {
            const float* in = read(got);
            samples.insert(samples.end(), in, in + size_t{got} * channels_);
            if (known > limit) break;
        }
        if (samples.empty()) fail("holds no sound" + (damage_.empty() ? "" : ": " + damage_));
        if (got < kChunk) {
            samples.shrink_to_fit();
            memory_ = std::move(samples);
            file_.reset();
        }
        start();
    }

    void start() {
        position_ = 0;
        pass_frames_ = 0;
        at_seam_ = false;
        if (file_) sf_seek(file_.get(), 0, SEEK_SET);
    }

    /// Up to kChunk frames with the channels kept; fewer only at the end of the file.
    const float* read(uint32_t& frames) {
        if (!file_) {
            const size_t left = memory_.size() / channels_ - position_;
            frames = static_cast<uint32_t>(std::min<size_t>(kChunk, left));
            const float* in = memory_.data() + position_ * channels_;
            position_ += frames;
            return in;
        }
        const sf_count_t got = sf_readf_float(file_.get(), raw_.data(), kChunk);
        frames = static_cast<uint32_t>(std::max<sf_count_t>(got, 0));
        if (frames < kChunk && sf_error(file_.get()) != SF_ERR_NO_ERROR && damage_.empty())
            damage_ = sf_strerror(file_.get());
        if (channels_ < file_channels_)
            for (uint32_t i = 1; i < frames; ++i)
                std::copy_n(raw_.data() + size_t{i} * file_channels_, channels_,
                            raw_.data() + size_t{i} * channels_);
        return raw_.data();
    }

    std::span<const float> resample(SRC_STATE* state, const float* in, uint32_t frames, bool end) {
        size_t made = 0;
        SRC_DATA data{};
        data.src_ratio = ratio_;
        data.end_of_input = end ? 1 : 0;
        do {
            constexpr size_t kRoom = 4096;
            out_.resize((made + kRoom) * channels_);
            data.data_in = in;
            data.input_frames = frames;
            data.data_out = out_.data() + made * channels_;
            data.output_frames = kRoom;
            if (const int error = src_process(state, &data); error != 0)
                throw std::runtime_error(src_strerror(error));
            in += static_cast<size_t>(data.input_frames_used) * channels_;
            frames -= static_cast<uint32_t>(data.input_frames_used);
            made += static_cast<size_t>(data.output_frames_gen);
        } while (frames > 0 || data.output_frames_gen > 0);
        return {out_.data(), made * channels_};
    }

    std::span<const float> silence() {
        out_.assign(size_t{kChunk} * channels_, 0.0f);
        return out_;
    }

    std::string name_;
    File file_; ///< none when the file is in memory_
    std::vector<float> memory_;
    size_t position_ = 0; ///< in memory_, frames
    uint32_t file_channels_ = 0, channels_ = 0;
    int file_rate_ = 0;
    double ratio_ = 1.0;
    Resampler resampler_; ///< none at equal rates
    std::vector<float> raw_, out_;
    bool at_seam_ = false;
    uint64_t pass_frames_ = 0;   ///< of the file, read in this pass
    uint64_t passes_frames_ = 0; ///< of the file, in all passes that have ended
    std::string damage_;
};

} // namespace backline::dsp
