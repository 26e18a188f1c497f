// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/call.hpp"

namespace backline::control {

/// Whether a call names a plugin that is not in the catalogue and may still be found, because the
/// first scan goes on. A rack counts once it has been read. Quick; any thread.
[[nodiscard]] bool may_be_found(const plugin::Catalogue& catalogue, const Call& call);

/// The same of a unit: whether it is of any of its calls.
[[nodiscard]] bool may_be_found(const plugin::Catalogue& catalogue, const Unit& unit);

} // namespace backline::control
