// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/worker/thread.hpp"

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <system_error>
#include <utility>

namespace backline::worker {

struct Thread::Control {
    std::function<void()> body;
    std::mutex mutex;
    std::condition_variable changed;
    bool ended = false;
};

namespace {

void check(int error, const char* what) {
    if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

/// Blocks every signal in the calling thread, and so in those it makes, for a scope.
class SignalsBlocked {
  public:
    SignalsBlocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &former_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &former_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t former_;
};

} // namespace

void* Thread::run(void* control) {
    const std::unique_ptr<std::shared_ptr<Control>> own(
        static_cast<std::shared_ptr<Control>*>(control));
    Control& me = **own;
    me.body();
    me.body = nullptr; // gives up what it shares before anybody believes it has ended
    const std::lock_guard lock(me.mutex);
    me.ended = true;
    me.changed.notify_all();
    return nullptr;
}

Thread::Thread(const std::string& name, std::size_t stack_bytes, std::function<void()> body)
    : control_(std::make_shared<Control>()) {
    control_->body = std::move(body);
    pthread_attr_t attributes;
    check(pthread_attr_init(&attributes), "pthread_attr_init");
    auto argument = std::make_unique<std::shared_ptr<Control>>(control_);
    int error = pthread_attr_setstacksize(&attributes, stack_bytes);
    if (error == 0) {
        const SignalsBlocked blocked;
        error = pthread_create(&handle_, &attributes, &Thread::run, argument.get());
    }
    pthread_attr_destroy(&attributes);
    check(error, "cannot start a thread");
    [[maybe_unused]] auto* const owned_by_thread = argument.release();
    pthread_setname_np(handle_, name.c_str());
}

Thread::~Thread() {
    join();
}

Thread::Thread(Thread&& other) noexcept
    : handle_(other.handle_), control_(std::exchange(other.control_, nullptr)) {}

Thread& Thread::operator=(Thread&& other) noexcept {
    if (this != &other) {
        join();
        handle_ = other.handle_;
        control_ = std::exchange(other.control_, nullptr);
    }
    return *this;
}

void Thread::join() noexcept {
    if (!joinable()) return;
    pthread_join(handle_, nullptr);
    control_ = nullptr;
}

bool Thread::join_for(std::chrono::milliseconds limit) {
    if (!joinable()) return true;
    {
        std::unique_lock lock(control_->mutex);
        if (!control_->changed.wait_for(lock, limit, [this] { return control_->ended; }))
            return false;
    }
    join();
    return true;
}

void Thread::abandon() noexcept {
    if (!joinable()) return;
    pthread_detach(handle_);
    control_ = nullptr;
}

} // namespace backline::worker
