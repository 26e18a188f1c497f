// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/clock.hpp"
#include "daemon/control/matcher.hpp"
#include "daemon/control/replies.hpp"
#include "daemon/engine/engine.hpp"
#include "daemon/engine/target.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace backline::control {

/// What a peer has asked to be sent.
struct Subscription {
    PeerPtr peer;
    std::string given;         ///< the pattern as it was sent; renames do not change it
    Pattern pattern;           ///< what is matched
    float rate = 0;            ///< messages a second and address at most; 0: all
    std::uint64_t ends_ns = 0; ///< 0: with its connection
    bool ended = false;        ///< nothing is sent any more
};
/// Shared with the taps that serve it.
using SubscriptionPtr = std::shared_ptr<Subscription>;

/// Everything of the graph that somebody subscribes to: parameters, results and levels, each with
/// those it goes to. One thread: it is the consumer of the result rings and the reader of meters.
class Feeds {
  public:
    static constexpr std::uint64_t kTick = 20'000'000; ///< ns between two turns

    /// All of it outlives the feeds.
    Feeds(const engine::Engine& engine, const process::Cycle& cycle, Replies& replies)
        : engine_(engine), cycle_(cycle), replies_(replies) {}

    /// Sends what is new since the last turn, and follows the graph. @p changed: the list of
    /// subscriptions is another one.
    void turn(std::uint64_t now, const std::vector<SubscriptionPtr>& subscriptions, bool changed);
    /// Whether nothing that is subscribed to exists.
    [[nodiscard]] bool empty() const noexcept { return feeds_.empty(); }

  private:
    struct Frame {
        std::uint64_t time = 0; ///< sample clock
        std::vector<float> values = {};
    };
    /// One subscriber of a feed.
    struct Tap {
        SubscriptionPtr to;
        bool fresh = true;   ///< nothing was sent yet
        double credit = 1.0; ///< messages it may be sent
        std::uint64_t credited_ns = 0;
        double sent = 0.0;                               ///< newest value
        bool holds = false;                              ///< a frame came too soon
        Frame held = {};                                 ///< the newest such
        std::vector<process::Meter::Channel> level = {}; ///< since the last message
        std::uint64_t level_frames = 0;
        std::uint64_t level_due_ns = 0;

        bool admit(std::uint64_t now);
    };
    struct Feed {
        enum class Kind : std::uint8_t { parameter, result, level } kind;
        std::string address;
        engine::ParamRef ref = {};                   ///< parameter
        engine::Target target = {};                  ///< parameter
        std::string file = {};                       ///< of a file parameter: the name in place
        std::shared_ptr<plugin::Shared> shared = {}; ///< result
        std::uint32_t result = 0;
        std::shared_ptr<process::Strip> strip = {}; ///< level
        unsigned stale_reads = 2; ///< level: what the meter gathered while nobody listened
        std::vector<Tap> taps = {};

        [[nodiscard]] const void* source() const; ///< what it reads; equal for the same thing
    };
    /// The results of one node, by index; nullptr where nobody listens.
    struct Drain {
        std::shared_ptr<plugin::Shared> shared;
        std::vector<Feed*> feeds;
    };

    void rebuild(const std::vector<SubscriptionPtr>& subscriptions, bool discard_old);
    void collect(std::vector<Feed>& all, const std::vector<SubscriptionPtr>& subscriptions) const;
    void drain(std::uint64_t now, Drain& drain);
    void deliver(std::uint64_t now, Feed& feed, Frame frame);
    void send_frame(const Feed& feed, const Tap& tap, const Frame& frame);
    void read_level(std::uint64_t now, Feed& feed);
    void send_parameter(std::uint64_t now, Feed& feed);

    const engine::Engine& engine_;
    const process::Cycle& cycle_;
    Replies& replies_;
    WallClock wall_;
    std::shared_ptr<const engine::Model> model_; ///< that feeds_ were made from
    std::map<std::string, Feed> feeds_;          ///< by address
    std::map<const void*, Drain> drains_;
    std::map<const Subscription*, unsigned> budget_; ///< parameters each may still get this turn
};

} // namespace backline::control
