// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/plugin/registry.hpp"

#include <backline/plugin.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Plugins of backline's own ABI, <backline/plugin.h>.
namespace backline::plugin::native {

/// An open plugin library. Closed, and unmapped if it was the last, by the destructor.
class Library {
  public:
    /// Opens (RTLD_NOW | RTLD_LOCAL: runs static constructors), finds the entry symbol and checks
    /// the ABI version. Throws PluginError("plugin_refused").
    static std::shared_ptr<Library> open(const std::string& path);
    ~Library();
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    /// What the library exports; lives as long as this.
    const bl_entry& entry() const noexcept { return *entry_; }
    /// As given to open().
    const std::string& path() const noexcept { return path_; }
    /// The descriptor with this id, or nullptr. The entry has passed read().
    const bl_descriptor* find(std::string_view id) const noexcept;

  private:
    Library(void* handle, std::string path);

    void* handle_;
    std::string path_;
    const bl_entry* entry_ = nullptr;
};

/// Copies everything the library says about its plugins, and checks all that a host relies on. Runs
/// no plugin code. Throws PluginError("plugin_refused") that names plugin, part, what was expected
/// and what came.
std::vector<PluginInfo> read(const Library& library);

} // namespace backline::plugin::native
