// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdexcept>
#include <string>

#include <sys/types.h>

namespace backline::system {

/// Something that only one process can have is another's: a state directory, a port, a socket. The
/// daemon ends with status 75.
class InUse : public std::runtime_error {
  public:
    /// `holder` is 0 when it is not known.
    InUse(const std::string& message, pid_t holder);
    pid_t holder() const noexcept { return holder_; } ///< Process that has it; 0: not known.

  private:
    pid_t holder_;
};

/// Admits one daemon per state directory: an flock on `<directory>/lock`, which the kernel releases
/// however the process ends. The file holds the pid of its owner and is never removed.
class LockFile {
  public:
    /// Makes the directory (mode 0700, parents too) when it is not there, and takes the lock
    /// without waiting. Throws InUse, naming the holder, or std::system_error.
    explicit LockFile(const std::string& directory);
    ~LockFile();
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;

  private:
    int fd_;
};

/// "1234 (backlined)" for a running process, "1234" when its name cannot be read, "unknown" for 0.
std::string describe_process(pid_t pid);

} // namespace backline::system
