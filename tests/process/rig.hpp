// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/cycle.hpp"
#include "probe.hpp"

#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

namespace backline::process::test {

/// One channel between steps.
struct Wire {
    float* samples;
    std::uint8_t* silent;
};

/// Makes plans by hand; the plan owns all it points to but nodes, strips and delay lines.
class PlanBuilder {
  public:
    explicit PlanBuilder(std::uint32_t max_slice = 1024) : plan_(std::make_unique<Plan>()) {
        plan_->max_slice = max_slice;
        plan_->lane = {room<float>(max_slice), room<float>(max_slice), room<float>(max_slice),
                       keep(std::vector<float*>{room<float>(max_slice)})};
    }

    Wire wire() { return {room<float>(plan_->max_slice), room<std::uint8_t>(1)}; }

    PlanBuilder& input(Strip& strip, const std::vector<std::uint32_t>& ports,
                       const std::vector<Wire>& to) {
        Step step{Step::Kind::input, {}};
        step.input = {&strip, strip.channels, keep(ports), samples(to), flags(to)};
        plan_->strips.push_back(&strip);
        return add(step);
    }
    /// With one input wire or none; bypass passes it on.
    PlanBuilder& node(Node& node, const std::vector<Wire>& in, Wire out) {
        bl_bus* buses = room<bl_bus>(2);
        buses[0] = {samples(in), static_cast<std::uint32_t>(in.size()), 0, 0};
        buses[1] = {samples({out}), 1, 0, 0};
        const float* dry = in.empty() ? nullptr : in[0].samples;
        std::vector<NodeStep::Input> inputs;
        for (const Wire& wire : in)
            inputs.push_back({wire.silent, &buses[0].silent, 1});
        Step step{Step::Kind::node, {}};
        step.node = {&node,
                     buses,
                     keep(inputs),
                     keep(std::vector<NodeStep::Output>{{out.samples, out.silent, dry, nullptr}}),
                     static_cast<std::uint32_t>(in.size()),
                     1,
                     0};
        plan_->nodes.push_back(&node);
        return add(step);
    }
    PlanBuilder& mix(Wire to, const std::vector<Wire>& from) {
        std::vector<const float*> sources;
        for (const Wire& wire : from)
            sources.push_back(wire.samples);
        Step step{Step::Kind::mix, {}};
        step.mix = {to.samples, to.silent, keep(sources), const_flags(from),
                    static_cast<std::uint32_t>(from.size())};
        return add(step);
    }
    PlanBuilder& delay_read(DelayLine& line, Wire to) {
        Step step{Step::Kind::delay_read, {}};
        step.delay = {&line, to.samples, to.silent};
        return add(step);
    }
    PlanBuilder& delay_write(DelayLine& line, Wire from) {
        Step step{Step::Kind::delay_write, {}};
        step.delay = {&line, from.samples, from.silent};
        return add(step);
    }
    PlanBuilder& output(Strip& strip, const std::vector<std::uint32_t>& ports,
                        const std::vector<Wire>& from) {
        std::vector<const float*> sources;
        for (const Wire& wire : from)
            sources.push_back(wire.samples);
        Step step{Step::Kind::output, {}};
        step.output = {&strip, strip.channels, keep(ports), keep(sources),
                       room<float>(plan_->max_slice)};
        plan_->strips.push_back(&strip);
        return add(step);
    }

    std::unique_ptr<Plan> take() { return std::move(plan_); }

  private:
    template <typename T>
    T* room(std::size_t count) {
        static_assert(std::is_trivial_v<T>);
        void* memory = std::calloc(count + 1, sizeof(T));
        if (memory == nullptr) throw std::bad_alloc();
        plan_->arenas.emplace_back(memory);
        return static_cast<T*>(memory);
    }
    template <typename T>
    T* keep(const std::vector<T>& values) {
        T* kept = room<T>(values.size());
        if (!values.empty()) std::memcpy(kept, values.data(), values.size() * sizeof(T));
        return kept;
    }
    float** samples(const std::vector<Wire>& wires) {
        std::vector<float*> all;
        for (const Wire& wire : wires)
            all.push_back(wire.samples);
        return keep(all);
    }
    std::uint8_t** flags(const std::vector<Wire>& wires) {
        std::vector<std::uint8_t*> all;
        for (const Wire& wire : wires)
            all.push_back(wire.silent);
        return keep(all);
    }
    const std::uint8_t** const_flags(const std::vector<Wire>& wires) {
        std::vector<const std::uint8_t*> all;
        for (const Wire& wire : wires)
            all.push_back(wire.silent);
        return keep(all);
    }
    PlanBuilder& add(const Step& step) {
        plan_->steps.push_back(step);
        return *this;
    }

    std::unique_ptr<Plan> plan_;
};

/// A cycle with one external input and output slot, driven by hand.
class Rig {
  public:
    explicit Rig(Cycle::Options options = {}) : cycle(options, master) {}

    /// Sends a command; it comes back through done().
    bool push(std::unique_ptr<Command> command) {
        if (!cycle.push(command.get())) return false;
        (void)command.release();
        return true;
    }
    std::unique_ptr<Command> done() { return std::unique_ptr<Command>(cycle.take_done()); }

    /// Makes `plan` the one that runs, and the probe known under `handle`.
    void start(std::unique_ptr<Plan> plan, Probe& probe, Handle handle = {1, 1}) {
        probe.node.handle = handle;
        auto command = std::make_unique<Command>();
        command->plan = std::move(plan);
        command->slots.push_back({handle, &probe.node.bank, &probe.node});
        push(std::move(command));
        cycle.apply_idle(0);
        done();
    }
    /// input slot 0 -> probe -> output slot 0
    void start_chain(Probe& probe, std::uint32_t max_slice = 1024) {
        PlanBuilder build(max_slice);
        const Wire in = build.wire();
        const Wire out = build.wire();
        build.input(input, {0}, {in}).node(probe.node, {in}, out).output(output, {0}, {out});
        start(build.take(), probe);
    }

    /// One period; the input is `signal` of the frames run so far.
    std::vector<float> run(std::uint32_t frames, bool offline = false) {
        std::vector<float> in(frames);
        std::vector<float> out(frames, 1e9f);
        for (std::uint32_t i = 0; i < frames; ++i)
            in[i] = signal(clock + i);
        const float* inputs[] = {in.data()};
        float* outputs[] = {out.data()};
        Period period;
        period.frames = frames;
        period.inputs = inputs;
        period.outputs = outputs;
        period.input_slots = 1;
        period.output_slots = 1;
        period.transport = transport;
        period.rate = 48000.0;
        period.offline = offline;
        cycle.run(period);
        clock += frames;
        return out;
    }

    Master master;
    Cycle cycle;
    Strip input{1};
    Strip output{1};
    std::uint64_t clock = 0;
    bl_transport transport{};
    std::function<float(std::uint64_t)> signal = [](std::uint64_t) { return 1.0f; };
};

/// A command that sets one parameter of what `handle` names at `frame` (0 = next cycle).
inline std::unique_ptr<Command> set_at(std::uint64_t frame, Handle handle, double value,
                                       std::uint32_t param = 0, bool cuts = false) {
    auto command = std::make_unique<Command>();
    command->frame = frame;
    command->sets.push_back({handle, param, value});
    command->cuts_for_sets = cuts;
    return command;
}

} // namespace backline::process::test
