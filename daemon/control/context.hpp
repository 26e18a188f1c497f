// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config.hpp"
#include "daemon/control/background.hpp"
#include "daemon/control/clock.hpp"
#include "daemon/control/inbox.hpp"
#include "daemon/control/replies.hpp"
#include "daemon/engine/engine.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace backline::control {

class Order;
class Subscriptions;
class Health;

/// A JACK connection that is made again whenever both its ends are there.
struct KeptConnection {
    std::string from, to; ///< full names, or a wish's pattern
    bool connected = false;
};

/// What the handlers of requests work with; the server owns all of it.
struct Context {
    engine::Engine& engine;
    process::Cycle& cycle;
    process::Driver* driver; ///< nullptr: a daemon without JACK
    plugin::Registry& registry;
    worker::Pool& pool;
    const Config& config;
    std::shared_ptr<Inbox> inbox;
    Replies& replies;
    Order& order;
    Subscriptions& subscriptions;
    Health& health;
    Background& files; ///< racks and directories
    Background& scans; ///< plugin directories
    std::function<void()> quit = {};
    std::function<void()> scan = {}; ///< scans the plugin directories, blocking; off this thread
    std::function<std::vector<KeptConnection>()> jack_kept = {};
    std::function<std::vector<std::string>()> reasons = {}; ///< what is degraded, in sentences
    std::function<std::size_t()> senders = {};              ///< that are active
    std::function<std::uint64_t()> kernel_dropped = {};     ///< datagrams
};

} // namespace backline::control
