// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What is due at a time: taken in, listed, cancelled; and what comes late.
#include "daemon/control/order.hpp"

#include "daemon/control/dispatch.hpp"
#include "daemon/control/subscriptions.hpp"

#include <algorithm>
#include <utility>

namespace backline::control {
namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;    // ns
constexpr std::uint64_t kLateInterval = 100'000'000; // ns between two events of what was late

bool loads(const Unit& unit) {
    using Id = protocol::AddressId;
    return std::any_of(unit.calls.begin(), unit.calls.end(), [](const Call& call) {
        return call.row->id == Id::node_add || call.row->id == Id::node_replace || call.rack;
    });
}

std::string hours(std::int64_t ns) {
    return std::to_string(ns / kHour) + " hours";
}

} // namespace

void Order::schedule(const PeerPtr& peer, Unit unit) {
    const std::int64_t due = wall_.to_raw(unit.time);
    const auto now = static_cast<std::int64_t>(now_ns());
    if (due > now + kHorizonNs)
        return refuse_all(peer, unit, "queue_full",
                          "the timetag is " + hours(due - now) + " ahead; at most 24 are taken");
    if (due < now - kHorizonNs)
        return refuse_all(peer, unit, "bad_time",
                          "the timetag is " + hours(now - due)
                              + " past; at most 24 are taken, and 1 is at once");
    if (due <= now) {
        late(now - due);
        unit.time = protocol::kImmediately;
        if (ready(*peer, unit)) {
            run(peer, std::move(unit));
        } else { // it was its turn already
            waiting_bytes_ += unit.bytes;
            peer->waiting.push_front(std::move(unit));
        }
        return;
    }
    if (const auto full = no_room(unit)) return refuse_all(peer, unit, "queue_full", *full);
    to_engine(peer, std::move(unit), due);
}

std::optional<std::string> Order::no_room(const Unit& unit) const {
    if (timed_.size() >= kScheduled)
        return std::to_string(kScheduled) + " timed requests are waiting";
    if (timed_bytes_ + unit.bytes > kScheduledBytes)
        return std::to_string(kScheduledBytes) + " bytes of timed requests are waiting";
    if (loads(unit) && timed_loads_ >= kScheduledLoads)
        return std::to_string(kScheduledLoads) + " timed requests that load plugins are waiting";
    return std::nullopt;
}

void Order::note_timed(Pending& pending) {
    // Positive, and not of one that still waits, after 2^31 of them.
    do
        timed_id_ = timed_id_ % 0x7fff'ffff + 1;
    while (timed_.find(static_cast<std::uint64_t>(timed_id_)) != nullptr);
    pending.id = timed_id_;
    timed_.insert(*pending.due_ns, static_cast<std::uint64_t>(timed_id_), tokens_);
    timed_bytes_ += pending.unit.bytes;
    timed_loads_ += loads(pending.unit) ? 1 : 0;
}

void Order::forget_timed(const Pending& pending) {
    timed_.erase(static_cast<std::uint64_t>(pending.id));
    timed_bytes_ -= pending.unit.bytes;
    timed_loads_ -= loads(pending.unit) ? 1 : 0;
}

void Order::each_timed(const std::function<void(const Timed&)>& look) const {
    timed_.each([&](std::int64_t due, std::uint64_t id, std::uint64_t token) {
        const Pending& pending = pending_.at(token);
        look({static_cast<std::int32_t>(id), due, *pending.peer, pending.unit});
        return true;
    });
}

// ---- cancelling
// -----------------------------------------------------------------------------------

void Order::cancel(const PeerPtr& peer, const Call& call, std::optional<std::int32_t> id,
                   bool any) {
    std::vector<std::uint64_t> tokens;
    const auto take = [&](std::uint64_t token) {
        if (any || pending_.at(token).peer == peer) tokens.push_back(token);
    };
    if (id) {
        const std::uint64_t* token = timed_.find(static_cast<std::uint64_t>(*id));
        if (token != nullptr) take(*token);
        if (tokens.empty())
            throw engine::CommandError("not_scheduled",
                                       call.address + ": no timed request " + std::to_string(*id)
                                           + (any ? "" : " of this sender") + " is waiting");
    } else {
        timed_.each([&](std::int64_t, std::uint64_t, std::uint64_t token) {
            take(token);
            return true;
        });
    }
    cancels_.emplace(++tokens_, Cancel{peer, call});
    begin(*peer, false);
    context_.engine.cancel(std::move(tokens), tokens_);
}

/// The engine has failed what it could, each on its own, before this.
bool Order::cancel_done(const engine::Completion& completion) {
    const auto found = cancels_.find(completion.token);
    if (found == cancels_.end()) return false;
    const Cancel cancel = std::move(found->second);
    cancels_.erase(found);
    if (cancel.call.row->id == protocol::AddressId::sched_clear)
        context_.replies.done(*cancel.peer, cancel.call,
                              {static_cast<std::int32_t>(completion.cancelled)});
    else if (completion.cancelled != 0)
        context_.replies.done(*cancel.peer, cancel.call);
    else
        context_.replies.fail(*cancel.peer, {cancel.call.id, cancel.call.address, "not_scheduled",
                                             cancel.call.address + ": it is being applied"});
    end(cancel.peer, false);
    return true;
}

// ---- late
// -----------------------------------------------------------------------------------------

void Order::late(std::int64_t by_ns) {
    ++context_.replies.counters.late;
    if (late_count_++ == 0) late_by_ns_ = 0;
    late_by_ns_ = std::max(late_by_ns_, by_ns);
}

/// Ten times a second at most: who floods us with what is past does not flood others.
void Order::tell_late(std::uint64_t now) {
    if (late_count_ == 0 || now < late_due_ns_) return;
    const auto count = static_cast<std::int32_t>(
        std::min<std::uint64_t>(std::exchange(late_count_, 0), INT32_MAX));
    context_.subscriptions.event(
        protocol::message("/event/late", count, static_cast<float>(late_by_ns_) * 1e-9f));
    late_due_ns_ = now + kLateInterval;
}

} // namespace backline::control
