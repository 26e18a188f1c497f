// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/run.hpp"

#include "protocol/backlinectl/commands.hpp"
#include "protocol/backlinectl/suggest.hpp"

#include <CLI/CLI.hpp>

#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace backline::protocol::backlinectl {
namespace {

/** The application of a command; `jack ports` lives in that of `jack`, made when first met. */
CLI::App& place(CLI::App& root, std::string_view name, std::string_view help) {
    const std::size_t space = name.find(' ');
    if (space == std::string_view::npos)
        return *root.add_subcommand(std::string(name), std::string(help));
    const std::string group(name.substr(0, space));
    const auto same = root.get_subcommands([&](CLI::App* app) { return app->get_name() == group; });
    CLI::App* parent = same.empty() ? nullptr : same.front();
    if (parent == nullptr) {
        parent = root.add_subcommand(group, "work on " + group + (group == "jack" ? "" : "s"));
        parent->require_subcommand(1);
    }
    return *parent->add_subcommand(std::string(name.substr(space + 1)), std::string(help));
}

/** The words, last first as CLI11 takes them; "-.5" would look like an option to it. */
std::vector<std::string> words_of(int argc, const char* const* argv) {
    std::vector<std::string> words;
    for (int i = argc - 1; i > 0; --i) {
        std::string word = argv[i];
        if (word.starts_with("-.") && word.size() > 2) word.insert(1, "0");
        words.push_back(std::move(word));
    }
    return words;
}

} // namespace

int run(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
    CLI::App app("Controls backlined, the plugin host daemon", "backlinectl");
    Options options;
    app.add_option("--url", options.url,
                   "osc.udp://host:port or osc.unix:///path ($BACKLINE_URL; else looked for here)");
    app.add_flag("--json", options.json, "print JSON");
    app.add_option("--timeout", options.timeout_s, "seconds to wait for a reply")
        ->check(CLI::Range(0.001, 3600.0));
    app.require_subcommand(1);
    app.fallthrough();

    std::vector<std::pair<CLI::App*, Action>> actions;
    for (const Command& command : commands()) {
        CLI::App& sub = place(app, command.name, command.help);
        sub.fallthrough();
        actions.emplace_back(&sub, command.define(sub));
    }
    try {
        app.parse(words_of(argc, argv));
    } catch (const CLI::ParseError& error) {
        // What CLI11 says of it is about arguments that were not expected.
        if (const std::string unknown = unknown_command(app, {argv + 1, argv + argc});
            !unknown.empty() && error.get_exit_code() != 0) {
            err << "backlinectl: " << unknown << '\n';
            return kUsage;
        }
        return app.exit(error, out, err) == 0 ? kDone : kUsage;
    }
    Session session(options, out);
    try {
        for (const auto& [sub, action] : actions)
            if (sub->parsed()) return action(session);
    } catch (const UsageError& error) {
        err << "backlinectl: " << error.what() << '\n';
        return kUsage;
    } catch (const RequestError& error) {
        err << "backlinectl: " << error.code << ": " << error.what() << '\n';
    } catch (const ConnectionError& error) {
        // UDP cannot tell that nobody is there before it asked, so the socket's reason matters too.
        err << "backlinectl: " << error.what() << session.tried() << '\n';
    } catch (const std::exception& error) {
        err << "backlinectl: " << error.what() << '\n';
    }
    return kFailed;
}

} // namespace backline::protocol::backlinectl
