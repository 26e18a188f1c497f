// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/background.hpp"

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <utility>

#include <pthread.h>

namespace backline::control {

struct Background::State {
    std::string name;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Task> tasks;
    bool started = false, busy = false, ends = false;
};

Background::Background(std::string name) : state_(std::make_shared<State>()) {
    state_->name = std::move(name);
}

Background::~Background() {
    std::unique_lock lock(state_->mutex);
    state_->ends = true;
    state_->tasks.clear();
    state_->changed.notify_all();
    state_->changed.wait_for(lock, std::chrono::milliseconds(500),
                             [this] { return !state_->busy; });
}

bool Background::run(Task task) {
    const std::lock_guard lock(state_->mutex);
    if (state_->tasks.size() >= kWaiting) return false;
    if (!state_->started) {
        auto shared = std::make_unique<std::shared_ptr<State>>(state_);
        sigset_t all, former;
        sigfillset(&all);
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, 512 * 1024);
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        // Signals are for the main thread.
        pthread_sigmask(SIG_SETMASK, &all, &former);
        pthread_t thread;
        const int failed = pthread_create(&thread, &attributes, &Background::body, shared.get());
        pthread_sigmask(SIG_SETMASK, &former, nullptr);
        pthread_attr_destroy(&attributes);
        if (failed != 0) return false;
        [[maybe_unused]] auto* taken_over = shared.release();
        state_->started = true;
    }
    state_->tasks.push_back(std::move(task));
    state_->changed.notify_all();
    return true;
}

void* Background::body(void* argument) {
    const std::unique_ptr<std::shared_ptr<State>> held(
        static_cast<std::shared_ptr<State>*>(argument));
    State& state = **held;
    pthread_setname_np(pthread_self(), state.name.c_str());
    std::unique_lock lock(state.mutex);
    while (true) {
        state.changed.wait(lock, [&] { return state.ends || !state.tasks.empty(); });
        if (state.ends) return nullptr;
        Task task = std::move(state.tasks.front());
        state.tasks.pop_front();
        state.busy = true;
        lock.unlock();
        task();
        task = nullptr;
        lock.lock();
        state.busy = false;
        state.changed.notify_all();
    }
}

} // namespace backline::control
