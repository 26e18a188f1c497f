// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace backline {

/// What `backlined render` was asked to do.
struct RenderOptions {
    std::string rack;                 ///< name or path
    std::vector<std::string> inputs;  ///< "[name=]file"; without a name: the rack's only input
    std::vector<std::string> outputs; ///< "[name=]file"; without a name: the rack's only output
    std::string score;                ///< path; "": none
    std::uint32_t period = 1024;      ///< frames, 1..8192
    double rate = 0.0;                ///< frames per second; 0: the first input's, else 48000
    double tail_s = -1.0;             ///< seconds; < 0: the longest declared tail, at most 30
};

/// Runs a rack without JACK, from sound files to sound files, faster than real time and with the
/// same bits whatever the period. Throws engine::RackError and engine::CommandError (the rack or
/// the score is wrong), std::runtime_error (a sound file is).
void render(const Config& config, const RenderOptions& options);

} // namespace backline
