// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/feeds.hpp"

#include "daemon/control/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace backline::control {
namespace {

constexpr double kSecond = 1e9;
constexpr std::uint64_t kLevelInterval = 100'000'000; // ns, unless a rate is given
constexpr double kSilence = -200.0;                   // dBFS
/// Parameters sent to one subscriber in one turn, so that a dump does not overrun its socket.
constexpr unsigned kParametersPerTurn = 256;

float decibel(double linear) {
    return static_cast<float>(linear > 1e-10 ? 20.0 * std::log10(linear) : kSilence);
}

bool same_value(double a, double b) {
    return a == b || (std::isnan(a) && std::isnan(b));
}

} // namespace

const void* Feeds::Feed::source() const {
    switch (kind) {
    case Kind::parameter:
        return ref.cell;
    case Kind::result:
        return shared.get();
    case Kind::level:
        break;
    }
    return strip.get();
}

/// A bucket of messages that fills at the subscription's rate, so that the rate holds in the mean
/// though several may go in one turn.
bool Feeds::Tap::admit(std::uint64_t now) {
    const auto rate = static_cast<double>(to->rate);
    if (rate <= 0.0) return true;
    const double most = std::max(1.0, rate * 2.0 * static_cast<double>(kTick) / kSecond);
    const auto passed = static_cast<double>(now - std::exchange(credited_ns, now));
    credit = std::min(most, credit + rate * passed / kSecond);
    if (credit < 1.0) return false;
    credit -= 1.0;
    return true;
}

void Feeds::turn(std::uint64_t now, const std::vector<SubscriptionPtr>& subscriptions,
                 bool changed) {
    // Nodes that have left the graph since are heard out before they are let go.
    for (auto& [source, drain_of_node] : drains_)
        drain(now, drain_of_node);
    if (changed || engine_.model() != model_) rebuild(subscriptions, changed);
    budget_.clear();
    for (auto& [address, feed] : feeds_) {
        switch (feed.kind) {
        case Feed::Kind::parameter:
            send_parameter(now, feed);
            break;
        case Feed::Kind::level:
            read_level(now, feed);
            break;
        case Feed::Kind::result:
            for (Tap& tap : feed.taps)
                if (tap.holds && tap.admit(now)) {
                    send_frame(feed, tap, tap.held);
                    tap.holds = false;
                }
            break;
        }
    }
}

// ---- following the graph ----------------------------------------------------------------------

void Feeds::rebuild(const std::vector<SubscriptionPtr>& subscriptions, bool discard_old) {
    model_ = engine_.model();
    std::vector<Feed> all;
    if (!subscriptions.empty()) collect(all, subscriptions);

    std::map<std::string, Feed> next;
    for (Feed& feed : all) {
        if (const auto former = feeds_.find(feed.address);
            former != feeds_.end() && former->second.source() == feed.source()) {
            for (Tap& tap : feed.taps) {
                auto& taps = former->second.taps;
                const auto same = std::find_if(taps.begin(), taps.end(),
                                               [&](const Tap& t) { return t.to == tap.to; });
                if (same != taps.end()) tap = std::move(*same);
            }
            feed.stale_reads = former->second.stale_reads;
            if (feed.file != former->second.file)
                for (Tap& tap : feed.taps)
                    tap.fresh = true;
        }
        std::string address = feed.address;
        next.emplace(std::move(address), std::move(feed));
    }
    feeds_ = std::move(next);

    std::map<const void*, Drain> drains;
    for (auto& [address, feed] : feeds_) {
        if (feed.kind != Feed::Kind::result) continue;
        Drain& target = drains[feed.shared.get()];
        target.shared = feed.shared;
        if (target.feeds.size() <= feed.result) target.feeds.resize(feed.result + 1);
        target.feeds[feed.result] = &feed;
    }
    if (discard_old) // from the time when nobody listened
        for (auto& [source, drain_of_node] : drains)
            if (drains_.count(source) == 0)
                for (rt::RecordRing* ring : {drain_of_node.shared->audio_results.get(),
                                             drain_of_node.shared->worker_results.get()})
                    while (ring != nullptr && ring->front().data != nullptr)
                        ring->pop();
    drains_ = std::move(drains);
}

