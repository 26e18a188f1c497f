// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// /ping /version /sync /help /quit /log/level
#include "daemon/control/handlers/handlers.hpp"
#include "daemon/control/handlers/json.hpp"
#include "daemon/control/version.hpp"
#include "daemon/log.hpp"

namespace backline::control::handlers {

void ping(Context& context, const PeerPtr& peer, Call& call) {
    context.replies.done(*peer, call);
}

void version(Context& context, const PeerPtr& peer, Call& call) {
    context.replies.done(*peer, call, {"backline", kVersion[0], kVersion[1], kVersion[2]});
}

/// It is carried out only when everything before it is done.
void sync(Context& context, const PeerPtr& peer, Call& call) {
    context.replies.done(*peer, call);
}

void help(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    const std::string asked =
        call.args.empty() ? std::string() : std::string(*call.args[0].as_text());
    const auto match = protocol::find(asked);
    Json rows = Json::array();
    for (const protocol::Address& row : protocol::kAddresses) {
        if (!asked.empty() && row.pattern != asked && !(match && match->row == &row)) continue;
        rows.push_back({{"address", row.pattern},
                        {"arguments", protocol::usage(row.arguments)},
                        {"reply", row.reply.form == protocol::ReplyForm::values
                                      ? protocol::usage(row.reply.values)
                                      : std::string(to_string(row.reply.form))},
                        {"kind", to_string(row.kind)},
                        {"role", to_string(row.role)},
                        {"help", row.help}});
    }
    if (rows.empty()) throw engine::CommandError("no_such_address", "there is no address " + asked);
    context.replies.page(*peer, call, dump(rows));
}

void quit(Context& context, const PeerPtr& peer, Call& call) {
    log::info("{} asked us to end", peer->name);
    context.replies.done(*peer, call);
    if (context.quit) context.quit();
}

void log_level(Context& context, const PeerPtr& peer, Call& call) {
    if (!call.args.empty()) {
        const std::string name(*call.args[0].as_text());
        const auto level = parse_log_level(name);
        if (!level)
            throw engine::CommandError("out_of_range",
                                       "/log/level is debug, info, warning or error, got \"" + name
                                           + "\"");
        log::set_level(*level);
    }
    context.replies.done(*peer, call, {to_string(log::level())});
}

} // namespace backline::control::handlers
