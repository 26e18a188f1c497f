// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Construction and destruction of what the audio thread uses, on other threads. In an archive apart
// from the code that runs on it: only this half allocates.
#include "daemon/process/cycle.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

namespace backline::process {

ParamBank::ParamBank(ParamCell* cells, std::uint32_t count)
    : cells_(cells),
      count_(count),
      // Room for a full backlog, for each parameter at the first frame, and for each once more at
      // a later one (see Cycle::slice_length).
      capacity_(kEventsPerCycle + 2 * count),
      values_(std::make_unique<double[]>(count + 1)),
      pending_(std::make_unique<double[]>(count + 1)),
      dirty_(std::make_unique<std::uint32_t[]>(count + 1)),
      is_dirty_(std::make_unique<bool[]>(count + 1)),
      events_(std::make_unique<bl_param_event[]>(capacity_)),
      curves_(std::make_unique<Curve*[]>(count + 1)) {}

DueHeap::DueHeap(std::uint32_t capacity)
    : entries_(std::make_unique<Entry[]>(capacity)), capacity_(capacity) {}

Curves::Curves() : running_(std::make_unique<Curve*[]>(kMax)), back_(kMax) {}

Curves::~Curves() {
    // The last curve of a set to go hands it back.
    while (count_ != 0)
        end(*running_[count_ - 1]);
    while (take_back())
        ;
}

std::unique_ptr<CurveSet> Curves::take_back() noexcept {
    CurveSet* set = nullptr;
    if (!back_.try_pop(set)) return nullptr;
    return std::unique_ptr<CurveSet>(set);
}

Meter::Meter(std::uint32_t channels)
    : channels_(channels),
      running_(std::make_unique<Channel[]>(channels)),
      published_(std::make_unique<Channel[]>(channels)) {}

Strip::Strip(std::uint32_t channels_)
    : channels(channels_),
      cells(std::make_unique<ParamCell[]>(kParams)),
      bank(cells.get(), kParams),
      meter(channels_),
      ceiling(static_cast<float>(std::pow(10.0, kCeilingMax / 20.0))) {
    bank.preset(kCeiling, kCeilingMax);
}

RampShape::RampShape(double rate, double seconds)
    : frames_(static_cast<std::uint32_t>(std::max(std::lround(rate * seconds), 1L))),
      steps_(std::make_unique<float[]>(frames_)) {
    for (std::uint32_t i = 0; i < frames_; ++i) {
        const double x = (i + 1.0) / frames_;
        steps_[i] =
            static_cast<float>(x - std::sin(2.0 * std::numbers::pi * x) / (2.0 * std::numbers::pi));
    }
    steps_[frames_ - 1] = 1.0f;
}

DelayLine::DelayLine(std::uint32_t frames)
    : frames_(frames), ring_(std::make_unique<float[]>(frames)) {}

void Plan::FreeArena::operator()(void* memory) const noexcept {
    std::free(memory);
}

Cycle::Cycle(const Options& options, Master& master)
    : max_frames_(options.max_frames),
      ready_(options.ready),
      work_now_(options.work_now),
      work_context_(options.work_context),
      overload_(options.overload_percent * 0.01),
      timing_(options.timing),
      own_pulse_(options.pulse == nullptr ? std::make_unique<rt::Pulse>() : nullptr),
      pulse_(options.pulse == nullptr ? own_pulse_.get() : options.pulse),
      sets_(16384),
      commands_(kCommandsInFlight),
      done_(kCommandsInFlight),
      reports_(1024),
      clock_(options.start_clock),
      targets_(std::make_unique<Target[]>(kSlots)),
      due_(kCommandsInFlight),
      master_(&master),
      first_ticks_(rt::ticks()),
      first_ns_(rt::monotonic_ns()) {
    master.handle = {0, 1};
    targets_[0] = {1, &master.bank, nullptr};
    anchor_.write({clock_, 0, 0, 0.0, 0});
}

Cycle::~Cycle() {
    for (; !due_.empty(); due_.pop())
        delete due_.first();
    Command* command = nullptr;
    while (commands_.try_pop(command))
        delete command;
    while (done_.try_pop(command))
        delete command;
}

} // namespace backline::process
