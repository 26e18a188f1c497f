// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/jack_session.hpp"

#include "daemon/log.hpp"

#include <algorithm>
#include <set>

namespace backline::audio {
namespace {

using Answer = process::Driver::Answer;

Answer no_such_port(const JackPortList& list, const std::string& pattern, JackEnd end) {
    const bool sends = end == JackEnd::from;
    if (!list.match(pattern, sends ? JackEnd::to : JackEnd::from).empty())
        return {"no_such_port", "JACK port \"" + pattern + "\" "
                                    + (sends ? "receives; a connection begins at one that sends"
                                             : "sends; a connection ends at one that receives")};
    return {"no_such_port", "no JACK port matches \"" + pattern + "\""};
}

} // namespace

JackClient::Opened JackSession::open(const std::string& server, const std::string& name) {
    const auto opened = client_.open(server, name);
    if (opened == JackClient::Opened::yes) realtime_ = client_.realtime();
    return opened;
}

bool JackSession::begin(const Wanted& wanted, JackPatchbay& patchbay) {
    bridge_->set_latency(latency_ = wanted.latency);
    set_ports(wanted.ports);
    if (!client_.activate()) return false;
    patch(patchbay, true);
    return true;
}

void JackSession::sync(const Wanted& wanted, JackPatchbay& patchbay) {
    set_ports(wanted.ports);
    set_latency(wanted.latency);
    patch(patchbay, false);
}

void JackSession::set_ports(const std::vector<process::ExternalPort>& ports) {
    std::map<Place, const process::ExternalPort*> wanted;
    for (const auto& port : ports) {
        if (port.slot < JackBridge::kSlots)
            wanted[{port.slot, port.is_input}] = &port;
        else
            log::limited(LogLevel::error, "jack port",
                         "JACK port {}: backline has {} inputs and as many outputs at most",
                         port.name, JackBridge::kSlots);
    }
    for (auto entry = ports_.begin(); entry != ports_.end();) {
        const auto& [place, registered] = *entry;
        const auto found = wanted.find(place);
        if (found != wanted.end() && found->second->name == registered.name) {
            ++entry;
            continue;
        }
        while (!bridge_->detach(place.first, place.second, 1000)) {
        }
        client_.unregister_port(registered.port);
        entry = ports_.erase(entry);
    }
    for (const auto& [place, port] : wanted) {
        if (ports_.contains(place)) continue;
        jack_port_t* made = client_.register_port(port->name, port->is_input);
        if (made == nullptr) {
            if (bridge_->gone()) return;
            log::limited(LogLevel::warning, "jack port", "the JACK server refused port {}",
                         port->name);
            continue; // tried again at the next sync
        }
        ports_[place] = {port->name, made};
        bridge_->attach(place.first, place.second, made);
        just_registered_.push_back(client_.name() + ":" + port->name);
    }
}

void JackSession::set_latency(std::uint32_t frames) {
    if (frames == latency_) return;
    bridge_->set_latency(latency_ = frames);
    client_.recompute_latencies();
}

JackGraph JackSession::read_graph(const JackPatchbay& patchbay, bool all_appeared) {
    JackGraph graph;
    // Before the list is made: what registers in between is then seen now or the next time.
    graph.all_appeared = bridge_->take_port_events_lost() || all_appeared;
    JackPortEvent event;
    while (bridge_->take_port_event(event))
        (event.came ? graph.appeared : graph.left).insert(client_.port_name(event.port));
    graph.appeared.insert(just_registered_.begin(), just_registered_.end());
    just_registered_.clear();

    graph.ports = port_list();
    for (const auto& [place, registered] : ports_) {
        const std::string name = graph.ports.full(registered.name);
        for (std::string& other : client_.connections(name))
            graph.links.insert(place.second ? JackLink{std::move(other), name}
                                            : JackLink{name, std::move(other)});
    }
    for (const JackLink& link : patchbay.kept())
        if (!graph.ports.ours(link.from) && !graph.ports.ours(link.to) && client_.connected(link))
            graph.links.insert(link);
    return graph;
}

void JackSession::patch(JackPatchbay& patchbay, bool all_appeared) {
    const JackGraph graph = read_graph(patchbay, all_appeared);
    const JackPatchbay::Work work = patchbay.look(graph, JackPatchbay::Clock::now());
    for (const JackLink& link : work.undo)
        client_.disconnect(link);
    for (const JackLink& link : work.make) {
        if (client_.connect(link)) continue;
        patchbay.refused(link);
        log::limited(LogLevel::debug, "jack connect", "the JACK server refused to connect {} to {}",
                     link.from, link.to);
    }
}

Answer JackSession::connect(const std::string& from, const std::string& to, bool make,
                            JackPatchbay& patchbay) {
    bool done = false;
    if (!make) { // also what is kept while one of its ends is away
        const auto kept = patchbay.kept();
        done = std::find(kept.begin(), kept.end(), JackLink{from, to}) != kept.end();
        patchbay.release({from, to});
    }
    const JackPortList list = port_list();
    const auto sources = list.match(from, JackEnd::from);
    const auto targets = list.match(to, JackEnd::to);
    if (sources.empty() && !done) return no_such_port(list, from, JackEnd::from);
    if (targets.empty() && !done) return no_such_port(list, to, JackEnd::to);

    for (const JackPort* source : sources) {
        for (const JackPort* target : targets) {
            const JackLink link{source->name, target->name};
            if (source->type != target->type) continue;
            if (make) {
                if (!client_.connect(link))
                    return {"jack_refused",
                            "the JACK server refused to connect " + link.from + " to " + link.to};
                patchbay.keep(link);
                done = true;
            } else if (client_.connected(link)) {
                if (!client_.disconnect(link))
                    return {"jack_refused", "the JACK server refused to disconnect " + link.from
                                                + " from " + link.to};
                patchbay.release(link);
                done = true;
            }
        }
    }
    if (done) return {};
    if (make) return {"jack_refused", "\"" + from + "\" and \"" + to + "\" are of different types"};
    return {"no_such_connection", "\"" + from + "\" and \"" + to + "\" are not connected"};
}

std::vector<process::Driver::PortInfo> JackSession::list() const {
    std::vector<process::Driver::PortInfo> infos;
    for (JackPort& port : client_.ports()) {
        process::Driver::PortInfo info;
        info.connections = client_.connections(port.name);
        info.is_output = port.is_output;
        info.physical = port.physical;
        info.type = port.audio()                          ? "audio"
                    : port.type == JACK_DEFAULT_MIDI_TYPE ? "midi"
                                                          : port.type;
        info.name = std::move(port.name);
        info.aliases = std::move(port.aliases);
        infos.push_back(std::move(info));
    }
    return infos;
}

} // namespace backline::audio
