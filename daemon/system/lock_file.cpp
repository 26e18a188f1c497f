// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/lock_file.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace backline::system {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void make_directories(const std::string& path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) fail(part);
        if (end == std::string::npos) return;
    }
}

pid_t read_pid(int fd) {
    std::array<char, 16> text{};
    const ssize_t size = pread(fd, text.data(), text.size(), 0);
    pid_t pid = 0;
    if (size > 0) std::from_chars(text.data(), text.data() + size, pid);
    return pid;
}

} // namespace

InUse::InUse(const std::string& message, pid_t holder)
    : std::runtime_error(message), holder_(holder) {}

LockFile::LockFile(const std::string& directory) {
    make_directories(directory);
    const std::string path = directory + "/lock";
    fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd_ < 0) fail(path);
    if (flock(fd_, LOCK_EX | LOCK_NB) == 0) {
        const std::string pid = std::to_string(getpid()) + '\n';
        // The lock is what counts: a disk too full for the pid costs the next one the name only.
        [[maybe_unused]] const bool named =
            ftruncate(fd_, 0) == 0 && pwrite(fd_, pid.data(), pid.size(), 0) >= 0;
        return;
    }
    const int error = errno;
    const pid_t holder = error == EWOULDBLOCK ? read_pid(fd_) : 0;
    close(fd_);
    if (error == EWOULDBLOCK)
        throw InUse("state directory " + directory + " is in use by process "
                        + describe_process(holder),
                    holder);
    throw std::system_error(error, std::generic_category(), path);
}

LockFile::~LockFile() {
    close(fd_);
}

std::string describe_process(pid_t pid) {
    if (pid == 0) return "unknown";
    std::ifstream stream("/proc/" + std::to_string(pid) + "/comm");
    std::string name;
    std::getline(stream, name);
    return std::to_string(pid) + (name.empty() ? "" : " (" + name + ")");
}

} // namespace backline::system
