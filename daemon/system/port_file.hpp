// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace backline::system {

/// Replaces `path` by a file with `text`: whoever reads it sees the old file or the whole new one.
/// With `durable` also after a power cut (fsync of file and directory). `mode` is before the umask.
/// Throws std::system_error and leaves the old file and nothing else.
void replace_file(const std::string& path, const std::string& text, mode_t mode, bool durable);

/// Says which port was bound: the decimal number and a newline, renamed into place.
/// Throws std::system_error.
void write_port_file(const std::string& path, std::uint16_t port);

} // namespace backline::system
