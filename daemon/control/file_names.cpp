// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/file_names.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

namespace backline::control {
namespace {

namespace fs = std::filesystem;
constexpr int kDepth = 4;

} // namespace

std::vector<NamedFile> list_files(const std::vector<std::string>& directories) {
    std::map<std::string, std::uint64_t> found;
    for (const std::string& directory : directories) {
        std::error_code error;
        fs::recursive_directory_iterator at(directory, error), end;
        for (; !error && at != end && found.size() < kMaxFiles; at.increment(error)) {
            const bool hidden = at->path().filename().native().front() == '.';
            if (hidden || at.depth() >= kDepth) at.disable_recursion_pending();
            std::error_code ignored;
            if (hidden || !at->is_regular_file(ignored)) continue;
            found.emplace(at->path().lexically_relative(directory), at->file_size(ignored));
        }
    }
    std::vector<NamedFile> result;
    for (const auto& [name, bytes] : found)
        result.push_back({name, bytes});
    return result;
}

std::string find_file(const std::vector<std::string>& directories, const std::string& name) {
    const fs::path relative(name);
    const bool leaves = std::any_of(relative.begin(), relative.end(),
                                    [](const fs::path& part) { return part == ".."; });
    if (name.empty() || name.find('\0') != std::string::npos || relative.is_absolute() || leaves)
        return {};
    for (const std::string& directory : directories) {
        fs::path path = fs::path(directory) / relative;
        std::error_code ignored;
        if (fs::is_regular_file(path, ignored)) return path;
    }
    return {};
}

} // namespace backline::control
