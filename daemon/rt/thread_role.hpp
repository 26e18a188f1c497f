// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/annotations.hpp"

#include <cassert>
#include <cstdint>

namespace backline::rt {

/// What a thread is doing right now, as the plugin ABI and the contracts in our headers name it.
enum class Role : std::uint8_t { other, audio, engine, loader, control, jack, worker, io };

/// The calling thread's role. Constant initialisation: no guard, no allocation on first use.
inline constinit thread_local Role current_role = Role::other;

/// Takes on a role for a scope, and gives the former one back.
class RoleScope {
  public:
    /// Takes on `role`.
    BACKLINE_RT explicit RoleScope(Role role) noexcept : former_(current_role) {
        current_role = role;
    }
    BACKLINE_RT ~RoleScope() noexcept { current_role = former_; }
    RoleScope(const RoleScope&) = delete;
    RoleScope& operator=(const RoleScope&) = delete;

  private:
    Role former_;
};

/// Checked in builds with assertions.
BACKLINE_RT inline void assert_role([[maybe_unused]] Role role) noexcept {
    assert(current_role == role);
}

} // namespace backline::rt

/// Hooks for the real-time gates of the test suite: a preloaded library or a test program defines
/// them to trap allocation, locks and system calls between the two. Absent otherwise.
extern "C" {
[[gnu::weak, gnu::visibility("default")]] void backline_rt_enter(void);
/// The second of the two.
[[gnu::weak, gnu::visibility("default")]] void backline_rt_exit(void);
}

namespace backline::rt {

/// Around everything that runs on the audio thread.
class AudioScope {
  public:
    /// Takes on Role::audio.
    BACKLINE_RT AudioScope() noexcept : role_(Role::audio) {
        if (backline_rt_enter != nullptr) backline_rt_enter();
    }
    BACKLINE_RT ~AudioScope() noexcept {
        if (backline_rt_exit != nullptr) backline_rt_exit();
    }
    AudioScope(const AudioScope&) = delete;
    AudioScope& operator=(const AudioScope&) = delete;

  private:
    RoleScope role_;
};

} // namespace backline::rt
