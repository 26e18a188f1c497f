// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/ramp.hpp"

#include <algorithm>
#include <cstring>

namespace backline::process {

void Ramp::to(float target, std::uint32_t wait) noexcept {
    const float change = target - target_;
    if (change == 0.0f) return;
    target_ = target;
    auto age = -static_cast<std::int32_t>(std::min(wait, 1u << 30));
    if (count_ != 0) {
        Step& newest = steps_[count_ - 1];
        // What begins with the newest, or cannot begin before it, becomes part of it.
        if (newest.age == age || (count_ == kSteps && newest.age <= 0)) {
            newest.change += change;
            return;
        }
    }
    // The last place is given to what begins when the first has become free.
    if (count_ == kSteps - 1)
        age = std::min(age, steps_[0].age - static_cast<std::int32_t>(length_));
    if (count_ < kSteps) steps_[count_++] = {change, age};
}

std::uint32_t Ramp::run(const RampShape* shape, float* gains, std::uint32_t frames) noexcept {
    if (count_ == 0) return 0;
    if (shape == nullptr) {
        settle();
        return 0;
    }
    const auto length = static_cast<std::int32_t>(shape->frames());
    const auto wanted = static_cast<std::int32_t>(frames);
    length_ = shape->frames();
    std::int32_t moving = 0;
    for (std::uint32_t s = 0; s < count_; ++s)
        moving = std::max(moving, std::min(length - steps_[s].age, wanted));

    std::fill_n(gains, moving, base_);
    for (std::uint32_t s = 0; s < count_; ++s) {
        Step& step = steps_[s];
        const std::int32_t first = std::clamp(-step.age, 0, moving);
        const std::int32_t over = std::clamp(length - step.age, 0, moving);
        for (std::int32_t i = first; i < over; ++i)
            gains[i] += step.change * shape->at(static_cast<std::uint32_t>(step.age + i));
        for (std::int32_t i = over; i < moving; ++i)
            gains[i] += step.change;
        step.age = std::min(step.age + wanted, length);
    }
    // Summed in the order of the changes, so that the sums do not depend on how a run is cut.
    std::uint32_t over = 0;
    while (over < count_ && steps_[over].age >= length)
        base_ += steps_[over++].change;
    count_ -= over;
    std::memmove(steps_, steps_ + over, count_ * sizeof(Step));
    if (count_ == 0) base_ = target_;
    return static_cast<std::uint32_t>(moving);
}

void apply_gain(float* to, const float* from, const float* gains, std::uint32_t moving, float rest,
                std::uint32_t frames) noexcept {
    for (std::uint32_t i = 0; i < moving; ++i)
        to[i] = from[i] * gains[i];
    if (moving == frames) return;
    if (rest == 1.0f) {
        if (to != from) std::memcpy(to + moving, from + moving, (frames - moving) * sizeof(float));
    } else if (rest == 0.0f) {
        std::memset(to + moving, 0, (frames - moving) * sizeof(float));
    } else {
        for (std::uint32_t i = moving; i < frames; ++i)
            to[i] = from[i] * rest;
    }
}

} // namespace backline::process
