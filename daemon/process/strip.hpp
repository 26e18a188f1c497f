// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/lane.hpp"
#include "daemon/process/params.hpp"
#include "daemon/process/ramp.hpp"
#include "daemon/rt/annotations.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace backline::process {

/// Levels of one strip over the time since its reader last asked. The reader raises `wanted`, the
/// audio role answers at its next cycle by publishing and starting anew; neither waits.
class Meter {
  public:
    /// Levels of one channel.
    struct Channel {
        float peak = 0.0f;         ///< largest absolute sample
        std::uint32_t clipped = 0; ///< samples at or beyond full scale
        double square_sum = 0.0;
    };

    /// Allocates. [engine]
    explicit Meter(std::uint32_t channels);

    /// As given.
    std::uint32_t channels() const noexcept { return channels_; }

    /// [audio]
    BACKLINE_RT void add(std::uint32_t channel, const float* samples,
                         std::uint32_t frames) noexcept;
    /// Counts frames and answers the reader; once per cycle. [audio]
    BACKLINE_RT void publish(std::uint32_t frames) noexcept;

    /// Copies the newest published levels to `out` (channels() of them), asks for the next and
    /// returns how many frames they cover; 0 when none are there yet. [one reader]
    std::uint64_t read(Channel* out) noexcept;

  private:
    std::uint32_t channels_;
    std::unique_ptr<Channel[]> running_;
    std::uint64_t running_frames_ = 0;
    std::unique_ptr<Channel[]> published_;
    std::uint64_t published_frames_ = 0;
    std::atomic<std::uint32_t> wanted_{1};
    std::atomic<std::uint32_t> given_{0};
};

/// An input or an output of the graph on the audio side: gain, mute and levels; outputs limit too.
/// The bank's parameters are kGain (dB), kMute (0 or 1), kCeiling (dBFS) and kSoft (0 or 1).
struct Strip {
    static constexpr std::uint32_t kGain = 0;    ///< dB
    static constexpr std::uint32_t kMute = 1;    ///< 0 or 1
    static constexpr std::uint32_t kCeiling = 2; ///< dBFS; outputs only
    static constexpr std::uint32_t kSoft = 3;    ///< 0 or 1; outputs only
    static constexpr std::uint32_t kParams = 4;  ///< how many
    /// Gains at or below it are silence; the range of kGain ends here.
    static constexpr double kGainMin = -96.0;
    static constexpr double kGainMax = 24.0;     ///< dB
    static constexpr double kCeilingMin = -60.0; ///< dBFS
    /// dBFS. As a ceiling it means none; samples beyond full scale then leave as they are.
    static constexpr double kCeilingMax = 24.0;

    /// How loud an output may become: the first frames of a slice by frame, then for all the rest.
    struct Limit {
        const float* ceilings; ///< `moving` of them
        const float* knees;
        std::uint32_t moving = 0;
        float ceiling = 0.0f; ///< magnitude no sample exceeds; 0: any may
        float knee = 1.0f;    ///< from this part of the ceiling on samples are bent towards it
    };

    /// Gain 0 dB, not muted, no ceiling. Allocates. [engine]
    explicit Strip(std::uint32_t channels_);

    /// Takes over waiting parameter values; `muted` adds the master's mute. [audio]
    BACKLINE_RT void update(bool muted) noexcept;
    /// Everything is at its target from now on. [audio]
    BACKLINE_RT void settle() noexcept;
    /// What holds for the coming slice. [audio]
    BACKLINE_RT Limit limit(const RampShape* shape, const Lane& lane,
                            std::uint32_t frames) noexcept;

    std::uint32_t channels;
    Handle handle;
    std::unique_ptr<ParamCell[]> cells;
    ParamBank bank;
    Meter meter;
    Ramp ramp{1.0f}; ///< gain and mutes, linear
    Ramp ceiling;    ///< magnitude
    Ramp knee{1.0f}; ///< part of the ceiling
    std::atomic<std::uint64_t> scrubbed{0};
    std::uint32_t unreported = 0; ///< scrubbed samples nobody was told of yet [audio]

  private:
    bool fresh_ = true;  ///< nothing has been heard yet: nothing to ramp from
    bool muted_ = false; ///< by the master, as of the newest update()
};

/// The last thing that happens to an output channel: its limit. [audio]
BACKLINE_RT void finish_output(float* samples, std::uint32_t frames,
                               const Strip::Limit& limit) noexcept;

/// What concerns the graph as a whole. The bank's parameter is kMute.
struct Master {
    static constexpr std::uint32_t kMute = 0;   ///< 0 or 1, over all outputs
    static constexpr std::uint32_t kParams = 1; ///< how many

    /// Not muted. Allocates. [control]
    Master() : cells(std::make_unique<ParamCell[]>(kParams)), bank(cells.get(), kParams) {}

    std::unique_ptr<ParamCell[]> cells;
    ParamBank bank;
    Handle handle;
    bool muted = false;
};

} // namespace backline::process
