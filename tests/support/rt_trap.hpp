// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace backline::trap {

/// What the audio thread did though it must not.
enum class Offence : unsigned { allocation, lock, stdio, load, exception, syscall };
inline constexpr unsigned kOffences = 6;

/// Counts `name` when the calling thread is between backline_rt_enter() and backline_rt_exit(), and
/// keeps the call stacks of the first ones.
void note(Offence offence, const char* name) noexcept;

/// While it lives the calling thread may do what it likes.
class Pause {
  public:
    Pause() noexcept;
    ~Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

  private:
    const bool inside_, trapping_;
};

} // namespace backline::trap
