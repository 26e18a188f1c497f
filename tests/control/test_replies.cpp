// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/clock.hpp"
#include "daemon/control/replies.hpp"

#include <gtest/gtest.h>

namespace backline::control {
namespace {

/// Keeps what is sent.
class Kept final : public Route {
  public:
    explicit Kept(std::size_t room) : room_(room) {}
    bool send(std::span<const std::byte> packet, bool) override {
        EXPECT_LE(packet.size(), room_);
        sent.push_back(
            std::get<protocol::Message>(std::get<protocol::Packet>(protocol::decode(packet))));
        return true;
    }
    std::size_t packet_bytes() const override { return room_; }
    bool connected() const override { return false; }

    std::vector<protocol::Message> sent;

  private:
    std::size_t room_;
};

struct Fixture : testing::Test {
    Fixture() {
        auto route = std::make_unique<Kept>(1024);
        kept = route.get();
        peer.route = std::move(route);
        call.address = "/graph";
        call.row = &protocol::address_of(protocol::AddressId::graph);
    }
    Replies replies;
    Peer peer;
    Kept* kept = nullptr;
    Call call;
};
using RepliesTest = Fixture;

TEST_F(RepliesTest, WhatFitsOnePageHasOffsetZero) {
    replies.page(peer, call, "{}");
    ASSERT_EQ(kept->sent.size(), 1u);
    const auto& args = kept->sent[0].args;
    ASSERT_EQ(kept->sent[0].tags(), "isiiis");
    EXPECT_EQ(args[3].as_int(), 0);
    EXPECT_EQ(args[4].as_int(), 2);
    EXPECT_EQ(args[5].as_text(), "{}");
    EXPECT_FALSE(peer.document) << "nothing is kept of it";
}

TEST_F(RepliesTest, PagesFitThePacketAndCutNoCharacter) {
    std::string text;
    for (int i = 0; text.size() < 5000; ++i)
        text += i % 3 == 0 ? "ä" : i % 3 == 1 ? "€" : "𝄞";
    replies.page(peer, call, text);
    std::string got;
    const auto revision = kept->sent[0].args[2].as_int();
    while (true) {
        const auto& args = kept->sent.back().args;
        EXPECT_EQ(args[2].as_int(), revision);
        EXPECT_EQ(args[3].as_int(), static_cast<std::int32_t>(got.size()));
        const auto part = *args[5].as_text();
        ASSERT_FALSE(part.empty());
        EXPECT_NE(static_cast<unsigned char>(part.front()) & 0xc0U, 0x80U);
        got += part;
        if (got.size() == text.size()) break;
        call.offset = static_cast<std::int32_t>(got.size());
        ASSERT_TRUE(replies.next_page(peer, call, now_ns()));
    }
    EXPECT_EQ(got, text);
}

TEST_F(RepliesTest, ALaterAnswerHasAnotherRevision) {
    replies.page(peer, call, std::string(3000, 'a'));
    EXPECT_FALSE(replies.next_page(peer, call, now_ns())) << "offset 0 begins anew";
    replies.page(peer, call, std::string(3000, 'b'));
    EXPECT_NE(kept->sent[0].args[2].as_int(), kept->sent[1].args[2].as_int());
    call.offset = 900;
    EXPECT_FALSE(replies.next_page(peer, call, now_ns() + 11'000'000'000)) << "it has been let go";
    call.offset = 10'000'000;
    replies.page(peer, call, "short");
    EXPECT_EQ(kept->sent.back().args[5].as_text(), "") << "beyond the end is nothing";
}

TEST_F(RepliesTest, FailuresAreCountedAndTheLastAreKept) {
    for (int i = 0; i < 100; ++i)
        replies.fail(peer, {i, "/x", "loop", "a -> b -> a"});
    EXPECT_EQ(replies.counters.refused, 100u);
    EXPECT_EQ(replies.counters.by_code[static_cast<std::size_t>(protocol::Code::loop)], 100u);
    EXPECT_EQ(replies.errors().size(), Replies::kErrors);
    replies.fail(peer, {0, "#bundle", "bad_bundle", "no", 3, "/ping"});
    EXPECT_EQ(kept->sent.back().tags(), "isssis");
    EXPECT_EQ(replies.errors().front().address, "/ping");
}

} // namespace
} // namespace backline::control
