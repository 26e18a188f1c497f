// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/addresses.hpp"
#include "protocol/backlinectl/arguments.hpp"
#include "protocol/codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

/** Holds protocol/README.md against addresses.hpp, in both directions. */
namespace backline::protocol {
namespace {

const std::string& readme() {
    static const std::string text = [] {
        std::ifstream file(BACKLINE_PROTOCOL_README);
        return std::string((std::istreambuf_iterator<char>(file)), {});
    }();
    return text;
}

std::string reply_cell(const ReplySpec& reply) {
    switch (reply.form) {
    case ReplyForm::never:
        return "";
    case ReplyForm::empty:
        return "nothing";
    case ReplyForm::values:
        return '`' + usage(reply.values) + '`';
    case ReplyForm::json:
        return "JSON";
    case ReplyForm::text:
        return "text";
    }
    return {};
}

std::string table_row(const Address& row) {
    return "| `" + usage(row) + "` | " + reply_cell(row.reply) + " | "
           + std::string(to_string(row.kind)) + " | " + std::string(to_string(row.role)) + " | "
           + std::string(row.help) + " |";
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> result;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        result.push_back(line);
    return result;
}

/** What stands under `### title`, up to the next heading. */
std::string section(std::string_view title) {
    const std::string heading = "\n### " + std::string(title) + "\n";
    const std::size_t begin = readme().find(heading);
    if (begin == std::string::npos) return {};
    const std::size_t end = readme().find("\n##", begin + heading.size());
    return readme().substr(begin, end - begin);
}

/** Words of a command line; quotes hold a word together, # begins a comment. */
std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> result;
    static const std::regex word(R"re("([^"]*)"|'([^']*)'|([^\s"'#]\S*)|(#.*))re");
    for (std::sregex_iterator i(line.begin(), line.end(), word), end; i != end; ++i)
        for (const std::size_t group : {1U, 2U, 3U})
            if ((*i)[group].matched) result.push_back((*i)[group].str());
    return result;
}

TEST(Readme, HasEveryAddressInItsFamilysTable) {
    for (const Address& row : kAddresses) {
        const auto lines = lines_of(section(to_string(row.family)));
        ASSERT_FALSE(lines.empty()) << "no section for " << to_string(row.family);
        EXPECT_NE(std::find(lines.begin(), lines.end(), table_row(row)), lines.end())
            << "expected under " << to_string(row.family) << ":\n"
            << table_row(row);
    }
}

TEST(Readme, HasNoAddressThatDoesNotExist) {
    // In running text, in tables and in blocks: a slash that begins a word begins an address.
    static const std::regex address(R"((?:^|[\s`'"{])(/[a-z_]+(?:/[A-Za-z0-9_<>*]+)*))");
    std::set<std::string> seen;
    for (const std::string& line : lines_of(readme()))
        for (std::sregex_iterator i(line.begin(), line.end(), address), end; i != end; ++i)
            seen.insert((*i)[1].str());
    EXPECT_GT(seen.size(), kAddressCount);
    for (const std::string& a : seen)
        EXPECT_TRUE(find(a)) << a;
}

TEST(Readme, HasEveryCode) {
    const auto lines = lines_of(readme());
    std::size_t listed = 0;
    for (const CodeInfo& code : kCodes) {
        const std::string row =
            "| `" + std::string(code.symbol) + "` | " + std::string(code.meaning) + " |";
        EXPECT_NE(std::find(lines.begin(), lines.end(), row), lines.end()) << row;
        ++listed;
    }
    static const std::regex any(R"(\| `([a-z_]+)` \| [^|]* \|)");
    std::size_t found = 0;
    for (const std::string& line : lines) {
        std::smatch match;
        if (!std::regex_match(line, match, any)) continue;
        EXPECT_TRUE(code_from(match[1].str())) << line;
        ++found;
    }
    EXPECT_EQ(found, listed);
}

TEST(Readme, EveryFamilyHasAnExample) {
    for (int f = 0; f <= static_cast<int>(Family::wrapping); ++f) {
        const auto text = section(to_string(static_cast<Family>(f)));
        EXPECT_TRUE(text.find("oscsend localhost") != std::string::npos
                    || text.find("`backlinectl ") != std::string::npos)
            << to_string(static_cast<Family>(f));
    }
}

TEST(Readme, ExamplesOfOscsendFitTheirAddresses) {
    static const std::regex command(R"(oscsend localhost 9770 ([^`\n]*))");
    int count = 0;
    for (std::sregex_iterator i(readme().begin(), readme().end(), command), end; i != end; ++i) {
        auto words = words_of((*i)[1].str());
        ASSERT_FALSE(words.empty());
        const auto match = find(words[0]);
        ASSERT_TRUE(match) << words[0];
        const std::string tags = words.size() > 1 ? words[1] : "";
        std::vector<Argument> args;
        std::size_t next = 2;
        for (const char tag : tags) {
            if (tag == 'T' || tag == 'F') {
                args.emplace_back(tag == 'T');
                continue;
            }
            ASSERT_LT(next, words.size()) << (*i)[0];
            args.push_back(backlinectl::parse_argument(std::string(1, tag) + ':' + words[next++]));
        }
        EXPECT_EQ(next, std::max<std::size_t>(2, words.size())) << (*i)[0];
        const auto misfit = check(*match->row, args);
        EXPECT_FALSE(misfit) << (*i)[0] << ": " << misfit->text;
        ++count;
    }
    EXPECT_GE(count, 7);
}

TEST(Readme, StatesTheLimitsOfTheCodec) {
    const Limits limits;
    for (const std::size_t limit :
         {limits.packet, limits.path, limits.args, limits.elements, limits.nesting, kMaxDatagram})
        EXPECT_TRUE(std::regex_search(
            readme(), std::regex(R"(\|[^|\n]*\b)" + std::to_string(limit) + R"(\b[^|\n]*\|)")))
            << limit;
}

} // namespace
} // namespace backline::protocol
