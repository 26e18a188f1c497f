// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace backline::control {

/// ", by process 123 (name)" for who holds the UDP socket at @p address ("127.0.0.1:9770",
/// "[::1]:9770"), from /proc; "" when that cannot be found out. Slow: for error messages only.
std::string udp_holder(const std::string& address);

/// The same for whoever listens at the other end of a connected unix socket.
std::string unix_holder(int connected_fd);

} // namespace backline::control
