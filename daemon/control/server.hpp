// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config.hpp"
#include "daemon/control/context.hpp"
#include "daemon/engine/engine.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace backline::control {

/// OSC in and out: the control thread. It waits for nobody: not for the engine, JACK, the disk or
/// the audio thread; what these have to say reaches it through an inbox.
class Server {
  public:
    static constexpr std::size_t kConnections = 256; ///< over the unix socket, at once

    /// What it works for; all of it outlives the server.
    struct Parts {
        engine::Engine& engine;
        process::Cycle& cycle;
        process::Driver* driver = nullptr; ///< nullptr: a daemon without JACK
        plugin::Registry& registry;
        worker::Pool& pool;
        const Config& config; ///< osc, racks and files are looked at
    };
    /// What the daemon is asked.
    struct Hooks {
        std::function<void()> quit; ///< `/quit` was answered; on the control thread
        std::function<void()>
            scan; ///< scans the plugin directories; blocks; on a thread of its own
        std::function<std::vector<KeptConnection>()> jack_kept; ///< quick; on the control thread
        std::function<std::vector<std::string>()> reasons;      ///< what is degraded; as jack_kept
    };

    /// @p socket_path: of the unix stream socket; "": none.
    Server(Parts parts, Hooks hooks, std::string socket_path);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Binds the sockets: packets that arrive from now on are answered by run(). Throws InUse (see
    /// sockets.hpp), std::system_error, std::invalid_argument.
    void start();
    /// The UDP port; 0 when no address is bound. After start().
    [[nodiscard]] std::uint16_t port() const;
    /// Serves until stop(), then sends what still can be sent at once. The calling thread becomes
    /// the control thread.
    void run();
    /// Ends run(). Any thread.
    void stop();
    /// Its ports and connections, to be kept open beyond the server: to a client that waits for the
    /// daemon's end their closing says that it has come. After run() has returned.
    std::shared_ptr<void> take_open_ends();

    /// For Engine::Callbacks: leaves a note for the control thread. Any thread, from construction
    /// on.
    void completed(engine::Completion completion);
    /// As completed().
    void event(engine::Event event);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace backline::control
