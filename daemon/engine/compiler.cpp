// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/compiler.hpp"

#include "daemon/engine/plan_arena.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace backline::engine {

namespace {

using process::Step;

/// A channel's signal before buffers are assigned. Signal 0 is silence.
using Signal = std::uint32_t;
constexpr Signal kSilence = 0;

/// A step with signals in place of buffers.
struct Draft {
    Step::Kind kind;
    std::vector<Signal> reads;
    std::vector<Signal> writes;
    const NodeEntry* node = nullptr;
    const StripEntry* strip = nullptr;
    process::DelayLine* line = nullptr;
    const Connection* connection = nullptr;
};

class Compiler {
  public:
    Compiler(Model& model, std::uint32_t max_frames, const FindNode& find)
        : model_(model),
          max_frames_(max_frames),
          find_(find),
          plan_(std::make_unique<process::Plan>()),
          arena_(*plan_) {
        for (const Connection& connection : model_.connections)
            if (!connection.waiting) take(connection);
        for (const Connection& connection : model_.leaving.connections)
            take(connection);
    }

    std::unique_ptr<process::Plan> run() {
        plan_->max_slice = max_frames_;
        read_feedback();
        for (const auto* outputs : {&model_.outputs, &model_.leaving.outputs})
            for (const auto& [name, output] : *outputs)
                visit_sources(name);
        for (const auto* nodes : {&model_.nodes, &model_.leaving.nodes})
            for (const auto& [name, node] : *nodes)
                visit(name);
        for (const auto* inputs : {&model_.inputs, &model_.leaving.inputs})
            for (const auto& [name, input] : *inputs)
                visit(name);
        for (const auto* outputs : {&model_.outputs, &model_.leaving.outputs})
            for (const auto& [name, output] : *outputs)
                draft_output(output);
        write_feedback();
        assign_buffers();
        for (const Draft& draft : drafts_)
            emit(draft);
        model_.buffers = plan_->buffers;
        return std::move(plan_);
    }

  private:
    using Channel = std::pair<std::string, std::pair<std::uint32_t, std::uint32_t>>;
    static Channel channel(const std::string& name, std::uint32_t port, std::uint32_t c) {
        return {name, {port, c}};
    }

    // ---- drafting ------------------------------------------------------------------------------

    void take(const Connection& connection) {
        connections_.push_back(&connection);
        incoming_[connection.to.name].push_back(&connection);
    }

    Signal fresh() { return signals_++; }

    void read_feedback() {
        for (const Connection* each : connections_) {
            const Connection& connection = *each;
            if (!connection.feedback) continue;
            plan_->max_slice = std::min(plan_->max_slice, *connection.feedback);
            for (const auto& line : connection.lines) {
                const Signal signal = fresh();
                feedback_[line.get()] = signal;
                drafts_.push_back(
                    {Step::Kind::delay_read, {}, {signal}, nullptr, nullptr, line.get(), nullptr});
            }
        }
    }

    void write_feedback() {
        for (const Connection* each : connections_) {
            const Connection& connection = *each;
            if (!connection.feedback) continue;
            const std::uint32_t sources = channel_count(model_, connection.from);
            for (std::uint32_t i = 0; i < connection.lines.size(); ++i) {
                const std::uint32_t c = connection.from.channel.value_or(sources == 1 ? 0 : i);
                const Signal signal =
                    sources_.at(channel(connection.from.name, connection.from.port, c));
                drafts_.push_back({Step::Kind::delay_write,
                                   {signal},
                                   {},
                                   nullptr,
                                   nullptr,
                                   connection.lines[i].get(),
                                   nullptr});
            }
        }
    }

    void visit_sources(const std::string& name) {
        for (const Connection* connection : incoming_[name])
            if (!connection->feedback) visit(connection->from.name);
    }

    /// Depth first, sources before what they feed: keeps signals short-lived. With a stack of its
    /// own: a chain may be as long as there are slots.
    void visit(const std::string& first) {
        std::vector<std::pair<std::string, bool>> stack{{first, false}};
        while (!stack.empty()) {
            auto [name, sources_done] = stack.back();
            stack.pop_back();
            if (sources_done) {
                draft_node(*find_node(model_, name));
            } else if (!visited_.insert(name).second) {
                continue;
            } else if (const StripEntry* input = find_input(model_, name)) {
                draft_input(*input);
            } else {
                stack.emplace_back(name, true);
                const auto& sources = incoming_[name];
                for (auto it = sources.rbegin(); it != sources.rend(); ++it)
                    if (!(*it)->feedback) stack.emplace_back((*it)->from.name, false);
            }
        }
    }

