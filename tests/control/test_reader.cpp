// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/reader.hpp"

#include <gtest/gtest.h>

namespace backline::control {
namespace {

using protocol::bundle;
using protocol::message;

Reading read(const protocol::Packet& packet, Role role = Role::admin) {
    return read_packet(packet, role, 100);
}

TEST(Reader, AnEnvelopeIsTakenOff) {
    const Reading reading = read(message("/request", 7, "/connect", "a", "b"));
    ASSERT_TRUE(reading.refusals.empty());
    ASSERT_EQ(reading.units.size(), 1u);
    const Unit& unit = reading.units[0];
    EXPECT_EQ(unit.form, Unit::Form::single);
    EXPECT_EQ(unit.bytes, 100u);
    const Call& call = unit.calls.at(0);
    EXPECT_EQ(call.id, 7);
    EXPECT_TRUE(call.wrapped);
    EXPECT_EQ(call.address, "/connect");
    EXPECT_EQ(call.args.size(), 2u);
}

TEST(Reader, NamesAndOffsetsAreFound) {
    const Call call = read(message("/node/eq/gain/normalized", 0.5f)).units.at(0).calls.at(0);
    EXPECT_EQ(call.names[0], "eq");
    EXPECT_EQ(call.names[1], "gain");
    EXPECT_EQ(call.kind, protocol::Kind::set);
    const Call get = read(message("/node/eq/gain")).units.at(0).calls.at(0);
    EXPECT_EQ(get.kind, protocol::Kind::query);
    const Call page = read(message("/plugin/list", "*", 8000)).units.at(0).calls.at(0);
    EXPECT_EQ(page.offset, 8000);
    EXPECT_EQ(page.args.size(), 1u);
}

TEST(Reader, AGraphCommandMakesATransaction) {
    const Reading reading = read(bundle({message("/node/add", "a", "p"), message("/node/a/x", 1)}));
    ASSERT_EQ(reading.units.size(), 1u);
    EXPECT_EQ(reading.units[0].form, Unit::Form::transaction);
    EXPECT_EQ(reading.units[0].calls.size(), 2u);
}

TEST(Reader, SetsOfABundleStayTogetherAndTheRestIsAlone) {
    const Reading reading = read(bundle(
        {message("/ping"), message("/mute", true), message("/version"), message("/node/a/x", 1)}));
    ASSERT_EQ(reading.units.size(), 3u);
    EXPECT_EQ(reading.units[0].calls[0].address, "/ping");
    EXPECT_EQ(reading.units[1].form, Unit::Form::sets);
    EXPECT_EQ(reading.units[1].calls.size(), 2u);
    EXPECT_EQ(reading.units[2].calls[0].address, "/version");
}

TEST(Reader, AnInnerBundleIsNotDueBeforeItsOuterOne) {
    const auto nested = [](std::uint64_t outer, std::uint64_t inner) {
        protocol::Bundle all = bundle({message("/mute", true)}, {outer});
        all.elements.emplace_back(bundle({message("/mute", false)}, {inner}));
        return read(all);
    };
    constexpr std::uint64_t day = std::uint64_t{86'400} << 32;
    EXPECT_EQ(nested(9 * day, 10 * day).units.size(), 2u);
    EXPECT_EQ(nested(9 * day, 9 * day).units.size(), 1u);
    EXPECT_EQ(nested(1, 9 * day).units.size(), 2u);
    EXPECT_EQ(nested(~day, day).units.size(), 2u) << "over the end of the era";
    for (const auto& [outer, inner] :
         {std::pair{9 * day, 8 * day}, {9 * day, std::uint64_t{0}}, {~(9 * day), day}}) {
        const Reading reading = nested(outer, inner);
        EXPECT_TRUE(reading.units.empty()) << "nothing of it";
        ASSERT_EQ(reading.refusals.size(), 1u);
        EXPECT_EQ(reading.refusals[0].code, "bad_time");
    }
}

TEST(Reader, RefusalsOfATransactionNameTheMember) {
    const Reading reading =
        read(bundle({message("/request", 5, "#bundle"), message("/mute", true), message("/nope")}));
    ASSERT_TRUE(reading.units.empty());
    ASSERT_EQ(reading.refusals.size(), 1u);
    const Refusal& refusal = reading.refusals[0];
    EXPECT_EQ(refusal.id, 5);
    EXPECT_EQ(refusal.address, "#bundle");
    EXPECT_EQ(refusal.code, "no_such_address");
    EXPECT_EQ(refusal.member, 1);
    EXPECT_EQ(refusal.member_address, "/nope");
}

TEST(Reader, AnInnerBundleThatIsLaterIsOneOfItsOwn) {
    const auto now = protocol::TimeTag::from_unix_ns(1'700'000'000'000'000'000);
    const auto later = protocol::TimeTag::from_unix_ns(1'700'000'001'000'000'000);
    protocol::Bundle outer = bundle({message("/node/add", "a", "p")}, now);
    outer.elements.emplace_back(bundle({message("/node/add", "b", "p")}, later));
    outer.elements.emplace_back(bundle({message("/node/add", "c", "p")}));
    const Reading reading = read(outer);
    ASSERT_EQ(reading.units.size(), 2u);
    EXPECT_EQ(reading.units[0].calls.size(), 2u) << "the immediate one is due with the outer one";
    EXPECT_EQ(reading.units[0].time, now);
    EXPECT_EQ(reading.units[1].time, later);
    std::swap(outer.time, std::get<protocol::Bundle>(outer.elements[1]).time);
    const Reading early = read(outer);
    EXPECT_TRUE(early.units.empty());
    ASSERT_EQ(early.refusals.size(), 1u);
    EXPECT_EQ(early.refusals[0].code, "bad_time");
}

TEST(Reader, RolesAdmitWhatTheyAdmit) {
    for (const protocol::Address& row : protocol::kAddresses) {
        if (!row.incoming() || row.kind == protocol::Kind::wrapper) continue;
        protocol::Message call{std::string(row.pattern), {}};
        const auto denied = [&](Role role) {
            const Reading reading = read(call, role);
            return !reading.refusals.empty() && reading.refusals[0].code == "denied";
        };
        EXPECT_FALSE(denied(Role::admin)) << row.pattern;
        const bool looks = row.kind == protocol::Kind::value;
        EXPECT_EQ(denied(Role::monitor), !looks && row.role > protocol::Role::monitor)
            << row.pattern;
        EXPECT_EQ(denied(Role::control), !looks && row.role > protocol::Role::control)
            << row.pattern;
    }
}

} // namespace
} // namespace backline::control
