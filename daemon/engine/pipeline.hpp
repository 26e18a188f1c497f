// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/edit.hpp"
#include "daemon/engine/engine.hpp"
#include "daemon/engine/schedule.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <unordered_map>

namespace backline::engine {

/// The live graph as a rack: values that differ from their defaults, files, wished connections.
Rack to_rack(const Model& model);

/// The engine's work without its thread: takes requests through load, prepare, apply and finish.
/// All functions are called by the engine thread (offline: the one thread) unless marked [any].
class Pipeline {
  public:
    /// Something to do on the engine's thread.
    using Work = std::function<void()>;
    /// Runs `work` on the engine's thread, later.
    using Post = std::function<void(Work)>;

    /// The parts outlive it.
    Pipeline(Engine::Options options, process::Cycle& cycle, worker::Pool& pool,
             plugin::Registry& registry, Engine::Callbacks callbacks, Post post);
    ~Pipeline();

    /// Ports are published to it from now on; nullptr = none.
    void set_driver(process::Driver* driver) { driver_ = driver; }

    /// Takes a request in; counted before by admit().
    void accept(Request request);
    /// Fails those of the timed requests `tokens` that have not gone to the audio side; returns how
    /// many.
    std::size_t cancel(const std::vector<std::uint64_t>& tokens);
    /// Told how a cancel() of another thread went.
    void cancelled(std::uint64_t token, std::size_t count);
    /// One turn: finishes what was applied, commits what is ready, releases what is due. Returns
    /// how long the thread may sleep.
    std::chrono::milliseconds turn();
    /// Prepares what is ready and hands it to the audio side, as far as there is room.
    void commit();
    /// The offline turn; see Engine::step().
    std::uint64_t step(std::uint64_t until);
    /// All instances ready for `rate`, then `ready`.
    void prepare(double rate, std::uint32_t period, Work ready);
    /// Tells what has become of the driver, as an event.
    void driver_changed();
    /// Tells of an xrun, as an event.
    void xrun(float delayed_us);
    /// Empties the graph and lets go of all instances. No cycle runs any more.
    void shut_down();

    /// The newest applied graph.
    std::shared_ptr<const Model> model() const; // [any]
    /// The sample clock, extrapolated while no cycle comes.
    std::uint64_t clock_now() const; // [any]
    /// Requests that wait for their time.
    std::size_t scheduled() const { return scheduled_; } // [any]
    /// Counts a request that is on its way to accept(); false when too many are, or wait.
    bool admit(const Request& request); // [any]
    /// What was given up because it never returned.
    std::size_t abandoned() const { return abandoned_ + loader_.abandoned(); } // [any]

  private:
    /// A command with more values than this begins a slice of its own.
    static constexpr std::size_t kSetsWithoutCut = 32;

    /// A request on its way to the audio side.
    struct Job {
        Request request;
        Loads loaded;
        std::vector<process::FileInstall> files; ///< opened for nodes that exist
        std::vector<plugin::Instance*> openers;  ///< whose end waits for this request's
        std::size_t loading = 0;
        std::string error_code, error_message; ///< of a load
        bool cancelled = false;                ///< while it was loading

        /// Whether it waits for a time rather than its turn.
        bool timed() const { return request.frame || request.due_ns; }
    };
    using JobPtr = std::shared_ptr<Job>;

    /// A command on the audio side, and what is left to do once it is applied.
    struct InFlight {
        std::shared_ptr<const Model> model; ///< set when the graph changed
        bool ports_changed = false;
        std::vector<process::Handle> removed_nodes;
        std::vector<StripEntry> removed_inputs, removed_outputs;
        std::vector<Edit::Start> starts;                    ///< of ramps
        std::vector<std::pair<std::uint64_t, bool>> tokens; ///< and whether timed
        std::uint64_t due = 0;                              ///< frame; 0 = untimed
        std::vector<std::shared_ptr<const void>> held;      ///< what the command points into
        std::function<void()> after;
    };

    /// Edits of one frame, collected into one command.
    struct Batch {
        std::unique_ptr<process::Command> command = std::make_unique<process::Command>();
        InFlight rest;
        bool graph_changed = false;
        bool snapshots_changed = false;
        bool empty = true;
    };

