// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// /sched/…
#include "daemon/control/handlers/handlers.hpp"
#include "daemon/control/handlers/json.hpp"
#include "daemon/control/order.hpp"

namespace backline::control::handlers {
namespace {

constexpr std::size_t kListed = 500;
constexpr std::size_t kAddresses = 8; ///< told of one request

} // namespace

void sched_list(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    const bool all = !call.args.empty();
    const auto now = static_cast<std::int64_t>(now_ns());
    process::TimeAnchor anchor = context.cycle.anchor();
    anchor.clock = context.engine.clock_now();
    anchor.ns = static_cast<std::uint64_t>(now);
    const double rate = context.engine.model()->rate;
    Json list = Json::array();
    std::size_t count = 0;
    context.order.each_timed([&](const Timed& timed) {
        if (!all && &timed.peer != peer.get()) return;
        if (++count > kListed) return;
        Json addresses = Json::array();
        for (const Call& each : timed.unit.calls)
            if (addresses.size() < kAddresses) addresses.push_back(each.address);
        list.push_back({{"id", timed.id},
                        {"frame", frame_at(anchor, timed.due_ns, rate)},
                        {"seconds", rounded(static_cast<double>(timed.due_ns - now) * 1e-9, 6)},
                        {"sender", timed.peer.name},
                        {"members", timed.unit.calls.size()},
                        {"addresses", addresses}});
    });
    context.replies.page(*peer, call, dump({{"count", count}, {"requests", list}}));
}

void sched_cancel(Context& context, const PeerPtr& peer, Call& call) {
    context.order.cancel(peer, call, call.args[0].as_int(), peer->role == Role::admin);
}

void sched_clear(Context& context, const PeerPtr& peer, Call& call) {
    const bool all = !call.args.empty();
    if (all && peer->role != Role::admin)
        throw engine::CommandError("denied", call.address
                                                 + " \"all\" takes the role admin, this "
                                                   "sender has "
                                                 + to_string(peer->role));
    context.order.cancel(peer, call, std::nullopt, all);
}

} // namespace backline::control::handlers
