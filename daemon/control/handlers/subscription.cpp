// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// /subscribe /unsubscribe /reply_to
#include "daemon/control/handlers/handlers.hpp"
#include "daemon/control/subscriptions.hpp"

namespace backline::control::handlers {

void subscribe(Context& context, const PeerPtr& peer, Call& call) {
    const std::string pattern(*call.args[0].as_text());
    const auto number = [&call](std::size_t index, float otherwise) {
        return call.args.size() > index ? static_cast<float>(*call.args[index].as_number())
                                        : otherwise;
    };
    const float rate = number(1, 0), lease = number(2, Subscriptions::kLease);
    context.subscriptions.subscribe(peer, pattern, rate, lease);
    context.replies.done(*peer, call, {rate, lease});
}

void unsubscribe(Context& context, const PeerPtr& peer, Call& call) {
    const std::string pattern =
        call.args.empty() ? std::string() : std::string(*call.args[0].as_text());
    context.subscriptions.unsubscribe(*peer, call.args.empty() ? nullptr : &pattern);
    context.replies.done(*peer, call);
}

void reply_to(Context& context, const PeerPtr& peer, Call& call) {
    const std::int32_t port = *call.args[0].as_int();
    if (port < 0 || port > 65'535)
        throw engine::CommandError("out_of_range",
                                   "/reply_to: port is 0..65535, got " + std::to_string(port));
    auto* udp = dynamic_cast<UdpRoute*>(peer->route.get());
    if (udp == nullptr)
        throw engine::CommandError("unavailable", "/reply_to: a connection has no other port");
    udp->redirect(static_cast<std::uint16_t>(port));
    context.replies.done(*peer, call);
}

} // namespace backline::control::handlers
