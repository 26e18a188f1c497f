// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/jack_caller.hpp"

#include "daemon/rt/thread_role.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace backline::audio {

/// Owned by the caller and its thread together.
struct JackCaller::Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::function<void()> job;
    bool ended = false;
    bool leave = false;
};

JackCaller::JackCaller(std::shared_ptr<Doorbell> bell) : bell_(std::move(bell)) {
    begin();
}

JackCaller::~JackCaller() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->leave = true;
    }
    shared_->changed.notify_one();
    thread_.join();
}

void JackCaller::begin() {
    shared_ = std::make_shared<Shared>();
    thread_ = system::Thread({.name = "bl-jack-call"}, [shared = shared_, bell = bell_] {
        rt::current_role = rt::Role::jack;
        std::unique_lock lock(shared->mutex);
        while (true) {
            shared->changed.wait(lock, [&] { return shared->job || shared->leave; });
            if (shared->leave) return;
            std::function<void()> job = std::exchange(shared->job, nullptr);
            lock.unlock();
            job();
            job = nullptr; // what it owns goes here, before anybody is told
            lock.lock();
            shared->ended = true;
            bell->ring();
        }
    });
}

void JackCaller::start(std::function<void()> job) {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->job = std::move(job);
        shared_->ended = false;
    }
    busy_ = true;
    since_ = Clock::now();
    shared_->changed.notify_one();
}

bool JackCaller::take_end() {
    if (!busy_) return false;
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->ended) return false;
    busy_ = false;
    return true;
}

void JackCaller::abandon() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->leave = true; // when the job ends after all
    }
    thread_.abandon();
    busy_ = false;
    begin();
}

} // namespace backline::audio
