// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/arguments.hpp"
#include "protocol/backlinectl/commands.hpp"
#include "protocol/backlinectl/look.hpp"
#include "protocol/backlinectl/render.hpp"
#include "protocol/backlinectl/run.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace backline::protocol::backlinectl {
namespace {

struct RampWords {
    std::string node, symbol;
    std::vector<std::string> rest;
};

struct Recall {
    std::string name;
    float seconds = 0.0F;
};

Action named(CLI::App& app, const char* address) {
    auto name = std::make_shared<std::string>();
    app.add_option("name", *name, "of the snapshot")->required();
    return [name, address](Session& s) {
        s.tell(address, {*name});
        return kDone;
    };
}

} // namespace

Action define_ramp(CLI::App& app) {
    auto words = std::make_shared<RampWords>();
    app.add_option("node", words->node, "its name")->required();
    app.add_option("param", words->symbol, "the parameter's symbol")->required();
    app.add_option("value seconds", words->rest,
                   "where to and how long, as often as you like; then linear, exp or s")
        ->required()
        ->expected(2, -1);
    return [words](Session& s) {
        std::vector<Argument> args;
        for (const std::string& word : words->rest)
            args.push_back(parse_argument(word));
        s.tell("/node/" + words->node + '/' + words->symbol + "/ramp", std::move(args));
        return kDone;
    };
}

Action define_snapshot_store(CLI::App& app) {
    return named(app, "/snapshot/store");
}

Action define_snapshot_recall(CLI::App& app) {
    auto recall = std::make_shared<Recall>();
    app.add_option("name", recall->name, "of the snapshot")->required();
    app.add_option("seconds", recall->seconds, "how long values take to get there (0)");
    return [recall](Session& s) {
        std::vector<Argument> args{recall->name};
        if (recall->seconds != 0.0F) args.emplace_back(recall->seconds);
        s.tell("/snapshot/recall", std::move(args));
        return kDone;
    };
}

Action define_snapshot_list(CLI::App&) {
    return [](Session& s) { return look(s, "/snapshot/list", {}, print_snapshots); };
}

Action define_snapshot_remove(CLI::App& app) {
    return named(app, "/snapshot/remove");
}

// This program is a sender of its own, that has nothing waiting: it speaks of all senders.

Action define_sched_list(CLI::App&) {
    return [](Session& s) { return look(s, "/sched/list", {"all"}, print_schedule); };
}

Action define_sched_cancel(CLI::App& app) {
    auto id = std::make_shared<std::int32_t>();
    app.add_option("id", *id, "as `sched list` shows it")->required();
    return [id](Session& s) {
        s.tell("/sched/cancel", {*id});
        return kDone;
    };
}

Action define_sched_clear(CLI::App&) {
    return [](Session& s) {
        s.tell("/sched/clear", {"all"});
        return kDone;
    };
}

} // namespace backline::protocol::backlinectl
