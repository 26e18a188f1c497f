// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/audio/jack_client.hpp"
#include "daemon/audio/jack_patchbay.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace backline::audio {

/// The jobs of one client's life. Each asks the server and may hang with it, so each runs on a
/// JackCaller; between them only bridge() and realtime() are looked at. [jack]
class JackSession {
  public:
    /// What the server shall show.
    struct Wanted {
        std::vector<process::ExternalPort> ports;
        std::uint32_t latency = 0; ///< frames
    };

    /// `cycle` is used only while the bridge's gate is open.
    JackSession(process::Cycle& cycle, std::shared_ptr<Doorbell> bell)
        : bridge_(new JackBridge(cycle, std::move(bell))), client_(bridge_) {}

    /// What the callbacks say and see. [any]
    JackBridge& bridge() { return *bridge_; }
    /// As JackClient's; valid after open().
    bool realtime() const { return realtime_; }

    /// As JackClient's.
    JackClient::Opened open(const std::string& server, const std::string& name);
    /// Registers the ports, begins cycles, connects. False when the server refused to begin.
    bool begin(const Wanted& wanted, JackPatchbay& patchbay);
    /// Makes ports, connections and latency what is wanted.
    void sync(const Wanted& wanted, JackPatchbay& patchbay);
    /// Connects, or disconnects, all that two patterns match; "no_such_port", "jack_refused" or
    /// "no_such_connection" otherwise.
    process::Driver::Answer connect(const std::string& from, const std::string& to, bool make,
                                    JackPatchbay& patchbay);
    /// Every port of the server with its connections.
    std::vector<process::Driver::PortInfo> list() const;
    /// As JackClient's.
    void close() { client_.close(); }

  private:
    using Place = std::pair<std::uint32_t, bool>; ///< slot, is it an input
    struct Registered {
        std::string name;
        jack_port_t* port;
    };

    void set_ports(const std::vector<process::ExternalPort>& ports);
    void set_latency(std::uint32_t frames);
    void patch(JackPatchbay& patchbay, bool all_appeared);
    JackGraph read_graph(const JackPatchbay& patchbay, bool all_appeared);
    JackPortList port_list() const { return {client_.name(), client_.ports()}; }

    std::shared_ptr<JackBridge> bridge_;
    JackClient client_;
    std::map<Place, Registered> ports_;
    std::vector<std::string> just_registered_; ///< full names
    std::uint32_t latency_ = 0;
    bool realtime_ = false;
};

} // namespace backline::audio
