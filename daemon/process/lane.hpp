// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace backline::process {

/// Room to work in while a step runs; each thread that runs steps has its own. Buffers have room
/// for the longest slice.
struct Lane {
    float* gains = nullptr;
    float* ceilings = nullptr;
    float* knees = nullptr;
    float* const* dry = nullptr; ///< as many buffers as any node has outputs
};

} // namespace backline::process
