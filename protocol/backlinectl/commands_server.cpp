// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/addresses.hpp"
#include "protocol/backlinectl/arguments.hpp"
#include "protocol/backlinectl/commands.hpp"
#include "protocol/backlinectl/render.hpp"
#include "protocol/backlinectl/run.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace backline::protocol::backlinectl {
namespace {

struct Send {
    std::string address;
    std::vector<std::string> words;
};

int send(Session& session, const Send& what) {
    std::vector<Argument> args;
    for (const std::string& word : what.words)
        args.push_back(parse_argument(word));

    // An offset of the caller's own asks for that one page.
    const auto match = find(what.address);
    if (match && match->row->paged() && page_request(*match->row, args).args == args.size()) {
        const std::string text = session.text(what.address, std::move(args));
        if (match->row->reply.form == ReplyForm::json)
            session.out << parse_json(text).dump(2) << '\n';
        else
            session.out << text;
        return kDone;
    }
    const Reply reply = session.ask(what.address, std::move(args));
    if (session.json()) {
        session.out << to_json(Message{reply.address, reply.args}).dump() << '\n';
        return kDone;
    }
    std::string line;
    for (const Argument& argument : reply.args)
        line += (line.empty() ? "" : " ") + show(argument, true);
    if (!line.empty()) session.out << line << '\n';
    return kDone;
}

} // namespace

Action define_send(CLI::App& app) {
    auto what = std::make_shared<Send>();
    app.add_option("address", what->address, "such as /node/eq/cutoff")->required();
    app.add_option("args", what->words,
                   "ints, decimals, T, F, else strings; s: i: f: before one force its type");
    return [what](Session& s) { return send(s, *what); };
}

Action define_quit(CLI::App&) {
    return [](Session& s) {
        s.ask("/quit");
        s.await_end();
        if (s.json()) s.out << "{}\n";
        return kDone;
    };
}

} // namespace backline::protocol::backlinectl
