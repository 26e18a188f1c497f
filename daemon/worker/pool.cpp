// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/worker/pool.hpp"

#include "daemon/rt/denormals.hpp"
#include "daemon/rt/thread_role.hpp"
#include "daemon/rt/tick_rate.hpp"
#include "daemon/worker/thread.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include <sched.h>

namespace backline::worker {

namespace {

constexpr std::size_t kStackBytes = 512 * 1024;
constexpr std::chrono::milliseconds kIoPoll{10};
constexpr std::chrono::milliseconds kStopLimit{500};
constexpr int kIdleMs = 1000; // a safety net only: every job is followed by a wake

/// The pool's own half of a client. It outlives the client, so that a thread that comes too late
/// finds an empty slot and not freed memory.
///
/// Whoever raises `visitors` from 0 holds the slot: the client stays alive and its queue has this
/// one consumer. Who comes later only leaves his count, and the holder looks again for him.
struct Slot {
    std::atomic<Client*> client{nullptr};
    std::atomic<std::uint32_t> visitors{0};
    std::atomic<std::int32_t> holder{-1};     ///< index of the thread at a job
    std::atomic<std::uint64_t> started_ns{0}; ///< of the running job; 0 = none
};

/// One thread of the pool.
struct Worker {
    std::string name;
    std::int32_t index = 0;
    bool io = false;
    std::uint64_t began_ns = 0;
    std::atomic<bool> dismissed{false}; ///< replaced: ends when its job returns
    std::atomic<bool> working{false};
    std::atomic<std::uint64_t> jobs{0};
    std::atomic<std::uint64_t> busy_ns{0};
    Thread thread;
};

/// The role and, for the gates of the test suite, the freedom of a worker, inside the audio role.
class WorkScope {
  public:
    WorkScope() noexcept
        : from_audio_(rt::current_role == rt::Role::audio), role_(rt::Role::worker) {
        if (from_audio_ && backline_rt_exit != nullptr) backline_rt_exit();
    }
    ~WorkScope() {
        if (from_audio_ && backline_rt_enter != nullptr) backline_rt_enter();
    }
    WorkScope(const WorkScope&) = delete;
    WorkScope& operator=(const WorkScope&) = delete;

  private:
    const bool from_audio_;
    const rt::RoleScope role_;
};

} // namespace

struct Pool::Impl {
    rt::ReadySet ready;
    std::array<Slot, rt::ReadySet::kSlots> slots;
    std::atomic<std::uint32_t> used{0}; ///< slots from here on were never taken
    std::atomic<bool> stop{false};
    std::atomic<std::uint32_t> waiters{0}; ///< threads waiting for `changed`
    bool threads = false;

    mutable std::mutex mutex; // guards what follows
    std::condition_variable changed;
    std::condition_variable io_wake;
    bool io_kicked = false;
    std::array<bool, rt::ReadySet::kSlots> taken{};
    std::vector<std::uint32_t> io_slots;
    std::vector<std::shared_ptr<Worker>> workers; ///< the I/O thread is the last
    std::size_t abandoned = 0;

