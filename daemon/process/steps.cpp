// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of the plan, in the order of Step::Kind.
#include "daemon/process/cycle.hpp"

#include "daemon/rt/scan.hpp"
#include "daemon/rt/ticks.hpp"

#include <cstring>

namespace backline::process {

namespace {

void copy_scaled(float* to, const float* from, float gain, std::uint32_t frames) noexcept {
    if (gain == 1.0f) {
        std::memcpy(to, from, frames * sizeof(float));
    } else if (gain == 0.0f) {
        std::memset(to, 0, frames * sizeof(float));
    } else {
        for (std::uint32_t i = 0; i < frames; ++i)
            to[i] = from[i] * gain;
    }
}

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
    const bl_transport transport = advanced(period.transport, offset, period.rate);
    const bool last = offset + frames == period.frames;
    std::uint64_t before = timing_ ? rt::ticks() : 0;
    for (const Step& step : plan_->steps) {
        switch (step.kind) {
        case Step::Kind::input:
            run_input(step.input, period, offset, frames);
            break;
        case Step::Kind::mix:
            run_mix(step.mix, frames);
            break;
        case Step::Kind::node: {
            run_node(step.node, period, transport, frames);
            if (!timing_) break;
            // One reading per boundary: the end of this node is the beginning of the next.
            const std::uint64_t now = rt::ticks();
            time_node(*step.node.node, now - before, last);
            before = now;
            break;
        }
        case Step::Kind::delay_read:
            step.delay.line->read(step.delay.buffer, frames);
            *step.delay.silent = rt::scan(step.delay.buffer, frames).silent ? 1 : 0;
            break;
        case Step::Kind::delay_write:
            step.delay.line->write(step.delay.buffer, frames);
            break;
        case Step::Kind::output:
            run_output(step.output, period, offset, frames);
            break;
        }
    }
}

void Cycle::run_input(const InputStep& step, const Period& period, std::uint32_t offset,
                      std::uint32_t frames) noexcept {
    Strip& strip = *step.strip;
    strip.update();
    std::uint32_t scrubbed = 0;
    for (std::uint32_t c = 0; c < step.channels; ++c) {
        const std::uint32_t slot = step.ports[c];
        const float* from = slot < period.input_slots ? period.inputs[slot] : nullptr;
        if (from == nullptr) {
            std::memset(step.to[c], 0, frames * sizeof(float));
            *step.silent[c] = 1;
            continue;
        }
        copy_scaled(step.to[c], from + offset, strip.gain, frames);
        const rt::Scan seen = rt::scan(step.to[c], frames);
        *step.silent[c] = seen.silent ? 1 : 0;
        if (!seen.finite) scrubbed += rt::scrub(step.to[c], frames);
        if (!seen.silent) strip.meter.add(c, step.to[c], frames);
    }
    if (scrubbed != 0) {
        strip.scrubbed.store(strip.scrubbed.load(std::memory_order_relaxed) + scrubbed,
                             std::memory_order_relaxed);
        report({Report::Kind::input_scrubbed, strip.handle, scrubbed});
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

void Cycle::run_node(const NodeStep& step, const Period& period, const bl_transport& transport,
                     std::uint32_t frames) noexcept {
    Node& node = *step.node;
    const bl_plugin* plugin = node.plugin;
    const rt::InNode inside(word_of(node.handle));
    if (node.bank.waiting())
        node.bank.flush(period.offline ? node.bank.count() : ParamBank::kEventsPerCycle);
    if (node.bank.event_count() != 0) {
        double bypass = 0.0;
        if (node.bank.extract(node.param_count, bypass)) {
            const bool wanted = bypass >= 0.5;
            if (node.bypassed && !wanted && plugin->reset != nullptr) plugin->reset(plugin);
            if (!wanted) node.guard.clear();
            node.bypassed = wanted;
        }
    }
    if (node.responses != nullptr) {
        for (rt::RecordRing::Record r = node.responses->front(); r.data != nullptr;
             r = node.responses->front()) {
            plugin->on_response(plugin, r.data, r.size);
            node.responses->pop();
        }
    }
    if (node.bypassed) {
        node.bank.keep_events();
        pass_dry(step, frames);
        return;
    }

    for (std::uint32_t i = 0; i < step.input_count; ++i) {
        const std::uint64_t bit = std::uint64_t{1} << step.input_bit[i];
        if (*step.input_silent[i] != 0)
            *step.input_mask[i] |= bit;
        else
            *step.input_mask[i] &= ~bit;
    }
    const bl_process call{sizeof(bl_process),
                          frames,
                          period.offline ? static_cast<std::uint32_t>(BL_OFFLINE) : 0u,
                          node.bank.event_count(),
                          clock_,
                          &transport,
                          step.buses,
                          node.events.get(),
                          node.bank.events()};
    if (plugin->process(plugin, &call) < 0) {
        for (std::uint32_t c = 0; c < step.output_count; ++c)
            std::memset(step.outputs[c], 0, frames * sizeof(float));
        node.cost->errors.fetch_add(1, std::memory_order_relaxed);
        report({Report::Kind::plugin_error, node.handle, 1});
    }
    node.bank.clear_events();
    check_outputs(step, frames);
}

void Cycle::check_outputs(const NodeStep& step, std::uint32_t frames) noexcept {
    std::uint32_t scrubbed = 0;
    for (std::uint32_t c = 0; c < step.output_count; ++c) {
        const rt::Scan seen = rt::scan(step.outputs[c], frames);
        *step.output_silent[c] = seen.silent ? 1 : 0;
        if (!seen.finite) scrubbed += rt::scrub(step.outputs[c], frames);
    }
    if (scrubbed == 0) return;
    Node& node = *step.node;
    node.cost->scrubbed.fetch_add(scrubbed, std::memory_order_relaxed);
    node.reset_due = true;
    resets_due_ = true;
    report({Report::Kind::scrubbed, node.handle, scrubbed});
}

void Cycle::pass_dry(const NodeStep& step, std::uint32_t frames) noexcept {
    for (std::uint32_t c = 0; c < step.output_count; ++c) {
        if (step.dry[c] == nullptr) {
            std::memset(step.outputs[c], 0, frames * sizeof(float));
            *step.output_silent[c] = 1;
        } else {
            if (step.dry[c] != step.outputs[c])
                std::memcpy(step.outputs[c], step.dry[c], frames * sizeof(float));
            *step.output_silent[c] = rt::scan(step.outputs[c], frames).silent ? 1 : 0;
        }
    }
}

void Cycle::run_output(const OutputStep& step, const Period& period, std::uint32_t offset,
                       std::uint32_t frames) noexcept {
    Strip& strip = *step.strip;
    strip.update();
    const float gain = master_->muted ? 0.0f : strip.gain;
    for (std::uint32_t c = 0; c < step.channels; ++c) {
        const std::uint32_t slot = step.ports[c];
        float* to = slot < period.output_slots ? period.outputs[slot] : nullptr;
        to = to == nullptr ? step.scratch : to + offset;
        copy_scaled(to, step.from[c], gain, frames);
        if (gain != 0.0f) strip.meter.add(c, to, frames);
    }
}

} // namespace backline::process
