// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

/// What the service manager is told (sd_notify(3)). Every function does nothing when there is none
/// ($NOTIFY_SOCKET unset). Any thread but the audio thread.
namespace backline::system::notify {

/// Start-up is done: sockets answer. `status` is one line for `systemctl status`.
void ready(const std::string& status);

/// Shut-down has begun.
void stopping();

/// What is going on, one line.
void status(const std::string& text);

} // namespace backline::system::notify
