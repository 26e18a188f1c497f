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

    JackSession(process::Cycle& cycle, std::shared_ptr<Doorbell> bell)
        : bridge_(std::make_shared<JackBridge>(cycle, std::move(bell))), client_(bridge_) {}

    JackBridge& bridge() { return *bridge_; }
    bool realtime() const { return realtime_; }

    JackClient::Opened open(const std::string& server, const std::string& name);
    /// Registers the ports, begins cycles, connects. False when the server refused to begin.
    bool begin(const Wanted& wanted, JackPatchbay& patchbay);
    /// Makes ports, connections and latency what is wanted.
    void sync(const Wanted& wanted, JackPatchbay& patchbay);
    process::Driver::Answer connect(const std::string& from, const std::string& to, bool make,
                                    JackPatchbay& patchbay);
    std::vector<process::Driver::PortInfo> list() const;
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