/// Every address of the graph that somebody subscribes to.
void Feeds::collect(std::vector<Feed>& all,
                    const std::vector<SubscriptionPtr>& subscriptions) const {
    const auto add = [&](Feed feed) {
        for (const SubscriptionPtr& subscription : subscriptions)
            if (subscription->pattern.matches(feed.address)) feed.taps.push_back({subscription});
        if (!feed.taps.empty()) all.push_back(std::move(feed));
    };
    const auto add_parameter = [&](std::string address, engine::Target target) {
        Feed feed{Feed::Kind::parameter, std::move(address)};
        feed.ref = engine::resolve(*model_, target);
        if (feed.ref.is_file) feed.file = file_of(*model_, target);
        feed.target = std::move(target);
        if (feed.ref.cell != nullptr) add(std::move(feed));
    };
    using Kind = engine::Target::Kind;
    for (const auto& [name, node] : model_->nodes) {
        for (const plugin::ParamInfo& param : node.info->params) {
            const std::string address = "/node/" + name + "/" + param.symbol;
            add_parameter(address, {Kind::node_param, name, param.symbol, false});
            if (param.scale != BL_SCALE_FILE)
                add_parameter(address + "/normalized",
                              {Kind::node_param, name, param.symbol, true});
        }
        add_parameter("/bypass/" + name, {Kind::node_bypass, name, {}, false});
        for (std::uint32_t i = 0; i < node.info->results.size(); ++i) {
            Feed feed{Feed::Kind::result, "/result/" + name + "/" + node.info->results[i].symbol};
            feed.shared = node.shared;
            feed.result = i;
            if (feed.shared) add(std::move(feed));
        }
    }
    const auto add_strips = [&](const auto& strips, const std::string& prefix, Kind kind) {
        for (const auto& [name, strip] : strips) {
            for (const char* param : {"gain", "mute"})
                add_parameter(prefix + name + "/" + param, {kind, name, param, false});
            if (kind == Kind::output)
                for (const char* param : {"ceiling", "soft_clip"})
                    add_parameter(prefix + name + "/" + param, {kind, name, param, false});
            Feed feed{Feed::Kind::level, "/level/" + name};
            feed.strip = strip.strip;
            if (feed.strip) add(std::move(feed));
        }
    };
    add_strips(model_->inputs, "/input/", Kind::input);
    add_strips(model_->outputs, "/output/", Kind::output);
    add_parameter("/mute", {Kind::master_mute, {}, {}, false});
}

// ---- results ------------------------------------------------------------------------------------

/// Takes what the audio and the worker role have emitted, in the order of its time.
void Feeds::drain(std::uint64_t now, Drain& from) {
    rt::RecordRing* const rings[] = {from.shared->audio_results.get(),
                                     from.shared->worker_results.get()};
    for (;;) {
        rt::RecordRing* oldest = nullptr;
        plugin::ResultFrame header{};
        rt::RecordRing::Record record{nullptr, 0};
        for (rt::RecordRing* ring : rings) {
            if (ring == nullptr) continue;
            const rt::RecordRing::Record candidate = ring->front();
            if (candidate.data == nullptr || candidate.size < sizeof header) continue;
            plugin::ResultFrame found{};
            std::memcpy(&found, candidate.data, sizeof found);
            if (oldest != nullptr && found.time >= header.time) continue;
            oldest = ring;
            header = found;
            record = candidate;
        }
        if (oldest == nullptr) return;
        Feed* const feed = header.result < from.feeds.size() ? from.feeds[header.result] : nullptr;
        if (feed != nullptr) {
            Frame frame{header.time, std::vector<float>(header.count)};
            std::memcpy(
                frame.values.data(), record.data + sizeof header,
                std::min<std::size_t>(record.size - sizeof header, header.count * sizeof(float)));
            oldest->pop();
            deliver(now, *feed, std::move(frame));
        } else {
            oldest->pop();
        }
    }
}

