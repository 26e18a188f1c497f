// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace backline::audio {

/// The name a server really has: `name`, or for "" $JACK_DEFAULT_SERVER, else "default".
std::string jack_server_name(const std::string& name);

/// Tells one server from the next of the same name without asking either: the identity of the
/// socket that jackd makes when it starts. Never hangs. Two marks are equal while it is the same
/// server; a default-made one stands for no socket, which is also what PipeWire leaves.
struct JackServerMark {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t changed_s = 0; ///< inode numbers are used again
    std::int64_t changed_ns = 0;
    friend bool operator==(const JackServerMark&, const JackServerMark&) = default;
};

/// The mark of the server of that real name at this moment.
JackServerMark jack_server_mark(const std::string& name);

} // namespace backline::audio
