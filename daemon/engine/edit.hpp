// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/error.hpp"
#include "daemon/engine/model.hpp"
#include "daemon/engine/request.hpp"
#include "daemon/plugin/instance.hpp"
#include "daemon/process/command.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace backline::engine {

/// Slots of the audio side's tables. A slot comes back after its owner has left the audio side, and
/// is then the last to be used again.
class Slots {
  public:
    /// The slots from `first` on, `count` of them.
    Slots(std::uint32_t first, std::uint32_t count);
    /// Throws CommandError("queue_full") when all are in use; `what` names them.
    std::uint32_t take(const char* what);
    /// Nobody refers to the slot any more.
    void give_back(std::uint32_t slot);

  private:
    std::vector<std::uint32_t> free_; ///< a ring
    std::size_t head_ = 0;
    std::size_t count_ = 0;
};

/// A node that has to be loaded before the request can be applied.
struct Wanted {
    std::string name;
    std::shared_ptr<const plugin::PluginInfo> info;
    std::vector<std::uint32_t> port_channels;
    std::vector<std::pair<std::uint32_t, std::string>> files; ///< parameter, path
};

/// A loaded instance that waits for its node to be made, with the files opened for it.
struct Loaded {
    std::unique_ptr<plugin::Instance> instance;
    std::vector<process::FileInstall> files;
};

/// By node name; a name that a transaction makes twice is there twice, in order.
using Loads = std::multimap<std::string, Loaded>;

/// A file that has to be opened for a node that exists.
struct WantedFile {
    std::string node;
    std::uint32_t param = 0;
    std::string path;
};

/// What the ops of a request need to look up, and make, beyond the model.
struct EditContext {
    std::shared_ptr<const plugin::Catalogue> catalogue;
    std::function<std::string(const std::string& kind, const std::string& name)> find_file;
    Slots* handles = nullptr;     ///< of nodes, inputs and outputs
    Slots* input_slots = nullptr; ///< external
    Slots* output_slots = nullptr;
    bool ramped = true; ///< switched gains take their time; false: they jump
    std::function<std::uint32_t()> next_generation;
    process::Budget budget; ///< of nodes that have none of their own
};

/// The effect of requests on a copy of the graph: the next graph and what the audio side must be
/// told. Made op by op; the first op that cannot be done throws CommandError, and the edit is
/// thrown away. In a dry run (`loaded` == nullptr) nodes are made without instances, which finds
/// every mistake before anything is loaded.
class Edit {
  public:
    /// Works on `model`; the slots of `context` outlive the edit.
    Edit(EditContext context, Model model) : context_(std::move(context)), next(std::move(model)) {}
    /// Gives back the slots it took, unless keep() was called.
    ~Edit();
    Edit(const Edit&) = delete;
    Edit& operator=(const Edit&) = delete;

    /// Applies one op. `loaded`: instances by node name, taken from as nodes are made; `files`:
    /// opened files by node and parameter.
    void apply(const Op& op, Loads* loaded, std::vector<process::FileInstall>* files);

    /// Lets go of what is over at sample clock `frame`, and begins what waited for it. Returns
    /// whether anything was.
    bool sweep(std::uint64_t frame);
    /// Gives every connection the delay that its destination's slowest path asks for, and starts
    /// the ramps of what is new. The last thing to do to an edit.
    void complete();

    /// The edit will be applied: its slots are in use from now on.
    void keep();

  private:
    const EditContext context_;
    std::vector<std::uint32_t> taken_handles_, taken_inputs_, taken_outputs_;

  public:
    Model next;
    bool graph_changed = false;           ///< a new plan is needed
    bool ports_changed = false;           ///< external ports or wished connections
    std::vector<Wanted> wanted;           ///< dry run: to be loaded
    std::vector<WantedFile> wanted_files; ///< dry run: to be opened
    std::vector<process::SlotChange> slots;
    std::vector<process::TimedSet> sets;
    bool cuts = false; ///< one of the sets is not a plain parameter
    process::CurveSet curves;
    std::vector<process::Capture> captures;
    std::vector<std::shared_ptr<const void>> held; ///< what sets, curves and captures point into
    bool snapshots_changed = false;
    std::vector<process::FileInstall> installs;
    /// A gain that moves, and when it begins.
    struct Start {
        std::shared_ptr<Fade> fade;
        float target;
        std::uint32_t wait; ///< frames
    };
    std::vector<Start> starts;
    std::vector<process::BudgetSet> budgets;
    std::vector<std::unique_ptr<plugin::Instance>> made; ///< enter the graph with this edit
    std::vector<process::Handle> removed_nodes;
    std::vector<StripEntry> removed_inputs, removed_outputs;
    bool reset_all = false;

  private:
    void add_node(const AddNode& op, Loads* loaded);
    void remove_node(std::string name, bool tail);
    void rename_node(const RenameNode& op);
    void replace_node(const ReplaceNode& op, Loads* loaded);
    void set_budget(const SetBudget& op);
    void connect(const Connect& op);
    void disconnect(const Disconnect& op);
    void add_strip(const AddStrip& op, const RackPort& values);
    void remove_strip(bool is_input, const std::string& name);
    void rename_strip(const RenameStrip& op);
    void set_value(const SetValue& op, std::vector<process::FileInstall>* files);
    void ramp(const Ramp& op);
    void store_snapshot(const std::string& name);
    void recall_snapshot(const RecallSnapshot& op);
    void remove_snapshot(const std::string& name);
    const Snapshot& find_snapshot(const std::string& name) const;
    void load_rack(const Rack& rack, Loads* loaded);
    void panic();

    process::Handle take_handle();
    void check_new_name(const std::string& name) const;
    NodeEntry make_node(const AddNode& op, Loads* loaded);
    void fade_out(Connection connection, std::uint32_t wait = 0);
    void node_leaves(const std::string& name, std::uint32_t tail);
    void strip_leaves(bool is_input, const std::string& name);
    void part(const std::string& name, const std::string& ghost, bool is_output,
              std::uint32_t tail);
    void drop_silent();
    void start_waiting();
    void add_connection(Connection connection);
    void compensate();
    void align(Connection& connection, std::uint32_t delay);
    std::string file_path(const plugin::ParamInfo& info, const std::string& node,
                          const std::string& file) const;
};

/// What a rack says about a parameter of an input or output (Strip::kGain and so on).
double strip_value(const RackPort& port, std::uint32_t param);

/// The connections that lead from `from` to `to`, as "a -> b -> c"; "" when there are none. With
/// `heard` what is leaving counts and what waits does not: the graph as it runs.
std::string path_between(const Model& model, const std::string& from, const std::string& to,
                         bool heard = false);

} // namespace backline::engine
