// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/peer.hpp"

#include <cerrno>
#include <utility>

#include <sys/socket.h>

namespace backline::control {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kSilent = 60 * kSecond;
/// A redirection is worth remembering for a day.
constexpr std::uint64_t kSilentRedirected = 86'400 * kSecond;

bool busy(const Peer& peer) {
    return !peer.waiting.empty() || peer.in_engine != 0 || peer.blocked != 0 || peer.unfinished != 0
           || peer.subscriptions != 0;
}

bool recent(const Peer& peer, std::uint64_t now) {
    const auto* udp = dynamic_cast<const UdpRoute*>(peer.route.get());
    const bool redirected = udp != nullptr && udp->redirected();
    return now - peer.heard_ns < (redirected ? kSilentRedirected : kSilent);
}

} // namespace

bool UdpRoute::send(std::span<const std::byte> packet, bool) {
    return socket_.send(to_, packet);
}

bool StreamRoute::send(std::span<const std::byte> packet, bool needed) {
    if (left_ || overrun_ || (!needed && waiting() > kStreamLimit)) return false;
    if (waiting() > kReplyLimit) {
        overrun_ = true;
        return false;
    }
    const auto framed = protocol::frame(packet);
    out_.insert(out_.end(), framed.begin(), framed.end());
    return flush();
}

bool StreamRoute::flush() {
    while (!left_ && waiting() != 0) {
        const ssize_t sent =
            ::send(fd(), out_.data() + sent_, waiting(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            left_ = errno != EAGAIN;
            break;
        }
        sent_ += static_cast<std::size_t>(sent);
    }
    if (left_) sent_ = out_.size();
    // Moved only now and then, so that a slow reader costs no quadratic time.
    if (sent_ == out_.size() || sent_ > out_.size() / 2) {
        out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent_));
        sent_ = 0;
    }
    return !left_;
}

std::uint64_t UdpPeers::next_id() {
    static std::uint64_t last = 0; // the control thread's alone
    return ++last;
}

PeerPtr UdpPeers::find(UdpSocket& socket, const UdpAddress& from, Role role, std::uint64_t now) {
    const std::string key = from.key();
    if (const auto found = peers_.find(key); found != peers_.end()) {
        found->second->heard_ns = now;
        return found->second;
    }
    if (now - swept_ns_ > kSecond) forget_silent(now);
    if (peers_.size() >= kMax) return nullptr;
    auto peer = std::make_shared<Peer>();
    peer->id = next_id();
    peer->name = "udp " + from.text();
    peer->role = role;
    peer->route = std::make_unique<UdpRoute>(socket, from);
    peer->heard_ns = now;
    peers_.emplace(key, peer);
    return peer;
}

std::size_t UdpPeers::count(std::uint64_t now) const {
    std::size_t result = 0;
    for (const auto& [key, peer] : peers_)
        result += busy(*peer) || now - peer->heard_ns < kSilent ? 1U : 0U;
    return result;
}

void UdpPeers::forget_silent(std::uint64_t now) {
    swept_ns_ = now;
    std::erase_if(peers_, [now](const auto& entry) {
        return !busy(*entry.second) && !recent(*entry.second, now);
    });
    if (peers_.size() < kMax) return;
    // A flood of ports: keep those that have something under way.
    std::erase_if(peers_, [now](const auto& entry) {
        return !busy(*entry.second) && now - entry.second->heard_ns > kSecond;
    });
}

} // namespace backline::control
