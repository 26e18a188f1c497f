// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/registry.hpp"

#include "daemon/plugin/describe.hpp"
#include "daemon/plugin/prober.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace backline::plugin {

namespace fs = std::filesystem;

namespace {

/// What a library looked like when it was probed, and what came of it.
struct Known {
    std::uintmax_t size = 0;
    fs::file_time_type changed;
    std::vector<std::shared_ptr<const PluginInfo>> plugins;
    std::string refusal; ///< empty when accepted
};

/// A library of the present scan.
struct Candidate {
    std::string path;
    std::uintmax_t size = 0;
    fs::file_time_type changed;
};

/// The libraries of one directory by name. A directory that is not there has none; one that cannot
/// be read is refused.
std::vector<std::string> list(const std::string& directory, std::vector<Refused>& refused) {
    std::vector<std::string> found;
    std::error_code error;
    fs::directory_iterator entries(directory, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
        std::error_code ignored;
        if (entries->path().extension() == ".so" && entries->is_regular_file(ignored))
            found.push_back(entries->path());
    }
    if (error && error != std::errc::no_such_file_or_directory)
        refused.push_back({directory, "cannot be read: " + error.message()});
    std::sort(found.begin(), found.end());
    return found;
}

/// The catalogue of the libraries read so far, as far as nothing before them is still to be read:
/// it could have the same ids, and the first counts.
Catalogue assemble(const std::vector<Candidate>& libraries,
                   const std::map<std::string, Known>& read, std::vector<Refused> refused,
                   bool complete) {
    Catalogue catalogue{complete, {}, std::move(refused)};
    for (const Candidate& library : libraries) {
        const auto known = read.find(library.path);
        if (known == read.end()) break;
        if (!known->second.refusal.empty())
            catalogue.refused.push_back({library.path, known->second.refusal});
        for (const auto& info : known->second.plugins) {
            const auto [first, is_new] = catalogue.plugins.emplace(info->id, info);
            if (!is_new)
                catalogue.refused.push_back(
                    {library.path, fmt::format("plugin \"{}\" is in {} already", info->id,
                                               first->second->library)});
        }
    }
    return catalogue;
}

} // namespace

struct Registry::Impl {
    Options options;
    std::atomic<bool> stopping{false};
    std::mutex scanning;                ///< held by a scan
    std::map<std::string, Known> known; ///< by path, of the newest scan

    mutable std::mutex mutex; // guards `newest`
    std::shared_ptr<const Catalogue> newest = std::make_shared<Catalogue>();

    std::vector<Candidate> candidates(std::vector<Refused>& refused) const;
    template <typename Progress>
    bool probe(const std::vector<Candidate>& libraries, std::map<std::string, Known>& now,
               Progress progress) const;
    Known judge(const std::string& path, const ProbeOutcome& outcome) const;
    std::shared_ptr<const Catalogue> catalogue() const;
    void publish(Catalogue catalogue);
};

/// Every library once, also when directories overlap or link to each other.
std::vector<Candidate> Registry::Impl::candidates(std::vector<Refused>& refused) const {
    std::vector<Candidate> all;
    std::set<fs::path> seen;
    for (const std::string& directory : options.directories)
        for (std::string& path : list(directory, refused)) {
            std::error_code error;
            Candidate library{path, fs::file_size(path, error), {}};
            if (!error) library.changed = fs::last_write_time(path, error);
            const fs::path target = error ? fs::path() : fs::canonical(path, error);
            if (error)
                refused.push_back({path, "cannot be read: " + error.message()});
            else if (seen.insert(target).second)
                all.push_back(std::move(library));
        }
    return all;
}

/// Makes plugins or a refusal of what the probe brought back.
Known Registry::Impl::judge(const std::string& path, const ProbeOutcome& outcome) const {
    Known result;
    result.refusal = outcome.failure;
    if (!outcome.said.empty() && options.on_output) options.on_output(path, outcome.said);
    if (!result.refusal.empty()) return result;
    try {
        for (PluginInfo& info : undescribe(outcome.answer))
            result.plugins.push_back(std::make_shared<const PluginInfo>(std::move(info)));
    } catch (const PluginError& error) {
        result.refusal = error.what();
    }
    return result;
}

/// Fills `now` with what the libraries of this scan are, by path; one that is slow stands for
/// nothing until it is read. False when it was stopped.
template <typename Progress>
bool Registry::Impl::probe(const std::vector<Candidate>& libraries,
                           std::map<std::string, Known>& now, Progress progress) const {
    std::vector<std::string> unknown;
    std::vector<const Candidate*> wanted;
    for (const Candidate& library : libraries) {
        const auto before = known.find(library.path);
        if (before != known.end() && before->second.size == library.size
            && before->second.changed == library.changed) {
            now.emplace(library.path, before->second);
        } else {
            unknown.push_back(library.path);
            wanted.push_back(&library);
        }
    }
    const auto done = [&](std::size_t index, const ProbeOutcome& outcome) {
        Known result = judge(unknown[index], outcome);
        // What need not last is tried again at the next scan: nothing has this size.
        result.size = outcome.lasting ? wanted[index]->size : ~std::uintmax_t{0};
        result.changed = wanted[index]->changed;
        now[unknown[index]] = std::move(result);
        progress();
    };
    const auto slow = [&](std::size_t index) {
        now.emplace(unknown[index], Known{});
        progress();
    };
    return probe_all(unknown, {.probe = options.probe,
                               .limit_s = options.probe_limit_s,
                               .done = done,
                               .slow = slow,
                               .stop = stopping});
}

std::shared_ptr<const Catalogue> Registry::Impl::catalogue() const {
    const std::lock_guard lock(mutex);
    return newest;
}

void Registry::Impl::publish(Catalogue catalogue) {
    const auto shared = std::make_shared<const Catalogue>(std::move(catalogue));
    {
        const std::lock_guard lock(mutex);
        newest = shared;
    }
    if (options.on_published) options.on_published(*shared);
}

Registry::Registry(Options options) : impl_(std::make_shared<Impl>()) {
    impl_->options = std::move(options);
}

void Registry::scan() {
    const std::lock_guard one(impl_->scanning);
    std::vector<Refused> unreadable;
    const std::vector<Candidate> libraries = impl_->candidates(unreadable);
    std::map<std::string, Known> now;
    const auto publish = [&](bool complete) {
        impl_->publish(assemble(libraries, now, unreadable, complete));
    };
    // Once there is a whole catalogue, nothing disappears from it while it is renewed.
    const bool first = !impl_->catalogue()->complete;
    try {
        if (!impl_->probe(libraries, now, [&] {
                if (first) publish(false);
            }))
            return;
    } catch (...) {
        // Nobody waits for what will not come.
        Catalogue rest = *impl_->catalogue();
        rest.complete = true;
        impl_->publish(std::move(rest));
        throw;
    }
    publish(true);
    impl_->known = std::move(now);
}

void Registry::stop() {
    impl_->stopping = true;
}

std::shared_ptr<const Catalogue> Registry::catalogue() const {
    return impl_->catalogue();
}

} // namespace backline::plugin
