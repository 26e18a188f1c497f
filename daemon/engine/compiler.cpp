// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/compiler.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <new>
#include <set>
#include <string>
#include <utility>

namespace backline::engine {

namespace {

using process::Step;

/// Memory of the plan: handed out piece by piece, zeroed, freed with the plan.
class Arena {
  public:
    explicit Arena(process::Plan& plan) : plan_(plan) {}

    template <typename T>
    T* array(std::size_t count) {
        return static_cast<T*>(bytes(std::max<std::size_t>(count, 1) * sizeof(T)));
    }
    template <typename T>
    T* array(const std::vector<T>& values) {
        T* copy = array<T>(values.size());
        std::copy(values.begin(), values.end(), copy);
        return copy;
    }

  private:
    static constexpr std::size_t kAlign = 64; // a cache line, and the widest SIMD load
    static constexpr std::size_t kBlock = 16384;

    void* bytes(std::size_t size) {
        size = (size + kAlign - 1) & ~(kAlign - 1);
        if (size > left_) {
            left_ = std::max(size, kBlock);
            at_ = static_cast<std::byte*>(std::aligned_alloc(kAlign, left_));
            if (at_ == nullptr) throw std::bad_alloc();
            // Written to, so that the audio thread never meets a page for the first time.
            std::memset(at_, 0, left_);
            plan_.arenas.emplace_back(at_);
        }
        void* piece = at_;
        at_ += size;
        left_ -= size;
        return piece;
    }

    process::Plan& plan_;
    std::byte* at_ = nullptr;
    std::size_t left_ = 0;
};

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
            incoming_[connection.to.name].push_back(&connection);
    }

    std::unique_ptr<process::Plan> run() {
        plan_->max_slice = max_frames_;
        read_feedback();
        for (const auto& [name, output] : model_.outputs)
            visit_sources(name);
        for (const auto& [name, node] : model_.nodes)
            visit(name);
        for (const auto& [name, input] : model_.inputs)
            visit(name);
        for (const auto& [name, output] : model_.outputs)
            draft_output(output);
        write_feedback();
        assign_buffers();
        for (const Draft& draft : drafts_)
            emit(draft);
        model_.latency = latency();
        model_.buffers = plan_->buffers;
        return std::move(plan_);
    }

  private:
    using Channel = std::pair<std::string, std::pair<std::uint32_t, std::uint32_t>>;
    static Channel channel(const std::string& name, std::uint32_t port, std::uint32_t c) {
        return {name, {port, c}};
    }

    // ---- drafting ------------------------------------------------------------------------------

    Signal fresh() { return signals_++; }

    void read_feedback() {
        for (const Connection& connection : model_.connections) {
            if (!connection.feedback) continue;
            plan_->max_slice = std::min(plan_->max_slice, *connection.feedback);
            for (const auto& line : connection.lines) {
                const Signal signal = fresh();
                feedback_[line.get()] = signal;
                drafts_.push_back(
                    {Step::Kind::delay_read, {}, {signal}, nullptr, nullptr, line.get()});
            }
        }
    }

