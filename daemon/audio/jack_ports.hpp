// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace backline::audio {

/// A port of the server, as it was when the list was made.
struct JackPort {
    std::string name;       ///< full: "system:capture_1"
    bool is_output = false; ///< it sends
    bool physical = false;  ///< a sound card's
    std::string type;       ///< JACK's words: "32 bit float mono audio", "8 bit raw midi"
    std::vector<std::string> aliases;

    /// Whether it carries sound.
    bool audio() const;
};

/// A connection by full names.
struct JackLink {
    std::string from; ///< sends
    std::string to;   ///< receives
    auto operator<=>(const JackLink&) const = default;
};

/// Which end of a connection a pattern names.
enum class JackEnd { from, to };

/// The server's ports in the server's order, and what patterns mean among them. Knows no JACK.
class JackPortList {
  public:
    /// No ports.
    JackPortList() = default;
    /// `client` is our name there: what short names belong to.
    JackPortList(std::string client, std::vector<JackPort> ports);

    /// In the server's order.
    const std::vector<JackPort>& ports() const { return ports_; }
    /// The port of that full name, or nullptr.
    const JackPort* find(const std::string& name) const;
    /// Whether a full name is one of ours.
    bool ours(std::string_view name) const;
    /// The full name of a short one of ours.
    std::string full(std::string_view short_name) const {
        return client_ + ":" + std::string(short_name);
    }

    /// The ports that can be that end of a connection and that `pattern` means, in this order:
    /// a full name · an alias · `capture:N` and `playback:N`, the N-th (from 1) physical audio port
    /// that sends or receives · `/regex/` (POSIX extended, found anywhere in the name or an alias,
    /// never a port of ours) · a short name of ours. Empty when there is none, and for a regular
    /// expression that is not one.
    std::vector<const JackPort*> match(std::string_view pattern, JackEnd end) const;

  private:
    std::vector<const JackPort*> match_regex(const std::string& expression, JackEnd end) const;
    const JackPort* nth_physical(std::size_t n, bool is_output) const;

    std::string client_;
    std::vector<JackPort> ports_;
    std::unordered_map<std::string, std::size_t> by_name_;
};

} // namespace backline::audio
