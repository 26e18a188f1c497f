// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/rack.hpp"

#include "daemon/toml_table.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <tuple>

#include <fmt/core.h>

namespace backline::engine {

bool operator==(const RackNode& a, const RackNode& b) {
    return std::tie(a.name, a.plugin, a.channels, a.bypass, a.budget, a.priority, a.params)
           == std::tie(b.name, b.plugin, b.channels, b.bypass, b.budget, b.priority, b.params);
}

bool operator==(const RackPort& a, const RackPort& b) {
    return std::tie(a.name, a.channels, a.gain, a.mute, a.ceiling, a.soft_clip, a.jack)
           == std::tie(b.name, b.channels, b.gain, b.mute, b.ceiling, b.soft_clip, b.jack);
}

bool operator==(const RackConnection& a, const RackConnection& b) {
    return std::tie(a.from, a.to, a.feedback) == std::tie(b.from, b.to, b.feedback);
}

bool operator==(const Rack& a, const Rack& b) {
    return std::tie(a.inputs, a.outputs, a.nodes, a.connections)
           == std::tie(b.inputs, b.outputs, b.nodes, b.connections);
}

namespace {

// Not <cctype>: names are ASCII whatever the locale.
bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// A port's or parameter's symbol: [A-Za-z_][A-Za-z0-9_]*
bool is_symbol(std::string_view text) noexcept {
    return !text.empty() && !is_digit(text.front()) && std::ranges::all_of(text, [](char c) {
        return is_letter(c) || is_digit(c) || c == '_';
    });
}

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// The first word of trimmed `text` and the trimmed rest.
std::pair<std::string_view, std::string_view> split_word(std::string_view text) noexcept {
    const auto blank = std::min(text.find_first_of(" \t\r\n"), text.size());
    return {text.substr(0, blank), trim(text.substr(blank))};
}

std::optional<std::uint32_t> parse_count(std::string_view text) noexcept {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value == 0) return std::nullopt;
    return value;
}

/// True for name[:port[.channel]].
bool is_endpoint(std::string_view text) noexcept {
    const auto colon = text.find(':');
    if (!is_name(text.substr(0, colon))) return false;
    if (colon == std::string_view::npos) return true;
    const std::string_view port = text.substr(colon + 1);
    const auto dot = port.find('.');
    if (!is_symbol(port.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    const auto channel = parse_count(port.substr(dot + 1));
    return channel && *channel <= kMaxChannels;
}

std::string_view name_of(std::string_view endpoint) noexcept {
    return endpoint.substr(0, endpoint.find(':'));
}

/// Reads one document; the members are what has been understood so far.
class Parser {
  public:
    explicit Parser(std::string file) { rack_.file = std::move(file); }

    Rack run(std::string_view text) {
        const toml::table document = parse_toml(text, rack_.file);
        static constexpr std::array<std::string_view, 5> kKeys{"format", "connect", "input",
                                                               "output", "node"};
        const TomlTable root(document, "", rack_.file, kKeys);
        read_format(root);
        read_ports(root, "input", rack_.inputs);
        read_ports(root, "output", rack_.outputs);
        read_nodes(root);
        read_connections(root);
        return std::move(rack_);
    }

  private:
    struct Name {
        std::string name;
        std::string_view kind; // "node", "input", "output"
        std::uint32_t line;
    };

    [[noreturn]] void fail(std::uint32_t line, std::string message) const {
        throw RackError(rack_.file, line, std::move(message));
    }

    void read_format(const TomlTable& root) const {
        const auto format = root.find("format");
        if (!format) fail(1, "\"format = 1\" is missing");
        const auto* number = format->value->as_integer();
        if (number == nullptr || number->get() != 1) root.fail_expected(*format, "1");
    }

    /// The table of one input, output or node whose name is free.
    const toml::table& begin(std::string_view kind, const TomlTable::Entry& entry) {
        if (!is_name(entry.key))
            fail(entry.line,
                 fmt::format("{} \"{}\": a name is 1..63 letters, digits, \"_\" or \"-\"", kind,
                             entry.key));
        for (const Name& taken : names_)
            if (taken.name == entry.key) {
                const Name here{entry.key, kind, entry.line};
                const auto& [first, second] =
                    taken.line < here.line ? std::tie(taken, here) : std::tie(here, taken);
                fail(second.line, fmt::format("{} \"{}\": line {} has {} {} of that name",
                                              second.kind, second.name, first.line,
                                              first.kind == "node" ? "a" : "an", first.kind));
            }
        names_.push_back({entry.key, kind, entry.line});
        if (!entry.value->is_table())
            fail(entry.line, fmt::format("{} \"{}\" is a table, got {}", kind, entry.key,
                                         describe(*entry.value)));
        return *entry.value->as_table();
    }

    void read_ports(const TomlTable& root, std::string_view kind, std::vector<RackPort>& ports) {
        static constexpr std::array<std::string_view, 6> kKeys{"channels", "jack",    "gain",
                                                               "mute",     "ceiling", "soft_clip"};
        const std::span<const std::string_view> keys(kKeys.data(), kind == "output" ? 6 : 4);
        for (const auto& entry : TomlTable(root.table(kind), "", rack_.file).entries()) {
            const TomlTable table(begin(kind, entry), fmt::format("{} \"{}\": ", kind, entry.key),
                                  rack_.file, keys);
            RackPort port;
            port.name = entry.key;
            port.line = entry.line;
            table.read("channels", port.channels, 1, kMaxChannels);
            table.read("gain", port.gain, kMinGain, kMaxGain, " dB");
            table.read("mute", port.mute);
            table.read("ceiling", port.ceiling, kMinCeiling, kMaxCeiling, " dBFS");
            table.read("soft_clip", port.soft_clip);
            if (table.read("jack", port.jack) && port.jack.size() > port.channels)
                table.fail(table.find("jack")->line,
                           fmt::format("jack has {} ports for {} channel{}", port.jack.size(),
                                       port.channels, port.channels == 1 ? "" : "s"));
            ports.push_back(std::move(port));
        }
    }

    void read_nodes(const TomlTable& root) {
        static constexpr std::array<std::string_view, 6> kKeys{"plugin",   "channels", "bypass",
                                                               "priority", "budget",   "params"};
        for (const auto& entry : TomlTable(root.table("node"), "", rack_.file).entries()) {
            const TomlTable table(begin("node", entry), fmt::format("node \"{}\": ", entry.key),
                                  rack_.file, kKeys);
            RackNode node;
            node.name = entry.key;
            node.line = entry.line;
            if (!table.read("plugin", node.plugin)) table.fail(entry.line, "\"plugin\" is missing");
            if (node.plugin.empty())
                table.fail_expected(*table.find("plugin"), "the id of a plugin");
            std::uint32_t channels = 0;
            if (table.read("channels", channels, 1, kMaxChannels)) node.channels = channels;
            table.read("bypass", node.bypass);
            table.read("priority", node.priority, 0, 100);
            read_budget(table, node);
            read_params(table, node);
            rack_.nodes.push_back(std::move(node));
        }
    }

    /// `budget = 30`, or `budget = { percent = 30, policy = "report" }`
    void read_budget(const TomlTable& node_table, RackNode& node) const {
        const auto entry = node_table.find("budget");
        if (!entry) return;
        process::Budget budget;
        const auto percent = [&](const TomlTable& table, const char* key) {
            table.read(key, budget.percent, 0.0, 100.0, " %");
            if (!(budget.percent > 0.0)) table.fail_expected(*table.find(key), "above 0 %");
        };
        if (!entry->value->is_table()) {
            percent(node_table, "budget");
        } else {
            static constexpr std::array<std::string_view, 2> kKeys{"percent", "policy"};
            const TomlTable table(*entry->value->as_table(),
                                  fmt::format("node \"{}\": budget: ", node.name), rack_.file,
                                  kKeys);
            percent(table, "percent");
            std::string name;
            if (table.read("policy", name)) {
                const auto policy = parse_policy(name);
                if (!policy)
                    table.fail_expected(*table.find("policy"), "\"bypass\", \"report\" or \"off\"");
                budget.policy = *policy;
            }
        }
        node.budget = budget;
    }

    void read_params(const TomlTable& node_table, RackNode& node) const {
        const TomlTable table(node_table.table("params"), fmt::format("node \"{}\": ", node.name),
                              rack_.file);
        for (const auto& entry : table.entries()) {
            if (!is_symbol(entry.key))
                table.fail(entry.line, fmt::format("\"{}\" cannot be a parameter", entry.key));
            if (const auto* flag = entry.value->as_boolean())
                node.params.emplace_back(entry.key, flag->get());
            else if (const auto* text = entry.value->as_string())
                node.params.emplace_back(entry.key, text->get());
            else if (const auto number =
                         entry.value->is_number() ? entry.value->value<double>() : std::nullopt;
                     number && std::isfinite(*number))
                node.params.emplace_back(entry.key, *number);
            else
                table.fail_expected(entry, "a finite number, true, false or a string");
        }
    }

    void read_connections(const TomlTable& root) {
        std::vector<std::string> chains;
        if (!root.read("connect", chains)) return;
        const toml::array& array = *root.find("connect")->value->as_array();
        for (std::size_t i = 0; i < chains.size(); ++i)
            read_chain(chains[i], line_of(*array.get(i)));
    }

    /// endpoint ("->" endpoint ["feedback" [frames]])+
    void read_chain(std::string_view chain, std::uint32_t line) {
        constexpr std::string_view kArrow = "->";
        const auto wrong = [&](const std::string& message) {
            fail(line, fmt::format("connect \"{}\": {}", chain, message));
        };
        std::string_view rest = chain;
        std::string from;
        for (bool first = true, last = false; !last; first = false) {
            const auto arrow = rest.find(kArrow);
            last = arrow == std::string_view::npos;
            auto [endpoint, words] = split_word(trim(rest.substr(0, arrow)));
            if (!last) rest.remove_prefix(arrow + kArrow.size());

            if (endpoint.empty()) wrong("one side of an arrow is missing");
            if (!is_endpoint(endpoint))
                wrong(fmt::format("\"{}\" is not name, name:port or name:port.channel", endpoint));
            check_name(endpoint, first, last, wrong);
            if (first && last) wrong("there is no \"->\"");
            const auto feedback = read_feedback(first, endpoint, words, wrong);
            if (!first) {
                const auto same = [&](const RackConnection& c) {
                    return c.from == from && c.to == endpoint;
                };
                if (std::ranges::any_of(rack_.connections, same))
                    wrong(fmt::format("\"{} -> {}\" is there twice", from, endpoint));
                rack_.connections.push_back({from, std::string(endpoint), feedback, line});
            }
            from = endpoint;
        }
    }

    template <typename Wrong>
    static std::optional<std::uint32_t> read_feedback(bool first, std::string_view endpoint,
                                                      std::string_view words, const Wrong& wrong) {
        if (words.empty()) return std::nullopt;
        const auto [keyword, frames] = split_word(words);
        if (first || keyword != "feedback")
            wrong(fmt::format("after \"{}\" comes {}, got \"{}\"", endpoint,
                              first ? "\"->\"" : "\"->\" or \"feedback\"", words));
        if (frames.empty()) return kDefaultFeedback;
        const auto count = parse_count(frames);
        if (!count) wrong(fmt::format("feedback is a number of frames from 1, got \"{}\"", frames));
        return count;
    }

    template <typename Wrong>
    void check_name(std::string_view endpoint, bool first, bool last, const Wrong& wrong) const {
        const std::string_view name = name_of(endpoint);
        const auto found = std::ranges::find(names_, name, &Name::name);
        if (found == names_.end()) {
            std::vector<std::string_view> known;
            for (const Name& n : names_)
                known.push_back(n.name);
            wrong(fmt::format("nothing here is called \"{}\"{}", name, did_you_mean(name, known)));
        } else if (found->kind == "input" && !first) {
            wrong(fmt::format("\"{}\" is an input, nothing can be connected to it", name));
        } else if (found->kind == "output" && !last) {
            wrong(fmt::format("\"{}\" is an output, nothing can be connected from it", name));
        }
    }

    Rack rack_;
    std::vector<Name> names_;
};

} // namespace

namespace {

constexpr std::array kPolicies{process::Budget::Policy::bypass, process::Budget::Policy::report,
                               process::Budget::Policy::off};

} // namespace

const char* to_string(process::Budget::Policy policy) noexcept {
    constexpr std::array kNames{"bypass", "report", "off"};
    return kNames[static_cast<std::size_t>(policy)];
}

std::optional<process::Budget::Policy> parse_policy(std::string_view name) noexcept {
    for (const auto policy : kPolicies)
        if (name == to_string(policy)) return policy;
    return std::nullopt;
}

bool is_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, [](char c) {
        return is_letter(c) || is_digit(c) || c == '_' || c == '-';
    });
}

Rack parse_rack(std::string_view text, std::string file) {
    try {
        return Parser(std::move(file)).run(text);
    } catch (const RackError&) {
        throw;
    } catch (const FileError& error) {
        throw RackError(error.file(), error.line(), error.message());
    }
}

Rack load_rack(const std::string& path) {
    std::optional<std::string> text;
    try {
        text = read_text_file(path);
    } catch (const FileError& error) {
        throw RackError(error.file(), error.line(), error.message());
    }
    if (!text) throw RackError(path, 0, "no such file");
    return parse_rack(*text, path);
}

} // namespace backline::engine
