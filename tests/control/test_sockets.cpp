// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/sockets.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

namespace backline::control {
namespace {

namespace fs = std::filesystem;

class Directory {
  public:
    Directory() { EXPECT_NE(::mkdtemp(name_.data()), nullptr); }
    ~Directory() { fs::remove_all(name_); }
    std::string operator/(const char* name) const { return name_ + "/" + name; }

  private:
    std::string name_ = fs::temp_directory_path() / "backline-test-XXXXXX";
};

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

void wait(int fd) {
    pollfd poll{fd, POLLIN, 0};
    ASSERT_EQ(::poll(&poll, 1, 2000), 1);
}

TEST(Sockets, AddressesAreParsedAndShown) {
    EXPECT_EQ(UdpAddress::parse("127.0.0.1", 9770)->text(), "127.0.0.1:9770");
    EXPECT_EQ(UdpAddress::parse("::1", 9770)->text(), "[::1]:9770");
    EXPECT_FALSE(UdpAddress::parse("localhost", 1));
    EXPECT_TRUE(UdpAddress::parse("127.3.2.1", 1)->loopback());
    EXPECT_TRUE(UdpAddress::parse("::1", 1)->loopback());
    EXPECT_FALSE(UdpAddress::parse("10.0.0.1", 1)->loopback());
    const auto address = *UdpAddress::parse("127.0.0.1", 1);
    EXPECT_NE(address.key(), address.with_port(2).key());
    EXPECT_EQ(address.key(), address.with_port(2).with_port(1).key());
}

TEST(Sockets, AllAddressesHaveOnePort) {
    const auto sockets = bind_udp({"127.0.0.1", "127.0.0.2"}, 0);
    ASSERT_EQ(sockets.size(), 2u);
    EXPECT_NE(sockets[0].port(), 0);
    EXPECT_EQ(sockets[0].port(), sockets[1].port());
}

TEST(Sockets, AUsedPortIsNamedWithItsHolder) {
    const auto first = bind_udp({"127.0.0.1"}, 0);
    try {
        bind_udp({"127.0.0.1"}, first[0].port());
        FAIL() << "bound twice";
    } catch (const InUse& error) {
        const std::string what = error.what();
        EXPECT_NE(what.find(":" + std::to_string(first[0].port()) + " is in use"),
                  std::string::npos)
            << what;
        EXPECT_NE(what.find("process " + std::to_string(::getpid())), std::string::npos) << what;
    }
    EXPECT_THROW(bind_udp({"nowhere"}, 0), std::invalid_argument);
}

TEST(Sockets, DatagramsArriveWhole) {
    auto sockets = bind_udp({"127.0.0.1"}, 0);
    auto senders = bind_udp({"127.0.0.1"}, 0);
    const auto to = *UdpAddress::parse("127.0.0.1", sockets[0].port());
    UdpReceiver receiver(64);
    ASSERT_TRUE(senders[0].send(to, bytes("short")));
    ASSERT_TRUE(senders[0].send(to, bytes(std::string(64, 'x'))));
    ASSERT_TRUE(senders[0].send(to, bytes(std::string(65, 'y'))));
    wait(sockets[0].fd());
    std::vector<std::pair<std::size_t, bool>> got;
    receiver.receive(
        sockets[0], [&](const UdpAddress& from, std::span<const std::byte> packet, bool truncated) {
            EXPECT_EQ(from.key(), UdpAddress::parse("127.0.0.1", senders[0].port())->key());
            got.emplace_back(packet.size(), truncated);
        });
    const std::vector<std::pair<std::size_t, bool>> expected{{5, false}, {64, false}, {64, true}};
    EXPECT_EQ(got, expected);
}

TEST(Sockets, WhatTheKernelDropsIsCounted) {
    auto sockets = bind_udp({"127.0.0.1"}, 0);
    auto senders = bind_udp({"127.0.0.1"}, 0);
    const int small = 4096;
    ASSERT_EQ(::setsockopt(sockets[0].fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    const auto to = *UdpAddress::parse("127.0.0.1", sockets[0].port());
    const std::string packet(1000, 'x');
    for (int i = 0; i < 100; ++i)
        senders[0].send(to, bytes(packet));
    UdpReceiver receiver(2000);
    std::size_t arrived = 0;
    const auto take = [&](auto&&...) { ++arrived; };
    receiver.receive(sockets[0], take);
    // The count travels with the next datagram.
    senders[0].send(to, bytes(packet));
    wait(sockets[0].fd());
    receiver.receive(sockets[0], take);
    EXPECT_LT(arrived, 101u);
    EXPECT_EQ(receiver.kernel_dropped(), 101 - arrived);
}

TEST(Sockets, ADeadDaemonsSocketIsReplacedALivingOnesIsNot) {
    const Directory directory;
    const std::string path = directory / "osc.sock";
    {
        // Bound and closed without being removed: what a killed daemon leaves.
        const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(left, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        ::close(left);
    }
    {
        UnixListener listener(path);
        try {
            UnixListener second(path);
            FAIL() << "bound twice";
        } catch (const InUse& error) {
            const std::string what = error.what();
            EXPECT_NE(what.find(path), std::string::npos);
            EXPECT_NE(what.find("process " + std::to_string(::getpid())), std::string::npos)
                << what;
        }
        EXPECT_TRUE(fs::exists(path));
        EXPECT_EQ(fs::status(path).permissions() & fs::perms::others_all, fs::perms::none);
    }
    EXPECT_FALSE(fs::exists(path)) << "its file goes with it";
    std::ofstream(path) << "precious";
    EXPECT_THROW(UnixListener{path}, InUse);
    EXPECT_TRUE(fs::exists(path)) << "what is no socket is not touched";
    EXPECT_THROW(UnixListener{directory / "no/such/place"}, std::system_error);
    EXPECT_THROW(UnixListener{"/tmp/" + std::string(200, 'x')}, std::system_error);
}

} // namespace
} // namespace backline::control
