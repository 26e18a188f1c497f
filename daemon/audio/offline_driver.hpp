// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/cycle.hpp"
#include "daemon/process/driver.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace backline::audio {

/// Calls the cycle with periods in memory, as fast as it goes: the driver of `render`, of tests and
/// of benchmarks. External slots are buffers that the caller fills and reads. One thread.
class OfflineDriver {
  public:
    /// `slots`: external slots of each direction; `period`: longest run().
    OfflineDriver(process::Cycle& cycle, double rate, std::uint32_t period, std::uint32_t slots);

    /// `period` samples that the graph reads at `slot` in the next run().
    float* input(std::uint32_t slot) { return inputs_[slot].data(); }
    /// What the last run() wrote at `slot`.
    const float* output(std::uint32_t slot) const { return outputs_[slot].data(); }

    /// Hands everything due before a sample clock to the cycle and says how far it may run:
    /// Engine::step().
    using Step = std::function<std::uint64_t(std::uint64_t until)>;

    /// One period of `frames` (<= period). `step` may ask for a shorter one; returns the frames
    /// that were run. [acts in the audio role]
    std::uint32_t run(std::uint32_t frames, const Step& step);

    /// Frames run so far.
    std::uint64_t clock() const noexcept { return clock_; }
    /// Musical time of the periods to come.
    bl_transport transport{};

  private:
    process::Cycle& cycle_;
    double rate_;
    std::uint64_t clock_;
    std::vector<std::vector<float>> inputs_, outputs_;
    std::vector<const float*> input_pointers_;
    std::vector<float*> output_pointers_;
};

} // namespace backline::audio
