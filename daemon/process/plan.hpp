// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/lane.hpp"
#include "daemon/process/node.hpp"
#include "daemon/process/ramp.hpp"
#include "daemon/process/strip.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace backline::process {

/// The memory of one channel of a feedback connection: what was written comes out `frames` later.
/// Outlives plans, so that an edit elsewhere does not empty it. Slices are never longer than it.
class DelayLine {
  public:
    /// A delay of `frames` (>= 1), silent at first. Allocates. [engine]
    explicit DelayLine(std::uint32_t frames);

    /// The delay.
    std::uint32_t frames() const noexcept { return frames_; }
    /// The oldest `frames` (<= frames()) samples; then write() must follow. [audio]
    BACKLINE_RT void read(float* to, std::uint32_t frames) const noexcept;
    /// Replaces what the last read() delivered. [audio]
    BACKLINE_RT void write(const float* from, std::uint32_t frames) noexcept;
    /// Takes `frames` in and gives as many out, the delay later. Of any length, in place or not.
    /// With `to` nullptr it only takes in. [audio]
    BACKLINE_RT void run(const float* from, float* to, std::uint32_t frames) noexcept;

  private:
    std::uint32_t frames_;
    std::uint32_t at_ = 0;
    std::unique_ptr<float[]> ring_;
};

/// Takes an input's JACK ports into graph buffers: scrubbed, metered, with the input's gain.
struct InputStep {
    Strip* strip;
    std::uint32_t channels;
    const std::uint32_t* ports; ///< external slot per channel
    float* const* to;
    std::uint8_t* const* silent;
};

/// Sums two or more buffers into one.
struct MixStep {
    float* to;
    std::uint8_t* silent;
    const float* const* from;
    const std::uint8_t* const* from_silent;
    std::uint32_t count;
};

/// A connection that fades or waits for slower paths: what it carries, delayed and with its gain.
struct LinkStep {
    /// One channel of it.
    struct Channel {
        const float* from;
        const std::uint8_t* from_silent;
        float* to;
        std::uint8_t* to_silent;
        DelayLine* line; ///< nullptr: no delay
    };
    Ramp* ramp; ///< nullptr: gain 1
    Channel* channels;
    std::uint32_t count;
};

/// Runs a plugin instance.
struct NodeStep {
    /// One input channel: its silence becomes a bit of its bus.
    struct Input {
        const std::uint8_t* silent;
        std::uint64_t* mask;
        std::uint64_t bit;
    };
    /// One output channel, and what bypass passes on to it.
    struct Output {
        float* samples;
        std::uint8_t* silent;
        const float* dry;    ///< nullptr: silence
        DelayLine* dry_line; ///< as long as the plugin's latency; nullptr: it has none
    };
    Node* node;
    bl_bus* buses; ///< one per port of the descriptor
    Input* inputs;
    Output* outputs;
    std::uint32_t input_count;
    std::uint32_t output_count;
    std::uint32_t latency; ///< frames
};

/// One channel of a feedback connection, its read or its write end.
struct DelayStep {
    DelayLine* line;
    float* buffer;
    std::uint8_t* silent;
};

/// Gives graph buffers to an output's JACK ports: gain, mute, levels.
struct OutputStep {
    Strip* strip;
    std::uint32_t channels;
    const std::uint32_t* ports;
    const float* const* from;
    float* scratch; ///< takes the samples of a channel that has no port outside
};

/// One entry of the plan.
struct Step {
    /// Which member of the union it is; a DelayStep is a read or a write.
    enum class Kind : std::uint8_t { input, mix, link, node, delay_read, delay_write, output };
    Kind kind;
    union {
        InputStep input;
        MixStep mix;
        LinkStep link;
        NodeStep node;
        DelayStep delay;
        OutputStep output;
    };
};

/// The graph as the audio thread runs it: a flat list of steps in order, every buffer assigned.
/// Immutable but for the contents of its buffers; compiled and freed by the engine thread.
struct Plan {
    std::vector<Step> steps;
    std::uint32_t max_slice = 0; ///< frames: max_frames, or the shortest feedback delay
    std::uint64_t number = 0;    ///< of the compilation, for status and tests
    std::uint32_t buffers = 0;   ///< how many the compiler needed after reuse
    std::vector<Strip*> strips;  ///< of all inputs and outputs
    std::vector<Node*> nodes;
    std::vector<Ramp*> ramps;               ///< of connections
    std::shared_ptr<const RampShape> shape; ///< nullptr: gains are switched at once
    Lane lane;

    /// Backing store of everything the steps point to.
    struct FreeArena {
        void operator()(void* memory) const noexcept;
    };
    std::vector<std::unique_ptr<void, FreeArena>> arenas;
};

} // namespace backline::process
