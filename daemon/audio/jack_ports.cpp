// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/jack_ports.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <regex.h>

#include <jack/types.h>

namespace backline::audio {
namespace {

class Regex {
  public:
    explicit Regex(const std::string& expression)
        : valid_(regcomp(&compiled_, expression.c_str(), REG_EXTENDED | REG_NOSUB) == 0) {}
    ~Regex() {
        if (valid_) regfree(&compiled_);
    }
    Regex(const Regex&) = delete;
    Regex& operator=(const Regex&) = delete;

    bool finds(const std::string& text) const {
        return valid_ && regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
    }

  private:
    regex_t compiled_{};
    bool valid_;
};

/// The N of "prefixN", from 1; 0 when `pattern` is something else.
std::size_t ordinal(std::string_view pattern, std::string_view prefix) {
    if (!pattern.starts_with(prefix)) return 0;
    const std::string_view digits = pattern.substr(prefix.size());
    std::size_t n = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    return error == std::errc{} && end == digits.data() + digits.size() ? n : 0;
}

} // namespace

bool JackPort::audio() const {
    return type == JACK_DEFAULT_AUDIO_TYPE;
}

JackPortList::JackPortList(std::string client, std::vector<JackPort> ports)
    : client_(std::move(client)), ports_(std::move(ports)) {
    for (std::size_t i = 0; i < ports_.size(); ++i)
        by_name_.emplace(ports_[i].name, i);
}

const JackPort* JackPortList::find(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &ports_[found->second];
}

bool JackPortList::ours(std::string_view name) const {
    return name.size() > client_.size() && name[client_.size()] == ':' && name.starts_with(client_);
}

std::vector<const JackPort*> JackPortList::match(std::string_view pattern, JackEnd end) const {
    const bool sends = end == JackEnd::from;
    const auto one = [sends](const JackPort* port) {
        return port != nullptr && port->is_output == sends ? std::vector{port}
                                                           : std::vector<const JackPort*>{};
    };
    const std::string text(pattern);
    if (const JackPort* port = find(text)) return one(port);
    for (const JackPort& port : ports_)
        if (std::find(port.aliases.begin(), port.aliases.end(), text) != port.aliases.end())
            return one(&port);
    if (const std::size_t n = ordinal(pattern, "capture:")) return one(nth_physical(n, true));
    if (const std::size_t n = ordinal(pattern, "playback:")) return one(nth_physical(n, false));
    if (pattern.size() > 2 && pattern.front() == '/' && pattern.back() == '/')
        return match_regex(text.substr(1, text.size() - 2), end);
    return one(find(full(pattern)));
}

std::vector<const JackPort*> JackPortList::match_regex(const std::string& expression,
                                                       JackEnd end) const {
    std::vector<const JackPort*> found;
    const Regex regex(expression);
    for (const JackPort& port : ports_) {
        if (port.is_output != (end == JackEnd::from) || ours(port.name)) continue;
        if (regex.finds(port.name)
            || std::any_of(port.aliases.begin(), port.aliases.end(),
                           [&](const std::string& alias) { return regex.finds(alias); }))
            found.push_back(&port);
    }
    return found;
}

const JackPort* JackPortList::nth_physical(std::size_t n, bool is_output) const {
    for (const JackPort& port : ports_)
        if (port.physical && port.audio() && port.is_output == is_output && --n == 0) return &port;
    return nullptr;
}

} // namespace backline::audio
