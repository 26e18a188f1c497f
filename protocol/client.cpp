// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#include "protocol/client.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace backline::protocol {
namespace {

constexpr std::size_t kInbox = 65'536;
constexpr int kRestarts = 16;

std::string seconds(Client::Milliseconds time) {
    std::string text = std::to_string(time.count() / 1000);
    if (const auto rest = time.count() % 1000; rest != 0)
        text += "." + std::to_string(1000 + rest).substr(1);
    return text + " s";
}

std::string text_at(const Message& message, std::size_t index) {
    if (index >= message.args.size()) return {};
    return std::string(message.args[index].as_text().value_or(std::string_view{}));
}

Reply reply_from(Message&& message) {
    Reply reply;
    reply.ok = message.address == "/done";
    reply.address = text_at(message, 1);
    if (reply.ok) {
        const auto skip = std::min<std::ptrdiff_t>(2, std::ssize(message.args));
        reply.args.assign(std::make_move_iterator(message.args.begin() + skip),
                          std::make_move_iterator(message.args.end()));
        return reply;
    }
    reply.code = text_at(message, 2);
    reply.message = text_at(message, 3);
    if (message.args.size() > 4) reply.member = message.args[4].as_int();
    reply.member_address = text_at(message, 5);
    return reply;
}

/** One page of `/done id address revision offset total text`. */
struct Page {
    std::int32_t revision, offset, total;
    std::string_view text;
};

Page page_from(const Reply& reply, std::string_view address) {
    const auto& args = reply.args;
    if (args.size() >= 4) {
        const auto revision = args[0].as_int(), offset = args[1].as_int(), total = args[2].as_int();
        const auto text = args[3].as_text();
        if (revision && offset && total && text && *offset >= 0 && *total >= 0
            && std::cmp_less_equal(text->size(), *total - *offset))
            return {*revision, *offset, *total, *text};
    }
    throw RequestError("bad_packet", std::string(address) + " did not answer with a page");
}

} // namespace

const Reply& Reply::or_throw() const& {
    if (!ok) throw RequestError(code, message);
    return *this;
}

Reply Reply::or_throw() && {
    if (!ok) throw RequestError(code, message);
    return std::move(*this);
}

std::int32_t Client::next_id() {
    last_id_ = last_id_ == std::numeric_limits<std::int32_t>::max() ? 1 : last_id_ + 1;
    return last_id_;
}

Reply Client::request(std::string_view address, std::vector<Argument> args, Milliseconds timeout) {
    const std::int32_t id = next_id();
    Message wrapped = message("/request", id, address);
    std::move(args.begin(), args.end(), std::back_inserter(wrapped.args));
    send(wrapped);
    return await(id, address, timeout);
}

Reply Client::bundle(std::vector<Message> members, TimeTag time, Milliseconds timeout) {
    const std::int32_t id = next_id();
    members.insert(members.begin(), message("/request", id, "#bundle"));
    send(protocol::bundle(std::move(members), time));
    return await(id, "a transaction", timeout);
}

Reply Client::await(std::int32_t id, std::string_view what, Milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    for (;;) {
        renew();
        if (auto packet = transport_.receive(sooner(deadline))) {
            if (auto reply = sort(*std::move(packet), id)) return *std::move(reply);
        } else if (Clock::now() >= deadline) {
            throw TimeoutError(transport_.url().text() + ": no answer to " + std::string(what)
                               + " within " + seconds(timeout));
        }
    }
}

std::optional<Reply> Client::sort(Packet&& packet, std::int32_t id) {
    if (auto* bundle = std::get_if<Bundle>(&packet)) {
        std::optional<Reply> found;
        for (Element& element : bundle->elements)
            if (auto reply = sort(std::move(element), id)) found = std::move(reply);
        return found;
    }
    auto& message = std::get<Message>(packet);
    if ((message.address == "/done" || message.address == "/fail") && !message.args.empty()) {
        const auto answered = message.args.front().as_int().value_or(0);
        if (answered != 0 && answered == id) return reply_from(std::move(message));
        // An id that nobody waits for any more: a late answer, or a renewed lease.
        if (answered != 0) return std::nullopt;
    }
    if (inbox_.size() == kInbox) {
        inbox_.pop_front();
        ++dropped_;
    }
    inbox_.push_back(std::move(message));
    return std::nullopt;
}

