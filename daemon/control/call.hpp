// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/engine.hpp"
#include "protocol/addresses.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace backline::control {

/// One request that has been held against the table of addresses: it exists, its sender may use it,
/// its arguments have the right number and types.
struct Call {
    std::int32_t id = 0;  ///< 0 unless wrapped
    bool wrapped = false; ///< came as `/request`: answered even where a plain one is silent
    std::string address;  ///< as it came, without the wrapping
    const protocol::Address* row = nullptr;      ///< never null
    protocol::Kind kind = protocol::Kind::query; ///< of the row, values resolved
    std::array<std::string, 2> names;            ///< what stands for the row's `<…>`
    std::vector<protocol::Argument> args;        ///< the command's own
    std::int32_t offset = 0;                     ///< bytes; of paged queries
    std::shared_ptr<const engine::Rack> rack;    ///< what `/rack/load` and the like have read
};

/// A request that failed, as `/fail` tells it.
struct Refusal {
    std::int32_t id = 0;
    std::string address;
    std::string code;    ///< symbol of protocol::kCodes
    std::string message; ///< names the thing, what was expected and what came
    std::optional<std::int32_t> member = std::nullopt; ///< of a bundle, from 0
    std::string member_address = {};
};

/// What is carried out, waits and (for a transaction) is answered as one.
struct Unit {
    /// How the calls belong together.
    enum class Form : std::uint8_t {
        single,      ///< one call
        sets,        ///< sets at one frame, each answered as if alone
        transaction, ///< graph commands and sets: all or none, one reply
    };
    Form form = Form::single;
    std::vector<Call> calls;                         ///< in the order they take effect
    std::int32_t id = 0;                             ///< of a transaction
    protocol::TimeTag time = protocol::kImmediately; ///< when it is due
    std::size_t bytes = 0;                           ///< of the packet, for the limit on what waits
    std::vector<std::int32_t> members = {};          ///< index in the bundle, per call
};

/// The address under which a transaction is answered.
inline constexpr const char* kBundleAddress = "#bundle";

} // namespace backline::control
