// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <backline/plugin.h>

#include <cstdint>
#include <dlfcn.h>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace backline::bench {

/// A chain of equal mono plugins without a host around them: a loop that calls one after the other,
/// in place, at 48 kHz. One thread at a time.
class BareChain {
  public:
    static constexpr std::uint32_t kMaxFrames = 1024; ///< of one run()

    /// `count` instances of a library's first plugin, each given `values` at its first frame.
    /// Throws std::runtime_error when the library or an instance refuses.
    BareChain(const std::string& library, std::uint32_t count,
              std::span<const bl_param_event> values) {
        void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (handle == nullptr) throw std::runtime_error(dlerror());
        const auto* entry = static_cast<const bl_entry*>(dlsym(handle, BL_ENTRY_SYMBOL));
        if (entry == nullptr) throw std::runtime_error(library + " is no plugin library");
        const bl_descriptor* descriptor = entry->descriptors[0];
        const std::uint32_t channels[2] = {1, 1};
        const bl_activation how{sizeof(bl_activation), kMaxFrames, 48000.0, channels, 2, 0};
        for (std::uint32_t i = 0; i < count; ++i) {
            plugins_.push_back(descriptor->create(descriptor, &host_));
            if (plugins_.back() == nullptr
                || plugins_.back()->activate(plugins_.back(), &how) != BL_OK)
                throw std::runtime_error(library + " makes no instance");
        }
        run(
            1, [](const float*) {}, values);
    }
    BareChain(const BareChain&) = delete; // instances know where host_ is
    BareChain& operator=(const BareChain&) = delete;
    ~BareChain() {
        for (const bl_plugin* plugin : plugins_) {
            plugin->deactivate(plugin);
            plugin->destroy(plugin);
        }
    }

    /// Calls every plugin for `frames` (at most kMaxFrames) and `after(buffer)` behind each.
    template <typename After>
    void run(std::uint32_t frames, After&& after, std::span<const bl_param_event> values = {}) {
        bl_event_list lists[2] = {};
        const bl_transport transport{};
        for (const bl_plugin* plugin : plugins_) {
            float* channel[1] = {buffer_};
            const bl_bus buses[2] = {{channel, 1, 0, 0}, {channel, 1, 0, 0}};
            const bl_process call{sizeof(bl_process),
                                  frames,
                                  0,
                                  static_cast<std::uint32_t>(values.size()),
                                  time_,
                                  &transport,
                                  buses,
                                  lists,
                                  values.data()};
            plugin->process(plugin, &call);
            after(buffer_);
        }
        time_ += frames;
    }
    /// What goes in, and afterwards what came out.
    float* buffer() { return buffer_; }

  private:
    bl_host host_{sizeof(bl_host), BL_ABI_VERSION, nullptr, nullptr, nullptr,
                  nullptr,         nullptr,        nullptr, nullptr, nullptr};
    std::vector<const bl_plugin*> plugins_;
    alignas(64) float buffer_[kMaxFrames] = {};
    std::uint64_t time_ = 0;
};

} // namespace backline::bench
