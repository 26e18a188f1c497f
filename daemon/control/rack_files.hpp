// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config.hpp"
#include "daemon/engine/rack.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Racks by name: in the writable directory, then in the others, as `name.toml`. A name cannot
/// leave its directory. Everything here reads or writes files: not for the control thread. Failures
/// are engine::CommandError.
namespace backline::control {

/// A rack there is.
struct RackFile {
    std::string name;
    bool writable = false; ///< /rack/save replaces it
};

/// All racks by name; one that hides another of the same name stands for both.
std::vector<RackFile> list_racks(const Config::Racks& racks);
/// Throws bad_name, no_such_rack, bad_rack.
engine::Rack read_rack(const Config::Racks& racks, const std::string& name);
/// A rack that came as text. Throws bad_rack, with line and reason.
engine::Rack parse_rack_text(std::string_view text);
/// Writes to a file beside it, syncs and renames: there is the old rack or the new one, never half
/// of one. Throws bad_name, unavailable (no writable directory), bad_file.
void save_rack(const Config::Racks& racks, const std::string& name, const engine::Rack& rack);

} // namespace backline::control
