// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/holder.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include <sys/socket.h>

namespace backline::control {
namespace {

namespace fs = std::filesystem;

std::string describe(const std::string& pid) {
    std::string name;
    std::ifstream("/proc/" + pid + "/comm") >> name;
    return ", by process " + pid + (name.empty() ? "" : " (" + name + ")");
}

/// The inode of the socket bound to @p port, of a table in /proc/net; 0 when there is none.
std::string inode_of(const char* table, unsigned port) {
    std::ifstream file(table);
    std::string line;
    std::getline(file, line); // headings
    while (std::getline(file, line)) {
        std::istringstream fields(line);
        std::string number, local, field;
        fields >> number >> local;
        const std::size_t colon = local.rfind(':');
        unsigned found = 0;
        if (colon == std::string::npos
            || std::from_chars(local.data() + colon + 1, local.data() + local.size(), found, 16).ec
                   != std::errc()
            || found != port)
            continue;
        for (int i = 0; i < 8;
             ++i) // remote, state, queues, timer, retransmits, uid, timeout, inode
            fields >> field;
        return field;
    }
    return {};
}

} // namespace

std::string udp_holder(const std::string& address) {
    unsigned port = 0;
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos) return {};
    std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
    const std::string inode =
        inode_of(address.front() == '[' ? "/proc/net/udp6" : "/proc/net/udp", port);
    if (inode.empty() || inode == "0") return {};
    const std::string wanted = "socket:[" + inode + "]";
    std::error_code ignored;
    for (const auto& process : fs::directory_iterator("/proc", ignored)) {
        const std::string pid = process.path().filename();
        if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
        // Other users' descriptors cannot be read: then the address alone is named.
        for (const auto& fd : fs::directory_iterator(process.path() / "fd", ignored))
            if (fs::read_symlink(fd.path(), ignored) == wanted) return describe(pid);
    }
    return {};
}

std::string unix_holder(int connected_fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(connected_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0)
        return {};
    return describe(std::to_string(peer.pid));
}

} // namespace backline::control
