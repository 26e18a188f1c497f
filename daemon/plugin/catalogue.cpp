// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/registry.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <numeric>
#include <string_view>

#include <fmt/format.h>

namespace backline::plugin {

namespace {

/// Number of insertions, deletions and replacements that make one text of the other (Wagner and
/// Fischer, J. ACM 21 (1974), with one row kept).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

/// How far `id` is from what somebody typed; its last part alone counts, too: "gain" for
/// "backline.gain".
std::size_t distance(std::string_view typed, std::string_view id) {
    const std::size_t whole = edit_distance(typed, id);
    const std::size_t dot = id.rfind('.');
    return dot == std::string_view::npos
               ? whole
               : std::min(whole, edit_distance(typed, id.substr(dot + 1)));
}

} // namespace

std::shared_ptr<const PluginInfo> Catalogue::find(const std::string& id) const {
    if (const auto found = plugins.find(id); found != plugins.end()) return found->second;
    for (const Refused& library : refused) {
        const std::filesystem::path path(library.library);
        if (id == path.filename() || id == path.stem() || id == library.library)
            throw PluginError("plugin_refused", fmt::format("plugin library \"{}\" was refused: {}",
                                                            library.library, library.reason));
    }
    const std::string* nearest = nullptr;
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (const auto& [known, info] : plugins) {
        // "gain" means "backline.gain" as much as "backline.gian" does.
        const std::size_t dot = known.rfind('.');
        const std::size_t far =
            std::min(distance(id, known),
                     distance(id, known.substr(dot == std::string::npos ? 0 : dot + 1)));
        if (far >= least) continue;
        least = far;
        nearest = &known;
    }
    if (nearest == nullptr)
        throw PluginError("no_such_plugin",
                          fmt::format("no plugin \"{}\": no plugins were found", id));
    // Farther off it would be a guess and no help.
    const std::string hint =
        least * 3 <= id.size() + 1
            ? fmt::format("; did you mean \"{}\"?", *nearest)
            : fmt::format("; {} plugins are there, see /plugin/list", plugins.size());
    throw PluginError("no_such_plugin", fmt::format("no plugin \"{}\"{}", id, hint));
}

} // namespace backline::plugin
