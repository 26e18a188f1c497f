// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine/engine.hpp"
#include "daemon/engine/target.hpp"
#include "protocol/addresses.hpp"

#include <array>
#include <string>
#include <vector>

namespace backline::control {

/// What an address of the family parameters speaks of. @p names: what stands for its `<…>`.
engine::Target target_of(const protocol::Address& row, const std::array<std::string, 2>& names);

/// The name of the file that is in place for a file parameter; "" for none.
std::string file_of(const engine::Model& model, const engine::Target& target);

/// A value as a get answers it and a subscriber gets it: `f`, `i` for integers, `T`/`F` for
/// switches, for an enum its number and label, for a file its name; `normalized`: `f` in 0..1.
std::vector<protocol::Argument> as_arguments(const engine::ParamRef& ref, bool normalized,
                                             double value, const std::string& file);

/// An argument as a value for the engine. Throws engine::CommandError (bad_type).
engine::Value to_value(const protocol::Argument& argument, const std::string& address);

} // namespace backline::control
