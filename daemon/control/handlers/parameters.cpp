// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// /node/<name>/<param>, /normalized and /ramp, /bypass, /input and /output gain and mute, /mute,
// /panic
#include "daemon/control/handlers/handlers.hpp"
#include "daemon/control/values.hpp"
#include "daemon/engine/ramp.hpp"

namespace backline::control::handlers {

engine::Op set_value(const Call& call) {
    return engine::SetValue{target_of(*call.row, call.names), to_value(call.args[0], call.address)};
}

engine::Op ramp(const Call& call) {
    engine::Ramp op{target_of(*call.row, call.names), {}, process::Shape::linear};
    std::size_t count = call.args.size();
    if (const auto shape = call.args.back().as_text()) {
        op.shape = engine::shape_of(std::string(*shape));
        --count;
    }
    for (std::size_t i = 0; i < count; ++i)
        if (!call.args[i].is_number())
            throw engine::CommandError(
                "bad_type", call.address + ": expected numbers, and the shape at the end");
    if (count % 2 != 0)
        throw engine::CommandError("missing_argument",
                                   call.address + ": values and seconds come in pairs, got "
                                       + std::to_string(count) + " numbers");
    for (std::size_t i = 0; i < count; i += 2)
        op.stretches.push_back({*call.args[i].as_number(), *call.args[i + 1].as_number()});
    return op;
}

engine::Op panic(const Call&) {
    return engine::Panic{};
}

void get_value(Context& context, const PeerPtr& peer, Call& call) {
    const auto model = context.engine.model();
    const engine::Target target = target_of(*call.row, call.names);
    const engine::ParamRef ref = engine::resolve(*model, target);
    if (ref.is_file && target.normalized)
        throw engine::CommandError("bad_type", engine::describe(target) + " is a file");
    const double value = ref.cell != nullptr ? context.cycle.value(*ref.cell) : 0.0;
    context.replies.done(
        *peer, call,
        as_arguments(ref, target.normalized, value, ref.is_file ? file_of(*model, target) : ""));
}

} // namespace backline::control::handlers
