// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/order.hpp"

#include "daemon/control/dispatch.hpp"
#include "daemon/control/rack_files.hpp"
#include "daemon/control/subscriptions.hpp"
#include "daemon/control/wanted_plugins.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

namespace backline::control {
namespace {

using protocol::Kind;

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kPoll = kMillisecond;
constexpr std::uint64_t kSettle = 2000 * kMillisecond;

bool is_sync(const Unit& unit) {
    return unit.form == Unit::Form::single
           && unit.calls.front().row->id == protocol::AddressId::sync;
}

bool changes_graph(const Unit& unit) {
    return std::any_of(unit.calls.begin(), unit.calls.end(),
                       [](const Call& call) { return call.kind == Kind::graph; });
}

/// A set's target and number, as the audio side takes them.
std::pair<engine::ParamRef, double> look_up(const engine::Model& model,
                                            const engine::SetValue& set) {
    engine::ParamRef ref = engine::resolve(model, set.target);
    const double value = ref.is_file ? 0.0 : engine::to_number(ref, set.target, set.value);
    return {std::move(ref), value};
}

} // namespace

// ---- waiting
// --------------------------------------------------------------------------------------

void Order::take(const PeerPtr& peer, Unit unit) {
    const bool passes = unit.form == Unit::Form::single && unit.calls.front().row->passes;
    if (passes || (peer->waiting.empty() && ready(*peer, unit))) {
        run(peer, std::move(unit));
        return;
    }
    if (peer->waiting.size() >= kWaitingUnits || waiting_bytes_ + unit.bytes > kWaitingBytes) {
        refuse_all(peer, unit, "queue_full",
                   std::to_string(peer->waiting.size())
                       + " requests of this sender wait for its graph commands");
        return;
    }
    waiting_bytes_ += unit.bytes;
    if (looked_at(unit)) looking_.push_back(peer);
    peer->waiting.push_back(std::move(unit));
}

/// A unit whose turn it was already: at once, or before all that waits.
void Order::run_first(const PeerPtr& peer, Unit unit) {
    if (ready(*peer, unit)) return run(peer, std::move(unit));
    waiting_bytes_ += unit.bytes;
    if (looked_at(unit)) looking_.push_back(peer);
    peer->waiting.push_front(std::move(unit));
}

/// Whether nothing but looking says that a waiting unit is ready.
bool Order::looked_at(const Unit& unit) const {
    return is_sync(unit) || may_be_found(*context_.registry.catalogue(), unit);
}

bool Order::ready(const Peer& peer, const Unit& unit) const {
    if (peer.blocked != 0 || may_be_found(*context_.registry.catalogue(), unit)) return false;
    if (!unit.time.immediate()) return true; // in the schedule it counts as past
    switch (unit.form) {
    case Unit::Form::transaction:
        return true;
    case Unit::Form::sets:
        return peer.graph_in_engine == 0;
    case Unit::Form::single:
        break;
    }
    const Call& call = unit.calls.front();
    if (is_engine_call(call)) return true;
    if (is_sync(unit)) return peer.unfinished == 0 && heard(peer);
    if (call.kind == Kind::graph) return peer.unfinished == 0; // JACK's
    return peer.in_engine == 0;
}

void Order::pump(const PeerPtr& peer) {
    while (!peer->waiting.empty() && ready(*peer, peer->waiting.front())) {
        Unit unit = std::move(peer->waiting.front());
        peer->waiting.pop_front();
        waiting_bytes_ -= unit.bytes;
        run(peer, std::move(unit));
    }
}

void Order::begin(Peer& peer, bool blocking) {
    ++peer.unfinished;
    if (blocking) ++peer.blocked;
}

void Order::end(const PeerPtr& peer, bool blocking) {
    --peer->unfinished;
    if (blocking) --peer->blocked;
    pump(peer);
}

// ---- carrying out
// ---------------------------------------------------------------------------------

void Order::run(const PeerPtr& peer, Unit unit) {
    if (std::any_of(unit.calls.begin(), unit.calls.end(), needs_rack)) {
        read_racks(peer, std::move(unit));
    } else if (!unit.time.immediate()) {
        schedule(peer, std::move(unit));
    } else if (unit.form != Unit::Form::single) {
        to_engine(peer, std::move(unit), std::nullopt);
    } else if (Call& call = unit.calls.front(); !is_engine_call(call)) {
        run_call(peer, call);
    } else if (call.kind == Kind::graph || peer->in_engine != 0 || !set_directly(peer, call)) {
        to_engine(peer, std::move(unit), std::nullopt);
    }
}

void Order::run_call(const PeerPtr& peer, Call& call) {
    try {
        handler_of (*call.row)(context_, peer, call);
    } catch (const engine::CommandError& error) {
        context_.replies.fail(*peer, {call.id, call.address, error.code, error.what()});
    } catch (const std::exception& error) {
        context_.replies.fail(*peer, {call.id, call.address, "internal", error.what()});
    }
}

/// Past the engine, straight to the audio side. False when it is none of that kind.
bool Order::set_directly(const PeerPtr& peer, Call& call) {
    try {
        const engine::Op op = op_maker_of(*call.row)(call);
        const auto* set = std::get_if<engine::SetValue>(&op);
        if (set == nullptr) return false;
        const auto model = context_.engine.model();
        auto [ref, value] = look_up(*model, *set);
        if (ref.is_file || ref.cell == nullptr) return false;
        if (!context_.cycle.set(ref.handle, *ref.cell, ref.param, value))
            throw engine::CommandError("queue_full",
                                       engine::describe(set->target)
                                           + ": too many values wait for the audio side");
        // Numbers grow, but a value that joined one already waiting keeps that one's.
        if (peer->last_set == nullptr || context_.cycle.heard(*peer->last_set)
            || ref.cell->set_number.load() >= peer->last_set->set_number.load()) {
            peer->last_set = ref.cell;
            peer->last_owner = ref.owner;
        }
        if (call.wrapped) {
            ++peer->unfinished;
            ref.info = nullptr; // belongs to the model
            hearing_.push_back({peer, std::move(call), std::move(ref)});
        }
    } catch (const engine::CommandError& error) {
        context_.replies.fail(*peer, {call.id, call.address, error.code, error.what()});
    }
    return true;
}

/// Reads and parses the racks a unit names, on another thread; everything later of its sender
/// waits.
void Order::read_racks(const PeerPtr& peer, Unit unit) {
    begin(*peer, true);
    struct Work {
        PeerPtr peer;
        Unit unit;
        std::size_t failed = 0;
        std::string code, message;
    };
    auto work = std::make_shared<Work>(Work{peer, std::move(unit), 0, {}, {}});
    auto task = [this, work, inbox = context_.inbox, racks = context_.config.racks] {
        for (Call& call : work->unit.calls) {
            try {
                if (needs_rack(call))
                    call.rack = std::make_shared<const engine::Rack>(
                        call.row->id == protocol::AddressId::rack_load
                            ? read_rack(racks, std::string(*call.args[0].as_text()))
                            : parse_rack_text(*call.args[0].as_text()));
                ++work->failed;
            } catch (const engine::CommandError& error) {
                work->code = error.code;
                work->message = error.what();
                break;
            }
        }
        inbox->post([this, work] {
            --work->peer->blocked;
            if (work->code.empty())
                run_first(work->peer, std::move(work->unit));
            else
                refuse(work->peer, work->unit, work->failed, work->code, work->message);
            --work->peer->unfinished;
            pump(work->peer);
        });
    };
    if (context_.files.run(std::move(task))) return;
    refuse(peer, work->unit, 0, "queue_full", "too many racks wait to be read");
    end(peer, true);
}

void Order::check(const PeerPtr& peer, Call call) {
    if (may_be_found(*context_.registry.catalogue(), call)) {
        begin(*peer, false);
        checks_.emplace_back(peer, std::move(call));
        return;
    }
    engine::Request request;
    request.token = ++tokens_;
    request.sender = UdpPeers::next_id(); // in nobody's way
    request.check_only = true;
    request.ops.push_back(engine::LoadRack{*call.rack});
    Unit unit;
    unit.calls.push_back(std::move(call));
    Pending pending{peer, std::move(unit), std::nullopt, false};
    if (!context_.engine.submit(std::move(request))) {
        refuse(peer, pending.unit, 0, "queue_full", "too many requests wait in the engine");
        return;
    }
    ++peer->unfinished;
    pending_.emplace(tokens_, std::move(pending));
}

void Order::to_engine(const PeerPtr& peer, Unit unit, std::optional<std::int64_t> due_ns) {
    if (unit.form == Unit::Form::sets) {
        // Sets of one bundle that stand on their own: those that cannot be are refused alone, and a
        // file, which takes its time, keeps none of the others waiting.
        const auto model = context_.engine.model();
        for (std::size_t i = 0; i < unit.calls.size();) {
            bool alone = false;
            try {
                const engine::Op op = op_maker_of(*unit.calls[i].row)(unit.calls[i]);
                const auto* set = std::get_if<engine::SetValue>(&op);
                if (set != nullptr && !due_ns) alone = look_up(*model, *set).first.is_file;
                if (!alone) {
                    ++i;
                    continue;
                }
            } catch (const engine::CommandError& error) {
                refuse(peer, unit, i, error.code, error.what());
            }
            Unit single{Unit::Form::single, {}, 0, unit.time, unit.bytes};
            single.calls.push_back(std::move(unit.calls[i]));
            unit.calls.erase(unit.calls.begin() + static_cast<std::ptrdiff_t>(i));
            if (alone) to_engine(peer, std::move(single), due_ns);
        }
        if (unit.calls.empty()) return;
    }
    engine::Request request;
    for (std::size_t i = 0; i < unit.calls.size(); ++i) {
        try {
            request.ops.push_back(op_maker_of(*unit.calls[i].row)(unit.calls[i]));
        } catch (const engine::CommandError& error) {
            refuse(peer, unit, i, error.code, error.what());
            return;
        }
    }
    if (request.ops.empty()) { // a head without members
        succeed(peer, unit);
        return;
    }
    request.token = ++tokens_;
    request.sender = peer->id;
    request.due_ns = due_ns;
    const bool graph = changes_graph(unit);
    if (!context_.engine.submit(std::move(request))) {
        refuse(peer, unit, 0, "queue_full", "too many requests wait in the engine");
        return;
    }
    Pending pending{peer, std::move(unit), due_ns, true};
    if (due_ns) {
        note_timed(pending);
    } else {
        ++peer->unfinished;
        ++peer->in_engine;
        if (graph) ++peer->graph_in_engine;
    }
    pending_.emplace(tokens_, std::move(pending));
}

// ---- outcomes
// -------------------------------------------------------------------------------------

void Order::succeed(const PeerPtr& peer, const Unit& unit) {
    if (unit.form == Unit::Form::transaction) {
        context_.replies.done(*peer, unit.id, kBundleAddress);
        return;
    }
    for (const Call& call : unit.calls)
        if (call.kind != Kind::set || call.wrapped) context_.replies.done(*peer, call);
}

void Order::refuse(const PeerPtr& peer, const Unit& unit, std::size_t index,
                   const std::string& code, const std::string& message) {
    if (unit.form != Unit::Form::transaction) {
        const Call& call = unit.calls[index];
        context_.replies.fail(*peer, {call.id, call.address, code, message});
    } else if (index < unit.calls.size()) {
        context_.replies.fail(*peer, {unit.id, kBundleAddress, code, message, unit.members[index],
                                      unit.calls[index].address});
    } else {
        context_.replies.fail(*peer, {unit.id, kBundleAddress, code, message});
    }
}

/// As a whole: sets that stand on their own one by one.
void Order::refuse_all(const PeerPtr& peer, const Unit& unit, const std::string& code,
                       const std::string& message) {
    if (unit.form == Unit::Form::transaction) return refuse(peer, unit, SIZE_MAX, code, message);
    for (std::size_t i = 0; i < unit.calls.size(); ++i)
        refuse(peer, unit, i, code, message);
}

void Order::completed(engine::Completion completion) {
    if (cancel_done(completion)) return;
    const auto found = pending_.find(completion.token);
    if (found == pending_.end()) return;
    Pending pending = std::move(found->second);
    pending_.erase(found);
    const PeerPtr peer = pending.peer;
    const bool timed = pending.due_ns.has_value();
    if (timed) forget_timed(pending);
    if (!timed && pending.ordered) {
        --peer->in_engine;
        if (changes_graph(pending.unit)) --peer->graph_in_engine;
    }
    bool over = true;
    if (!completion.ok) {
        failed(std::move(pending), completion);
    } else {
        for (const Call& call : pending.unit.calls)
            context_.subscriptions.graph_call_applied(call);
        process::Driver* driver = context_.driver;
        if (completion.ticket != 0 && driver != nullptr && !driver->settled(completion.ticket)) {
            // Heard of as done once others can see its ports.
            settling_.push_back(
                {peer, std::move(pending.unit), completion.ticket, now_ns() + kSettle, !timed});
            over = false;
        } else {
            succeed(peer, pending.unit);
        }
    }
    if (over && !timed) --peer->unfinished;
    pump(peer);
}

void Order::failed(Pending pending, const engine::Completion& completion) {
    const std::size_t index = std::min(completion.failed_op, pending.unit.calls.size() - 1);
    if (completion.code == "cancelled") {
        refuse_all(pending.peer, pending.unit, completion.code, completion.message);
        return;
    }
    refuse(pending.peer, pending.unit, index, completion.code, completion.message);
    if (pending.unit.form != Unit::Form::sets) return;
    // The others of a bundle of sets are as if they had come without it.
    auto& calls = pending.unit.calls;
    calls.erase(calls.begin() + static_cast<std::ptrdiff_t>(index));
    if (!calls.empty()) to_engine(pending.peer, std::move(pending.unit), pending.due_ns);
}

// ---- what is waited for -------------------------------------------------------------------------

bool Order::heard(const Peer& peer) const {
    return peer.last_set == nullptr || context_.cycle.heard(*peer.last_set);
}

/// The value has left the queue: it is in place, unless its node went away before.
void Order::answer_heard(Hearing& hearing) {
    const auto model = context_.engine.model();
    const auto is = [&](const auto& entry) { return entry.second.handle == hearing.ref.handle; };
    const bool there = model->master == hearing.ref.handle
                       || std::any_of(model->nodes.begin(), model->nodes.end(), is)
                       || std::any_of(model->inputs.begin(), model->inputs.end(), is)
                       || std::any_of(model->outputs.begin(), model->outputs.end(), is);
    const Call& call = hearing.call;
    if (there)
        context_.replies.done(*hearing.peer, call);
    else
        context_.replies.fail(*hearing.peer, {call.id, call.address, "no_such_node",
                                              call.address + ": removed before the value arrived"});
    end(hearing.peer, false);
}

void Order::turn(std::uint64_t now) {
    // Moved out first: an answer can make the next request of its sender run.
    std::vector<Hearing> hearing;
    std::erase_if(hearing_, [&](Hearing& each) {
        if (!context_.cycle.heard(*each.ref.cell)) return false;
        hearing.push_back(std::move(each));
        return true;
    });
    for (Hearing& each : hearing)
        answer_heard(each);

    std::vector<Settling> settled;
    std::erase_if(settling_, [&](Settling& each) {
        if (now < each.until && !context_.driver->settled(each.ticket)) return false;
        settled.push_back(std::move(each));
        return true;
    });
    for (const Settling& each : settled) {
        succeed(each.peer, each.unit);
        if (each.counted) end(each.peer, false);
    }

    tell_late(now);

    std::vector<PeerPtr> looking;
    looking.swap(looking_);
    for (const PeerPtr& peer : looking) {
        pump(peer);
        if (std::any_of(peer->waiting.begin(), peer->waiting.end(),
                        [this](const Unit& unit) { return looked_at(unit); }))
            looking_.push_back(peer);
    }

    std::vector<std::pair<PeerPtr, Call>> checks;
    checks.swap(checks_);
    for (auto& [peer, call] : checks) {
        check(peer, std::move(call));
        end(peer, false);
    }
}

std::optional<std::uint64_t> Order::next_turn() const {
    std::optional<std::uint64_t> next;
    if (!hearing_.empty() || !settling_.empty() || !looking_.empty() || !checks_.empty())
        next = now_ns() + kPoll;
    if (late_count_ != 0) next = next ? std::min(*next, late_due_ns_) : late_due_ns_;
    return next;
}

} // namespace backline::control
