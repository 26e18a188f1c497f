// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/reader.hpp"

#include "daemon/control/values.hpp"

#include <algorithm>
#include <utility>

namespace backline::control {
namespace {

using protocol::Bundle;
using protocol::Code;
using protocol::Family;
using protocol::Kind;
using protocol::Message;

Refusal refusal(const Call& call, Code code, std::string message) {
    return {call.id, call.address, std::string(to_symbol(code)), std::move(message)};
}

std::string no_such_address(const std::string& address) {
    std::vector<std::string_view> patterns;
    for (const protocol::Address& row : protocol::kAddresses)
        if (row.incoming()) patterns.push_back(row.pattern);
    return "there is no address " + address + did_you_mean(address, patterns)
           + "; /help lists them all";
}

bool may(Role role, protocol::Role needed) {
    return static_cast<int>(role) >= static_cast<int>(needed);
}

/// One message as a call, or why it is none. What could be made out is in `call` either way.
std::optional<Refusal> read_message(const Message& message, Role role, Call& call) {
    std::span<const protocol::Argument> args = message.args;
    call.address = message.address;
    if (message.address == "/request") {
        const protocol::Address& wrapper = address_of(protocol::AddressId::request);
        if (const auto wrong =
                protocol::check(wrapper, args.first(std::min<std::size_t>(args.size(), 2))))
            return refusal(call, wrong->code, wrong->text);
        call.id = *args[0].as_int();
        call.wrapped = true;
        call.address = *args[1].as_text();
        args = args.subspan(2);
        if (call.address == kBundleAddress)
            return refusal(call, Code::bad_bundle,
                           "/request id \"#bundle\" is the first element of a bundle");
    }
    if (call.wrapped && call.address == "/request")
        return refusal(call, Code::no_such_address,
                       "/request wraps a command of its own, got another /request");
    const auto match = protocol::find(call.address);
    if (!match || !match->row->incoming() || match->row->kind == Kind::wrapper)
        return refusal(call, Code::no_such_address, no_such_address(call.address));
    call.row = match->row;
    for (std::size_t i = 0; i < call.names.size(); ++i)
        call.names[i] = match->names[i];

    const protocol::PageRequest page = page_request(*call.row, args);
    call.kind = resolve(call.row->kind, page.args);
    // Looking at a value takes no right to change it.
    const bool looks = call.row->kind == Kind::value && call.kind == Kind::query;
    if (!may(role, looks ? protocol::Role::monitor : call.row->role))
        return refusal(call, Code::denied,
                       call.address + " takes the role " + std::string(to_string(call.row->role))
                           + ", this sender has " + to_string(role));
    if (protocol::check(*call.row, args)) {
        // Again, to say it of what the address stands for: a pattern of the table tells people
        // nothing.
        const std::string of = call.row->kind == Kind::value
                                   ? engine::describe(target_of(*call.row, call.names))
                                   : call.address;
        const auto wrong = protocol::check(*call.row, args, of);
        return refusal(call, wrong->code, wrong->text);
    }
    call.offset = page.offset;
    args = args.first(page.args);
    call.args.assign(args.begin(), args.end());
    return std::nullopt;
}

/// Whether @p a is due before @p b. Where an NTP era ends, 2036, small numbers come after large
/// ones.
bool earlier(protocol::TimeTag a, protocol::TimeTag b) {
    constexpr std::uint64_t days = std::uint64_t{2 * 86'400} << 32;
    const bool wrapped = a.ntp < days && b.ntp > ~days;
    return a < b && !wrapped;
}

/// A message's place in a bundle, inner bundles of the same time opened.
struct Member {
    Call call;
    std::optional<Refusal> wrong;
};

class BundleReader {
  public:
    BundleReader(Role role, std::size_t bytes, Reading& to) : role_(role), bytes_(bytes), to_(to) {}

    void read(const Bundle& bundle) {
        auto elements = std::span(bundle.elements);
        std::optional<std::int32_t> head = read_head(elements);
        if (head) elements = elements.subspan(1);

        std::vector<Member> members;
        std::vector<const Bundle*> later;
        if (auto wrong = flatten(elements, bundle.time, members, later)) {
            to_.refusals.push_back({head.value_or(0), kBundleAddress,
                                    std::string(to_symbol(wrong->first)), wrong->second});
            return;
        }
        const bool graph = std::any_of(members.begin(), members.end(), [](const Member& m) {
            return m.call.row != nullptr && m.call.row->kind == Kind::graph;
        });
        if (head && !later.empty()) {
            to_.refusals.push_back({*head, kBundleAddress, "bad_bundle",
                                    "a bundle with a head is due at one time; an inner bundle has "
                                    "another"});
            return;
        }
        if (head || graph)
            transaction(std::move(members), head.value_or(0), bundle.time);
        else
            loose(std::move(members), bundle.time);
        for (const Bundle* inner : later)
            read(*inner);
    }

  private:
    using Wrong = std::optional<std::pair<Code, std::string>>;

    static std::optional<std::int32_t> read_head(std::span<const protocol::Element> elements) {
        if (elements.empty()) return std::nullopt;
        const auto* first = std::get_if<Message>(&elements.front());
        if (first == nullptr || first->address != "/request" || first->args.size() != 2
            || first->args[1].as_text() != kBundleAddress)
            return std::nullopt;
        return first->args[0].as_int();
    }

    /// Opens inner bundles that are due with the outer one; those due later are bundles of their
    /// own.
    Wrong flatten(std::span<const protocol::Element> elements, protocol::TimeTag time,
                  std::vector<Member>& members, std::vector<const Bundle*>& later) {
        for (const protocol::Element& element : elements) {
            if (const auto* inner = std::get_if<Bundle>(&element)) {
                if (!inner->time.immediate() && !time.immediate() && earlier(inner->time, time))
                    return std::pair(Code::bad_time,
                                     std::string("an inner bundle is due before its outer one"));
                if (!inner->time.immediate() && inner->time != time) {
                    later.push_back(inner);
                } else if (read_head(inner->elements)) {
                    return std::pair(Code::bad_bundle,
                                     std::string("a head belongs to the outermost bundle"));
                } else if (auto wrong = flatten(inner->elements, time, members, later)) {
                    return wrong;
                }
                continue;
            }
            Member& member = members.emplace_back();
            member.wrong = read_message(std::get<Message>(element), role_, member.call);
        }
        return std::nullopt;
    }

    /// What cannot be undone cannot be part of it.
    static std::optional<std::string> misplaced(const Call& call) {
        if (call.wrapped) return "a member has no id of its own; put /request id \"#bundle\" first";
        if (call.row->family == Family::jack) return "the JACK server knows no transactions";
        if (call.kind != Kind::graph && call.kind != Kind::set)
            return "a transaction holds graph commands and sets only";
        return std::nullopt;
    }

    void transaction(std::vector<Member> members, std::int32_t id, protocol::TimeTag time) {
        Unit unit{Unit::Form::transaction, {}, id, time, bytes_};
        for (std::size_t i = 0; i < members.size(); ++i) {
            Call& call = members[i].call;
            auto wrong = std::move(members[i].wrong);
            if (!wrong)
                if (auto why = misplaced(call))
                    wrong = refusal(call, Code::bad_bundle, call.address + ": " + *why);
            if (wrong) {
                to_.refusals.push_back({id, kBundleAddress, std::move(wrong->code),
                                        std::move(wrong->message), static_cast<std::int32_t>(i),
                                        call.address});
                return;
            }
            unit.members.push_back(static_cast<std::int32_t>(i));
            unit.calls.push_back(std::move(call));
        }
        to_.units.push_back(std::move(unit));
    }

    /// Sets of a bundle without a graph command go together; the others are as if they came alone.
    void loose(std::vector<Member> members, protocol::TimeTag time) {
        std::optional<std::size_t> sets;
        for (Member& member : members) {
            Call& call = member.call;
            if (!member.wrong && call.kind != Kind::set && !time.immediate())
                member.wrong =
                    refusal(call, Code::bad_bundle,
                            call.address + ": only graph commands and sets can be timed");
            if (member.wrong) {
                to_.refusals.push_back(*std::move(member.wrong));
            } else if (call.kind != Kind::set) {
                Unit& unit = to_.units.emplace_back();
                unit.bytes = bytes_;
                unit.calls.push_back(std::move(call));
            } else if (sets) {
                to_.units[*sets].form = Unit::Form::sets;
                to_.units[*sets].calls.push_back(std::move(call));
            } else {
                sets = to_.units.size();
                Unit& unit = to_.units.emplace_back();
                unit.time = time;
                unit.bytes = bytes_;
                unit.calls.push_back(std::move(call));
            }
        }
    }

    Role role_;
    std::size_t bytes_;
    Reading& to_;
};

} // namespace

Reading read_packet(const protocol::Packet& packet, Role role, std::size_t bytes) {
    Reading reading;
    if (const auto* bundle = std::get_if<Bundle>(&packet)) {
        BundleReader(role, bytes, reading).read(*bundle);
        return reading;
    }
    Call call;
    if (auto wrong = read_message(std::get<Message>(packet), role, call)) {
        reading.refusals.push_back(*std::move(wrong));
        return reading;
    }
    Unit& unit = reading.units.emplace_back();
    unit.bytes = bytes;
    unit.calls.push_back(std::move(call));
    return reading;
}

} // namespace backline::control