void Feeds::deliver(std::uint64_t now, Feed& feed, Frame frame) {
    for (Tap& tap : feed.taps) {
        if (tap.to->ended) continue;
        if (tap.admit(now)) {
            tap.holds = false;
            send_frame(feed, tap, frame);
        } else {
            tap.holds = true;
            tap.held = frame;
        }
    }
}

void Feeds::send_frame(const Feed& feed, const Tap& tap, const Frame& frame) {
    protocol::Message message{feed.address, {}};
    message.args.reserve(frame.values.size() + 1);
    message.args.emplace_back(wall_.from_raw(raw_at(cycle_.anchor(), frame.time)));
    for (const float value : frame.values)
        message.args.emplace_back(value);
    replies_.stream(*tap.to->peer, message);
}

// ---- levels -------------------------------------------------------------------------------------

void Feeds::read_level(std::uint64_t now, Feed& feed) {
    std::vector<process::Meter::Channel> levels(feed.strip->channels);
    std::uint64_t frames = feed.strip->meter.read(levels.data());
    if (frames != 0 && feed.stale_reads != 0) {
        --feed.stale_reads;
        frames = 0;
    }
    for (Tap& tap : feed.taps) {
        if (frames != 0) {
            tap.level.resize(levels.size());
            tap.level_frames += frames;
            for (std::size_t c = 0; c < levels.size(); ++c) {
                tap.level[c].peak = std::max(tap.level[c].peak, levels[c].peak);
                tap.level[c].square_sum += levels[c].square_sum;
                tap.level[c].clipped += levels[c].clipped;
            }
        }
        if (tap.level_frames == 0 || now < tap.level_due_ns) continue;
        const auto rate = static_cast<double>(tap.to->rate);
        const std::uint64_t interval =
            rate <= 0.0 ? kLevelInterval
                        : std::max(kTick, static_cast<std::uint64_t>(kSecond / rate));
        // From when it was due, so that turns that come late do not slow it down.
        tap.level_due_ns = std::max(tap.level_due_ns, now > kTick ? now - kTick : 0) + interval;
        const auto count = static_cast<double>(tap.level_frames);
        const double rate_now = cycle_.anchor().rate;
        const auto half =
            static_cast<std::uint64_t>(rate_now > 0.0 ? count / rate_now * kSecond / 2.0 : 0.0);
        protocol::Message message{feed.address, {}};
        message.args.emplace_back(wall_.from_raw(now - std::min(now, half)));
        for (const process::Meter::Channel& channel : tap.level) {
            message.args.emplace_back(decibel(static_cast<double>(channel.peak)));
            message.args.emplace_back(decibel(std::sqrt(channel.square_sum / count)));
            message.args.emplace_back(static_cast<std::int32_t>(channel.clipped));
        }
        replies_.stream(*tap.to->peer, message);
        tap.level.clear();
        tap.level_frames = 0;
    }
}

// ---- parameters
// -----------------------------------------------------------------------------------

void Feeds::send_parameter(std::uint64_t now, Feed& feed) {
    const double value = cycle_.value(*feed.ref.cell);
    for (Tap& tap : feed.taps) {
        const bool news = tap.fresh || (!feed.ref.is_file && !same_value(tap.sent, value));
        if (!news) continue;
        unsigned& used = budget_[tap.to.get()];
        if (used >= kParametersPerTurn) continue;
        if (!tap.fresh && !tap.admit(now)) continue;
        ++used;
        tap.fresh = false;
        tap.sent = value;
        replies_.stream(*tap.to->peer, {feed.address, as_arguments(feed.ref, feed.target.normalized,
                                                                   value, feed.file)});
    }
}

} // namespace backline::control
