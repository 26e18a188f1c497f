// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/jack_client.hpp"

#include "daemon/log.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

namespace backline::audio {
namespace {

/// A list that JACK allocated: a nullptr-terminated array of names.
std::vector<std::string> take_names(const char** names) {
    std::vector<std::string> list;
    for (const char** name = names; name != nullptr && *name != nullptr; ++name)
        list.emplace_back(*name);
    jack_free(names);
    return list;
}

/// jackd2 reports a name that is taken in words only: its status says "server error" for all that a
/// server refuses. Set while the words pass by, on the thread that opens.
constinit thread_local bool name_conflict = false;

/// The library writes to standard error unless told otherwise; a server that is away is normal.
void listen_to_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        constexpr auto hear = [](const char* text) {
            if (std::strstr(text, "another running client") != nullptr) name_conflict = true;
            log::limited(LogLevel::debug, "libjack", "libjack: {}", text);
        };
        jack_set_error_function(hear);
        jack_set_info_function(hear);
    });
}

/// Keeps abandoned bridges reachable: JACK's threads still hold their addresses.
void keep_for_ever(std::shared_ptr<JackBridge> bridge) {
    static std::mutex mutex;
    static auto* const kept = new std::vector<std::shared_ptr<JackBridge>>;
    const std::lock_guard lock(mutex);
    kept->push_back(std::move(bridge));
}

} // namespace

JackClient::~JackClient() {
    if (client_ != nullptr) keep_for_ever(std::move(bridge_));
}

JackClient::Opened JackClient::open(const std::string& server, const std::string& name) {
    listen_to_library();
    name_conflict = false;
    const int options =
        JackNoStartServer | JackUseExactName | (server.empty() ? 0 : JackServerName);
    jack_status_t status{};
    client_ = jack_client_open(name.c_str(), static_cast<jack_options_t>(options), &status,
                               server.c_str());
    if (client_ == nullptr)
        return (status & JackNameNotUnique) != 0 || name_conflict ? Opened::name_taken
                                                                  : Opened::no_server;
    bridge_->install(client_);
    return Opened::yes;
}

bool JackClient::activate() {
    return jack_activate(client_) == 0;
}

void JackClient::close() {
    if (client_ == nullptr) return;
    // The library cancels its threads on closing, which must not happen inside the cycle.
    while (!bridge_->close_gate(1000)) {
    }
    jack_client_close(client_);
    client_ = nullptr;
}

bool JackClient::realtime() const {
    return jack_is_realtime(client_) != 0;
}

std::string JackClient::name() const {
    return jack_get_client_name(client_);
}

jack_port_t* JackClient::register_port(const std::string& short_name, bool is_input) {
    return jack_port_register(client_, short_name.c_str(), JACK_DEFAULT_AUDIO_TYPE,
                              is_input ? JackPortIsInput : JackPortIsOutput, 0);
}

void JackClient::unregister_port(jack_port_t* port) {
    jack_port_unregister(client_, port);
}

void JackClient::recompute_latencies() {
    jack_recompute_total_latencies(client_);
}

std::vector<JackPort> JackClient::ports() const {
    const auto size = static_cast<std::size_t>(jack_port_name_size());
    std::vector<char> first(size);
    std::vector<char> second(size);
    std::array<char*, 2> aliases{first.data(), second.data()};
    std::vector<JackPort> list;
    for (std::string& name : take_names(jack_get_ports(client_, nullptr, nullptr, 0))) {
        jack_port_t* port = jack_port_by_name(client_, name.c_str());
        if (port == nullptr) continue; // left in between
        JackPort entry;
        entry.name = std::move(name);
        const int flags = jack_port_flags(port);
        entry.is_output = (flags & JackPortIsOutput) != 0;
        entry.physical = (flags & JackPortIsPhysical) != 0;
        if (const char* type = jack_port_type(port)) entry.type = type;
        const int count = jack_port_get_aliases(port, aliases.data());
        for (int i = 0; i < count; ++i)
            entry.aliases.emplace_back(aliases[static_cast<unsigned>(i)]);
        list.push_back(std::move(entry));
    }
    return list;
}

std::vector<std::string> JackClient::connections(const std::string& port) const {
    jack_port_t* handle = jack_port_by_name(client_, port.c_str());
    if (handle == nullptr) return {};
    return take_names(jack_port_get_all_connections(client_, handle));
}

bool JackClient::connected(const JackLink& link) const {
    jack_port_t* from = jack_port_by_name(client_, link.from.c_str());
    return from != nullptr && jack_port_connected_to(from, link.to.c_str()) != 0;
}

std::string JackClient::port_name(jack_port_id_t id) const {
    jack_port_t* port = jack_port_by_id(client_, id);
    const char* name = port == nullptr ? nullptr : jack_port_name(port);
    return name == nullptr ? "" : name;
}

bool JackClient::connect(const JackLink& link) {
    const int result = jack_connect(client_, link.from.c_str(), link.to.c_str());
    return result == 0 || result == EEXIST;
}

bool JackClient::disconnect(const JackLink& link) {
    return jack_disconnect(client_, link.from.c_str(), link.to.c_str()) == 0;
}

} // namespace backline::audio
