// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/audio/jack_bridge.hpp"
#include "daemon/audio/jack_ports.hpp"
#include "daemon/process/driver.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <jack/jack.h>

namespace backline::audio {

/// One life of our client at a server, from open() to close(). Every function asks the server and
/// may hang with it. One thread. [jack]
class JackClient {
  public:
    /// How opening went.
    enum class Opened { yes, name_taken, no_server };

    /// `bridge` takes the callbacks.
    explicit JackClient(std::shared_ptr<JackBridge> bridge) : bridge_(std::move(bridge)) {}
    /// Without close() the client stays where it is, and the bridge with it: after a call that hung
    /// the library can be trusted with neither.
    ~JackClient();
    JackClient(const JackClient&) = delete;
    JackClient& operator=(const JackClient&) = delete;

    /// Opens under exactly this name and never starts a server; "" is the default server. The
    /// bridge's callbacks are set, the client is not active.
    Opened open(const std::string& server, const std::string& name);
    /// Cycles begin. Ports are registered before, so that they are there in the first.
    bool activate();
    /// Waits for the cycle to end, then closes.
    void close();

    /// Whether the server runs its clients with real-time priority.
    bool realtime() const;
    /// Our name at the server.
    std::string name() const;

    /// nullptr when the server refuses.
    jack_port_t* register_port(const std::string& short_name, bool is_input);
    /// After JackBridge::detach() only.
    void unregister_port(jack_port_t* port);
    /// Has every client's latencies computed anew.
    void recompute_latencies();

    /// Every port of the server, in its order.
    std::vector<JackPort> ports() const;
    /// Full names of what a port is connected to.
    std::vector<std::string> connections(const std::string& port) const;
    /// False also when an end is not there.
    bool connected(const JackLink& link) const;
    /// The full name of a port by the number a callback gave, "" when it is gone.
    std::string port_name(jack_port_id_t id) const;

    /// True also when they are connected already.
    bool connect(const JackLink& link);
    /// False when they were not connected.
    bool disconnect(const JackLink& link);

  private:
    std::shared_ptr<JackBridge> bridge_;
    jack_client_t* client_ = nullptr;
};

} // namespace backline::audio
