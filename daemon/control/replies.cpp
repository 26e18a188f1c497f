// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/replies.hpp"

#include "daemon/control/clock.hpp"
#include "daemon/log.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace backline::control {
namespace {

constexpr std::uint64_t kKeepPages = 10'000'000'000; // ns

/// Where a page that begins at @p offset ends, at most @p room bytes on and between two characters.
std::size_t page_end(const std::string& text, std::size_t offset, std::size_t room) {
    std::size_t end = std::min(text.size(), offset + room);
    const auto continues = [&](std::size_t at) {
        return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
    };
    while (end > offset + 1 && continues(end))
        --end;
    return end;
}

std::string key_of(const Call& call) {
    std::string key = call.address;
    for (const protocol::Argument& argument : call.args)
        key.append(1, '\0').append(argument.as_text().value_or(""));
    return key;
}

} // namespace

void Replies::send(Peer& peer, const protocol::Message& message) {
    if (!peer.gone && !peer.route->send(protocol::encode(message), true)) ++counters.unsent;
}

void Replies::stream(Peer& peer, const protocol::Message& message) {
    if (!peer.gone && !peer.route->send(protocol::encode(message), false))
        ++counters.streams_dropped;
}

void Replies::done(Peer& peer, std::int32_t id, const std::string& address,
                   std::vector<protocol::Argument> results) {
    protocol::Message message = protocol::message("/done", id, address);
    message.args.insert(message.args.end(), std::make_move_iterator(results.begin()),
                        std::make_move_iterator(results.end()));
    send(peer, message);
}

void Replies::fail(Peer& peer, const Refusal& refusal) {
    count(peer.name, refusal);
    protocol::Message message =
        protocol::message("/fail", refusal.id, refusal.address, refusal.code, refusal.message);
    if (refusal.member) {
        message.args.emplace_back(*refusal.member);
        message.args.emplace_back(refusal.member_address);
    }
    send(peer, message);
}

void Replies::count(const std::string& sender, const Refusal& refusal) {
    ++counters.refused;
    if (const auto code = protocol::code_from(refusal.code))
        ++counters.by_code[static_cast<std::size_t>(*code)];
    const std::string& address = refusal.member ? refusal.member_address : refusal.address;
    note({0.0, sender, address, refusal.code, refusal.message});
    log::limited(LogLevel::info, refusal.code, "{}: {} {}: {}", sender, address, refusal.code,
                 refusal.message);
}

void Replies::note(ErrorEntry entry) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    entry.time = std::chrono::duration<double>(now).count();
    errors_.push_front(std::move(entry));
    if (errors_.size() > kErrors) errors_.pop_back();
}

void Replies::page(Peer& peer, const Call& call, std::string text) {
    revision_ = revision_ % 0x7fff'ffff + 1;
    Document document{key_of(call), std::move(text), revision_, now_ns()};
    send_page(peer, call, document);
    const bool whole = call.offset == 0 && document.text.size() + 512 <= peer.route->packet_bytes();
    if (whole)
        peer.document.reset();
    else
        peer.document = std::move(document);
}

bool Replies::next_page(Peer& peer, const Call& call, std::uint64_t now) {
    if (peer.document && now - peer.document->made_ns > kKeepPages) peer.document.reset();
    if (call.offset == 0 || !peer.document || peer.document->key != key_of(call)) return false;
    send_page(peer, call, *peer.document);
    const std::size_t room = peer.route->packet_bytes();
    if (static_cast<std::size_t>(call.offset) + room > peer.document->text.size() + 512)
        peer.document->made_ns = 0; // that was the last page: let go at the next chance
    return true;
}

void Replies::send_page(Peer& peer, const Call& call, const Document& document) {
    const auto offset = std::min(static_cast<std::size_t>(call.offset), document.text.size());
    // The rest of the packet: two addresses, tags, three numbers, padding.
    const std::size_t frame = call.address.size() + 64;
    const std::size_t room =
        peer.route->packet_bytes() - std::min<std::size_t>(frame, peer.route->packet_bytes() / 2);
    const std::size_t end = page_end(document.text, offset, room);
    done(peer, call,
         {document.revision, static_cast<std::int32_t>(offset),
          static_cast<std::int32_t>(document.text.size()),
          document.text.substr(offset, end - offset)});
}

} // namespace backline::control
