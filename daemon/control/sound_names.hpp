// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace backline::control {

/// Whether a file of this name is of a format that libsndfile opens, by its extension (any case).
/// Headerless samples are not: nobody says what is in them. Looks at no disk; any thread.
[[nodiscard]] bool is_sound_name(std::string_view name);

} // namespace backline::control
