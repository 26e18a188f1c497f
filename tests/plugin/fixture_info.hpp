// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/plugin/formats/native.hpp"
#include "daemon/plugin/instance.hpp"

#include <memory>
#include <string>

namespace backline::test {

/// What a scan says about a fixture of tests/fixtures/plugins, read in this process.
inline std::shared_ptr<const plugin::PluginInfo> fixture_info(const std::string& kind,
                                                              const std::string& name) {
    const std::string path = BACKLINE_FIXTURES "/" + kind + "/" + name + ".so";
    return std::make_shared<const plugin::PluginInfo>(
        plugin::native::read(*plugin::native::Library::open(path)).at(0));
}

inline std::unique_ptr<plugin::Instance> make_fixture(const std::string& kind,
                                                      const std::string& name, worker::Pool& pool) {
    return plugin::Instance::create(fixture_info(kind, name), pool);
}

/// A layout for the default channel counts.
inline plugin::Instance::Layout default_layout(const plugin::Instance& instance,
                                               double rate = 48000.0) {
    return {plugin::Instance::layout(instance.info(), 0), rate, 256, false};
}

} // namespace backline::test
