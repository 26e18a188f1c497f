// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/plugin/registry.hpp"

#include <string>
#include <vector>

namespace backline::plugin {

/// What backline-probe prints: {"plugins": […]}, one JSON object on one line. Infinite numbers are
/// the strings "inf" and "-inf". Throws PluginError("plugin_refused") when a text is not UTF-8.
std::string describe(const std::vector<PluginInfo>& plugins);
/// The same for a library that cannot be hosted: {"error": "…"}. Bytes that are not UTF-8 are
/// replaced by U+FFFD.
std::string describe_error(const std::string& reason);
/// Reads either back: the plugins, or PluginError("plugin_refused") with the reason. Text that is
/// neither is a reason, too.
std::vector<PluginInfo> undescribe(const std::string& text);

} // namespace backline::plugin