    void write_feedback() {
        for (const Connection& connection : model_.connections) {
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
                                   connection.lines[i].get()});
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
                draft_node(model_.nodes.at(name));
            } else if (!visited_.insert(name).second) {
                continue;
            } else if (const auto input = model_.inputs.find(name); input != model_.inputs.end()) {
                draft_input(input->second);
            } else {
                stack.emplace_back(name, true);
                const auto& sources = incoming_[name];
                for (auto it = sources.rbegin(); it != sources.rend(); ++it)
                    if (!(*it)->feedback) stack.emplace_back((*it)->from.name, false);
            }
        }
    }

    void draft_input(const StripEntry& input) {
        Draft draft{Step::Kind::input, {}, {}, nullptr, &input, nullptr};
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
            if (connection.feedback) {
                found.push_back(feedback_.at(connection.lines[index].get()));
                continue;
            }
            const std::uint32_t sources = channel_count(model_, connection.from);
            const std::uint32_t from = connection.from.channel.value_or(sources == 1 ? 0 : index);
            found.push_back(sources_.at(channel(connection.from.name, connection.from.port, from)));
        }
        if (found.empty()) return kSilence;
        if (found.size() == 1) return found.front();
        const Signal sum = fresh();
        drafts_.push_back({Step::Kind::mix, std::move(found), {sum}, nullptr, nullptr, nullptr});
        return sum;
    }

    void draft_node(const NodeEntry& node) {
        Draft draft{Step::Kind::node, {}, {}, &node, nullptr, nullptr};
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
        drafts_.push_back({Step::Kind::output, std::move(reads), {}, nullptr, &output, nullptr});
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
            buffers_.push_back(arena_.array<float>(max_frames_));
        silent_ = arena_.array<std::uint8_t>(count + 1);
        silent_[0] = 1;
    }

    /// The input whose buffer the node's output may take over: the same channel of the main input,
    /// read here for the last time and by no other channel of this node.
    Signal in_place(const Draft& draft, std::size_t write, const std::vector<std::size_t>& last,
                    std::size_t at) const {
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

    process::NodeStep node_step(const Draft& draft) {
        const NodeEntry& node = *draft.node;
        const auto& ports = node.info->ports;
        process::NodeStep step{};
        step.node = find_(node);
        step.port_count = static_cast<std::uint32_t>(ports.size());
        step.buses = arena_.array<bl_bus>(ports.size());
        step.outputs = pointers(draft.writes);
        step.output_silent = flags(draft.writes);
        step.output_count = static_cast<std::uint32_t>(draft.writes.size());
        step.input_silent = flags(draft.reads);
        step.input_count = static_cast<std::uint32_t>(draft.reads.size());

        std::vector<std::uint64_t*> masks;
        std::vector<std::uint32_t> bits;
        std::vector<const float*> dry;
        std::size_t reads = 0;
        std::size_t writes = 0;
        for (std::uint32_t port = 0; port < ports.size(); ++port) {
            const bool is_input = ports[port].direction == BL_INPUT;
            const bool main = (ports[port].flags & BL_PORT_MAIN) != 0;
            std::vector<float*> channels;
            for (std::uint32_t c = 0; c < node.port_channels[port]; ++c) {
                if (is_input) {
                    channels.push_back(buffer(draft.reads[reads++]));
                    masks.push_back(&step.buses[port].silent);
                    bits.push_back(c);
                } else {
                    channels.push_back(buffer(draft.writes[writes++]));
                    const Signal from = main ? main_input(draft, c, true) : kSilence;
                    dry.push_back(from == kSilence ? nullptr : buffer(from));
                }
            }
            step.buses[port] = {arena_.array(channels), node.port_channels[port], 0, 0};
        }
        step.input_mask = arena_.array(masks);
        step.input_bit = arena_.array(bits);
        step.dry = arena_.array(dry);
        plan_->nodes.push_back(step.node);
        return step;
    }

    /// Frames of the longest path from any source to any output.
    std::uint32_t latency() {
        std::map<std::string, std::uint32_t> until;
        std::uint32_t total = 0;
        const auto arrive = [&](const std::string& name) {
            std::uint32_t latest = 0;
            for (const Connection* connection : incoming_[name])
                if (!connection->feedback) latest = std::max(latest, until[connection->from.name]);
            return latest;
        };
        for (const Draft& draft : drafts_) {
            if (draft.node != nullptr)
                until[draft.node->name] = arrive(draft.node->name) + draft.node->latency;
            else if (draft.kind == Step::Kind::output)
                total = std::max(total, arrive(draft.strip->name));
        }
        return total;
    }

    Model& model_;
    const std::uint32_t max_frames_;
    const FindNode& find_;
    std::unique_ptr<process::Plan> plan_;
    Arena arena_;
    std::map<std::string, std::vector<const Connection*>> incoming_; ///< by destination, as made
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
