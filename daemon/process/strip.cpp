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

void Strip::update() noexcept {
    if (!bank.waiting() && bank.event_count() == 0) return;
    bank.flush(kParams);
    bank.clear_events();
    const double level = bank.value(kGain);
    const bool silent = bank.value(kMute) >= 0.5 || level <= kGainMin;
    gain = silent ? 0.0f : level == 0.0 ? 1.0f : static_cast<float>(std::pow(10.0, level / 20.0));
}

} // namespace backline::process