std::string Client::text(std::string_view address, const std::vector<Argument>& args,
                         Milliseconds timeout) {
    std::string result;
    bool begun = false; // result holds pages of this revision and length
    std::int32_t revision = 0;
    std::int32_t total = 0;
    int restarts = 0;
    for (;;) {
        std::vector<Argument> asked = args;
        if (begun) asked.emplace_back(static_cast<std::int32_t>(result.size()));
        const Reply reply = request(address, std::move(asked), timeout).or_throw();
        const Page page = page_from(reply, address);
        if (begun && (page.revision != revision || page.total != total)) {
            if (++restarts == kRestarts)
                throw RequestError("unavailable",
                                   std::string(address) + " changes faster than it can be read");
            result.clear();
            begun = false;
            if (page.offset != 0) continue;
        }
        if (std::cmp_not_equal(page.offset, result.size()))
            throw RequestError("bad_packet",
                               std::string(address) + " answered with another page than asked for");
        result += page.text;
        if (std::cmp_equal(result.size(), page.total)) return result;
        if (page.text.empty())
            throw RequestError("bad_packet", std::string(address) + " answered with an empty page");
        begun = true;
        revision = page.revision;
        total = page.total;
    }
}

void Client::subscribe(std::string_view pattern, float rate, float lease) {
    const Reply reply = request("/subscribe", {pattern, rate, lease}).or_throw();
    // The daemon may grant less than was asked for.
    const double granted =
        reply.args.size() > 1 ? reply.args[1].as_number().value_or(0) : double{lease};
    Subscription entry{
        message("/subscribe", pattern, rate, lease),
        std::chrono::duration<float>(std::max(static_cast<float>(granted) / 3, 0.2F)),
        Clock::now()};
    std::erase_if(subscriptions_, [&](const Subscription& s) {
        return s.message.args[0] == entry.message.args[0];
    });
    entry.due += std::chrono::duration_cast<Clock::duration>(entry.interval);
    // A stream holds its subscriptions by itself.
    if (transport_.url().scheme == Url::Scheme::udp) subscriptions_.push_back(std::move(entry));
}

void Client::unsubscribe(std::string_view pattern) {
    std::erase_if(subscriptions_,
                  [&](const Subscription& s) { return s.message.args[0].as_text() == pattern; });
    request("/unsubscribe", {pattern}).or_throw();
}

void Client::renew() {
    const auto now = Clock::now();
    for (Subscription& s : subscriptions_) {
        if (s.due > now) continue;
        s.due = now + std::chrono::duration_cast<Clock::duration>(s.interval);
        Message wrapped = message("/request", next_id(), s.message.address);
        wrapped.args.insert(wrapped.args.end(), s.message.args.begin(), s.message.args.end());
        send(wrapped);
    }
}

Client::Clock::time_point Client::sooner(Clock::time_point deadline) const {
    for (const Subscription& s : subscriptions_)
        deadline = std::min(deadline, s.due);
    return deadline;
}

std::size_t Client::poll(const std::function<void(const Message&)>& callback,
                         Milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    while (inbox_.empty()) {
        renew();
        if (auto packet = transport_.receive(sooner(deadline)))
            sort(*std::move(packet), 0);
        else if (Clock::now() >= deadline)
            break;
    }
    // What the callback brings in, by a request of its own, waits for the next call.
    std::deque<Message> arrived = std::exchange(inbox_, {});
    for (const Message& message : arrived)
        callback(message);
    return arrived.size();
}

} // namespace backline::protocol
