// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/session.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdlib>
#include <ostream>
#include <thread>
#include <utility>

namespace backline::protocol::backlinectl {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

} // namespace

std::vector<std::string> default_urls() {
    // systemd separates several directories by colons; the first is ours.
    std::string directory = environment("RUNTIME_DIRECTORY");
    directory.resize(std::min(directory.find(':'), directory.size()));
    if (directory.empty()) directory = "/run/backline";
    return {"osc.unix://" + directory + "/osc.sock", "osc.udp://127.0.0.1:9770"};
}

Client& Session::client() {
    if (client_) return *client_;
    std::vector<std::string> urls;
    if (!options_.url.empty())
        urls = {options_.url};
    else if (const std::string url = environment("BACKLINE_URL"); !url.empty())
        urls = {url};
    else
        urls = default_urls();

    for (std::size_t i = 0;; ++i) {
        try {
            client_ = std::make_unique<Client>(urls[i]);
            return *client_;
        } catch (const ConnectionError& error) {
            if (i + 1 == urls.size()) throw;
            tried_ += "; " + std::string(error.what());
        } catch (const std::invalid_argument& error) {
            throw UsageError(error.what());
        }
    }
}

Client::Milliseconds Session::timeout() const {
    return Client::Milliseconds(static_cast<Client::Milliseconds::rep>(options_.timeout_s * 1e3));
}

Reply Session::ask(std::string_view address, std::vector<Argument> args) {
    return client().request(address, std::move(args), timeout()).or_throw();
}

void Session::tell(std::string_view address, std::vector<Argument> args) {
    ask(address, std::move(args));
    if (json()) out << "{}\n";
}

void Session::await_end() {
    constexpr Client::Milliseconds kLook{50};
    // An end takes the daemon two seconds at most, whatever hangs. Only where nothing says that a
    // port is closed does silence have to tell.
    constexpr int kUnanswered = 60;
    const bool stream = client().transport().url().scheme == Url::Scheme::unix_stream;
    const auto limit = std::chrono::steady_clock::now() + timeout();
    try {
        for (int unanswered = 0; unanswered < kUnanswered;) {
            if (std::chrono::steady_clock::now() >= limit)
                throw TimeoutError("the daemon was asked to end and is still there");
            if (stream) {
                client().poll([](const Message&) {}, kLook);
                continue;
            }
            try {
                client().request("/ping", {}, kLook);
                unanswered = 0;
                std::this_thread::sleep_for(kLook);
            } catch (const TimeoutError&) {
                ++unanswered;
            }
        }
    } catch (const ConnectionError&) {
        // Closed: that is what was waited for.
    }
}

std::string Session::text(std::string_view address, std::vector<Argument> args) {
    return client().text(address, args, timeout());
}

} // namespace backline::protocol::backlinectl
