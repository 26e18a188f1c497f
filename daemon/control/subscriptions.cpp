// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/subscriptions.hpp"

#include "daemon/engine/error.hpp"

#include <algorithm>
#include <stdexcept>

namespace backline::control {
namespace {

/// Between two looks at the graph while nothing of it is subscribed to.
constexpr std::uint64_t kIdle = 200'000'000; // ns

Pattern compile(const std::string& text) {
    if (text.empty() || text.front() != '/')
        throw engine::CommandError("out_of_range",
                                   "a pattern begins with '/', got \"" + text + "\"");
    try {
        return Pattern(text);
    } catch (const std::invalid_argument& error) {
        throw engine::CommandError("out_of_range", error.what());
    }
}

/// The pattern with its second segment, where names stand, replaced if it is exactly @p from.
std::string renamed(const std::string& pattern, const std::string& from, const std::string& to) {
    const std::size_t begin = pattern.find('/', 1);
    if (begin == std::string::npos) return pattern;
    const std::size_t end = std::min(pattern.find('/', begin + 1), pattern.size());
    if (pattern.compare(begin + 1, end - begin - 1, from) != 0) return pattern;
    return pattern.substr(0, begin + 1) + to + pattern.substr(end);
}

} // namespace

void Subscriptions::subscribe(const PeerPtr& peer, const std::string& pattern, float rate,
                              float lease) {
    if (!(rate >= 0 && rate <= kRateMax))
        throw engine::CommandError("out_of_range", "/subscribe: rate is 0.."
                                                       + std::to_string(static_cast<int>(kRateMax))
                                                       + " Hz, got " + std::to_string(rate));
    if (!(lease > 0 && lease <= kLeaseMax))
        throw engine::CommandError("out_of_range", "/subscribe: lease is up to "
                                                       + std::to_string(static_cast<int>(kLeaseMax))
                                                       + " s, got " + std::to_string(lease));
    const std::uint64_t ends =
        peer->route->connected()
            ? 0
            : now_ns() + static_cast<std::uint64_t>(static_cast<double>(lease) * 1e9);
    for (const SubscriptionPtr& each : list_) {
        if (each->peer != peer || each->given != pattern) continue;
        each->rate = rate;
        each->ends_ns = ends;
        return;
    }
    if (list_.size() >= kMax || peer->subscriptions >= kPerPeer)
        throw engine::CommandError("queue_full",
                                   "/subscribe: a sender has at most " + std::to_string(kPerPeer)
                                       + " subscriptions, all together " + std::to_string(kMax));
    list_.push_back(
        std::make_shared<Subscription>(Subscription{peer, pattern, compile(pattern), rate, ends}));
    ++peer->subscriptions;
    changed_ = true;
    due_ns_ = 0;
}

void Subscriptions::unsubscribe(Peer& peer, const std::string* pattern) {
    const auto removed = std::erase_if(list_, [&](const SubscriptionPtr& each) {
        const bool meant = pattern == nullptr || each->given == *pattern;
        if (each->peer.get() == &peer && meant) each->ended = true;
        return each->ended;
    });
    peer.subscriptions -= removed;
    changed_ = changed_ || removed != 0;
}

void Subscriptions::graph_call_applied(const Call& call) {
    using Id = protocol::AddressId;
    if (call.row->id != Id::node_rename && call.row->id != Id::input_rename
        && call.row->id != Id::output_rename)
        return;
    const std::string from(*call.args[0].as_text()), to(*call.args[1].as_text());
    for (SubscriptionPtr& each : list_) {
        const std::string text = renamed(each->pattern.text(), from, to);
        if (text == each->pattern.text() || text.size() > Pattern::kMaxLength) continue;
        each->pattern = Pattern(text);
        changed_ = true;
    }
}

void Subscriptions::event(const protocol::Message& message) {
    expire(now_ns());
    for (const SubscriptionPtr& each : list_)
        if (each->pattern.matches(message.address)) replies_.stream(*each->peer, message);
}

bool Subscriptions::wants(const char* address) const {
    return std::any_of(list_.begin(), list_.end(), [address](const SubscriptionPtr& each) {
        return each->pattern.matches(address);
    });
}

bool Subscriptions::wants_events() const {
    return wants("/event/scrubbed") || wants("/event/overrun") || wants("/event/bypassed");
}

void Subscriptions::expire(std::uint64_t now) {
    const auto removed = std::erase_if(list_, [now](const SubscriptionPtr& each) {
        if (!each->peer->gone && (each->ends_ns == 0 || now < each->ends_ns)) return false;
        --each->peer->subscriptions;
        each->ended = true;
        return true;
    });
    changed_ = changed_ || removed != 0;
}

void Subscriptions::turn(std::uint64_t now) {
    if (now < due_ns_ || (list_.empty() && !changed_)) return;
    expire(now);
    feeds_.turn(now, list_, changed_);
    changed_ = false;
    due_ns_ = now + (feeds_.empty() ? kIdle : Feeds::kTick);
}

std::optional<std::uint64_t> Subscriptions::next_turn() const {
    if (list_.empty() && !changed_) return std::nullopt;
    return due_ns_;
}

} // namespace backline::control