    void draft_input(const StripEntry& input) {
        Draft draft{Step::Kind::input, {}, {}, nullptr, &input, nullptr, nullptr};
        for (std::uint32_t c = 0; c < input.channels; ++c) {
            draft.writes.push_back(fresh());
            sources_[channel(input.name, 0, c)] = draft.writes.back();
        }
        drafts_.push_back(std::move(draft));
    }

    /// What arrives at one channel, summed by a step of its own when it is several signals.
    Signal arriving(const std::string& name, std::uint32_t port, std::uint32_t c) {
        std::vector<Signal> found;
        for (const Connection* each : incoming_[name]) {
            const Connection& connection = *each;
            const Endpoint& to = connection.to;
            if (to.port != port || (to.channel && *to.channel != c)) continue;
            const std::uint32_t index = to.channel ? 0 : c; // of the destination's channels
            found.push_back(carried(connection, index));
        }
        if (found.empty()) return kSilence;
        if (found.size() == 1) return found.front();
        const Signal sum = fresh();
        drafts_.push_back(
            {Step::Kind::mix, std::move(found), {sum}, nullptr, nullptr, nullptr, nullptr});
        return sum;
    }

    /// What a connection brings to a channel of its destination. One that fades or waits for slower
    /// paths has a step of its own, before its first reader.
    Signal carried(const Connection& connection, std::uint32_t index) {
        std::vector<Signal> sources;
        if (connection.feedback) {
            for (const auto& line : connection.lines)
                sources.push_back(feedback_.at(line.get()));
        } else {
            const Endpoint& from = connection.from;
            const std::uint32_t count = channel_count(model_, from);
            for (std::uint32_t c = 0; c < count; ++c)
                sources.push_back(
                    sources_.at(channel(from.name, from.port, from.channel.value_or(c))));
        }
        if (sources.size() == 1) index = 0;
        if (!connection.fade && connection.delays.empty()) return sources[index];
        std::vector<Signal>& linked = links_[&connection];
        if (linked.empty()) {
            for (std::size_t c = 0; c < sources.size(); ++c)
                linked.push_back(fresh());
            drafts_.push_back({Step::Kind::link, std::move(sources), linked, nullptr, nullptr,
                               nullptr, &connection});
        }
        return linked[index];
    }

    void draft_node(const NodeEntry& node) {
        Draft draft{Step::Kind::node, {}, {}, &node, nullptr, nullptr, nullptr};
        for (std::uint32_t port = 0; port < node.info->ports.size(); ++port) {
            for (std::uint32_t c = 0; c < node.port_channels[port]; ++c) {
                if (node.info->ports[port].direction == BL_INPUT) {
                    draft.reads.push_back(arriving(node.name, port, c));
                } else {
                    draft.writes.push_back(fresh());
                    sources_[channel(node.name, port, c)] = draft.writes.back();
                }
            }
        }
        drafts_.push_back(std::move(draft));
    }

    void draft_output(const StripEntry& output) {
        std::vector<Signal> reads;
        for (std::uint32_t c = 0; c < output.channels; ++c)
            reads.push_back(arriving(output.name, 0, c));
        drafts_.push_back(
            {Step::Kind::output, std::move(reads), {}, nullptr, &output, nullptr, nullptr});
    }

    // ---- buffers -------------------------------------------------------------------------------

    /// Linear scan: a signal takes a free buffer where it is written and gives it back after the
    /// last step that reads it.
    void assign_buffers() {
        std::vector<std::size_t> last(signals_, 0);
        for (std::size_t at = 0; at < drafts_.size(); ++at) {
            for (const Signal signal : drafts_[at].reads)
                last[signal] = at;
            for (const Signal signal : drafts_[at].writes)
                last[signal] = std::max(last[signal], at);
        }
        last[kSilence] = std::numeric_limits<std::size_t>::max();

        buffer_of_.assign(signals_, 0);
        std::uint32_t count = 1; // buffer 0 is silence and never written
        std::vector<std::uint32_t> free;
        for (std::size_t at = 0; at < drafts_.size(); ++at) {
            const Draft& draft = drafts_[at];
            std::set<std::uint32_t> passed_on; // buffers a write took over from a read
            for (std::size_t w = 0; w < draft.writes.size(); ++w) {
                const Signal signal = draft.writes[w];
                if (const Signal from = in_place(draft, w, last, at); from != kSilence) {
                    buffer_of_[signal] = buffer_of_[from];
                    passed_on.insert(buffer_of_[from]);
                } else if (!free.empty()) {
                    buffer_of_[signal] = free.back();
                    free.pop_back();
                } else {
                    buffer_of_[signal] = count++;
                }
            }
            std::set<Signal> done(draft.reads.begin(), draft.reads.end());
            done.insert(draft.writes.begin(), draft.writes.end()); // written and never read
            for (const Signal signal : done) {
                if (last[signal] != at) continue;
                const bool written = std::find(draft.writes.begin(), draft.writes.end(), signal)
                                     != draft.writes.end();
                if (!written && passed_on.count(buffer_of_[signal]) != 0) continue;
                free.push_back(buffer_of_[signal]);
            }
        }
        plan_->buffers = count;
        scratch_ = count; // one more, for outputs without a port
        for (std::uint32_t b = 0; b <= count; ++b)
            buffers_.push_back(arena_.buffer(max_frames_));
        silent_ = arena_.array<std::uint8_t>(count + 1);
        silent_[0] = 1;
        plan_->lane = make_lane();
    }

