// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/notify.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace backline::system {
namespace {

/// A service manager: the socket that $NOTIFY_SOCKET names.
class Manager {
  public:
    Manager() : path_(::testing::TempDir() + "backline_notify_" + std::to_string(getpid())) {
        fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
        unlink(path_.c_str());
        EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        setenv("NOTIFY_SOCKET", path_.c_str(), 1);
    }
    ~Manager() {
        unsetenv("NOTIFY_SOCKET");
        close(fd_);
        unlink(path_.c_str());
    }

    /// The next message; "" when none has come after 2 s.
    std::string heard() const {
        pollfd waiting{fd_, POLLIN, 0};
        if (poll(&waiting, 1, 2000) != 1) return "";
        std::array<char, 1024> text{};
        const ssize_t size = recv(fd_, text.data(), text.size(), 0);
        return {text.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
    }

  private:
    std::string path_;
    int fd_;
};

TEST(Notify, TellsTheServiceManager) {
    const Manager manager;
    notify::ready("JACK at 48000 Hz");
    EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=JACK at 48000 Hz");
    notify::status("two\nlines=1");
    EXPECT_EQ(manager.heard(), "STATUS=two lines=1");
    notify::stopping();
    EXPECT_EQ(manager.heard(), "STOPPING=1");
}

TEST(Notify, NeedsNoServiceManager) {
    const Manager manager;
    const std::string path = std::getenv("NOTIFY_SOCKET");
    unsetenv("NOTIFY_SOCKET");
    notify::ready("alone");
    notify::stopping();
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    notify::status("not alone");
    EXPECT_EQ(manager.heard(), "STATUS=not alone"); // and nothing before it
}

} // namespace
} // namespace backline::system