    static void start(const std::shared_ptr<Impl>& impl, std::size_t index, bool io);
    static void replace(const std::shared_ptr<Impl>& impl, std::size_t index);
    void end();
    void work(Worker& me);
    void serve_io(Worker& me);
    bool visit(std::uint32_t index, Worker& me);
    static bool run_one(Slot& slot, Client& client) noexcept;
    bool leave(std::uint32_t index) noexcept;
    void run_all(std::uint32_t index) noexcept;
    void kick(const Client& client);
    template <typename Condition>
    bool wait(double timeout_s, Condition condition);
};

// ---- a slot, as a thread of the pool sees it
// -----------------------------------------------------

/// Runs the oldest waiting job; false when there is none. The caller holds the slot.
bool Pool::Impl::run_one(Slot& slot, Client& client) noexcept {
    const rt::JobRing::Job job = client.jobs->front();
    if (job.data == nullptr) return false;
    slot.started_ns.store(rt::monotonic_ns(), std::memory_order_relaxed);
    client.plugin->work(client.plugin, job.data, job.size);
    client.jobs->pop();
    slot.started_ns.store(0, std::memory_order_relaxed);
    return true;
}

/// Lets go of a slot, whose client may be gone from then on; true when somebody came meanwhile.
bool Pool::Impl::leave(std::uint32_t index) noexcept {
    Slot& slot = slots[index];
    slot.holder.store(-1, std::memory_order_relaxed);
    // An exchange and not a store: what a visitor knew of, this thread must see.
    const bool others = slot.visitors.exchange(0, std::memory_order_seq_cst) != 1;
    if (waiters.load(std::memory_order_seq_cst) != 0) {
        const std::lock_guard lock(mutex);
        changed.notify_all();
    }
    return others;
}

/// Runs one job of the slot's client, if it has one for this kind of thread.
bool Pool::Impl::visit(std::uint32_t index, Worker& me) {
    Slot& slot = slots[index];
    if (slot.visitors.fetch_add(1, std::memory_order_seq_cst) != 0) return false;
    slot.holder.store(me.index, std::memory_order_relaxed);
    bool worked = false;
    bool more = false;
    Client* const client = slot.client.load(std::memory_order_seq_cst);
    if (client != nullptr && (client->work_class == BL_WORK_IO) == me.io) {
        me.working.store(true, std::memory_order_relaxed);
        const std::uint64_t began = rt::monotonic_ns();
        worked = run_one(slot, *client);
        if (worked) {
            me.busy_ns.fetch_add(rt::monotonic_ns() - began, std::memory_order_relaxed);
            me.jobs.fetch_add(1, std::memory_order_relaxed);
        }
        me.working.store(false, std::memory_order_relaxed);
        more = client->jobs->pending() != 0;
    }
    const bool others = leave(index);
    if (others || (more && !me.io)) ready.mark(index);
    if (others && me.io) ready.wake_one();
    return worked;
}

/// Runs every waiting job of the slot's client in the calling thread, inside a WorkScope.
void Pool::Impl::run_all(std::uint32_t index) noexcept {
    Slot& slot = slots[index];
    std::uint32_t nobody = 0;
    while (!slot.visitors.compare_exchange_weak(nobody, 1, std::memory_order_seq_cst)) {
        if (slot.client.load(std::memory_order_seq_cst) == nullptr) return;
        nobody = 0;
        sched_yield();
    }
    if (Client* const client = slot.client.load(std::memory_order_seq_cst); client != nullptr) {
        while (run_one(slot, *client)) {
        }
    }
    if (leave(index)) ready.mark(index);
}

// ---- threads
// --------------------------------------------------------------------------------------

void Pool::Impl::work(Worker& me) {
    rt::flush_denormals();
    const rt::RoleScope role(rt::Role::worker);
    std::uint32_t next = 0;
    while (!stop.load(std::memory_order_acquire) && !me.dismissed.load(std::memory_order_acquire)) {
        const std::int32_t index = ready.take(next);
        if (index < 0) {
            ready.sleep(kIdleMs);
            continue;
        }
        ready.wake_one();
        visit(static_cast<std::uint32_t>(index), me);
        next = (static_cast<std::uint32_t>(index) + 1) % rt::ReadySet::kSlots;
    }
    ready.wake_one(); // what a dismissed thread has marked is somebody else's now
}

void Pool::Impl::serve_io(Worker& me) {
    rt::flush_denormals();
    const rt::RoleScope role(rt::Role::io);
    const auto ending = [this, &me] {
        return stop.load(std::memory_order_acquire) || me.dismissed.load(std::memory_order_acquire);
    };
    std::vector<std::uint32_t> turn;
    std::unique_lock lock(mutex);
    while (!ending()) {
        io_kicked = false;
        turn = io_slots;
        lock.unlock();
        for (bool worked = true; worked && !ending();) {
            worked = false;
            for (const std::uint32_t index : turn)
                worked = visit(index, me) || worked;
        }
        lock.lock();
        const auto wanted = [&] { return io_kicked || ending(); };
        if (io_slots.empty())
            io_wake.wait(lock, [&] { return wanted() || !io_slots.empty(); });
        else
            io_wake.wait_for(lock, kIoPoll, wanted);
    }
}

/// Starts the thread at `index`, in place of the one that was there. Takes the pool's mutex held.
void Pool::Impl::start(const std::shared_ptr<Impl>& impl, std::size_t index, bool io) {
    const auto worker = std::make_shared<Worker>();
    worker->name = io ? "bl-io" : "bl-worker-" + std::to_string(index + 1);
    worker->index = static_cast<std::int32_t>(index);
    worker->io = io;
    worker->began_ns = rt::monotonic_ns();
    worker->thread = Thread(worker->name, kStackBytes, [impl, worker, io] {
        if (io)
            impl->serve_io(*worker);
        else
            impl->work(*worker);
    });
    if (index == impl->workers.size())
        impl->workers.push_back(worker);
    else
        impl->workers[index] = worker;
}

/// Ends all threads, or gives them up.
void Pool::Impl::end() {
    {
        const std::lock_guard lock(mutex);
        stop.store(true, std::memory_order_release);
        io_wake.notify_all();
    }
    const auto limit = std::chrono::steady_clock::now() + kStopLimit;
    for (const std::shared_ptr<Worker>& worker : workers) {
        do // again and again: a thread may have looked at `stop` just before it went to sleep
            ready.wake_all();
        while (!worker->thread.join_for(std::chrono::milliseconds(5))
               && std::chrono::steady_clock::now() < limit);
        worker->thread.abandon();
    }
}

/// Gives the thread at `index` up and starts another. Takes the pool's mutex held.
void Pool::Impl::replace(const std::shared_ptr<Impl>& impl, std::size_t index) {
    const std::shared_ptr<Worker> stuck = impl->workers[index];
    stuck->dismissed.store(true, std::memory_order_release);
    stuck->thread.abandon();
    ++impl->abandoned;
    start(impl, index, stuck->io);
}

/// Makes the threads look at the client now, also while no cycle comes.
void Pool::Impl::kick(const Client& client) {
    if (client.work_class == BL_WORK_IO) {
        const std::lock_guard lock(mutex);
        io_kicked = true;
        io_wake.notify_all();
    } else {
        ready.mark(client.slot);
        ready.wake_one();
    }
}

/// Waits for something that leave() announces.
template <typename Condition>
bool Pool::Impl::wait(double timeout_s, Condition condition) {
    std::unique_lock lock(mutex);
    waiters.fetch_add(1, std::memory_order_seq_cst);
    const bool met = changed.wait_for(lock, std::chrono::duration<double>(timeout_s), condition);
    waiters.fetch_sub(1, std::memory_order_seq_cst);
    return met;
}

// ---- the pool
// -------------------------------------------------------------------------------------

Pool::Pool(const Options& options) : impl_(std::make_shared<Impl>()) {
    impl_->threads = options.threads;
    if (!options.threads) return;
    const unsigned cores = std::thread::hardware_concurrency();
    const unsigned count = options.count != 0 ? options.count : std::max(cores, 2u) - 1;
    try {
        const std::lock_guard lock(impl_->mutex);
        for (unsigned i = 0; i <= count; ++i)
            Impl::start(impl_, i, i == count);
    } catch (...) {
        impl_->end();
        throw;
    }
}

Pool::~Pool() {
    impl_->end();
}

void Pool::add(Client& client) {
    const std::lock_guard lock(impl_->mutex);
    // A slot whose last job is stuck is passed over until that has returned.
    std::uint32_t index = 0;
    while (index < rt::ReadySet::kSlots
           && (impl_->taken[index]
               || impl_->slots[index].visitors.load(std::memory_order_seq_cst) != 0))
        ++index;
    if (index == rt::ReadySet::kSlots)
        throw std::runtime_error("no room for another instance with jobs: "
                                 + std::to_string(rt::ReadySet::kSlots) + " at most");
    impl_->taken[index] = true;
    client.slot = index;
    if (impl_->used.load(std::memory_order_relaxed) <= index)
        impl_->used.store(index + 1, std::memory_order_release);
    impl_->ready.reach(index + 1);
    impl_->slots[index].client.store(&client, std::memory_order_seq_cst);
    if (client.work_class == BL_WORK_IO) {
        impl_->io_slots.push_back(index);
        impl_->io_wake.notify_all();
    }
}

bool Pool::remove(Client& client, double timeout_s) {
    Slot& slot = impl_->slots[client.slot];
    slot.client.store(nullptr, std::memory_order_seq_cst);
    const bool idle = impl_->wait(
        timeout_s, [&slot] { return slot.visitors.load(std::memory_order_seq_cst) == 0; });
    if (idle) client.jobs->discard_all();
    const std::lock_guard lock(impl_->mutex);
    std::erase(impl_->io_slots, client.slot);
    impl_->taken[client.slot] = false;
    const std::int32_t holder = slot.holder.load(std::memory_order_relaxed);
    if (!idle && holder >= 0 && slot.visitors.load(std::memory_order_seq_cst) != 0)
        Impl::replace(impl_, static_cast<std::size_t>(holder));
    return idle;
}

bool Pool::drain(Client& client, double timeout_s) {
    if (!impl_->threads) {
        const WorkScope scope;
        impl_->run_all(client.slot);
        return true;
    }
    const Slot& slot = impl_->slots[client.slot];
    const std::uint64_t target = client.jobs->accepted();
    impl_->kick(client);
    return impl_->wait(timeout_s, [&] {
        // Read first, as the counterpart of leave(): either this sees the job finished, or leave()
        // sees this waiter.
        static_cast<void>(slot.visitors.load(std::memory_order_seq_cst));
        return client.jobs->finished() >= target;
    });
}

void Pool::notify(Client& client) noexcept {
    if (client.work_class != BL_WORK_IO) impl_->ready.note(client.slot);
}

rt::ReadySet& Pool::ready() noexcept {
    return impl_->ready;
}

void Pool::run_now() noexcept {
    const WorkScope scope;
    while (impl_->ready.take(0) >= 0) {
    }
    const std::uint32_t used = impl_->used.load(std::memory_order_acquire);
    for (std::uint32_t index = 0; index < used; ++index)
        impl_->run_all(index);
    impl_->ready.wake_one();
}

unsigned Pool::count() const noexcept {
    const std::lock_guard lock(impl_->mutex);
    return impl_->workers.empty() ? 0 : static_cast<unsigned>(impl_->workers.size() - 1);
}

std::vector<WorkerStats> Pool::stats() const {
    const std::lock_guard lock(impl_->mutex);
    const std::uint64_t now = rt::monotonic_ns();
    std::vector<WorkerStats> all;
    for (const std::shared_ptr<Worker>& worker : impl_->workers) {
        const auto alive = static_cast<double>(std::max<std::uint64_t>(now - worker->began_ns, 1));
        all.push_back({worker->name, worker->jobs.load(std::memory_order_relaxed),
                       static_cast<double>(worker->busy_ns.load(std::memory_order_relaxed)) / alive,
                       worker->working.load(std::memory_order_relaxed)});
    }
    return all;
}

double Pool::running_s(const Client& client) const noexcept {
    const std::uint64_t started =
        impl_->slots[client.slot].started_ns.load(std::memory_order_relaxed);
    return started == 0 ? 0.0 : static_cast<double>(rt::monotonic_ns() - started) * 1e-9;
}

std::size_t Pool::abandoned() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->abandoned;
}

} // namespace backline::worker
