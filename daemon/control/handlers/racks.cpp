// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// /rack/…
#include "daemon/control/handlers/handlers.hpp"
#include "daemon/control/handlers/json.hpp"
#include "daemon/control/order.hpp"
#include "daemon/control/rack_files.hpp"

#include <functional>
#include <utility>

namespace backline::control::handlers {
namespace {

/// Runs @p work on the files thread and then @p then here; a CommandError becomes `/fail`.
/// Only `/sync` waits for it.
template <typename Result>
void in_background(Context& context, const PeerPtr& peer, const Call& call,
                   std::function<Result()> work, std::function<void(Result&)> then) {
    auto task = [&context, peer, call, work, then, inbox = context.inbox] {
        Result result{};
        std::string code, message;
        try {
            result = work();
        } catch (const engine::CommandError& error) {
            code = error.code;
            message = error.what();
        } catch (const std::exception& error) {
            code = "internal";
            message = error.what();
        }
        inbox->post([&context, peer, call, then, code, message,
                     result = std::make_shared<Result>(std::move(result))] {
            if (code.empty())
                then(*result);
            else
                context.replies.fail(*peer, {call.id, call.address, code, message});
            context.order.end(peer, false);
        });
    };
    if (!context.files.run(std::move(task)))
        throw engine::CommandError("queue_full", "too much waits for the disk");
    context.order.begin(*peer, false);
}

} // namespace

/// For /rack/load as well: the rack has been read by then.
engine::Op rack_apply(const Call& call) {
    return engine::LoadRack{*call.rack};
}

void rack_list(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    in_background<std::string>(
        context, peer, call,
        [racks = context.config.racks] {
            Json list = Json::array();
            for (const RackFile& rack : list_racks(racks))
                list.push_back({{"name", rack.name}, {"writable", rack.writable}});
            return dump(list);
        },
        [&context, peer, call](std::string& text) {
            context.replies.page(*peer, call, std::move(text));
        });
}

void rack_save(Context& context, const PeerPtr& peer, Call& call) {
    // The graph as it is now; writing it holds up nobody but the answer.
    in_background<bool>(
        context, peer, call,
        [racks = context.config.racks, name = std::string(*call.args[0].as_text()),
         rack = context.engine.to_rack()] {
            save_rack(racks, name, rack);
            return true;
        },
        [&context, peer, call](bool&) { context.replies.done(*peer, call); });
}

void rack_check(Context& context, const PeerPtr& peer, Call& call) {
    using RackPtr = std::shared_ptr<const engine::Rack>;
    in_background<RackPtr>(
        context, peer, call,
        [racks = context.config.racks, text = std::string(*call.args[0].as_text())] {
            return std::make_shared<const engine::Rack>(
                engine::is_name(text) ? read_rack(racks, text) : parse_rack_text(text));
        },
        [&context, peer, call](RackPtr& rack) {
            Call checked = call;
            checked.rack = rack;
            context.order.check(peer, std::move(checked));
        });
}

void rack_text(Context& context, const PeerPtr& peer, Call& call) {
    if (context.replies.next_page(*peer, call, now_ns())) return;
    in_background<std::string>(
        context, peer, call,
        [rack = context.engine.to_rack()] {
            try {
                return engine::write_rack(rack);
            } catch (const engine::RackError& error) {
                throw engine::CommandError("bad_rack", error.what());
            }
        },
        [&context, peer, call](std::string& text) {
            context.replies.page(*peer, call, std::move(text));
        });
}

} // namespace backline::control::handlers
