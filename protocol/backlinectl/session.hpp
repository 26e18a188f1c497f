// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol/client.hpp"

#include <iosfwd>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace backline::protocol::backlinectl {

/** The command line makes no sense, in a way that only the command itself could tell. */
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/** What holds for every command. */
struct Options {
    std::string url;                                   ///< empty: look for the daemon
    bool json = false;                                 ///< print what the daemon said as JSON
    double timeout_s = Client::kTimeout.count() / 1e3; ///< for each reply
};

/** One run of the program: the daemon, opened when first needed, and where output goes. */
class Session {
  public:
    Session(Options options, std::ostream& out_stream)
        : out(out_stream), options_(std::move(options)) {}

    /** The daemon, at the first place that takes a connection. @throws ConnectionError */
    Client& client();
    /** A request that is to succeed. @throws RequestError, TimeoutError, ConnectionError */
    Reply ask(std::string_view address, std::vector<Argument> args = {});
    /** A request whose reply says nothing more: with --json prints `{}`. Same errors. */
    void tell(std::string_view address, std::vector<Argument> args = {});
    /**
     * Returns when the daemon, which has been asked to end, has gone: its socket is closed, or over
     * UDP nobody answers any more. @throws TimeoutError when it stays
     */
    void await_end();
    /** A paged reply. Same errors. */
    std::string text(std::string_view address, std::vector<Argument> args = {});

    /** Why the places before the one in use were none: `; ` and the reason of each, or empty. */
    [[nodiscard]] const std::string& tried() const { return tried_; }
    /** Whether JSON is wanted. */
    [[nodiscard]] bool json() const { return options_.json; }

    std::ostream& out; ///< standard output

  private:
    [[nodiscard]] Client::Milliseconds timeout() const;

    Options options_;
    std::unique_ptr<Client> client_;
    std::string tried_;
};

/** Where to look when no URL was given, in this order: the socket, then UDP on this machine. */
std::vector<std::string> default_urls();

} // namespace backline::protocol::backlinectl
