// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/loader.hpp"

#include "daemon/rt/denormals.hpp"
#include "daemon/rt/thread_role.hpp"
#include "daemon/worker/thread.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace backline::plugin {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kStackBytes = std::size_t{8} << 20; // plugins recurse, parse and plan here
constexpr std::chrono::milliseconds kStopLimit{500};

struct Order {
    Loader::Task task;
    Loader::Done done;
};

} // namespace

/// Shared with the threads: an abandoned one may come back when the loader is long gone.
struct Loader::State {
    Clock::duration limit{};
    bool in_place = false;

    mutable std::mutex mutex;
    std::condition_variable changed;
    std::deque<Order> orders;
    bool stop = false;
    std::size_t shift = 0;   ///< threads started so far; only the newest may take orders
    bool running = false;    ///< a task, not its `done`
    bool finishing = false;  ///< `done` of the task that has run
    Clock::time_point since; ///< when the running task began
    Done done;               ///< of the running task, while it runs
    std::size_t abandoned = 0;
    worker::Thread thread;

    static void start(const std::shared_ptr<State>& state);
    void serve(std::size_t my_shift);
};

/// Starts the next thread. Takes the mutex held.
void Loader::State::start(const std::shared_ptr<State>& state) {
    state->thread = worker::Thread("bl-loader", kStackBytes,
                                   [state, shift = ++state->shift] { state->serve(shift); });
}

void Loader::State::serve(std::size_t my_shift) {
    rt::flush_denormals();
    const rt::RoleScope role(rt::Role::loader);
    std::unique_lock lock(mutex);
    for (;;) {
        changed.wait(lock, [this] { return stop || !orders.empty(); });
        if (stop) return;
        Task task = std::move(orders.front().task);
        done = std::move(orders.front().done);
        orders.pop_front();
        running = true;
        since = Clock::now();
        lock.unlock();
        task();
        task = nullptr;
        lock.lock();
        if (shift != my_shift || stop) return; // given up meanwhile, and answered for
        running = false;
        finishing = true;
        const Done answer = std::exchange(done, nullptr);
        lock.unlock();
        if (answer) answer(Outcome::done);
        lock.lock();
        finishing = false;
    }
}

Loader::Loader(double limit_s, bool in_place) : state_(std::make_shared<State>()) {
    state_->limit =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(limit_s));
    state_->in_place = in_place;
    if (in_place) return;
    const std::lock_guard lock(state_->mutex);
    State::start(state_);
}

Loader::~Loader() {
    if (state_->in_place) return;
    worker::Thread thread;
    std::deque<Order> dropped;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stop = true;
        dropped.swap(state_->orders);
        state_->changed.notify_all();
        thread = std::move(state_->thread);
    }
    if (!thread.join_for(kStopLimit)) thread.abandon();
}

void Loader::run(Task task, Done done) {
    if (state_->in_place) {
        {
            const rt::RoleScope role(rt::Role::loader);
            task();
        }
        if (done) done(Outcome::done);
        return;
    }
    const std::lock_guard lock(state_->mutex);
    state_->orders.push_back({std::move(task), std::move(done)});
    state_->changed.notify_all();
}

void Loader::check() {
    if (state_->in_place) return;
    Done answer;
    {
        const std::lock_guard lock(state_->mutex);
        if (!state_->running || Clock::now() - state_->since < state_->limit) return;
        state_->running = false;
        answer = std::exchange(state_->done, nullptr);
        ++state_->abandoned;
        state_->thread.abandon();
        State::start(state_);
    }
    if (answer) answer(Outcome::timeout);
}

std::size_t Loader::waiting() const {
    const std::lock_guard lock(state_->mutex);
    return state_->orders.size() + (state_->running || state_->finishing ? 1 : 0);
}

std::size_t Loader::abandoned() const {
    const std::lock_guard lock(state_->mutex);
    return state_->abandoned;
}

} // namespace backline::plugin
