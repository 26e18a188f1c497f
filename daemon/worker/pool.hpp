// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/job_ring.hpp"
#include "daemon/rt/ready_set.hpp"

#include <backline/plugin.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace backline::worker {

/// One instance as the pool sees it. Filled in by the instance, registered by Pool::add().
struct Client {
    const bl_plugin* plugin = nullptr;
    rt::JobRing* jobs = nullptr;
    std::uint32_t work_class = BL_WORK_NORMAL;
    std::uint32_t slot = 0; ///< given by the pool
};

/// Counters of one worker thread.
struct WorkerStats {
    std::string name;
    std::uint64_t jobs = 0;
    double busy = 0.0; ///< fraction of the time since the thread began, finished jobs only
    bool working = false;
};

/// Runs the jobs that instances hand over, off the audio thread: `count` workers at normal priority
/// for analysis, and one I/O thread for instances of class BL_WORK_IO, which runs no analysis. Jobs
/// of one instance run one at a time and in order; instances take turns, one job each.
class Pool {
  public:
    /// How many threads.
    struct Options {
        unsigned count = 0;  ///< workers; 0 = cores - 1, at least 1
        bool threads = true; ///< false: no threads at all, only run_now() (offline)
    };

    /// Starts the threads. Throws std::system_error.
    explicit Pool(const Options& options);
    /// Ends all threads. A job that does not return within 0.5 s is abandoned with its thread. No
    /// client is registered any more, but for those whose remove() failed.
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Registers; the client stays at its address until remove() has returned. Throws
    /// std::runtime_error when all slots are in use. [loader]
    void add(Client& client);
    /// No further job of the client starts; waits for a running one. False when it still runs after
    /// `timeout_s`: client, queue and plugin must then never be freed, and the stuck thread is
    /// abandoned and replaced. Waiting jobs are discarded, counted as dropped. [loader]
    bool remove(Client& client, double timeout_s);
    /// Waits until all jobs submitted so far have been worked or discarded; false after
    /// `timeout_s`. Without threads it runs them in the caller. [loader]
    bool drain(Client& client, double timeout_s);

    /// Says that the client has a job waiting; workers hear of it when the cycle publishes what was
    /// noted. For BL_WORK_IO this does nothing: the I/O thread looks every 10 ms. [audio]
    void notify(Client& client) noexcept;
    /// Where the cycle wakes workers from.
    rt::ReadySet& ready() noexcept;
    /// Runs all waiting jobs in the calling thread, by slot and in order, waiting for those a
    /// worker is at. Offline and in freewheel only: then the audio role may take its time. [audio,
    /// offline]
    void run_now() noexcept;

    /// Worker threads, without the I/O thread.
    unsigned count() const noexcept;
    /// Of each worker and, last, of the I/O thread; empty without threads. [any but audio]
    std::vector<WorkerStats> stats() const;
    /// Seconds that the client's present job has been running; 0 when none is. [any but audio]
    double running_s(const Client& client) const noexcept;
    /// Threads given up so far, with the job they were at. [any but audio]
    std::size_t abandoned() const;

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_; // shared with the threads: an abandoned one may come back late
};

} // namespace backline::worker
