// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/suggest.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>

namespace backline::protocol::backlinectl {
namespace {

/** Insertions, deletions and replacements (Wagner and Fischer, J. ACM 21 (1974), one row kept). */
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

/** The options of the program itself that take the next word as their value. */
bool takes_value(const CLI::App& app, const std::string& option) {
    const CLI::Option* const known = app.get_option_no_throw(option);
    return known != nullptr && known->get_items_expected_min() != 0;
}

/** A whole command, "input add" included, that was meant by one word or two. */
std::string nearest(const CLI::App& app, const std::string& typed) {
    std::string best;
    std::size_t least = typed.size() / 3 + 2; // farther off it would be a guess and no help
    const auto consider = [&](const std::string& name) {
        const std::size_t far = distance(typed, name);
        if (far >= least || far >= name.size()) return;
        least = far;
        best = name;
    };
    for (const CLI::App* command : app.get_subcommands(nullptr)) {
        consider(command->get_name());
        for (const CLI::App* part : command->get_subcommands(nullptr))
            consider(command->get_name() + " " + part->get_name());
    }
    return best;
}

} // namespace

std::string unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
    const CLI::App* level = &app;
    std::string typed;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word.starts_with('-')) {
            if (takes_value(app, word)) ++i;
            continue;
        }
        typed += (typed.empty() ? "" : " ") + word;
        const auto known = level->get_subcommands(
            [&](const CLI::App* command) { return command->get_name() == word; });
        if (known.empty()) {
            const std::string meant = nearest(app, typed);
            return "no command \"" + typed + "\""
                   + (meant.empty() ? "" : ", did you mean \"" + meant + "\"?")
                   + " (backlinectl --help lists them)";
        }
        level = known.front();
        if (level->get_subcommands(nullptr).empty()) return {};
    }
    return {};
}

} // namespace backline::protocol::backlinectl
