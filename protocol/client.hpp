// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/messages.hpp"
#include "protocol/transport.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/** @file A client of the daemon: requests with replies, transactions, paged replies, streams. */
namespace backline::protocol {

/** The daemon did not answer in time; what() names the request. */
struct TimeoutError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/** The daemon answered `/fail`; what() is its message. */
struct RequestError : std::runtime_error {
    /** @param code_symbol  as it came, because a newer daemon may know more of them */
    RequestError(std::string code_symbol, const std::string& message)
        : std::runtime_error(message), code(std::move(code_symbol)) {}
    std::string code; ///< symbol: `no_such_node`, …
};

/** What came back for a request. */
struct Reply {
    bool ok = false;            ///< `/done` rather than `/fail`
    std::string address;        ///< what it answers; `#bundle` for a transaction
    std::vector<Argument> args; ///< of `/done`: what follows id and address
    std::string code;           ///< of `/fail`: symbol
    std::string message;        ///< of `/fail`: for people
    std::optional<int> member;  ///< of a failed transaction: which member, from 0
    std::string member_address; ///< of a failed transaction: the member's address

    /** Returns itself when ok. @throws RequestError otherwise */
    const Reply& or_throw() const&;
    /** The same for a temporary. */
    Reply or_throw() &&;
};

/**
 * A connection to a daemon. Not shared between threads; blocks only where a timeout is given.
 * Every function throws ConnectionError when the socket breaks, std::invalid_argument for text that
 * OSC cannot carry.
 */
class Client {
  public:
    /** Unit of all times here. */
    using Milliseconds = std::chrono::milliseconds;
    /** Longer than the 10 s after which the daemon itself gives a plugin up. */
    static constexpr Milliseconds kTimeout{12'000};

    /** @param url `osc.udp://host:port` or `osc.unix:///path` */
    explicit Client(std::string_view url) : transport_(Url::parse(url)) {}

    /**
     * Sends a request under an id of its own and waits for its reply.
     * @throws TimeoutError  the request may or may not have taken effect then
     */
    Reply request(std::string_view address, std::vector<Argument> args = {},
                  Milliseconds timeout = kTimeout);

    /**
     * Sends messages as one bundle with one reply: all of it or none.
     * @throws TimeoutError
     */
    Reply bundle(std::vector<Message> members, TimeTag time = kImmediately,
                 Milliseconds timeout = kTimeout);

    /**
     * Asks for a paged reply and puts its pages together; begins again when the answer changed in
     * between. @p timeout is for each page.
     * @throws RequestError, TimeoutError
     */
    std::string text(std::string_view address, const std::vector<Argument>& args = {},
                     Milliseconds timeout = kTimeout);

    /** Sends without waiting; a `/fail` that comes of it arrives through poll(). */
    void send(const Packet& packet) { transport_.send(encode(packet)); }

    /**
     * Subscribes, and renews the lease from poll() and request() as long as they are called.
     * @param rate   at most so many messages per second and address; 0: all
     * @param lease  seconds the daemon waits for a renewal
     * @throws RequestError, TimeoutError
     */
    void subscribe(std::string_view pattern, float rate = 0, float lease = 10);

    /** Ends what subscribe() began. @throws RequestError, TimeoutError */
    void unsubscribe(std::string_view pattern);

    /**
     * Hands over what came without being a reply to a request: streams, and failures of silent
     * sets. Waits up to @p timeout for the first; members of bundles come one by one.
     * @return how many messages were handed over
     */
    std::size_t poll(const std::function<void(const Message&)>& callback, Milliseconds timeout);

    /** Messages discarded because nobody called poll(). */
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
    /** The connection. */
    [[nodiscard]] const Transport& transport() const { return transport_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Subscription {
        Message message;
        std::chrono::duration<float> interval;
        Clock::time_point due;
    };

    Reply await(std::int32_t id, std::string_view what, Milliseconds timeout);
    std::optional<Reply> sort(Packet&& packet, std::int32_t id);
    void renew();
    Clock::time_point sooner(Clock::time_point deadline) const;
    std::int32_t next_id();

    Transport transport_;
    std::deque<Message> inbox_;
    std::vector<Subscription> subscriptions_;
    std::uint64_t dropped_ = 0;
    std::int32_t last_id_ = 0;
};

} // namespace backline::protocol