    // requests
    void begin(const JobPtr& job);
    void load(const JobPtr& job, std::vector<Wanted> wanted, std::vector<WantedFile> files);
    void load_node(const JobPtr& job, Wanted want);
    void load_file(const JobPtr& job, const WantedFile& want);
    void loaded(const JobPtr& job);
    void ready(const JobPtr& job);
    void advance(std::uint64_t sender);
    void fail(const JobPtr& job, const std::string& code, const std::string& message,
              std::size_t op = 0);
    void discard(Job& job);
    void close_file(plugin::Instance* instance, const process::FileInstall& file);
    void let_go(Job& job);
    // time
    void accept_timed(const JobPtr& job);
    bool needs_load(const Op& op) const;
    void wait(const JobPtr& job);
    std::uint64_t frame_at_ns(std::int64_t due_ns);
    void release_timed(std::int64_t until_ns);
    bool release_at(Schedule<JobPtr>& from, std::int64_t time, std::uint64_t frame);
    // values
    bool add_values(Batch& batch, const JobPtr& job);
    static void add_curves(process::Command& command, const std::vector<process::TimedSet>& sets,
                           process::CurveSet curves);
    void check_curves(const Batch& batch, const process::CurveSet& more) const;
    void free_curves();
    // prepare and apply
    bool add_to(Batch& batch, const JobPtr& job);
    void drop(Edit& edit, Job& job);
    void merge(Batch& batch, Edit& edit);
    void send(Batch batch, std::uint64_t frame);
    std::uint64_t release(std::uint64_t until);
    void sweep_when_over();
    void sweep(std::uint64_t frame, std::uint64_t due);
    void note_ends(const std::vector<Edit::Start>& starts, std::uint64_t frame);
    void apply_if_idle();
    bool idle() const;
    std::uint64_t offline_clock() const;
    // finish
    void finish();
    void finish(process::Command& command, InFlight rest);
    void retire(std::unique_ptr<plugin::Instance> instance);
    void publish_ports(const Model& model);
    void make_shape();
    // rate changes and plugins' own requests
    void reactivate();
    void reactivated(double rate, std::shared_ptr<std::map<std::string, std::string>> failed,
                     std::shared_ptr<std::vector<process::FileInstall>> files);
    void serve_plugins();

    plugin::Instance::Layout layout_of(const std::vector<std::uint32_t>& channels) const;
    plugin::Instance* instance_of(const NodeEntry& node) const;
    EditContext context(bool dry) const;

    const Engine::Options options_;
    process::Cycle& cycle_;
    worker::Pool& pool_;
    plugin::Registry& registry_;
    const Engine::Callbacks callbacks_;
    const Post post_;
    process::Driver* driver_ = nullptr;
    mutable std::mutex model_mutex_;
    std::shared_ptr<const Model> published_;

    /// What switched gains follow at the present rate; nullptr: they jump.
    std::shared_ptr<const process::RampShape> shape_;
    std::uint64_t next_sweep_ = Fade::kNever; ///< sample clock at which the first ramp is over
    Model head_; ///< the newest prepared graph: what is in flight is part of it
    mutable Slots handles_, input_slots_, output_slots_;
    mutable std::uint32_t generation_ = 1;
    std::unordered_map<std::uint32_t, std::unique_ptr<plugin::Instance>> instances_; ///< by slot
    /// Requests that open files for an instance; it ends after them, so that what they have opened
    /// can be closed.
    std::unordered_map<const plugin::Instance*, std::size_t> openings_;
    std::vector<std::unique_ptr<plugin::Instance>> parked_; ///< out of the graph, but in openings_
    plugin::Loader loader_;

    std::unordered_map<std::uint64_t, std::deque<JobPtr>> senders_; ///< not committed yet, in order
    std::deque<JobPtr> commits_;
    Schedule<JobPtr> by_frame_{kScheduleMax};                 ///< requests that name their frame
    Schedule<JobPtr> by_time_{kScheduleMax};                  ///< by CLOCK_MONOTONIC_RAW, ns
    std::unordered_map<std::uint64_t, JobPtr> loading_timed_; ///< by token
    std::int64_t released_ns_ = 0;     ///< the newest time that was given a frame,
    std::uint64_t released_frame_ = 0; ///< and that frame: time does not go back
    std::size_t curves_out_ = 0;       ///< on the audio side, or on their way there
    std::unordered_map<process::Command*, InFlight> in_flight_;
    std::uint64_t last_graph_frame_ = 0; ///< of the newest graph command on the audio side
    std::size_t graphs_in_flight_ = 0;
    std::atomic<std::size_t> scheduled_{0}; ///< in the two schedules
    std::atomic<std::size_t> waiting_{0};   ///< untimed requests taken in and not answered
    std::atomic<std::size_t> timed_{0};     ///< timed ones
    std::atomic<std::size_t> abandoned_{0};

    double new_rate_ = 0.0; ///< not 0: instances have to be activated anew
    bool reactivating_ = false;
    std::vector<Work> rate_ready_;
    std::uint32_t period_ = 0;
    process::DriverStatus::State driver_state_ = process::DriverStatus::State::none;
    std::uint64_t started_ns_;
    std::chrono::steady_clock::time_point served_{};
};

} // namespace backline::engine
