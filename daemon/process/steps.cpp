// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of the plan, in the order of Step::Kind.
#include "daemon/process/cycle.hpp"

#include "daemon/rt/scan.hpp"
#include "daemon/rt/ticks.hpp"

#include <algorithm>
#include <cstring>

namespace backline::process {

namespace {

bl_transport advanced(bl_transport transport, std::uint32_t frames, double rate) noexcept {
    if (frames == 0 || (transport.flags & BL_TRANSPORT_PLAYING) == 0) return transport;
    if ((transport.flags & BL_TRANSPORT_FRAME) != 0) transport.frame += frames;
    if ((transport.flags & BL_TRANSPORT_TEMPO) != 0 && (transport.flags & BL_TRANSPORT_BAR) != 0
        && rate > 0.0 && transport.beats_per_bar > 0.0 && transport.beat_unit != 0) {
        const double quarters = frames / rate * transport.tempo / 60.0;
        transport.beat += quarters * transport.beat_unit / 4.0;
        while (transport.beat >= transport.beats_per_bar + 1.0) {
            transport.beat -= transport.beats_per_bar;
            ++transport.bar;
        }
    }
    return transport;
}

/// What is left of a block of silence, or of sound with a gain.
std::uint8_t silent_after(std::uint8_t silent, std::uint32_t moving, float rest) noexcept {
    return silent != 0 || (moving == 0 && rest == 0.0f) ? 1 : 0;
}

} // namespace

void DelayLine::read(float* to, std::uint32_t frames) const noexcept {
    const std::uint32_t first = frames_ - at_ < frames ? frames_ - at_ : frames;
    std::memcpy(to, ring_.get() + at_, first * sizeof(float));
    std::memcpy(to + first, ring_.get(), (frames - first) * sizeof(float));
}

void DelayLine::write(const float* from, std::uint32_t frames) noexcept {
    const std::uint32_t first = frames_ - at_ < frames ? frames_ - at_ : frames;
    std::memcpy(ring_.get() + at_, from, first * sizeof(float));
    std::memcpy(ring_.get(), from + first, (frames - first) * sizeof(float));
    at_ = (at_ + frames) % frames_;
}

void DelayLine::run(const float* from, float* to, std::uint32_t frames) noexcept {
    for (std::uint32_t done = 0; done < frames;) {
        const std::uint32_t some = std::min(frames - done, frames_ - at_);
        float* const ring = ring_.get() + at_;
        if (to == nullptr) {
            std::memcpy(ring, from + done, some * sizeof(float));
        } else {
            for (std::uint32_t i = 0; i < some; ++i) {
                const float sample = from[done + i]; // `to` may be `from`
                to[done + i] = ring[i];
                ring[i] = sample;
            }
        }
        at_ = at_ + some == frames_ ? 0 : at_ + some;
        done += some;
    }
}

namespace {

/// Fetches what running a node reads first.
void prefetch(const NodeStep& step) noexcept {
    const auto* node = reinterpret_cast<const char*>(step.node);
    __builtin_prefetch(node);
    __builtin_prefetch(node + offsetof(Node, bank));
    __builtin_prefetch(node + offsetof(Node, guard));
    __builtin_prefetch(step.buses);
    __builtin_prefetch(step.inputs);
    __builtin_prefetch(step.outputs);
}

} // namespace

void Cycle::run_slice(const Period& period, std::uint32_t offset, std::uint32_t frames) noexcept {
    if (!plan_) {
        for (std::uint32_t slot = 0; slot < period.output_slots; ++slot)
            if (period.outputs[slot] != nullptr)
                std::memset(period.outputs[slot] + offset, 0, frames * sizeof(float));
        return;
    }
    if (master_->bank.waiting() || master_->bank.event_count() != 0) {
        master_->bank.flush(Master::kParams);
        master_->bank.clear_events();
        master_->muted = master_->bank.value(Master::kMute) >= 0.5;
    }
    const Slice slice{
        period, advanced(period.transport, offset, period.rate), plan_->shape.get(), clock_, offset,
        frames};
    std::uint64_t before = timing_ ? rt::ticks() : 0;
    const Step* const end = plan_->steps.data() + plan_->steps.size();
    for (const Step* at = plan_->steps.data(); at != end; ++at) {
        const Step& step = *at;
        if (step.kind != Step::Kind::node) {
            run_step(step, slice, plan_->lane);
            continue;
        }
        // A graph of many thin nodes is larger than the first cache, and each is touched once.
        if (at + 1 != end && at[1].kind == Step::Kind::node) prefetch(at[1].node);
        run_node(step.node, slice, plan_->lane);
        if (timing_) {
            // One reading per boundary: the end of this node is the beginning of the next.
            const std::uint64_t now = rt::ticks();
            NodeGuard& guard = step.node.node->guard;
            guard.spent += now - before;
            ++guard.slices;
            before = now;
        }
    }
}

void Cycle::run_step(const Step& step, const Slice& slice, const Lane& lane) noexcept {
    switch (step.kind) {
    case Step::Kind::input:
        run_input(step.input, slice, lane);
        break;
    case Step::Kind::mix:
        run_mix(step.mix, slice.frames);
        break;
    case Step::Kind::link:
        run_link(step.link, slice, lane);
        break;
    case Step::Kind::node:
        run_node(step.node, slice, lane);
        break;
    case Step::Kind::delay_read:
        step.delay.line->read(step.delay.buffer, slice.frames);
        *step.delay.silent = rt::scan(step.delay.buffer, slice.frames).silent ? 1 : 0;
        break;
    case Step::Kind::delay_write:
        step.delay.line->write(step.delay.buffer, slice.frames);
        break;
    case Step::Kind::output:
        run_output(step.output, slice, lane);
        break;
    }
}

void Cycle::run_input(const InputStep& step, const Slice& slice, const Lane& lane) noexcept {
    Strip& strip = *step.strip;
    strip.update(false);
    const std::uint32_t frames = slice.frames;
    const std::uint32_t moving = strip.ramp.run(slice.shape, lane.gains, frames);
    const float rest = strip.ramp.target();
    std::uint32_t scrubbed = 0;
    for (std::uint32_t c = 0; c < step.channels; ++c) {
        const std::uint32_t slot = step.ports[c];
        const float* from = slot < slice.period.input_slots ? slice.period.inputs[slot] : nullptr;
        if (from == nullptr) {
            std::memset(step.to[c], 0, frames * sizeof(float));
            *step.silent[c] = 1;
            continue;
        }
        apply_gain(step.to[c], from + slice.offset, lane.gains, moving, rest, frames);
        const rt::Scan seen = rt::scan(step.to[c], frames);
        *step.silent[c] = seen.silent ? 1 : 0;
        if (!seen.finite) scrubbed += rt::scrub(step.to[c], frames);
        if (!seen.silent) strip.meter.add(c, step.to[c], frames);
    }
    if (scrubbed != 0) {
        strip.scrubbed.store(strip.scrubbed.load(std::memory_order_relaxed) + scrubbed,
                             std::memory_order_relaxed);
        strip.unreported += scrubbed;
        trouble_.store(true, std::memory_order_relaxed);
    }
}

void Cycle::run_mix(const MixStep& step, std::uint32_t frames) noexcept {
    // In the order the connections were made, so that the sum is the same to the bit on any
    // machine.
    const float* a = step.from[0];
    const float* b = step.from[1];
    bool silent = *step.from_silent[0] != 0 && *step.from_silent[1] != 0;
    for (std::uint32_t i = 0; i < frames; ++i)
        step.to[i] = a[i] + b[i];
    for (std::uint32_t s = 2; s < step.count; ++s) {
        const float* from = step.from[s];
        silent = silent && *step.from_silent[s] != 0;
        for (std::uint32_t i = 0; i < frames; ++i)
            step.to[i] += from[i];
    }
    *step.silent = silent ? 1 : 0;
}

void Cycle::run_link(const LinkStep& step, const Slice& slice, const Lane& lane) noexcept {
    std::uint32_t moving = 0;
    float rest = 1.0f;
    if (step.ramp != nullptr) {
        moving = step.ramp->run(slice.shape, lane.gains, slice.frames);
        rest = step.ramp->target();
    }
    for (std::uint32_t c = 0; c < step.count; ++c) {
        const LinkStep::Channel& channel = step.channels[c];
        const float* from = channel.from;
        std::uint8_t silent = *channel.from_silent;
        if (channel.line != nullptr) {
            channel.line->run(from, channel.to, slice.frames);
            from = channel.to;
            silent = rt::scan(from, slice.frames).silent ? 1 : 0;
        }
        apply_gain(channel.to, from, lane.gains, moving, rest, slice.frames);
        *channel.to_silent = silent_after(silent, moving, rest);
    }
}

void Cycle::run_node(const NodeStep& step, const Slice& slice, const Lane& lane) noexcept {
    Node& node = *step.node;
    const bl_plugin* plugin = node.plugin;
    const rt::InNode inside(word_of(node.handle));
    if (node.bank.waiting())
        node.bank.flush(slice.period.offline ? node.bank.count() : ParamBank::kEventsPerCycle);
    if (node.bank.event_count() != 0) take_bypass(step, slice);
    if (node.responses != nullptr) {
        for (rt::RecordRing::Record r = node.responses->front(); r.data != nullptr;
             r = node.responses->front()) {
            plugin->on_response(plugin, r.data, r.size);
            node.responses->pop();
        }
    }
    if (node.wet.rests_at(0.0f)) {
        node.bank.keep_events();
        pass_dry(step, slice.frames);
        return;
    }
    const bool mixing = node.wet.moving();
    if (mixing || step.latency != 0) keep_dry(step, slice.frames, mixing, lane);

    for (std::uint32_t i = 0; i < step.input_count; ++i) {
        const NodeStep::Input& input = step.inputs[i];
        const std::uint64_t others = *input.mask & ~input.bit;
        *input.mask = *input.silent != 0 ? others | input.bit : others;
    }
    const bl_process call{sizeof(bl_process),
                          slice.frames,
                          slice.period.offline ? static_cast<std::uint32_t>(BL_OFFLINE) : 0u,
                          node.bank.event_count(),
                          slice.clock,
                          &slice.transport,
                          step.buses,
                          node.events.get(),
                          node.bank.events()};
    if (plugin->process(plugin, &call) < 0) {
        for (std::uint32_t c = 0; c < step.output_count; ++c)
            std::memset(step.outputs[c].samples, 0, slice.frames * sizeof(float));
        node.cost->errors.fetch_add(1, std::memory_order_relaxed);
        ++node.unreported_errors;
        trouble_.store(true, std::memory_order_relaxed);
    }
    node.bank.clear_events();
    check_outputs(step, slice.frames);
    if (mixing) mix_dry(step, slice, lane);
}

/// Follows the host's bypass switch.
void Cycle::take_bypass(const NodeStep& step, const Slice& slice) noexcept {
    Node& node = *step.node;
    double bypass = 0.0;
    if (!node.bank.extract(node.param_count, bypass)) return;
    node.bypassed = bypass >= 0.5;
    if (!node.bypassed) node.guard.clear();
    if (node.bypassed) {
        node.wet.to(0.0f);
    } else if (node.wet.rests_at(0.0f)) {
        // It has not run for a while: begins anew, and is heard once its latency has passed.
        if (node.plugin->reset != nullptr) node.plugin->reset(node.plugin);
        node.wet.to(1.0f, step.latency);
    } else {
        node.wet.to(1.0f);
    }
    if (slice.shape == nullptr) node.wet.settle();
}

/// Before the plugin may write over its inputs: keeps what it would pass on when bypassed.
void Cycle::keep_dry(const NodeStep& step, std::uint32_t frames, bool mixing,
                     const Lane& lane) noexcept {
    for (std::uint32_t c = 0; c < step.output_count; ++c) {
        const NodeStep::Output& output = step.outputs[c];
        if (output.dry == nullptr) {
            if (mixing) std::memset(lane.dry[c], 0, frames * sizeof(float));
        } else if (output.dry_line != nullptr) {
            output.dry_line->run(output.dry, mixing ? lane.dry[c] : nullptr, frames);
        } else if (mixing) {
            std::memcpy(lane.dry[c], output.dry, frames * sizeof(float));
        }
    }
}

/// Cross-fades what the plugin wrote with what bypass passes on.
void Cycle::mix_dry(const NodeStep& step, const Slice& slice, const Lane& lane) noexcept {
    Ramp& wet = step.node->wet;
    const std::uint32_t moving = wet.run(slice.shape, lane.gains, slice.frames);
    for (std::uint32_t c = 0; c < step.output_count; ++c) {
        float* samples = step.outputs[c].samples;
        const float* dry = lane.dry[c];
        for (std::uint32_t i = 0; i < moving; ++i)
            samples[i] = samples[i] * lane.gains[i] + dry[i] * (1.0f - lane.gains[i]);
        if (wet.target() == 0.0f)
            std::memcpy(samples + moving, dry + moving, (slice.frames - moving) * sizeof(float));
        *step.outputs[c].silent = rt::scan(samples, slice.frames).silent ? 1 : 0;
    }
}

void Cycle::check_outputs(const NodeStep& step, std::uint32_t frames) noexcept {
    std::uint32_t scrubbed = 0;
    for (std::uint32_t c = 0; c < step.output_count; ++c) {
        const NodeStep::Output& output = step.outputs[c];
        const rt::Scan seen = rt::scan(output.samples, frames);
        *output.silent = seen.silent ? 1 : 0;
        if (!seen.finite) scrubbed += rt::scrub(output.samples, frames);
    }
    if (scrubbed == 0) return;
    Node& node = *step.node;
    node.cost->scrubbed.fetch_add(scrubbed, std::memory_order_relaxed);
    node.unreported_scrubs += scrubbed;
    trouble_.store(true, std::memory_order_relaxed);
}

void Cycle::pass_dry(const NodeStep& step, std::uint32_t frames) noexcept {
    for (std::uint32_t c = 0; c < step.output_count; ++c) {
        const NodeStep::Output& output = step.outputs[c];
        if (output.dry == nullptr) {
            std::memset(output.samples, 0, frames * sizeof(float));
            *output.silent = 1;
            continue;
        }
        if (output.dry_line != nullptr)
            output.dry_line->run(output.dry, output.samples, frames);
        else if (output.dry != output.samples)
            std::memcpy(output.samples, output.dry, frames * sizeof(float));
        *output.silent = rt::scan(output.samples, frames).silent ? 1 : 0;
    }
}

void Cycle::run_output(const OutputStep& step, const Slice& slice, const Lane& lane) noexcept {
    Strip& strip = *step.strip;
    strip.update(master_->muted);
    const Strip::Limit limit = strip.limit(slice.shape, lane, slice.frames);
    const std::uint32_t moving = strip.ramp.run(slice.shape, lane.gains, slice.frames);
    const float rest = strip.ramp.target();
    for (std::uint32_t c = 0; c < step.channels; ++c) {
        const std::uint32_t slot = step.ports[c];
        float* to = slot < slice.period.output_slots ? slice.period.outputs[slot] : nullptr;
        to = to == nullptr ? step.scratch : to + slice.offset;
        apply_gain(to, step.from[c], lane.gains, moving, rest, slice.frames);
        finish_output(to, slice.frames, limit);
        if (moving != 0 || rest != 0.0f) strip.meter.add(c, to, slice.frames);
    }
}

} // namespace backline::process
