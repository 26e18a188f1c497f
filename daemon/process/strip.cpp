// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/strip.hpp"

#include <cmath>

namespace backline::process {

void Meter::add(std::uint32_t channel, const float* samples, std::uint32_t frames) noexcept {
    // Four lanes, so that the sums vectorise without leave to reorder additions.
    float peak[4] = {};
    float square[4] = {};
    std::uint32_t clipped[4] = {};
    std::uint32_t i = 0;
    for (; i + 4 <= frames; i += 4) {
        for (std::uint32_t lane = 0; lane < 4; ++lane) {
            const float magnitude = std::fabs(samples[i + lane]);
            peak[lane] = magnitude > peak[lane] ? magnitude : peak[lane];
            square[lane] += magnitude * magnitude;
            clipped[lane] += magnitude >= 1.0f ? 1u : 0u;
        }
    }
    for (; i < frames; ++i) {
        const float magnitude = std::fabs(samples[i]);
        peak[0] = magnitude > peak[0] ? magnitude : peak[0];
        square[0] += magnitude * magnitude;
        clipped[0] += magnitude >= 1.0f ? 1u : 0u;
    }
    Channel& running = running_[channel];
    for (std::uint32_t lane = 0; lane < 4; ++lane) {
        running.peak = peak[lane] > running.peak ? peak[lane] : running.peak;
        running.square_sum += static_cast<double>(square[lane]);
        running.clipped += clipped[lane];
    }
}

void Meter::publish(std::uint32_t frames) noexcept {
    running_frames_ += frames;
    const std::uint32_t wanted = wanted_.load(std::memory_order_acquire);
    if (wanted == given_.load(std::memory_order_relaxed)) return;
    for (std::uint32_t c = 0; c < channels_; ++c) {
        published_[c] = running_[c];
        running_[c] = {};
    }
    published_frames_ = running_frames_;
    running_frames_ = 0;
    given_.store(wanted, std::memory_order_release);
}

std::uint64_t Meter::read(Channel* out) noexcept {
    const std::uint32_t wanted = wanted_.load(std::memory_order_relaxed);
    if (given_.load(std::memory_order_acquire) != wanted) return 0;
    for (std::uint32_t c = 0; c < channels_; ++c)
        out[c] = published_[c];
    const std::uint64_t frames = published_frames_;
    wanted_.store(wanted + 1, std::memory_order_release);
    return frames;
}

namespace {

float linear(double level) noexcept {
    return level == 0.0 ? 1.0f : static_cast<float>(std::pow(10.0, level / 20.0));
}

/// Where limiting begins with a soft clip, as a part of the ceiling: 6 dB below.
constexpr float kSoftKnee = 0.5f;

/// Above the knee a hyperbolic tangent leads on without a corner and ends at the ceiling.
float bent(float sample, float ceiling, float knee) noexcept {
    const float magnitude = std::fabs(sample);
    const float from = knee * ceiling;
    if (magnitude <= from) return sample;
    const float room = ceiling - from;
    const float limited = room > 0.0f ? from + room * std::tanh((magnitude - from) / room) : from;
    return std::copysign(limited < ceiling ? limited : ceiling, sample);
}

} // namespace

void Strip::update(bool muted) noexcept {
    if (!bank.waiting() && bank.event_count() == 0 && muted == muted_) return;
    muted_ = muted;
    bank.flush(kParams);
    bank.clear_events();
    const bool fading_in = ramp.moving();
    const double level = bank.value(kGain);
    const bool silent = muted || bank.value(kMute) >= 0.5 || level <= kGainMin;
    ramp.to(silent ? 0.0f : linear(level));
    const bool soft = bank.value(kSoft) >= 0.5;
    // Without a ceiling of its own a soft clip ends at full scale.
    const double highest = bank.value(kCeiling);
    ceiling.to(linear(soft && highest >= kCeilingMax ? 0.0 : highest));
    knee.to(soft ? kSoftKnee : 1.0f);
    if (!fresh_) return;
    fresh_ = false;
    if (!fading_in) ramp.settle();
    ceiling.settle();
    knee.settle();
}

void Strip::settle() noexcept {
    ramp.settle();
    ceiling.settle();
    knee.settle();
}

Strip::Limit Strip::limit(const RampShape* shape, const Lane& lane, std::uint32_t frames) noexcept {
    const std::uint32_t levels = ceiling.run(shape, lane.ceilings, frames);
    const std::uint32_t bends = knee.run(shape, lane.knees, frames);
    const std::uint32_t moving = levels > bends ? levels : bends;
    for (std::uint32_t i = levels; i < moving; ++i)
        lane.ceilings[i] = ceiling.target();
    for (std::uint32_t i = bends; i < moving; ++i)
        lane.knees[i] = knee.target();
    const bool off = bank.value(kCeiling) >= kCeilingMax && bank.value(kSoft) < 0.5;
    return {lane.ceilings, lane.knees, moving, off ? 0.0f : ceiling.target(), knee.target()};
}

void finish_output(float* samples, std::uint32_t frames, const Strip::Limit& limit) noexcept {
    for (std::uint32_t i = 0; i < limit.moving; ++i)
        samples[i] = bent(samples[i], limit.ceilings[i], limit.knees[i]);
    if (limit.ceiling != 0.0f)
        for (std::uint32_t i = limit.moving; i < frames; ++i)
            samples[i] = bent(samples[i], limit.ceiling, limit.knee);
    // A zero leaves without a sign: whether one was added to it before must not show.
    for (std::uint32_t i = 0; i < frames; ++i)
        samples[i] += 0.0f;
}

} // namespace backline::process
