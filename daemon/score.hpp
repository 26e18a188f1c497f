// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/request.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace backline {

/// Edits of one frame of a score.
struct ScoreEntry {
    std::uint64_t frame = 0; ///< from the beginning of the render
    std::vector<engine::Op> ops;
    std::string label; ///< "score FILE, bundle N at T s", for messages
};

/// Reads a score: int32 size (big-endian), one OSC bundle, and so on; timetags count seconds from
/// 0. In the order of time. An empty path is an empty score. Throws engine::CommandError:
/// "bad_file", "bad_packet", and what is wrong with a message's address or arguments.
std::vector<ScoreEntry> read_score(const std::string& path, double rate);

} // namespace backline
