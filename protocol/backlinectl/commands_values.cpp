// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
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

struct Parameter {
    std::string node, symbol, value;

    [[nodiscard]] std::string address() const { return "/node/" + node + '/' + symbol; }
};

std::shared_ptr<Parameter> add_parameter(CLI::App& app) {
    auto p = std::make_shared<Parameter>();
    app.add_option("node", p->node, "its name")->required();
    app.add_option("param", p->symbol, "the parameter's symbol")->required();
    return p;
}

int get(Session& session, const Parameter& parameter) {
    const Reply reply = session.ask(parameter.address());
    if (reply.args.empty())
        throw RequestError("bad_packet", parameter.address() + " answered without a value");
    if (session.json())
        session.out << to_json(reply.args.back()).dump() << '\n';
    else
        // The label of an enum says more than its number.
        session.out << show(reply.args.back()) << '\n';
    return kDone;
}

/** Everything, unless there is an output or input of that name. */
void mute(Session& session, const std::string& target, bool on) {
    if (target.empty()) {
        session.tell("/mute", {on});
        return;
    }
    const nlohmann::json graph = parse_json(session.text("/graph"));
    for (const auto& [list, kind] :
         {std::pair{"outputs", "/output/"}, std::pair{"inputs", "/input/"}})
        for (const nlohmann::json& strip : graph.value(list, nlohmann::json::array()))
            if (strip.value("name", std::string()) == target) {
                session.tell(kind + target + "/mute", {on});
                return;
            }
    throw RequestError("no_such_node", "no input or output \"" + target + '"');
}

} // namespace

Action define_set(CLI::App& app) {
    auto p = add_parameter(app);
    app.add_option("value", p->value, "in the parameter's unit; an enum also by label")->required();
    return [p](Session& s) {
        s.tell(p->address(), {parse_argument(p->value)});
        return kDone;
    };
}

Action define_get(CLI::App& app) {
    auto p = add_parameter(app);
    return [p](Session& s) { return get(s, *p); };
}

Action define_bypass(CLI::App& app) {
    auto words = std::make_shared<std::pair<std::string, std::string>>();
    app.add_option("node", words->first, "its name")->required();
    app.add_option("on|off", words->second, "bypassed or not")->required();
    return [words](Session& s) {
        s.tell("/bypass/" + words->first, {parse_switch(words->second)});
        return kDone;
    };
}

Action define_mute(CLI::App& app) {
    auto words = std::make_shared<std::vector<std::string>>();
    app.add_option("[target] on|off", *words, "an input or output (all outputs), and the switch")
        ->required()
        ->expected(1, 2);
    return [words](Session& s) {
        const bool on = parse_switch(words->back());
        mute(s, words->size() == 2 ? words->front() : std::string(), on);
        return kDone;
    };
}

} // namespace backline::protocol::backlinectl
