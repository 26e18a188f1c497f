// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <cmath>
#include <string>

namespace backline::control::handlers {

/// Keys stay in the order written, as people read them.
using Json = nlohmann::ordered_json;

/// As text; what is not UTF-8 is replaced.
inline std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A number, or null where it has no finite value, which JSON cannot say.
inline Json finite(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

/// Rounded to @p digits decimals, so that nobody reads noise.
inline double rounded(double value, int digits) {
    const double scale = std::pow(10.0, digits);
    return std::round(value * scale) / scale;
}

} // namespace backline::control::handlers
