// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/offline_driver.hpp"

#include <algorithm>

namespace backline::audio {

OfflineDriver::OfflineDriver(process::Cycle& cycle, double rate, std::uint32_t period,
                             std::uint32_t slots)
    : cycle_(cycle),
      rate_(rate),
      clock_(cycle.anchor().clock),
      inputs_(slots, std::vector<float>(period)),
      outputs_(slots, std::vector<float>(period)) {
    for (auto& buffer : inputs_)
        input_pointers_.push_back(buffer.data());
    for (auto& buffer : outputs_)
        output_pointers_.push_back(buffer.data());
}

std::uint32_t OfflineDriver::run(std::uint32_t frames, const Step& step) {
    if (step) {
        const std::uint64_t reached = step(clock_ + frames);
        if (reached > clock_)
            frames = static_cast<std::uint32_t>(std::min<std::uint64_t>(frames, reached - clock_));
        else
            frames = 1; // the queue is full with what is due at this very frame
    }
    for (auto& buffer : outputs_)
        std::fill_n(buffer.begin(), frames, 0.0f);
    process::Period period;
    period.frames = frames;
    period.inputs = input_pointers_.data();
    period.outputs = output_pointers_.data();
    period.input_slots = static_cast<std::uint32_t>(inputs_.size());
    period.output_slots = static_cast<std::uint32_t>(outputs_.size());
    period.transport = transport;
    period.rate = rate_;
    period.offline = true;
    cycle_.run(period);
    clock_ += frames;
    if ((transport.flags & BL_TRANSPORT_FRAME) != 0) transport.frame += frames;
    return frames;
}

} // namespace backline::audio
