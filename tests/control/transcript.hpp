// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol/messages.hpp"
#include "tests/control/rig.hpp"

#include <filesystem>
#include <string>

namespace backline::test {

/// Plays a conversation from a file: what is sent, and what has to come back. Lines:
///
///     # a comment; blank lines are nothing
///     set cycles            the audio side runs; without it the engine applies in its place
///     set role monitor      of UDP senders (such a transcript is played over UDP only)
///     set plugins broken    also the fixture plugins of that folder
///     set driver running    with a driver in JACK's place; lost, stalled: in that state
///     file audio/x.wav TEXT makes a file in the rig's directory
///     -> /address args…     sends; a name before the arrow is another sender: `b -> /ping`
///     -> bundle             sends what follows, indented, up to `end`, as one bundle;
///                           `bundle +0.2` is due in 0.2 s, `bundle -1` was due a second ago
///     -> raw 2f70 696e …    sends these bytes
///     <- /address args…     the next message that comes is this
///     <~ /address args…     so is one of those that come within 5 s; others are skipped
///
/// Arguments: 7 (int), 0.5 (float), T, F, word, "text with spaces"; `\n` in quotes is a line break.
/// Expected also: * (anything), ~"part" (a text with that in it), 0.5~0.01 (a float so near), ...
/// (any more arguments).
///
/// Returns "" or what went wrong, with the line.
std::string play(const std::filesystem::path& transcript, bool stream);

} // namespace backline::test
