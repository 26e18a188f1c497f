// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/model.hpp"
#include "daemon/process/plan.hpp"

#include <functional>
#include <memory>

namespace backline::engine {

/// Where the audio-side half of a node is found. The node outlives the plan.
using FindNode = std::function<process::Node*(const NodeEntry&)>;

/// Turns the graph into the list of steps the audio thread runs: order, sums, buffers (assigned and
/// reused), delays, and the steps of what fades or is leaving. The graph has no loop but through
/// feedback connections. Allocates and touches all memory of the plan. [engine]
std::unique_ptr<process::Plan> compile(Model& model, std::uint32_t max_frames,
                                       const FindNode& find);

} // namespace backline::engine
