// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Files by name in configured directories: OSC and racks never carry paths. A name may go down
/// into sub-directories ("drums/kick.wav") and never out of its directory. Reads the disk: not for
/// the control thread.
namespace backline::control {

/// A file that a name stands for.
struct NamedFile {
    std::string name;
    std::uint64_t bytes = 0;
};

/// Most names that list_files() gives.
inline constexpr std::size_t kMaxFiles = 10'000;

/// The regular files in @p directories and below (four levels), hidden ones left out, sorted; of
/// two equal names the first directory's.
std::vector<NamedFile> list_files(const std::vector<std::string>& directories);

/// The path that @p name stands for; "" when there is none, or when it is no name.
std::string find_file(const std::vector<std::string>& directories, const std::string& name);

} // namespace backline::control
