// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/edit.hpp"

#include "daemon/engine/ramp.hpp"
#include "daemon/engine/snapshot.hpp"

#include <algorithm>
#include <utility>

namespace backline::engine {

namespace {

/// How long a removed node with the word "tail" may be heard: some ring for ever.
constexpr double kLongestTailSeconds = 30.0;

/// Finds an endpoint's port on the plugin that takes a node's place; false when it has none.
bool find_port_again(Endpoint& end, const std::string& name, const NodeEntry& former,
                     const NodeEntry& node) {
    if (end.name != name) return true;
    const plugin::PortInfo& old = former.info->ports[end.port];
    const bool is_main = (old.flags & BL_PORT_MAIN) != 0;
    for (std::uint32_t p = 0; p < node.info->ports.size(); ++p) {
        const plugin::PortInfo& now = node.info->ports[p];
        const bool same = now.symbol == old.symbol || (is_main && (now.flags & BL_PORT_MAIN) != 0);
        if (!same || now.direction != old.direction || now.kind != old.kind
            || node.port_channels[p] != former.port_channels[end.port])
            continue;
        end.port = p;
        return true;
    }
    return false;
}

void rename_ends(Model& model, const std::string& name, const std::string& to) {
    for (auto* connections : {&model.connections, &model.leaving.connections})
        for (Connection& connection : *connections) {
            if (connection.from.name == name) connection.from.name = to;
            if (connection.to.name == name) connection.to.name = to;
        }
}

} // namespace

Slots::Slots(std::uint32_t first, std::uint32_t count) : count_(count) {
    for (std::uint32_t i = 0; i < count; ++i)
        free_.push_back(first + i);
}

std::uint32_t Slots::take(const char* what) {
    if (count_ == 0)
        throw CommandError("queue_full", std::string("all ") + std::to_string(free_.size()) + " "
                                             + what + " are in use");
    const std::uint32_t slot = free_[head_];
    head_ = (head_ + 1) % free_.size();
    --count_;
    return slot;
}

void Slots::give_back(std::uint32_t slot) {
    free_[(head_ + count_) % free_.size()] = slot;
    ++count_;
}

std::string path_between(const Model& model, const std::string& from, const std::string& to,
                         bool heard) {
    std::map<std::string, std::string> came_from{{from, ""}};
    std::vector<std::string> queue{from};
    for (std::size_t i = 0; i < queue.size(); ++i) {
        if (queue[i] == to) {
            std::string path = to;
            for (std::string at = came_from[to]; !at.empty(); at = came_from[at])
                path = at + " -> " + path;
            return path;
        }
        const auto follow = [&](const std::vector<Connection>& connections) {
            for (const Connection& connection : connections)
                if (!connection.feedback && connection.from.name == queue[i]
                    && !(heard && connection.waiting)
                    && came_from.emplace(connection.to.name, queue[i]).second)
                    queue.push_back(connection.to.name);
        };
        follow(model.connections);
        if (heard) follow(model.leaving.connections);
    }
    return "";
}

Edit::~Edit() {
    for (const std::uint32_t slot : taken_handles_)
        context_.handles->give_back(slot);
    for (const std::uint32_t slot : taken_inputs_)
        context_.input_slots->give_back(slot);
    for (const std::uint32_t slot : taken_outputs_)
        context_.output_slots->give_back(slot);
}

void Edit::keep() {
    taken_handles_.clear();
    taken_inputs_.clear();
    taken_outputs_.clear();
}

process::Handle Edit::take_handle() {
    taken_handles_.push_back(context_.handles->take("slots for nodes, inputs and outputs"));
    return {taken_handles_.back(), context_.next_generation()};
}

void Edit::apply(const Op& op, Loads* loaded, std::vector<process::FileInstall>* files) {
    struct Visitor {
        Edit& edit;
        Loads* loaded;
        std::vector<process::FileInstall>* files;
        void operator()(const AddNode& o) { edit.add_node(o, loaded); }
        void operator()(const RemoveNode& o) { edit.remove_node(o.name, o.tail); }
        void operator()(const RenameNode& o) { edit.rename_node(o); }
        void operator()(const ReplaceNode& o) { edit.replace_node(o, loaded); }
        void operator()(const SetBudget& o) { edit.set_budget(o); }
        void operator()(const Connect& o) { edit.connect(o); }
        void operator()(const Disconnect& o) { edit.disconnect(o); }
        void operator()(const AddStrip& o) { edit.add_strip(o, RackPort{}); }
        void operator()(const RemoveStrip& o) { edit.remove_strip(o.is_input, o.name); }
        void operator()(const RenameStrip& o) { edit.rename_strip(o); }
        void operator()(const SetValue& o) { edit.set_value(o, files); }
        void operator()(const LoadRack& o) { edit.load_rack(o.rack, loaded); }
        void operator()(const Panic&) { edit.panic(); }
        void operator()(const Ramp& o) { edit.ramp(o); }
        void operator()(const StoreSnapshot& o) { edit.store_snapshot(o.name); }
        void operator()(const RecallSnapshot& o) { edit.recall_snapshot(o); }
        void operator()(const RemoveSnapshot& o) { edit.remove_snapshot(o.name); }
    };
    std::visit(Visitor{*this, loaded, files}, op);
}

// ---- Nodes --------------------------------------------------------------------------------------

void Edit::check_new_name(const std::string& name) const {
    if (!is_name(name))
        throw CommandError("bad_name",
                           "\"" + name + "\" is no name: expected 1 to 63 of A-Z a-z 0-9 _ -");
    if (next.has(name)) {
        const char* what = next.nodes.count(name) != 0    ? "a node"
                           : next.inputs.count(name) != 0 ? "an input"
                                                          : "an output";
        throw CommandError("name_taken", "\"" + name + "\" is " + what + " already");
    }
}

std::string Edit::file_path(const plugin::ParamInfo& info, const std::string& node,
                            const std::string& file) const {
    std::string path = context_.find_file ? context_.find_file(info.file_kind, file) : "";
    if (path.empty())
        throw CommandError("no_such_file", "node \"" + node + "\": parameter \"" + info.symbol
                                               + "\": there is no file \"" + file
                                               + "\" in the directories for " + info.file_kind
                                               + " files");
    return path;
}

NodeEntry Edit::make_node(const AddNode& op, Loads* loaded) {
    NodeEntry node;
    node.name = op.name;
    node.channels = op.channels;
    node.start_bypassed = op.bypass;
    node.budget = op.budget;
    node.priority = op.priority;
    Wanted want{op.name, nullptr, {}, {}};
    try {
        node.info = context_.catalogue->find(op.plugin);
        node.port_channels = plugin::Instance::layout(*node.info, op.channels.value_or(0));
    } catch (const plugin::PluginError& error) {
        throw CommandError(error.code, error.what());
    }

    Model lookup; // to resolve parameters of a node that is not in the graph yet
    lookup.nodes[op.name] = node;
    std::vector<std::pair<std::uint32_t, double>> values;
    for (const auto& [symbol, value] : op.params) {
        const Target target{Target::Kind::node_param, op.name, symbol, false};
        const ParamRef ref = resolve(lookup, target);
        if (ref.is_file) {
            const auto* file = std::get_if<std::string>(&value);
            if (file == nullptr)
                throw CommandError("bad_type", describe(target) + " takes the name of a file");
            want.files.emplace_back(ref.param, file_path(*ref.info, op.name, *file));
            node.files[symbol] = *file;
        } else {
            values.emplace_back(ref.param, to_number(ref, target, value));
        }
    }

    if (loaded == nullptr) {
        want.info = node.info;
        want.port_channels = node.port_channels;
        wanted.push_back(std::move(want));
        return node;
    }
    const auto found = loaded->lower_bound(op.name);
    if (found == loaded->end() || found->first != op.name)
        throw CommandError("internal", "node \"" + op.name + "\" was not loaded");
    node.handle = take_handle();
    std::unique_ptr<plugin::Instance> instance = std::move(found->second.instance);
    node.shared = instance->shared();
    node.latency = instance->latency();
    node.tail = instance->tail();
    make_dry_lines(node);
    process::Node& audio = instance->node();
    audio.handle = node.handle;
    for (std::uint32_t i = 0; i < node.info->params.size(); ++i)
        if (node.info->params[i].scale != BL_SCALE_FILE)
            audio.bank.preset(i, node.info->params[i].def);
    for (const auto& [param, value] : values)
        audio.bank.preset(param, value);
    audio.bank.preset(audio.param_count, op.bypass ? 1.0 : 0.0);
    audio.bypassed = op.bypass;
    audio.wet.jump(op.bypass ? 0.0f : 1.0f);
    audio.guard.set(op.budget.value_or(context_.budget));
    audio.guard.priority = op.priority;
    for (process::FileInstall& file : found->second.files)
        installs.push_back(file);
    loaded->erase(found);
    slots.push_back({node.handle, &audio.bank, &audio});
    made.push_back(std::move(instance));
    return node;
}

void Edit::add_node(const AddNode& op, Loads* loaded) {
    check_new_name(op.name);
    next.nodes[op.name] = make_node(op, loaded);
    graph_changed = true;
}

/// The name by value: it may be that of the entry which is renamed here.
void Edit::remove_node(std::string name, bool tail) {
    const auto found = next.nodes.find(name);
    if (found == next.nodes.end())
        throw CommandError("no_such_node", "there is no node \"" + name + "\"");
    // Its name and its handle are free at once.
    const process::Handle handle = found->second.handle;
    if (handle.generation != 0) slots.push_back({{handle.slot, 0}, nullptr, nullptr});
    const double frames =
        std::min(static_cast<double>(found->second.tail), kLongestTailSeconds * next.rate);
    node_leaves(name, tail ? static_cast<std::uint32_t>(frames) : 0);
    graph_changed = true;
}

void Edit::rename_node(const RenameNode& op) {
    const auto found = next.nodes.find(op.name);
    if (found == next.nodes.end())
        throw CommandError("no_such_node", "there is no node \"" + op.name + "\"");
    if (op.to == op.name) return;
    check_new_name(op.to);
    NodeEntry node = std::move(found->second);
    next.nodes.erase(found);
    node.name = op.to;
    next.nodes[op.to] = std::move(node);
    rename_in(next.snapshots, Target::Kind::node_param, op.name, op.to);
    rename_ends(next, op.name, op.to);
    graph_changed = true;
}

void Edit::replace_node(const ReplaceNode& op, Loads* loaded) {
    const auto found = next.nodes.find(op.name);
    if (found == next.nodes.end())
        throw CommandError("no_such_node", "there is no node \"" + op.name + "\"");
    const NodeEntry former = found->second;
    AddNode add{op.name,           op.plugin,     former.channels, {},
                former.bypassed(), former.budget, former.priority};
    std::shared_ptr<const plugin::PluginInfo> info;
    try {
        info = context_.catalogue->find(op.plugin);
    } catch (const plugin::PluginError& error) {
        throw CommandError(error.code, error.what());
    }
    for (std::uint32_t i = 0; i < former.info->params.size() && former.shared; ++i) {
        const plugin::ParamInfo& old = former.info->params[i];
        for (const plugin::ParamInfo& now : info->params) {
            if (now.symbol != old.symbol || now.scale != old.scale) continue;
            if (now.scale == BL_SCALE_FILE) {
                const auto file = former.files.find(old.symbol);
                if (file != former.files.end()) add.params.emplace_back(now.symbol, file->second);
            } else {
                const double value = former.param(i).heard.load(std::memory_order_acquire);
                add.params.emplace_back(now.symbol, std::clamp(value, now.min, now.max));
            }
        }
    }
    NodeEntry node = make_node(add, loaded);

    // A connection stays where the new plugin has a port of the same name and channel count.
    std::vector<Connection> kept;
    for (const Connection& connection : next.connections) {
        if (connection.from.name != op.name && connection.to.name != op.name) continue;
        Connection moved{connection.from, connection.to, connection.feedback, {}, {}, 0, {}};
        if (find_port_again(moved.from, op.name, former, node)
            && find_port_again(moved.to, op.name, former, node))
            kept.push_back(std::move(moved));
    }
    remove_node(op.name, false);
    next.nodes[op.name] = std::move(node);
    for (Connection& connection : kept)
        add_connection(std::move(connection));
}

// ---- Connections --------------------------------------------------------------------------------

void Edit::connect(const Connect& op) {
    Connection connection;
    connection.from = parse_endpoint(next, op.from, true);
    connection.to = parse_endpoint(next, op.to, false);
    connection.feedback = op.feedback;
    const std::uint32_t from = channel_count(next, connection.from);
    const std::uint32_t to = channel_count(next, connection.to);
    if (from != to && from != 1)
        throw CommandError("channels", "\"" + op.from + "\" has " + std::to_string(from)
                                           + " channels and \"" + op.to + "\" has "
                                           + std::to_string(to)
                                           + "; expected equal counts or mono into any");
    for (const Connection& other : next.connections)
        if (other.from == connection.from && other.to == connection.to)
            throw CommandError("already_connected",
                               "\"" + op.from + "\" is connected to \"" + op.to + "\" already");
    if (op.feedback) {
        if (*op.feedback < 1 || *op.feedback > 1'000'000)
            throw CommandError("out_of_range", "feedback is 1..1000000 frames, got "
                                                   + std::to_string(*op.feedback));
    } else {
        const std::string path = path_between(next, connection.to.name, connection.from.name);
        if (!path.empty())
            throw CommandError("loop", "\"" + op.from + "\" -> \"" + op.to + "\" closes the loop "
                                           + path + " -> " + connection.to.name
                                           + "; expected \"feedback\" for a connection that does");
    }
    add_connection(std::move(connection));
}

void Edit::disconnect(const Disconnect& op) {
    const Endpoint from = parse_endpoint(next, op.from, true);
    const Endpoint to = parse_endpoint(next, op.to, false);
    const auto found =
        std::find_if(next.connections.begin(), next.connections.end(),
                     [&](const Connection& c) { return c.from == from && c.to == to; });
    if (found == next.connections.end())
        throw CommandError("no_such_connection",
                           "\"" + op.from + "\" is not connected to \"" + op.to + "\"");
    Connection gone = std::move(*found);
    next.connections.erase(found);
    fade_out(std::move(gone));
    graph_changed = true;
}

// ---- Inputs and outputs -------------------------------------------------------------------------

void Edit::add_strip(const AddStrip& op, const RackPort& values) {
    check_new_name(op.name);
    if (op.channels < 1 || op.channels > kMaxChannels)
        throw CommandError("out_of_range", std::string(op.is_input ? "input" : "output") + " \""
                                               + op.name + "\": channels are 1.."
                                               + std::to_string(kMaxChannels) + ", got "
                                               + std::to_string(op.channels));
    StripEntry strip;
    strip.name = op.name;
    strip.channels = op.channels;
    strip.jack = op.jack;
    strip.strip = std::make_shared<process::Strip>(op.channels);
    if (context_.handles != nullptr) {
        strip.handle = take_handle();
        Slots& external = op.is_input ? *context_.input_slots : *context_.output_slots;
        auto& taken = op.is_input ? taken_inputs_ : taken_outputs_;
        for (std::uint32_t c = 0; c < op.channels; ++c) {
            taken.push_back(external.take("port slots"));
            strip.slots.push_back(taken.back());
        }
    }
    strip.strip->handle = strip.handle;
    for (std::uint32_t param = 0; param < process::Strip::kParams; ++param)
        strip.strip->bank.preset(param, strip_value(values, param));
    slots.push_back({strip.handle, &strip.strip->bank, nullptr});
    (op.is_input ? next.inputs : next.outputs)[op.name] = std::move(strip);
    graph_changed = true;
    ports_changed = true;
}

void Edit::remove_strip(bool is_input, const std::string& name) {
    auto& strips = is_input ? next.inputs : next.outputs;
    const auto found = strips.find(name);
    if (found == strips.end())
        throw CommandError("no_such_node", std::string("there is no ")
                                               + (is_input ? "input" : "output") + " \"" + name
                                               + "\"");
    slots.push_back({{found->second.handle.slot, 0}, nullptr, nullptr});
    strip_leaves(is_input, name);
    graph_changed = true;
    ports_changed = true;
}

void Edit::rename_strip(const RenameStrip& op) {
    auto& strips = op.is_input ? next.inputs : next.outputs;
    const auto found = strips.find(op.name);
    if (found == strips.end())
        throw CommandError("no_such_node", std::string("there is no ")
                                               + (op.is_input ? "input" : "output") + " \""
                                               + op.name + "\"");
    if (op.to == op.name) return;
    check_new_name(op.to);
    StripEntry strip = std::move(found->second);
    strips.erase(found);
    strip.name = op.to;
    strips[op.to] = std::move(strip);
    rename_in(next.snapshots, op.is_input ? Target::Kind::input : Target::Kind::output, op.name,
              op.to);
    rename_ends(next, op.name, op.to);
    graph_changed = true;
    ports_changed = true;
}

// ---- Values -------------------------------------------------------------------------------------

void Edit::set_value(const SetValue& op, std::vector<process::FileInstall>* files) {
    const ParamRef ref = resolve(next, op.target);
    if (ref.is_file) {
        const auto* name = std::get_if<std::string>(&op.value);
        if (name == nullptr)
            throw CommandError("bad_type", describe(op.target) + " takes the name of a file");
        NodeEntry& node = next.nodes.at(op.target.name);
        if (files == nullptr) {
            wanted_files.push_back({node.name, ref.param, file_path(*ref.info, node.name, *name)});
        } else {
            const auto opened =
                std::find_if(files->begin(), files->end(), [&](const process::FileInstall& f) {
                    return f.param == ref.param && f.node->handle == node.handle;
                });
            if (opened == files->end())
                throw CommandError("no_such_node",
                                   "node \"" + node.name
                                       + "\" was replaced while the file was opened");
            installs.push_back(*opened);
            files->erase(opened);
        }
        node.files[op.target.param] = *name;
        return;
    }
    const double value = to_number(ref, op.target, op.value);
    if (!curves.curves.empty()) forget_curve(curves, ref.handle, ref.param);
    sets.push_back({ref.handle, ref.param, value});
    cuts = cuts || op.target.kind != Target::Kind::node_param;
}

} // namespace backline::engine
