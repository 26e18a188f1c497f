// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/port_file.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace backline::system {
namespace {

/// An open file that is closed and, unless kept, removed.
class TemporaryFile {
  public:
    TemporaryFile(std::string path, mode_t mode) : path_(std::move(path)) {
        fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd_ < 0 && errno == EEXIST) { // of a process that was killed while writing
            unlink(path_.c_str());
            fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        }
        check(fd_ >= 0);
    }
    ~TemporaryFile() {
        if (fd_ >= 0) close(fd_);
        if (!kept_) unlink(path_.c_str());
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    void write_all(std::string_view text) {
        while (!text.empty()) {
            const ssize_t n = write(fd_, text.data(), text.size());
            if (n < 0 && errno == EINTR) continue;
            check(n >= 0);
            text.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    void become(const std::string& path, bool durable) {
        check(!durable || fsync(fd_) == 0);
        check(close(std::exchange(fd_, -1)) == 0);
        check(rename(path_.c_str(), path.c_str()) == 0);
        kept_ = true;
    }

  private:
    void check(bool good) const {
        if (!good) throw std::system_error(errno, std::generic_category(), path_);
    }

    std::string path_;
    int fd_ = -1;
    bool kept_ = false;
};

void sync_directory(const std::string& directory) {
    const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool good = fd >= 0 && fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0) close(fd);
    if (!good) throw std::system_error(error, std::generic_category(), directory);
}

} // namespace

void replace_file(const std::string& path, const std::string& text, mode_t mode, bool durable) {
    TemporaryFile file(path + ".tmp" + std::to_string(getpid()), mode);
    file.write_all(text);
    file.become(path, durable);
    if (!durable) return;
    const auto parent = std::filesystem::path(path).parent_path();
    sync_directory(parent.empty() ? "." : parent.string());
}

void write_port_file(const std::string& path, std::uint16_t port) {
    replace_file(path, std::to_string(port) + '\n', 0644, false);
}

} // namespace backline::system