    process::Lane make_lane() {
        std::size_t most = 0;
        for (const Draft& draft : drafts_)
            if (draft.kind == Step::Kind::node) most = std::max(most, draft.writes.size());
        std::vector<float*> dry;
        for (std::size_t c = 0; c < most; ++c)
            dry.push_back(arena_.buffer(max_frames_));
        return {arena_.buffer(max_frames_), arena_.buffer(max_frames_), arena_.buffer(max_frames_),
                arena_.array(dry)};
    }

    /// The input whose buffer the node's output may take over: the same channel of the main input,
    /// read here for the last time and by no other channel of this node.
    Signal in_place(const Draft& draft, std::size_t write, const std::vector<std::size_t>& last,
                    std::size_t at) const {
        if (draft.kind == Step::Kind::link) {
            const Signal from = draft.reads[write];
            return from != kSilence && last[from] == at ? from : kSilence;
        }
        if (draft.kind != Step::Kind::node) return kSilence;
        const auto& ports = draft.node->info->ports;
        std::size_t base = 0;
        for (std::uint32_t port = 0; port < ports.size(); ++port) {
            const std::uint32_t channels = draft.node->port_channels[port];
            if (ports[port].direction != BL_OUTPUT) continue;
            if (write >= base + channels) {
                base += channels;
                continue;
            }
            const auto flags = static_cast<std::uint32_t>(BL_PORT_MAIN | BL_PORT_IN_PLACE);
            if ((ports[port].flags & flags) != flags) return kSilence;
            const Signal from = main_input(draft, static_cast<std::uint32_t>(write - base), false);
            if (from == kSilence || last[from] != at) return kSilence;
            return std::count(draft.reads.begin(), draft.reads.end(), from) == 1 ? from : kSilence;
        }
        return kSilence;
    }

    /// The signal at a channel of the node's main input, or silence. A mono input stands for every
    /// channel when `spread`.
    static Signal main_input(const Draft& draft, std::uint32_t channel, bool spread) {
        std::size_t base = 0;
        const auto& ports = draft.node->info->ports;
        for (std::uint32_t port = 0; port < ports.size(); ++port) {
            if (ports[port].direction != BL_INPUT) continue;
            const std::uint32_t channels = draft.node->port_channels[port];
            if ((ports[port].flags & BL_PORT_MAIN) != 0 && ports[port].kind == BL_PORT_AUDIO)
                return channel < channels        ? draft.reads[base + channel]
                       : spread && channels == 1 ? draft.reads[base]
                                                 : kSilence;
            base += channels;
        }
        return kSilence;
    }

    // ---- emitting ------------------------------------------------------------------------------

    float* buffer(Signal signal) const { return buffers_[buffer_of_[signal]]; }
    std::uint8_t* silent(Signal signal) const { return &silent_[buffer_of_[signal]]; }

    template <typename T, typename Get>
    T* list(const std::vector<Signal>& signals, Get get) {
        std::vector<T> values;
        for (const Signal signal : signals)
            values.push_back(get(signal));
        return arena_.array(values);
    }
    float** pointers(const std::vector<Signal>& signals) {
        return list<float*>(signals, [this](Signal s) { return buffer(s); });
    }
    std::uint8_t** flags(const std::vector<Signal>& signals) {
        return list<std::uint8_t*>(signals, [this](Signal s) { return silent(s); });
    }

