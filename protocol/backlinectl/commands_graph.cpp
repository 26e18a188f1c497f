// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/arguments.hpp"
#include "protocol/backlinectl/commands.hpp"
#include "protocol/backlinectl/run.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace backline::protocol::backlinectl {
namespace {

struct Add {
    std::string name, plugin;
    std::vector<std::string> values;
    std::int32_t channels = 0;
};

struct Ends {
    std::string from, to;
    std::string frames;
};

struct Strip {
    std::string name;
    std::int32_t channels = 1;
};

std::shared_ptr<Ends> add_ends(CLI::App& app, const std::string& what) {
    auto ends = std::make_shared<Ends>();
    app.add_option("from", ends->from, "where it comes from: " + what)->required();
    app.add_option("to", ends->to, "where it goes")->required();
    return ends;
}

Action between(CLI::App& app, const char* address, const std::string& what) {
    auto ends = add_ends(app, what);
    return [ends, address](Session& s) {
        s.tell(address, {ends->from, ends->to});
        return kDone;
    };
}

Action removal(CLI::App& app, const char* address) {
    auto name = std::make_shared<std::string>();
    app.add_option("name", *name, "which one")->required();
    return [name, address](Session& s) {
        s.tell(address, {*name});
        return kDone;
    };
}

Action strip(CLI::App& app, const char* address) {
    auto strip = std::make_shared<Strip>();
    app.add_option("name", strip->name, "of the node and of its JACK ports")->required();
    app.add_option("channels", strip->channels, "how many JACK ports (1)");
    return [strip, address](Session& s) {
        s.tell(address, {strip->name, strip->channels});
        return kDone;
    };
}

constexpr const char* kEnd = "node, node:port or node:port.channel";

} // namespace

Action define_add(CLI::App& app) {
    auto add = std::make_shared<Add>();
    app.add_option("name", add->name, "what the node is to be called")->required();
    app.add_option("plugin", add->plugin, "as `plugins` lists it")->required();
    app.add_option("values", add->values, "initial values, symbol=value");
    app.add_option("--channels", add->channels, "width of the node")->check(CLI::Range(1, 64));
    return [add](Session& s) {
        std::vector<Argument> args{add->name, add->plugin};
        // Directly after the plugin, where it cannot be a parameter of that symbol.
        if (add->channels > 0) {
            args.emplace_back("channels");
            args.emplace_back(add->channels);
        }
        for (const std::string& word : add->values) {
            auto [symbol, value] = parse_assignment(word);
            args.emplace_back(std::move(symbol));
            args.push_back(std::move(value));
        }
        s.tell("/node/add", std::move(args));
        return kDone;
    };
}

Action define_rm(CLI::App& app) {
    return removal(app, "/node/remove");
}

Action define_connect(CLI::App& app) {
    auto ends = add_ends(app, kEnd);
    CLI::Option* feedback =
        app.add_option("--feedback", ends->frames, "close a loop, delayed by so many frames (256)")
            ->expected(0, 1);
    return [ends, feedback](Session& s) {
        std::vector<Argument> args{ends->from, ends->to};
        if (feedback->count() > 0) args.emplace_back("feedback");
        if (!ends->frames.empty()) args.push_back(parse_argument("i:" + ends->frames));
        s.tell("/connect", std::move(args));
        return kDone;
    };
}

Action define_disconnect(CLI::App& app) {
    return between(app, "/disconnect", kEnd);
}

Action define_input_add(CLI::App& app) {
    return strip(app, "/input/add");
}

Action define_input_rm(CLI::App& app) {
    return removal(app, "/input/remove");
}

Action define_output_add(CLI::App& app) {
    return strip(app, "/output/add");
}

Action define_output_rm(CLI::App& app) {
    return removal(app, "/output/remove");
}

Action define_jack_connect(CLI::App& app) {
    return between(app, "/jack/connect", "client:port");
}

Action define_jack_disconnect(CLI::App& app) {
    return between(app, "/jack/disconnect", "client:port");
}

} // namespace backline::protocol::backlinectl
