// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/arguments.hpp"
#include "protocol/backlinectl/commands.hpp"
#include "protocol/backlinectl/look.hpp"
#include "protocol/backlinectl/render.hpp"
#include "protocol/backlinectl/run.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <csignal>
#include <iomanip>
#include <limits>
#include <memory>
#include <ostream>
#include <string>

namespace backline::protocol::backlinectl {
namespace {

volatile std::sig_atomic_t interrupted = 0;

struct Watch {
    std::string pattern;
    double rate = 0.0;
    double seconds = std::numeric_limits<double>::infinity();
    std::size_t count = std::numeric_limits<std::size_t>::max();
};

void print_message(Session& session, const Message& message) {
    if (session.json()) {
        session.out << to_json(message).dump() << std::endl;
        return;
    }
    session.out << message.address;
    for (const Argument& argument : message.args)
        session.out << ' ' << show(argument);
    // Flushed, so that a pipe sees it when it happens.
    session.out << std::endl;
}

int watch(Session& session, const Watch& w) {
    using Clock = std::chrono::steady_clock;
    using namespace std::chrono_literals;
    std::signal(SIGINT, [](int) { interrupted = 1; });
    std::signal(SIGTERM, [](int) { interrupted = 1; });
    Client& client = session.client();
    client.subscribe(w.pattern, static_cast<float>(w.rate));
    const auto begin = Clock::now();
    std::size_t seen = 0;
    while (interrupted == 0 && seen < w.count && session.out.good()) {
        const double left = w.seconds - std::chrono::duration<double>(Clock::now() - begin).count();
        if (left <= 0.0) break;
        const Client::Milliseconds wait{static_cast<long>(std::min(left * 1e3 + 1.0, 200.0))};
        client.poll(
            [&](const Message& message) {
                if (seen++ < w.count) print_message(session, message);
            },
            wait);
    }
    client.unsubscribe(w.pattern);
    return kDone;
}

} // namespace

Action define_status(CLI::App&) {
    return [](Session& s) { return look(s, "/status", {}, print_status); };
}

Action define_plugins(CLI::App& app) {
    auto pattern = std::make_shared<std::string>();
    app.add_option("pattern", *pattern, "only ids that match, such as 'backline.*'");
    return [pattern](Session& s) {
        std::vector<Argument> args;
        if (!pattern->empty()) args.emplace_back(*pattern);
        return look(s, "/plugin/list", std::move(args), print_plugins);
    };
}

Action define_info(CLI::App& app) {
    auto id = std::make_shared<std::string>();
    app.add_option("id", *id, "as `plugins` lists it")->required();
    return [id](Session& s) { return look(s, "/plugin/info", {*id}, print_info); };
}

Action define_graph(CLI::App&) {
    return [](Session& s) { return look(s, "/graph", {}, print_graph); };
}

Action define_jack_ports(CLI::App&) {
    return [](Session& s) { return look(s, "/jack/ports", {}, print_jack_ports); };
}

Action define_watch(CLI::App& app) {
    auto w = std::make_shared<Watch>();
    app.add_option("pattern", w->pattern, "of addresses, such as '/level/*' or '/event/*'")
        ->required();
    app.add_option("--rate", w->rate, "at most so many per second and address")
        ->check(CLI::Range(0.0, 10000.0));
    app.add_option("--seconds", w->seconds, "end after that time")->check(CLI::PositiveNumber);
    app.add_option("--count", w->count, "end after so many messages")->check(CLI::PositiveNumber);
    return [w](Session& s) { return watch(s, *w); };
}

} // namespace backline::protocol::backlinectl