    void emit(const Draft& draft) {
        Step step{draft.kind, {}};
        switch (draft.kind) {
        case Step::Kind::input:
            step.input = {draft.strip->strip.get(), draft.strip->channels,
                          arena_.array(draft.strip->slots), pointers(draft.writes),
                          flags(draft.writes)};
            plan_->strips.push_back(draft.strip->strip.get());
            break;
        case Step::Kind::mix:
            step.mix = {buffer(draft.writes[0]), silent(draft.writes[0]), pointers(draft.reads),
                        flags(draft.reads), static_cast<std::uint32_t>(draft.reads.size())};
            break;
        case Step::Kind::link:
            step.link = link_step(draft);
            break;
        case Step::Kind::node:
            step.node = node_step(draft);
            break;
        case Step::Kind::delay_read:
            step.delay = {draft.line, buffer(draft.writes[0]), silent(draft.writes[0])};
            break;
        case Step::Kind::delay_write:
            step.delay = {draft.line, buffer(draft.reads[0]), silent(draft.reads[0])};
            break;
        case Step::Kind::output:
            step.output = {draft.strip->strip.get(), draft.strip->channels,
                           arena_.array(draft.strip->slots), pointers(draft.reads),
                           buffers_[scratch_]};
            plan_->strips.push_back(draft.strip->strip.get());
            break;
        }
        plan_->steps.push_back(step);
    }

    process::LinkStep link_step(const Draft& draft) {
        const Connection& connection = *draft.connection;
        std::vector<process::LinkStep::Channel> channels;
        for (std::size_t c = 0; c < draft.reads.size(); ++c)
            channels.push_back({buffer(draft.reads[c]), silent(draft.reads[c]),
                                buffer(draft.writes[c]), silent(draft.writes[c]),
                                connection.delays.empty() ? nullptr : connection.delays[c].get()});
        process::Ramp* const ramp = connection.fade ? &connection.fade->ramp : nullptr;
        if (ramp != nullptr) plan_->ramps.push_back(ramp);
        return {ramp, arena_.array(channels), static_cast<std::uint32_t>(channels.size())};
    }

    process::NodeStep node_step(const Draft& draft) {
        const NodeEntry& node = *draft.node;
        const auto& ports = node.info->ports;
        process::NodeStep step{};
        step.node = find_(node);
        step.latency = node.latency;
        step.buses = arena_.array<bl_bus>(ports.size());

        std::vector<process::NodeStep::Input> inputs;
        std::vector<process::NodeStep::Output> outputs;
        for (std::uint32_t port = 0; port < ports.size(); ++port) {
            const bool main = (ports[port].flags & BL_PORT_MAIN) != 0;
            bl_bus& bus = step.buses[port];
            std::vector<float*> channels;
            for (std::uint32_t c = 0; c < node.port_channels[port]; ++c) {
                if (ports[port].direction == BL_INPUT) {
                    const Signal signal = draft.reads[inputs.size()];
                    channels.push_back(buffer(signal));
                    inputs.push_back({silent(signal), &bus.silent, std::uint64_t{1} << c});
                } else {
                    const Signal signal = draft.writes[outputs.size()];
                    channels.push_back(buffer(signal));
                    const Signal from = main ? main_input(draft, c, true) : kSilence;
                    const bool delayed = from != kSilence && !node.dry_lines.empty();
                    outputs.push_back({buffer(signal), silent(signal),
                                       from == kSilence ? nullptr : buffer(from),
                                       delayed ? node.dry_lines[outputs.size()].get() : nullptr});
                }
            }
            bus = {arena_.array(channels), node.port_channels[port], 0, 0};
        }
        step.inputs = arena_.array(inputs);
        step.outputs = arena_.array(outputs);
        step.input_count = static_cast<std::uint32_t>(inputs.size());
        step.output_count = static_cast<std::uint32_t>(outputs.size());
        plan_->nodes.push_back(step.node);
        return step;
    }

    Model& model_;
    const std::uint32_t max_frames_;
    const FindNode& find_;
    std::unique_ptr<process::Plan> plan_;
    PlanArena arena_;
    std::vector<const Connection*> connections_; ///< that run, in the order made
    std::map<std::string, std::vector<const Connection*>> incoming_; ///< by destination
    std::map<const Connection*, std::vector<Signal>> links_;
    std::vector<Draft> drafts_;
    std::set<std::string> visited_;
    std::map<Channel, Signal> sources_;
    std::map<const process::DelayLine*, Signal> feedback_;
    Signal signals_ = 1;
    std::vector<std::uint32_t> buffer_of_;
    std::vector<float*> buffers_;
    std::uint8_t* silent_ = nullptr;
    std::uint32_t scratch_ = 0;
};

} // namespace

std::unique_ptr<process::Plan> compile(Model& model, std::uint32_t max_frames,
                                       const FindNode& find) {
    return Compiler(model, max_frames, find).run();
}

} // namespace backline::engine
