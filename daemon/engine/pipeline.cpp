// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The pipeline's second half: what is ready is prepared, handed to the audio side, and finished.
#include "daemon/engine/pipeline.hpp"

#include "daemon/engine/compiler.hpp"
#include "daemon/rt/tick_rate.hpp"

#include <algorithm>
#include <set>
#include <thread>

namespace backline::engine {

using namespace std::chrono_literals;

namespace {

/// A timed request is looked up this long before it is due (and two periods at least).
constexpr double kLeadSeconds = 0.05;
/// Offline, plugins' own requests are looked at this often.
constexpr std::uint64_t kServeFrames = 1024;
/// Ports of each direction that the graph may have outside.
constexpr std::uint32_t kPortSlots = 1024;

} // namespace

Pipeline::Pipeline(Engine::Options options, process::Cycle& cycle, worker::Pool& pool,
                   plugin::Registry& registry, Engine::Callbacks callbacks, Post post)
    : options_(std::move(options)),
      cycle_(cycle),
      pool_(pool),
      registry_(registry),
      callbacks_(std::move(callbacks)),
      post_(std::move(post)),
      handles_(1, process::Cycle::kSlots - 1),
      input_slots_(0, kPortSlots),
      output_slots_(0, kPortSlots),
      loader_(options_.load_limit_s, options_.offline),
      started_ns_(rt::monotonic_ns()) {
    head_.master_state = options_.master;
    head_.master = options_.master->handle;
    head_.rate = options_.rate;
    published_ = std::make_shared<const Model>(head_);
    make_shape();
}

void Pipeline::make_shape() {
    if (options_.ramped)
        shape_ =
            std::make_shared<const process::RampShape>(head_.rate, process::RampShape::kSeconds);
}

Pipeline::~Pipeline() = default;

std::shared_ptr<const Model> Pipeline::model() const {
    const std::scoped_lock lock(model_mutex_);
    return published_;
}

std::uint64_t Pipeline::clock_now() const {
    const process::TimeAnchor anchor = cycle_.anchor();
    const double rate = anchor.rate > 0.0 ? anchor.rate : model()->rate;
    const std::uint64_t from = anchor.ns != 0 ? anchor.ns : started_ns_;
    const std::uint64_t now = rt::monotonic_ns();
    const double passed = now > from ? static_cast<double>(now - from) * 1e-9 * rate : 0.0;
    return anchor.clock + static_cast<std::uint64_t>(passed);
}

plugin::Instance* Pipeline::instance_of(const NodeEntry& node) const {
    const auto found = instances_.find(node.handle.slot);
    return found == instances_.end() || found->second->node().handle != node.handle
               ? nullptr
               : found->second.get();
}

EditContext Pipeline::context(bool dry) const {
    EditContext context;
    context.catalogue = registry_.catalogue();
    context.find_file = callbacks_.find_file;
    context.ramped = options_.ramped;
    context.budget = options_.budget;
    if (!dry) {
        context.handles = &handles_;
        context.input_slots = &input_slots_;
        context.output_slots = &output_slots_;
        context.next_generation = [this] { return ++generation_; };
    }
    return context;
}

// ---- Turns --------------------------------------------------------------------------------------

std::chrono::milliseconds Pipeline::turn() {
    finish();
    if (!reactivating_) {
        serve_plugins();
        const double rate = head_.rate;
        const auto lead = static_cast<std::uint64_t>(std::max(kLeadSeconds * rate, 2.0 * period_));
        release(clock_now() + lead);
        release_timed(static_cast<std::int64_t>(rt::monotonic_ns())
                      + static_cast<std::int64_t>(static_cast<double>(lead) / rate * 1e9));
        commit();
        sweep_when_over();
    }
    apply_if_idle();
    finish();
    reactivate();
    loader_.check();
    if (!in_flight_.empty() || !commits_.empty()) return 1ms;
    if (idle()) return 10ms; // untimed sets arrive past the engine and nobody else applies them
    return scheduled_ == 0 ? 50ms : 5ms;
}

std::uint64_t Pipeline::step(std::uint64_t until) {
    finish();
    // What plugins ask for is served at frames that do not depend on the period.
    const std::uint64_t now = offline_clock();
    if (now % kServeFrames == 0) serve_plugins();
    commit();
    const std::uint64_t reached = std::min(release(until), (now / kServeFrames + 1) * kServeFrames);
    cycle_.apply_offline();
    finish();
    return reached;
}

/// The frame the next period begins with.
std::uint64_t Pipeline::offline_clock() const {
    const process::TimeAnchor anchor = cycle_.anchor();
    return anchor.clock + anchor.frames;
}

bool Pipeline::idle() const {
    if (driver_ == nullptr || driver_->status().state != process::DriverStatus::State::running)
        return true;
    const std::uint64_t entered = cycle_.counters().entered_ns.load(std::memory_order_relaxed);
    const double silence_s = std::max(0.1, head_.rate > 0.0 ? 4.0 * period_ / head_.rate : 0.1);
    return static_cast<double>(rt::monotonic_ns() - entered) * 1e-9 > silence_s;
}

void Pipeline::apply_if_idle() {
    if (idle()) cycle_.apply_idle(clock_now());
}

// ---- Prepare ------------------------------------------------------------------------------------

void Pipeline::commit() {
    Batch batch;
    while (!commits_.empty() && cycle_.in_flight() + 1 < process::Cycle::kCommandsInFlight) {
        const JobPtr job = commits_.front();
        commits_.pop_front();
        add_to(batch, job);
        advance(job->request.sender); // may be ready at once and join this batch
    }
    send(std::move(batch), 0);
}

void Pipeline::sweep_when_over() {
    const std::uint64_t now = idle() ? clock_now() : cycle_.anchor().clock;
    if (next_sweep_ <= now && cycle_.in_flight() + 1 < process::Cycle::kCommandsInFlight)
        sweep(now, 0);
}

/// Lets go of what is over at `frame`, at sample clock `due` (0 = the next cycle).
void Pipeline::sweep(std::uint64_t frame, std::uint64_t due) {
    next_sweep_ = Fade::kNever;
    Edit edit(context(false), head_);
    if (edit.sweep(frame)) {
        edit.complete();
        Batch batch;
        merge(batch, edit);
        --head_.revision; // not an edit of the user's
        send(std::move(batch), due);
    }
    for (const auto* connections : {&head_.connections, &head_.leaving.connections})
        for (const Connection& connection : *connections)
            if (connection.fade) next_sweep_ = std::min(next_sweep_, connection.fade->over_at);
}

void Pipeline::note_ends(const std::vector<Edit::Start>& starts, std::uint64_t frame) {
    for (const Edit::Start& start : starts) {
        if (start.fade->target != start.target) continue; // has been sent back meanwhile
        start.fade->over_at = frame + start.wait + shape_->frames();
        next_sweep_ = std::min(next_sweep_, start.fade->over_at);
    }
}

bool Pipeline::add_to(Batch& batch, const JobPtr& job) {
    std::atomic<std::size_t>& count = job->timed() ? timed_ : waiting_;
    if (add_values(batch, job)) return true;
    const EditContext real = context(false);
    Edit edit(real, head_);
    std::size_t op = 0;
    try {
        for (; op < job->request.ops.size(); ++op)
            edit.apply(job->request.ops[op], &job->loaded, &job->files);
        if (edit.graph_changed) edit.complete();
        check_curves(batch, edit.curves);
    } catch (const CommandError& error) {
        drop(edit, *job);
        // The sender's next request begins in any case: see commit().
        --count;
        Completion failure;
        failure.token = job->request.token;
        failure.code = error.code;
        failure.message = error.what();
        failure.failed_op = op;
        failure.revision = head_.revision;
        if (callbacks_.completed) callbacks_.completed(std::move(failure));
        return false;
    }
    if (job->request.check_only) {
        drop(edit, *job);
        --count;
        Completion done;
        done.token = job->request.token;
        done.ok = true;
        done.revision = head_.revision;
        if (callbacks_.completed) callbacks_.completed(std::move(done));
        return true;
    }
    merge(batch, edit);
    batch.rest.tokens.emplace_back(job->request.token, job->timed());
    let_go(*job);
    return true;
}

/// Ends the instances of an edit that will not be applied, and closes the files opened for them.
void Pipeline::drop(Edit& edit, Job& job) {
    for (const process::FileInstall& file : edit.installs) {
        const auto owner = std::find_if(edit.made.begin(), edit.made.end(), [&](const auto& made) {
            return &made->node() == file.node;
        });
        if (owner != edit.made.end())
            close_file(owner->get(), file);
        else
            job.files.push_back(file); // of a node that exists: discard() knows whose
    }
    for (auto& instance : edit.made)
        retire(std::move(instance));
    discard(job);
}

void Pipeline::merge(Batch& batch, Edit& edit) {
    edit.keep();
    process::Command& command = *batch.command;
    const auto append = [](auto& to, auto& from) {
        to.insert(to.end(), std::make_move_iterator(from.begin()),
                  std::make_move_iterator(from.end()));
    };
    append(command.slots, edit.slots);
    append(command.files, edit.installs);
    append(command.budgets, edit.budgets);
    append(command.captures, edit.captures);
    append(batch.rest.held, edit.held);
    add_curves(command, edit.sets, std::move(edit.curves));
    command.cuts_for_sets =
        command.cuts_for_sets || edit.cuts || command.sets.size() > kSetsWithoutCut;
    for (const Edit::Start& start : edit.starts) {
        command.ramps.push_back({&start.fade->ramp, start.target, start.wait});
        start.fade->target = start.target;
        start.fade->over_at = Fade::kNever; // until it has begun
    }
    append(batch.rest.starts, edit.starts);
    append(batch.rest.removed_nodes, edit.removed_nodes);
    append(batch.rest.removed_inputs, edit.removed_inputs);
    append(batch.rest.removed_outputs, edit.removed_outputs);
    batch.rest.ports_changed = batch.rest.ports_changed || edit.ports_changed;
    batch.graph_changed = batch.graph_changed || edit.graph_changed;
    batch.snapshots_changed = batch.snapshots_changed || edit.snapshots_changed;
    batch.empty = false;
    for (auto& instance : edit.made) {
        const std::uint32_t slot = instance->node().handle.slot;
        instances_[slot] = std::move(instance);
    }
    head_ = std::move(edit.next);
    if (edit.graph_changed || !edit.budgets.empty()) ++head_.revision;
    command.resets_all = command.resets_all || edit.reset_all;
}

void Pipeline::send(Batch batch, std::uint64_t frame) {
    if (batch.empty) return;
    const bool changes_model = batch.graph_changed || batch.snapshots_changed
                               || !batch.command->files.empty() || !batch.command->budgets.empty();
    // What builds on a graph command that still waits for its frame must not overtake it.
    if (changes_model && graphs_in_flight_ != 0) frame = std::max(frame, last_graph_frame_);
    batch.command->frame = frame;
    batch.rest.due = frame;
    if (batch.command->curves) curves_out_ += batch.command->curves->curves.size();
    if (batch.graph_changed) {
        batch.command->plan = compile(head_, cycle_.max_frames(), [this](const NodeEntry& node) {
            return &instance_of(node)->node();
        });
        batch.command->plan->shape = shape_;
        batch.command->plan->number = ++head_.plan_number;
        if (callbacks_.named)
            for (const auto& [name, node] : head_.nodes)
                callbacks_.named(node.handle, name, node.info->id);
    }
    if (changes_model) {
        batch.rest.model = std::make_shared<const Model>(head_);
        last_graph_frame_ = frame;
        ++graphs_in_flight_;
    }
    // Its frame may have passed already, when it waited for an earlier one.
    if (options_.offline && frame != 0)
        note_ends(batch.rest.starts, std::max(frame, offline_clock()));
    process::Command* const command = batch.command.release();
    in_flight_.emplace(command, std::move(batch.rest));
    cycle_.push(command); // commit() and release() left room
}

// ---- Finish -------------------------------------------------------------------------------------

void Pipeline::finish() {
    while (process::Command* done = cycle_.take_done()) {
        const std::unique_ptr<process::Command> command(done);
        auto found = in_flight_.extract(done);
        finish(*command, std::move(found.mapped()));
    }
    free_curves();
}

void Pipeline::finish(process::Command& command, InFlight rest) {
    note_ends(rest.starts, command.applied_frame);
    if (rest.model) {
        --graphs_in_flight_;
        {
            const std::scoped_lock lock(model_mutex_);
            published_ = rest.model;
        }
        if (driver_ != nullptr) driver_->set_latency(rest.model->latency);
    }
    for (const process::FileInstall& file : command.files) {
        const auto owner = instances_.find(file.node->handle.slot);
        if (file.object == nullptr || owner == instances_.end()
            || &owner->second->node() != file.node)
            continue;
        close_file(owner->second.get(), file);
    }
    for (const process::Handle handle : rest.removed_nodes) {
        const auto found = instances_.find(handle.slot);
        if (found == instances_.end()) continue;
        retire(std::move(found->second));
        instances_.erase(found);
        handles_.give_back(handle.slot);
    }
    const auto free_strips = [this](const std::vector<StripEntry>& strips, Slots& external) {
        for (const StripEntry& strip : strips) {
            handles_.give_back(strip.handle.slot);
            for (const std::uint32_t slot : strip.slots)
                external.give_back(slot);
        }
    };
    free_strips(rest.removed_inputs, input_slots_);
    free_strips(rest.removed_outputs, output_slots_);

    Completion completion;
    completion.ok = true;
    completion.frame = command.applied_frame;
    completion.due = rest.due;
    completion.revision = rest.model ? rest.model->revision : model()->revision;
    if (rest.ports_changed && driver_ != nullptr) {
        publish_ports(*rest.model);
        completion.ticket = driver_->want([&] {
            std::vector<process::WantedConnection> wishes;
            for (const auto* strips : {&rest.model->inputs, &rest.model->outputs})
                for (const auto& [name, strip] : *strips)
                    for (std::size_t c = 0; c < strip.jack.size(); ++c)
                        if (!strip.jack[c].empty())
                            wishes.push_back({name + "_" + std::to_string(c + 1), strip.jack[c]});
            return wishes;
        }());
    }
    // With the curves that did not begin; the others come back when they have ended.
    if (command.curves) curves_out_ -= command.curves->curves.size();
    for (const auto& [token, timed] : rest.tokens) {
        --(timed ? timed_ : waiting_);
        completion.token = token;
        if (callbacks_.completed) callbacks_.completed(completion);
    }
    if (rest.after) rest.after();
}

void Pipeline::publish_ports(const Model& model) {
    // A port that still fades keeps its name until it is silent; its successor waits for that.
    std::vector<process::ExternalPort> ports;
    std::set<std::string> names;
    const auto list = [&](const std::map<std::string, StripEntry>& strips, bool is_input) {
        for (const auto& [ghost, strip] : strips) {
            const std::string name = ghost.substr(0, ghost.find('~'));
            for (std::uint32_t c = 0; c < strip.channels; ++c) {
                const std::string port = name + "_" + std::to_string(c + 1);
                if (names.insert(port).second) ports.push_back({strip.slots[c], is_input, port});
            }
        }
    };
    list(model.leaving.inputs, true);
    list(model.leaving.outputs, false);
    list(model.inputs, true);
    list(model.outputs, false);
    driver_->publish(std::move(ports));
}

/// Ends an instance on the loader thread; one that is stuck is leaked on purpose.
void Pipeline::retire(std::unique_ptr<plugin::Instance> instance) {
    if (!instance) return;
    if (openings_.count(instance.get()) != 0) {
        parked_.push_back(std::move(instance));
        return;
    }
    auto held = std::make_shared<std::unique_ptr<plugin::Instance>>(std::move(instance));
    loader_.run(
        [this, held] {
            if ((*held)->retire(options_.load_limit_s / 2)) {
                held->reset();
            } else {
                (void)held->release();
                ++abandoned_;
            }
        },
        [](plugin::Loader::Outcome) {});
}

void Pipeline::shut_down() {
    // No cycle runs any more: the engine is the audio side now.
    cycle_.apply_idle(0);
    finish();
    Batch batch;
    batch.command->plan = std::make_unique<process::Plan>();
    batch.command->plan->max_slice = cycle_.max_frames();
    batch.empty = false;
    send(std::move(batch), 0);
    cycle_.apply_idle(0);
    finish();
    for (auto& [slot, instance] : instances_)
        retire(std::move(instance));
    instances_.clear();
    const auto limit = std::chrono::steady_clock::now() + 800ms;
    while (loader_.waiting() != 0 && std::chrono::steady_clock::now() < limit)
        std::this_thread::sleep_for(2ms);
}

} // namespace backline::engine
