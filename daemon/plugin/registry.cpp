// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/registry.hpp"

#include "daemon/plugin/describe.hpp"
#include "daemon/plugin/prober.hpp"

#include <algorithm>
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

} // namespace

struct Registry::Impl {
    Options options;
    std::map<std::string, Known> known; ///< by path, of the newest scan

    mutable std::mutex mutex; // guards `newest`
    std::shared_ptr<const Catalogue> newest = std::make_shared<Catalogue>();

    std::vector<Candidate> candidates(std::vector<Refused>& refused) const;
    void probe(const std::vector<Candidate>& libraries);
    Known judge(const std::string& path, const ProbeOutcome& outcome) const;
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

/// Brings `known` up to date with the libraries of this scan.
void Registry::Impl::probe(const std::vector<Candidate>& libraries) {
    std::map<std::string, Known> now;
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
    probe_all(options.probe, unknown, options.probe_limit_s,
              [&](std::size_t index, const ProbeOutcome& outcome) {
                  Known result = judge(unknown[index], outcome);
                  // What need not last is tried again at the next scan: nothing has this size.
                  result.size = outcome.lasting ? wanted[index]->size : ~std::uintmax_t{0};
                  result.changed = wanted[index]->changed;
                  now.emplace(unknown[index], std::move(result));
              });
    known = std::move(now);
}

Registry::Registry(Options options) : impl_(std::make_shared<Impl>()) {
    impl_->options = std::move(options);
}

void Registry::scan() {
    auto catalogue = std::make_shared<Catalogue>();
    const std::vector<Candidate> libraries = impl_->candidates(catalogue->refused);
    impl_->probe(libraries);
    for (const Candidate& library : libraries) {
        const Known& known = impl_->known.at(library.path);
        if (!known.refusal.empty()) catalogue->refused.push_back({library.path, known.refusal});
        for (const auto& info : known.plugins) {
            const auto [first, is_new] = catalogue->plugins.emplace(info->id, info);
            if (!is_new)
                catalogue->refused.push_back(
                    {library.path, fmt::format("plugin \"{}\" is in {} already", info->id,
                                               first->second->library)});
        }
    }
    const std::lock_guard lock(impl_->mutex);
    impl_->newest = std::move(catalogue);
}

std::shared_ptr<const Catalogue> Registry::catalogue() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->newest;
}

} // namespace backline::plugin
