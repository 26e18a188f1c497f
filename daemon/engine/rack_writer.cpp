// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine/rack.hpp"

#include <array>
#include <charconv>

#include <fmt/core.h>

namespace backline::engine {
namespace {

constexpr std::size_t kWidth = 100; // columns a line should not pass

std::string quote(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            result += '\\', result += c;
        else if (c == '\n')
            result += "\\n";
        else if (c == '\t')
            result += "\\t";
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            result += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        else
            result += c;
    }
    return result + '"';
}

/// The shortest text that reads back as the same double, always a TOML float ("-45.0").
std::string number(double value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    std::string text(buffer.data(), end);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

std::string literal(const Value& value) {
    if (const double* d = std::get_if<double>(&value)) return number(*d);
    if (const bool* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
    return quote(std::get<std::string>(value));
}

/// Arrows as chains: one that starts where the one before it ended continues its chain, while there
/// is room. Order is kept, since it is the order in which signals are summed.
std::string connections(const std::vector<RackConnection>& arrows) {
    constexpr std::size_t kFrame = 7; // indent, quotes and comma around a chain
    std::vector<std::string> chains;
    const std::string* end = nullptr;
    for (const RackConnection& arrow : arrows) {
        std::string step = " -> " + arrow.to;
        if (arrow.feedback) step += fmt::format(" feedback {}", *arrow.feedback);
        if (end == nullptr || *end != arrow.from
            || chains.back().size() + step.size() + kFrame > kWidth)
            chains.push_back(arrow.from);
        chains.back() += step;
        end = &arrow.to;
    }
    if (chains.empty()) return "";
    if (chains.size() == 1) return fmt::format("connect = [{}]\n", quote(chains.front()));
    std::string result = "connect = [\n";
    for (const std::string& chain : chains)
        result += fmt::format("    {},\n", quote(chain));
    return result + "]\n";
}

std::string port(const char* kind, const RackPort& p) {
    std::string result = fmt::format("\n[{}.{}]\nchannels = {}\n", kind, p.name, p.channels);
    if (!p.jack.empty()) {
        std::string names;
        for (const std::string& name : p.jack)
            names += (names.empty() ? "" : ", ") + quote(name);
        result += fmt::format("jack = [{}]\n", names);
    }
    if (p.gain != 0.0) result += fmt::format("gain = {}\n", number(p.gain));
    if (p.mute) result += "mute = true\n";
    if (p.ceiling != kMaxCeiling) result += fmt::format("ceiling = {}\n", number(p.ceiling));
    if (p.soft_clip) result += "soft_clip = true\n";
    return result;
}

std::string node(const RackNode& n) {
    std::string result = fmt::format("\n[node.{}]\nplugin = {}\n", n.name, quote(n.plugin));
    if (n.channels) result += fmt::format("channels = {}\n", *n.channels);
    if (n.bypass) result += "bypass = true\n";
    if (n.priority != kDefaultPriority) result += fmt::format("priority = {}\n", n.priority);
    if (n.budget && n.budget->policy == process::Budget::Policy::bypass)
        result += fmt::format("budget = {}\n", number(n.budget->percent));
    else if (n.budget)
        result += fmt::format("budget = {{ percent = {}, policy = \"{}\" }}\n",
                              number(n.budget->percent), to_string(n.budget->policy));
    std::string inlined, lines;
    for (const auto& [symbol, value] : n.params) {
        const std::string item = symbol + " = " + literal(value);
        inlined += (inlined.empty() ? "" : ", ") + item;
        lines += item + '\n';
    }
    if (inlined.empty()) return result;
    const std::string one_line = fmt::format("params = {{ {} }}\n", inlined);
    if (one_line.size() <= kWidth + 1) return result + one_line;
    return result + fmt::format("[node.{}.params]\n", n.name) + lines;
}

} // namespace

std::string write_rack(const Rack& rack) {
    std::string text = "format = 1\n" + connections(rack.connections);
    for (const RackPort& p : rack.inputs)
        text += port("input", p);
    for (const RackPort& p : rack.outputs)
        text += port("output", p);
    for (const RackNode& n : rack.nodes)
        text += node(n);

    // What cannot be read again must not be saved; a struct can hold more than a rack can say.
    std::string reason = "it would read back differently";
    try {
        if (parse_rack(text, "") == rack) return text;
    } catch (const RackError& error) {
        reason = error.message();
    }
    throw RackError(rack.file.empty() ? "rack" : rack.file, 0, "cannot be written: " + reason);
}

} // namespace backline::engine
