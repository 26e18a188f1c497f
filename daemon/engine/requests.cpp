// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The pipeline's first half: a request comes in, is checked, and what it needs is loaded.
#include "daemon/engine/pipeline.hpp"

#include "daemon/engine/ramp.hpp"

#include <algorithm>

namespace backline::engine {

void Pipeline::accept(Request request) {
    auto job = std::make_shared<Job>();
    job->request = std::move(request);
    if (job->timed()) return accept_timed(job);
    auto& queue = senders_[job->request.sender];
    queue.push_back(job);
    if (queue.size() == 1) begin(job);
}

void Pipeline::begin(const JobPtr& job) {
    Edit trial(context(true), head_);
    for (std::size_t i = 0; i < job->request.ops.size(); ++i) {
        try {
            check_start(trial.next, job->request.ops, i);
            trial.apply(job->request.ops[i], nullptr, nullptr);
        } catch (const CommandError& error) {
            return fail(job, error.code, error.what(), i);
        }
    }
    load(job, std::move(trial.wanted), std::move(trial.wanted_files));
}

void Pipeline::load(const JobPtr& job, std::vector<Wanted> wanted, std::vector<WantedFile> files) {
    job->loading = wanted.size() + files.size();
    if (job->loading == 0) return ready(job);
    for (Wanted& want : wanted)
        load_node(job, std::move(want));
    for (const WantedFile& want : files)
        load_file(job, want);
}

plugin::Instance::Layout Pipeline::layout_of(const std::vector<std::uint32_t>& channels) const {
    return {channels, head_.rate, cycle_.max_frames(), options_.offline};
}

void Pipeline::load_node(const JobPtr& job, Wanted want) {
    // Shared with the loader thread, which may be abandoned in the middle of it.
    struct Outcome {
        std::unique_ptr<plugin::Instance> instance;
        std::vector<process::FileInstall> files;
        std::string code, message;
    };
    auto outcome = std::make_shared<Outcome>();
    auto task = [outcome, want, layout = layout_of(want.port_channels), &pool = pool_] {
        try {
            outcome->instance = plugin::Instance::create(want.info, pool);
            outcome->instance->activate(layout);
            for (const auto& [param, path] : want.files)
                outcome->files.push_back(
                    {&outcome->instance->node(), param, outcome->instance->open_file(param, path)});
        } catch (const plugin::PluginError& error) {
            outcome->code = error.code;
            outcome->message = "node \"" + want.name + "\": " + error.what();
            outcome->instance.reset();
        }
    };
    loader_.run(task, [this, job, outcome, want](plugin::Loader::Outcome how) {
        post_([this, job, outcome, want, how] {
            if (how == plugin::Loader::Outcome::timeout) {
                job->error_code = "plugin_timeout";
                job->error_message = "node \"" + want.name + "\": " + want.info->id
                                     + " was not ready within "
                                     + std::to_string(static_cast<int>(options_.load_limit_s + 0.5))
                                     + " s; it was abandoned";
            } else if (!outcome->instance) {
                job->error_code = outcome->code;
                job->error_message = outcome->message;
            } else {
                job->loaded.emplace(
                    want.name, Loaded{std::move(outcome->instance), std::move(outcome->files)});
            }
            loaded(job);
        });
    });
}

void Pipeline::load_file(const JobPtr& job, const WantedFile& want) {
    const auto node = head_.nodes.find(want.node);
    plugin::Instance* instance = node == head_.nodes.end() ? nullptr : instance_of(node->second);
    if (instance == nullptr) {
        // The node itself is part of this transaction: it is not loaded yet.
        job->error_code = "bad_bundle";
        job->error_message =
            "node \"" + want.node + "\": give the file as an initial value of /node/add instead";
        post_([this, job] { loaded(job); });
        return;
    }
    struct Outcome {
        void* object = nullptr;
        std::string code, message;
    };
    auto outcome = std::make_shared<Outcome>();
    ++openings_[instance];
    job->openers.push_back(instance);
    auto task = [outcome, instance, want] {
        try {
            outcome->object = instance->open_file(want.param, want.path);
        } catch (const plugin::PluginError& error) {
            outcome->code = error.code;
            outcome->message = "node \"" + want.node + "\": " + error.what();
        }
    };
    loader_.run(task, [this, job, outcome, want, instance](plugin::Loader::Outcome how) {
        post_([this, job, outcome, want, instance, how] {
            if (how == plugin::Loader::Outcome::timeout) {
                job->error_code = "plugin_timeout";
                job->error_message = "node \"" + want.node + "\": the file was not ready in time";
            } else if (outcome->object == nullptr) {
                job->error_code = outcome->code;
                job->error_message = outcome->message;
            } else {
                job->files.push_back({&instance->node(), want.param, outcome->object});
            }
            loaded(job);
        });
    });
}

void Pipeline::loaded(const JobPtr& job) {
    if (--job->loading != 0) return;
    if (job->cancelled) return discard(*job);
    if (!job->error_code.empty()) {
        discard(*job);
        return fail(job, job->error_code, job->error_message);
    }
    ready(job);
}

void Pipeline::ready(const JobPtr& job) {
    if (job->timed())
        wait(job);
    else
        commits_.push_back(job);
}

void Pipeline::advance(std::uint64_t sender) {
    const auto found = senders_.find(sender);
    if (found == senders_.end()) return;
    found->second.pop_front();
    if (found->second.empty())
        senders_.erase(found);
    else
        begin(JobPtr(found->second.front()));
}

void Pipeline::fail(const JobPtr& job, const std::string& code, const std::string& message,
                    std::size_t op) {
    --(job->timed() ? timed_ : waiting_);
    loading_timed_.erase(job->request.token);
    Completion completion;
    completion.token = job->request.token;
    completion.code = code;
    completion.message = message;
    completion.failed_op = op;
    completion.revision = head_.revision;
    if (callbacks_.completed) callbacks_.completed(std::move(completion));
    // Later, not from within: a long row of failures must not become a deep stack.
    if (!job->timed()) post_([this, sender = job->request.sender] { advance(sender); });
}

/// Ends what was loaded for a request that will not be applied.
void Pipeline::discard(Job& job) {
    for (auto& [name, loaded] : job.loaded) {
        for (const process::FileInstall& file : loaded.files)
            close_file(loaded.instance.get(), file);
        retire(std::move(loaded.instance));
    }
    job.loaded.clear();
    for (const process::FileInstall& file : job.files)
        for (plugin::Instance* instance : job.openers)
            if (&instance->node() == file.node) {
                close_file(instance, file);
                break;
            }
    job.files.clear();
    let_go(job);
}

/// Closes a file that is not in place any more, or never was. The instance cannot end before: its
/// end is a later task of the same loader.
void Pipeline::close_file(plugin::Instance* instance, const process::FileInstall& file) {
    loader_.run([instance, file] { instance->close_file(file.param, file.object); },
                [](plugin::Loader::Outcome) {});
}

/// The request needs its instances no longer; those that left the graph meanwhile may end.
void Pipeline::let_go(Job& job) {
    for (plugin::Instance* instance : job.openers) {
        const auto count = openings_.find(instance);
        if (--count->second != 0) continue;
        openings_.erase(count);
        const auto parked = std::find_if(parked_.begin(), parked_.end(),
                                         [&](const auto& each) { return each.get() == instance; });
        if (parked == parked_.end()) continue;
        retire(std::move(*parked));
        parked_.erase(parked);
    }
    job.openers.clear();
}

} // namespace backline::engine
