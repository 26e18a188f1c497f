// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/audio/jack_ports.hpp"
#include "daemon/process/driver.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace backline::audio {

/// What is connected, at one moment.
struct JackGraph {
    JackPortList ports;
    /// Of our ports, and those of JackPatchbay::kept() that are there.
    std::set<JackLink> links;
    /// Full names of ports that were registered since the last look.
    std::set<std::string> appeared;
    /// Full names of ports whose client said that they leave, though they may be there.
    std::set<std::string> left;
    /// This is the first look at a new server.
    bool all_appeared = false;

    /// Whether the port said to leave since the last look.
    bool has_left(const std::string& port) const { return left.contains(port); }
    /// Whether the port was not there at the last look.
    bool is_new(const std::string& port) const { return all_appeared || appeared.contains(port); }
};

/// Decides which connections to make and to undo. It remembers two kinds: wishes, which come with
/// the graph, and connections that are kept: those made through /jack/connect and those that others
/// made to our ports. Either is made again when one of its ends appears: the server came back, a
/// client did, or our port is new. What somebody disconnects while both ends are there stays
/// disconnected. A plain value that knows no JACK; survives servers.
class JackPatchbay {
  public:
    /// What waits are measured with.
    using Clock = std::chrono::steady_clock;
    /// A connection that is gone while both ends are there is forgotten after this time; a client
    /// that leaves loses its connections shortly before it is known that it does.
    static constexpr std::chrono::milliseconds kGrace{500};
    /// Kept connections remembered; past it the one longest not seen is forgotten.
    static constexpr std::size_t kMaxKept = 4096;

    /// `client` is our name at the server.
    explicit JackPatchbay(std::string client) : client_(std::move(client)) {}

    /// Replaces the wishes. What only a withdrawn wish had connected is undone at the next look.
    void want(const std::vector<process::WantedConnection>& wishes);
    /// Forgets what was kept of ports that are ours no more.
    void set_ports(const std::vector<process::ExternalPort>& ports);
    /// Keeps a connection that was made on request.
    void keep(const JackLink& link);
    /// Forgets a connection that was undone on request.
    void release(const JackLink& link);

    /// What is to be done at the server.
    struct Work {
        std::vector<JackLink> make;
        std::vector<JackLink> undo;
    };
    /// Takes in what is connected and says what to change.
    Work look(const JackGraph& graph, Clock::time_point now);
    /// The server refused a connection that look() said to make: its other end is not active yet,
    /// and appears again when it is.
    void refused(const JackLink& link);
    /// When to look again though nothing happened.
    std::optional<Clock::time_point> look_again() const;

    /// Every connection that is kept, wishes not counted.
    std::vector<JackLink> kept() const;

    /// One remembered connection, for people: full names, or a wish's pattern where nothing has
    /// matched yet.
    struct Row {
        std::string from;
        std::string to;
        bool connected; ///< at the last look
    };
    /// Wishes and kept connections. `ports` says which way a wish points.
    std::vector<Row> table(const std::vector<process::ExternalPort>& ports) const;

  private:
    struct Wish {
        process::WantedConnection want;
        bool fresh = true;       ///< not looked at yet
        std::set<JackLink> made; ///< what it stands for, as far as it was connected
    };
    struct Kept {
        std::uint64_t seen = 0;                  ///< number of the last look that saw it
        std::optional<Clock::time_point> missed; ///< though both ends were there
        bool waits = false; ///< nobody has undone it: an end is there, but not active
    };

    void learn(const JackGraph& graph, Clock::time_point now, std::set<JackLink>& make);
    void grant(Wish& wish, const JackGraph& graph, std::set<JackLink>& make);
    void bound();

    std::string client_;
    std::vector<Wish> wishes_;
    std::map<JackLink, Kept> kept_;
    std::set<JackLink> withdrawn_; ///< undone at the next look, unless still wished
    std::set<JackLink> links_;     ///< connected, as far as we know
    std::uint64_t looks_ = 0;
};

} // namespace backline::audio
