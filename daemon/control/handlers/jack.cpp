// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// /jack/…: carried out by the driver's thread, which nobody here waits for.
#include "daemon/control/handlers/handlers.hpp"
#include "daemon/control/handlers/json.hpp"
#include "daemon/control/order.hpp"

#include <utility>

namespace backline::control::handlers {
namespace {

process::Driver& driver_of(const Context& context) {
    if (context.driver == nullptr)
        throw engine::CommandError("jack_lost", "this daemon runs without JACK");
    return *context.driver;
}

void patch(Context& context, const PeerPtr& peer, const Call& call, bool make) {
    process::Driver& driver = driver_of(context);
    context.order.begin(*peer, true);
    driver.connect(
        std::string(*call.args[0].as_text()), std::string(*call.args[1].as_text()), make,
        [&context, peer, call, inbox = context.inbox](const process::Driver::Answer& answer) {
            inbox->post([&context, peer, call, answer] {
                if (answer.code.empty())
                    context.replies.done(*peer, call);
                else
                    context.replies.fail(*peer,
                                         {call.id, call.address, answer.code, answer.message});
                context.order.end(peer, true);
            });
        });
}

Json ports_json(const std::vector<process::Driver::PortInfo>& ports, const std::string& client) {
    Json list = Json::array();
    for (const process::Driver::PortInfo& port : ports) {
        Json aliases = Json::array(), connections = Json::array();
        for (const std::string& alias : port.aliases)
            aliases.push_back(alias);
        for (const std::string& other : port.connections)
            connections.push_back(other);
        list.push_back({{"name", port.name},
                        {"type", port.type.find("midi") == std::string::npos ? "audio" : "midi"},
                        {"direction", port.is_output ? "output" : "input"},
                        {"physical", port.physical},
                        {"ours", port.name.rfind(client + ":", 0) == 0},
                        {"aliases", aliases},
                        {"connections", connections}});
    }
    return list;
}

} // namespace

void jack_connect(Context& context, const PeerPtr& peer, Call& call) {
    patch(context, peer, call, true);
}

void jack_disconnect(Context& context, const PeerPtr& peer, Call& call) {
    patch(context, peer, call, false);
}

void jack_ports(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    process::Driver& driver = driver_of(context);
    context.order.begin(*peer, false);
    driver.ports([&context, peer, call, inbox = context.inbox, client = driver.status().client](
                     const process::Driver::Answer& answer,
                     const std::vector<process::Driver::PortInfo>& ports) {
        inbox->post([&context, peer, call, answer, ports, client] {
            if (answer.code.empty())
                context.replies.page(*peer, call, dump(ports_json(ports, client)));
            else
                context.replies.fail(*peer, {call.id, call.address, answer.code, answer.message});
            context.order.end(peer, false);
        });
    });
}

void jack_wanted(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    Json list = Json::array();
    if (context.jack_kept)
        for (const KeptConnection& kept : context.jack_kept())
            list.push_back({{"from", kept.from}, {"to", kept.to}, {"connected", kept.connected}});
    context.replies.page(*peer, call, dump(list));
}

} // namespace backline::control::handlers
