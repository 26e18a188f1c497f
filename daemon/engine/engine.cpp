// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/engine.hpp"

#include "daemon/engine/pipeline.hpp"
#include "daemon/rt/thread_role.hpp"

#include <chrono>
#include <future>
#include <pthread.h>
#include <thread>

namespace backline::engine {

using namespace std::chrono_literals;

struct Engine::Impl {
    Impl(Options options, process::Cycle& cycle, worker::Pool& pool, plugin::Registry& registry,
         Callbacks callbacks)
        : offline(options.offline),
          budget(options.budget),
          pipeline(std::move(options), cycle, pool, registry, std::move(callbacks),
                   [this](Pipeline::Work work) { post(std::move(work)); }) {}

    void post(Pipeline::Work work) {
        {
            const std::scoped_lock lock(mutex);
            inbox.push_back(std::move(work));
        }
        wake.notify_one();
    }

    /// False when there was nothing.
    bool run_inbox() {
        std::deque<Pipeline::Work> batch;
        {
            const std::scoped_lock lock(mutex);
            batch.swap(inbox);
        }
        for (Pipeline::Work& work : batch)
            work();
        return !batch.empty();
    }

    void loop() {
        pthread_setname_np(pthread_self(), "bl-engine");
        const rt::RoleScope role(rt::Role::engine);
        for (;;) {
            run_inbox();
            const auto pause = pipeline.turn();
            std::unique_lock lock(mutex);
            if (stopping) return;
            if (inbox.empty())
                wake.wait_for(lock, pause, [this] { return !inbox.empty() || stopping; });
        }
    }

    const bool offline;
    const process::Budget budget;
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Pipeline::Work> inbox;
    bool stopping = false;
    std::atomic<std::size_t> queued{0};
    Pipeline pipeline;
    std::thread thread;
};

Engine::Engine(Options options, process::Cycle& cycle, worker::Pool& pool,
               plugin::Registry& registry, Callbacks callbacks)
    : impl_(
        std::make_unique<Impl>(std::move(options), cycle, pool, registry, std::move(callbacks))) {}

Engine::~Engine() {
    stop();
}

void Engine::set_driver(process::Driver* driver) {
    impl_->pipeline.set_driver(driver);
}

void Engine::start() {
    impl_->thread = std::thread([this] { impl_->loop(); });
}

void Engine::stop() {
    if (!impl_->thread.joinable()) return;
    {
        const std::scoped_lock lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->wake.notify_one();
    impl_->thread.join();
    impl_->pipeline.shut_down();
}

bool Engine::submit(Request request) {
    if (!impl_->pipeline.admit(request)) return false;
    // A copyable holder, since std::function copies.
    auto held = std::make_shared<Request>(std::move(request));
    impl_->post([this, held] { impl_->pipeline.accept(std::move(*held)); });
    return true;
}

void Engine::cancel(std::vector<std::uint64_t> tokens, std::uint64_t token) {
    impl_->post([this, tokens = std::move(tokens), token] {
        impl_->pipeline.cancelled(token, impl_->pipeline.cancel(tokens));
    });
}

std::shared_ptr<const Model> Engine::model() const {
    return impl_->pipeline.model();
}

Rack Engine::to_rack() const {
    return engine::to_rack(*model());
}

std::uint64_t Engine::step(std::uint64_t until) {
    // What one turn finishes may make the next possible.
    std::uint64_t reached = 0;
    bool more = true;
    while (more) {
        // Loads run in place here and come back through the inbox: what is untimed is complete
        // before anything that is due later in this step builds on it, or is built on.
        while (impl_->run_inbox())
            impl_->pipeline.commit();
        reached = impl_->pipeline.step(until);
        const std::scoped_lock lock(impl_->mutex);
        more = !impl_->inbox.empty();
    }
    return reached;
}

std::uint64_t Engine::clock_now() const {
    return impl_->pipeline.clock_now();
}

std::size_t Engine::abandoned() const {
    return impl_->pipeline.abandoned();
}

std::size_t Engine::scheduled() const {
    return impl_->pipeline.scheduled();
}

process::Budget Engine::default_budget() const {
    return impl_->budget;
}

void Engine::prepare(double rate, std::uint32_t period) {
    auto ready = std::make_shared<std::promise<void>>();
    auto done = ready->get_future();
    impl_->post([this, rate, period, ready] {
        impl_->pipeline.prepare(rate, period, [ready] { ready->set_value(); });
    });
    // An instance that hangs is abandoned by the loader after its limit; the sound of the others
    // does not wait for ever.
    done.wait_for(15s);
}

void Engine::driver_changed() {
    impl_->post([this] { impl_->pipeline.driver_changed(); });
}

void Engine::xrun(float delayed_us) {
    impl_->post([this, delayed_us] { impl_->pipeline.xrun(delayed_us); });
}

} // namespace backline::engine
