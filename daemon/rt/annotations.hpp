// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// Marks a function that runs on the audio thread: bounded time; no allocation, lock, log, throw,
/// wait or system call. Checked by the gates in tests/ (symbols, traps, system calls, page faults).
#if defined(__clang__) && __clang_major__ >= 20
#    define BACKLINE_RT [[clang::nonblocking]]
#else
#    define BACKLINE_RT
#endif

namespace backline::rt {

/// Two neighbours' data never share a line of this size: x86 prefetches lines in pairs, and a
/// shared line would bounce between the cores of producer and consumer.
inline constexpr unsigned kCacheLine = 128;

} // namespace backline::rt
