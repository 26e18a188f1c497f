// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/jack_patchbay.hpp"

#include <algorithm>
#include <utility>

namespace backline::audio {
namespace {

/// A name or an ordinal: means one port, so one connection fulfils it.
bool means_one(const std::string& pattern) {
    return !pattern.starts_with('/');
}

} // namespace

void JackPatchbay::want(const std::vector<process::WantedConnection>& wishes) {
    std::vector<Wish> next;
    for (const auto& want : wishes) {
        const auto old = std::find_if(wishes_.begin(), wishes_.end(),
                                      [&](const Wish& wish) { return wish.want == want; });
        if (old == wishes_.end()) {
            next.push_back({want, true, {}});
        } else {
            next.push_back(std::move(*old));
            wishes_.erase(old);
        }
    }
    for (const Wish& wish : wishes_)
        withdrawn_.insert(wish.made.begin(), wish.made.end());
    wishes_ = std::move(next);
}

void JackPatchbay::set_ports(const std::vector<process::ExternalPort>& ports) {
    const std::string prefix = client_ + ":";
    std::set<std::string> names;
    for (const auto& port : ports)
        names.insert(prefix + port.name);
    const auto left = [&](const std::string& name) {
        return name.starts_with(prefix) && !names.contains(name);
    };
    std::erase_if(
        kept_, [&](const auto& entry) { return left(entry.first.from) || left(entry.first.to); });
}

void JackPatchbay::keep(const JackLink& link) {
    kept_[link] = Kept{looks_, std::nullopt, false};
    withdrawn_.erase(link);
    for (Wish& wish : wishes_)
        wish.made.erase(link); // outlives the wish from now on
    bound();
}

void JackPatchbay::release(const JackLink& link) {
    kept_.erase(link);
}

JackPatchbay::Work JackPatchbay::look(const JackGraph& graph, Clock::time_point now) {
    ++looks_;
    std::set<JackLink> make;
    learn(graph, now, make);
    for (Wish& wish : wishes_)
        grant(wish, graph, make);

    Work work;
    for (const JackLink& link : std::exchange(withdrawn_, {})) {
        const bool wished = std::any_of(wishes_.begin(), wishes_.end(),
                                        [&](const Wish& wish) { return wish.made.contains(link); });
        if (wished) continue;
        kept_.erase(link);
        make.erase(link);
        if (graph.links.contains(link)) work.undo.push_back(link);
    }
    work.make.assign(make.begin(), make.end());
    links_ = graph.links;
    bound();
    return work;
}

void JackPatchbay::learn(const JackGraph& graph, Clock::time_point now, std::set<JackLink>& make) {
    for (const JackLink& link : graph.links)
        kept_[link] = Kept{looks_, std::nullopt, false};
    for (auto entry = kept_.begin(); entry != kept_.end();) {
        const JackLink& link = entry->first;
        Kept& kept = entry->second;
        const bool present = kept.seen == looks_;
        const bool both =
            graph.ports.find(link.from) != nullptr && graph.ports.find(link.to) != nullptr;
        const bool returned = both && (graph.is_new(link.from) || graph.is_new(link.to));
        if (present || !both || returned) {
            kept.missed.reset();
            kept.waits = false;
            if (!present && returned) make.insert(link);
        } else if (kept.waits || graph.has_left(link.from) || graph.has_left(link.to)) {
            kept.waits = true;
            kept.missed.reset();
        } else if (!kept.missed) {
            kept.missed = now;
        } else if (now - *kept.missed >= kGrace) {
            entry = kept_.erase(entry);
            continue;
        }
        ++entry;
    }
}

void JackPatchbay::grant(Wish& wish, const JackGraph& graph, std::set<JackLink>& make) {
    const std::string name = graph.ports.full(wish.want.port);
    const JackPort* own = graph.ports.find(name);
    if (own == nullptr) return;
    const bool fresh = std::exchange(wish.fresh, false);
    // An ordinal keeps its port when another card comes and shifts the order.
    if (means_one(wish.want.pattern)
        && std::any_of(wish.made.begin(), wish.made.end(),
                       [&](const JackLink& link) { return graph.links.contains(link); }))
        return;
    for (const JackPort* port :
         graph.ports.match(wish.want.pattern, own->is_output ? JackEnd::to : JackEnd::from)) {
        if (!port->audio()) continue;
        JackLink link = own->is_output ? JackLink{name, port->name} : JackLink{port->name, name};
        const bool there = graph.links.contains(link);
        if (!there && !fresh && !graph.is_new(name) && !graph.is_new(port->name)) continue;
        if (!there) make.insert(link);
        wish.made.insert(std::move(link));
    }
}

void JackPatchbay::refused(const JackLink& link) {
    if (const auto found = kept_.find(link); found != kept_.end()) found->second.waits = true;
}

std::optional<JackPatchbay::Clock::time_point> JackPatchbay::look_again() const {
    std::optional<Clock::time_point> first;
    for (const auto& [link, kept] : kept_)
        if (kept.missed && (!first || *kept.missed + kGrace < *first))
            first = *kept.missed + kGrace;
    return first;
}

std::vector<JackLink> JackPatchbay::kept() const {
    std::vector<JackLink> links;
    for (const auto& [link, kept] : kept_)
        links.push_back(link);
    return links;
}

std::vector<JackPatchbay::Row>
JackPatchbay::table(const std::vector<process::ExternalPort>& ports) const {
    std::set<JackLink> all;
    for (const auto& [link, kept] : kept_)
        all.insert(link);
    for (const Wish& wish : wishes_) {
        all.insert(wish.made.begin(), wish.made.end());
        if (!wish.made.empty()) continue;
        const auto own = std::find_if(ports.begin(), ports.end(), [&](const auto& port) {
            return port.name == wish.want.port;
        });
        const std::string name = client_ + ":" + wish.want.port;
        const bool receives = own != ports.end() && own->is_input;
        all.insert(receives ? JackLink{wish.want.pattern, name}
                            : JackLink{name, wish.want.pattern});
    }
    std::vector<Row> rows;
    for (const JackLink& link : all)
        rows.push_back({link.from, link.to, links_.contains(link)});
    return rows;
}

void JackPatchbay::bound() {
    while (kept_.size() > kMaxKept)
        kept_.erase(std::min_element(kept_.begin(), kept_.end(), [](const auto& a, const auto& b) {
            return a.second.seen < b.second.seen;
        }));
}

} // namespace backline::audio
