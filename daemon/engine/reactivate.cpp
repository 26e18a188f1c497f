// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// A new sample rate, and what plugins ask for themselves.
#include "daemon/engine/pipeline.hpp"

#include "daemon/engine/compiler.hpp"

namespace backline::engine {

using namespace std::chrono_literals;

void Pipeline::prepare(double rate, std::uint32_t period, Work ready) {
    period_ = period;
    if (rate <= 0.0 || (rate == head_.rate && !reactivating_)) return ready();
    new_rate_ = rate;
    rate_ready_.push_back(std::move(ready));
    reactivate();
}

/// Takes every instance out of the plan, activates it for the new rate, and puts the graph back.
void Pipeline::reactivate() {
    if (new_rate_ == 0.0 || reactivating_ || !in_flight_.empty()) return;
    reactivating_ = true; // commits wait from here on
    const double rate = new_rate_;
    new_rate_ = 0.0;

    // Nothing is heard for a moment: what still fades ends here.
    Batch empty;
    Edit last(context(false), head_);
    last.sweep(Fade::kNever);
    merge(empty, last);
    empty.graph_changed = false;
    next_sweep_ = Fade::kNever;
    empty.command->plan = std::make_unique<process::Plan>();
    empty.command->plan->max_slice = cycle_.max_frames();
    empty.empty = false;
    empty.rest.after = [this, rate] {
        auto failed = std::make_shared<std::map<std::string, std::string>>();
        auto files = std::make_shared<std::vector<process::FileInstall>>();
        head_.rate = rate;
        make_shape();
        for (const auto& [name, node] : head_.nodes) {
            plugin::Instance* instance = instance_of(node);
            if (instance == nullptr) continue;
            std::vector<std::pair<std::uint32_t, std::string>> paths;
            for (std::uint32_t i = 0; i < node.info->params.size(); ++i) {
                const auto file = node.files.find(node.info->params[i].symbol);
                if (file != node.files.end() && callbacks_.find_file)
                    paths.emplace_back(
                        i, callbacks_.find_file(node.info->params[i].file_kind, file->second));
            }
            loader_.run(
                [instance, paths, failed, files, name = name,
                 layout = layout_of(node.port_channels)] {
                    try {
                        instance->activate(layout);
                        for (const auto& [param, path] : paths)
                            files->push_back(
                                {&instance->node(), param, instance->open_file(param, path)});
                    } catch (const plugin::PluginError& error) {
                        (*failed)[name] = error.what();
                    }
                },
                [this, failed, name = name](plugin::Loader::Outcome how) {
                    if (how == plugin::Loader::Outcome::timeout)
                        post_([failed, name] { (*failed)[name] = "did not return in time"; });
                });
        }
        // The loader works in order: this comes after all of them.
        loader_.run([] {},
                    [this, rate, failed, files](plugin::Loader::Outcome) {
                        post_([this, rate, failed, files] { reactivated(rate, failed, files); });
                    });
    };
    send(std::move(empty), 0);
    apply_if_idle();
    finish();
}

void Pipeline::reactivated(double rate, std::shared_ptr<std::map<std::string, std::string>> failed,
                           std::shared_ptr<std::vector<process::FileInstall>> files) {
    reactivating_ = false;
    const EditContext real = context(false);
    Edit edit(real, head_);
    for (const auto& [name, reason] : *failed) {
        edit.apply(RemoveNode{name}, nullptr, nullptr);
        if (callbacks_.event)
            callbacks_.event({"removed", name,
                              "could not be activated at " + std::to_string(static_cast<int>(rate))
                                  + " Hz: " + reason,
                              rate});
    }
    for (auto& [name, node] : edit.next.nodes) {
        const plugin::Instance* instance = instance_of(node);
        node.latency = instance->latency();
        node.tail = instance->tail();
        make_dry_lines(node);
        // Activation put all parameters back to their defaults.
        for (std::uint32_t i = 0; i < node.info->params.size(); ++i)
            if (node.info->params[i].scale != BL_SCALE_FILE)
                edit.sets.push_back({node.handle, i, node.param(i).heard.load()});
    }
    for (const process::FileInstall& file : *files)
        if (instances_.count(file.node->handle.slot) != 0) edit.installs.push_back(file);
    edit.graph_changed = true;
    edit.cuts = true;
    edit.complete();
    Batch batch;
    merge(batch, edit);
    batch.rest.ports_changed = true;
    batch.rest.after = [waiting = std::move(rate_ready_)] {
        for (const Work& ready : waiting)
            ready();
    };
    rate_ready_.clear();
    send(std::move(batch), 0);
}

void Pipeline::driver_changed() {
    using State = process::DriverStatus::State;
    if (driver_ == nullptr) return;
    const process::DriverStatus status = driver_->status();
    const State before = driver_state_;
    driver_state_ = status.state;
    if (status.period != 0) period_ = status.period;
    if (before == status.state || !callbacks_.event) return;
    if (status.state == State::lost)
        callbacks_.event(
            {"jack_lost", "", "the JACK server is gone; waiting for it to return", 0.0});
    else if (status.state == State::stalled)
        callbacks_.event({"jack_stalled", "", "the JACK server no longer calls us", 0.0});
    else if (status.state == State::name_taken)
        callbacks_.event({"jack_name_taken", "", "another client is called " + status.client, 0.0});
    else if (status.state == State::running)
        callbacks_.event({"jack_back", "", "connected to the JACK server", status.rate});
}

void Pipeline::xrun(float delayed_us) {
    if (callbacks_.event)
        callbacks_.event(
            {"xrun", "", "reported by the JACK server", static_cast<double>(delayed_us)});
}

/// Latency changes and restarts that instances have asked for.
void Pipeline::serve_plugins() {
    const auto now = std::chrono::steady_clock::now();
    if (!options_.offline && now - served_ < 50ms) return;
    served_ = now;
    bool latency_changed = false;
    for (auto& [name, node] : head_.nodes) {
        if (node.shared->requests.load(std::memory_order_relaxed) == 0) continue;
        const std::uint32_t asked = node.shared->requests.exchange(0);
        const plugin::Instance* instance = instance_of(node);
        if (instance == nullptr) continue;
        if ((asked & (1u << BL_REQUEST_LATENCY)) != 0) {
            node.latency = instance->latency();
            make_dry_lines(node);
            latency_changed = true;
        }
        if ((asked & (1u << BL_REQUEST_RESTART)) != 0) {
            // A fresh instance with the same values, in one swap.
            Request request;
            request.sender = ~std::uint64_t{0};
            request.ops.push_back(ReplaceNode{name, node.info->id});
            ++waiting_;
            accept(std::move(request));
        }
    }
    if (!latency_changed) return;
    const EditContext real = context(false);
    Edit edit(real, head_);
    edit.graph_changed = true;
    edit.complete();
    Batch batch;
    merge(batch, edit);
    send(std::move(batch), 0);
}

} // namespace backline::engine
