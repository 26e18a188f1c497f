// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/addresses.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

namespace backline::protocol {
namespace {

std::optional<Misfit> check_message(const Message& m) {
    const auto match = find(m.address);
    if (!match) {
        ADD_FAILURE() << "no row for " << m.address;
        return std::nullopt;
    }
    return check(*match->row, m.args);
}

Code code_of(const Message& m) {
    const auto misfit = check_message(m);
    if (misfit) return misfit->code;
    ADD_FAILURE() << m.address << " " << m.tags() << " fits";
    return Code::internal;
}

TEST(Addresses, EveryRowIsFoundUnderItsOwnPatternOnly) {
    std::set<std::string_view> seen;
    for (const Address& row : kAddresses) {
        EXPECT_TRUE(seen.insert(row.pattern).second) << row.pattern;
        const auto match = find(row.pattern);
        ASSERT_TRUE(match) << row.pattern;
        EXPECT_EQ(match->row->id, row.id) << "shadowed by " << match->row->pattern;
        EXPECT_FALSE(row.help.empty());
        EXPECT_EQ(row.help.back(), row.help.ends_with("…") ? row.help.back() : '.') << row.help;
    }
}

TEST(Addresses, RowsAreOfAPiece) {
    for (const Address& row : kAddresses) {
        EXPECT_EQ(row.reply.form == ReplyForm::never, !row.incoming() || row.kind == Kind::wrapper)
            << row.pattern;
        EXPECT_EQ(row.reply.form == ReplyForm::values, row.reply.values.count != 0) << row.pattern;
        Presence least = Presence::required;
        for (const ArgumentSpec& spec : row.arguments) {
            EXPECT_GE(spec.presence, least) << row.pattern << ' ' << spec.name;
            least = spec.presence;
            // An own int at the end could not be told from the page's offset.
            if (row.paged()) {
                EXPECT_TRUE(spec.type == Type::text || spec.type == Type::word) << row.pattern;
            }
        }
        if (row.kind == Kind::query) {
            EXPECT_EQ(row.role, Role::monitor) << row.pattern;
        }
        if (row.kind == Kind::graph) {
            // Snapshots build nothing: they turn knobs, if all at once.
            EXPECT_EQ(row.role, row.family == Family::snapshots ? Role::control : Role::admin)
                << row.pattern;
        }
    }
}

TEST(Addresses, PlaceholdersTakeNames) {
    const auto match = find("/node/eq/cutoff/normalized");
    ASSERT_TRUE(match);
    EXPECT_EQ(match->row->id, AddressId::node_param_normalized);
    EXPECT_EQ(match->names[0], "eq");
    EXPECT_EQ(match->names[1], "cutoff");
    EXPECT_EQ(find("/stats/node/eq")->names[0], "eq");
    EXPECT_EQ(find("/stats/node/eq")->names[1], "");
    // A node may be called as a command is.
    EXPECT_EQ(find("/node/add/gain")->row->id, AddressId::node_param);
}

TEST(Addresses, OthersDoNotExist) {
    for (const std::string_view address :
         {"", "/", "ping", "/ping/", "/Ping", "/pin", "/pings", "/node", "/node/eq",
          "/node//cutoff", "/node/eq/", "/node/eq/cutoff/normal", "/node/eq/cutoff/normalized/x",
          "//ping", "/bypass/", "/input/mic", "#bundle"})
        EXPECT_FALSE(find(address)) << address;
}

TEST(Addresses, AValueIsAQueryWithoutArguments) {
    EXPECT_EQ(resolve(Kind::value, 0), Kind::query);
    EXPECT_EQ(resolve(Kind::value, 1), Kind::set);
    EXPECT_EQ(resolve(Kind::set, 0), Kind::set);
    EXPECT_EQ(resolve(Kind::graph, 2), Kind::graph);
}

TEST(Check, TakesWhatFits) {
    for (const Message& m :
         {message("/ping"),
          message("/connect", "a", "b"),
          message("/connect", "a", "b", "feedback"),
          message("/connect", "a", "b", "feedback", 64),
          message("/node/add", "eq", "p"),
          message("/node/add", "eq", "p", "channels", 2, "mode", "low", "on", true, "hz", 1.5F),
          message("/bypass/eq"),
          message("/bypass/eq", true),
          message("/bypass/eq", 0),
          message("/bypass/eq", 1.0F),
          message("/input/add", "mic", 2.0F),
          message("/input/add", "mic", std::int64_t{2}),
          message("/output/main/gain", -3),
          message("/node/eq/mode", "low"),
          message("/node/eq/mode", Symbol{"low"}),
          message("/graph"),
          message("/graph", 8192),
          message("/plugin/info", "id"),
          message("/plugin/info", "id", 8192),
          message("/plugin/list", 8192)}) {
        const auto misfit = check_message(m);
        EXPECT_FALSE(misfit) << m.address << ' ' << m.tags() << ": " << misfit->text;
    }
}

TEST(Check, NamesWhatDoesNot) {
    EXPECT_EQ(code_of(message("/ping", 1)), Code::too_many_arguments);
    EXPECT_EQ(code_of(message("/connect", "a")), Code::missing_argument);
    EXPECT_EQ(code_of(message("/connect", "a", 1)), Code::bad_type);
    EXPECT_EQ(code_of(message("/connect", "a", "b", "back")), Code::bad_type);
    EXPECT_EQ(code_of(message("/connect", "a", "b", "feedback", 1, 2)), Code::too_many_arguments);
    EXPECT_EQ(code_of(message("/node/add", "eq")), Code::missing_argument);
    EXPECT_EQ(code_of(message("/node/add", "eq", "p", "gain")), Code::missing_argument);
    EXPECT_EQ(code_of(message("/node/add", "eq", "p", 1, 2)), Code::bad_type);
    EXPECT_EQ(code_of(message("/node/add", "eq", "p", "gain", Nil{})), Code::bad_type);
    EXPECT_EQ(code_of(message("/input/add", "mic", 1.5F)), Code::bad_type);
    EXPECT_EQ(code_of(message("/output/main/gain", "loud")), Code::bad_type);
    EXPECT_EQ(code_of(message("/output/main/gain", true)), Code::bad_type);
    EXPECT_EQ(code_of(message("/bypass/eq", "on")), Code::bad_type);
    EXPECT_EQ(code_of(message("/node/eq/x", Blob{})), Code::bad_type);
    EXPECT_EQ(code_of(message("/node/eq/x", std::numeric_limits<float>::quiet_NaN())),
              Code::out_of_range);
    EXPECT_EQ(code_of(message("/node/eq/x", std::numeric_limits<double>::infinity())),
              Code::out_of_range);
    EXPECT_EQ(code_of(message("/graph", -1)), Code::out_of_range);
    EXPECT_EQ(code_of(message("/graph", 1, 2)), Code::too_many_arguments);
    EXPECT_EQ(code_of(message("/plugin/info", 4)), Code::missing_argument);

    EXPECT_EQ(check_message(message("/connect", "a"))->text,
              "/connect takes from:s to:s [\"feedback\"] [frames:i], got no to");
    EXPECT_EQ(check_message(message("/connect", "a", 1))->text,
              "/connect: to is a string, got type 'i'");
}

TEST(Check, TellsAnOffsetFromArguments) {
    const Message plain = message("/plugin/info", "id"), paged = message("/plugin/info", "id", 96);
    const Address& row = address_of(AddressId::plugin_info);
    EXPECT_EQ(page_request(row, plain.args).args, 1U);
    EXPECT_EQ(page_request(row, plain.args).offset, 0);
    EXPECT_EQ(page_request(row, paged.args).args, 1U);
    EXPECT_EQ(page_request(row, paged.args).offset, 96);
    const Message set = message("/input/add", "mic", 2);
    EXPECT_EQ(page_request(address_of(AddressId::input_add), set.args).args, 2U);
}

TEST(Usage, ReadsAsInTheContract) {
    EXPECT_EQ(usage(address_of(AddressId::ping)), "/ping");
    EXPECT_EQ(usage(address_of(AddressId::connect)),
              "/connect from:s to:s [\"feedback\"] [frames:i]");
    EXPECT_EQ(usage(address_of(AddressId::level)),
              "/level/<name> time:t [peak:f rms:f clipped:i]…");
}

} // namespace
} // namespace backline::protocol
