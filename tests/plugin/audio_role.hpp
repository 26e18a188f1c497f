// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/plugin/instance.hpp"
#include "daemon/rt/thread_role.hpp"

#include <cstdint>
#include <vector>

namespace backline::test {

/// Calls an active instance as the audio role does: buffers for every audio port, responses before
/// process().
class AudioRole {
  public:
    explicit AudioRole(plugin::Instance& instance, std::uint32_t frames = 64)
        : instance_(instance), frames_(frames) {
        const auto& ports = instance.info().ports;
        samples_.resize(ports.size());
        pointers_.resize(ports.size());
        buses_.resize(ports.size());
        for (std::size_t p = 0; p < ports.size(); ++p) {
            const std::uint32_t channels = instance.current().channels[p];
            samples_[p].assign(channels, std::vector<float>(frames, 0.25f));
            for (std::vector<float>& channel : samples_[p])
                pointers_[p].push_back(channel.data());
            buses_[p] = {pointers_[p].data(), channels, 0, 0};
        }
    }

    bl_status operator()(const std::vector<bl_param_event>& events = {}) {
        const rt::AudioScope audio;
        const bl_plugin* const plugin = instance_.node().plugin;
        if (rt::RecordRing* const responses = instance_.node().responses; responses != nullptr)
            for (auto r = responses->front(); r.data != nullptr; r = responses->front()) {
                plugin->on_response(plugin, r.data, r.size);
                responses->pop();
            }
        const bl_transport transport{};
        const bl_process p{sizeof(bl_process),
                           frames_,
                           0,
                           static_cast<std::uint32_t>(events.size()),
                           time_,
                           &transport,
                           buses_.data(),
                           instance_.node().events.get(),
                           events.data()};
        time_ += frames_;
        return plugin->process(plugin, &p);
    }

    std::vector<std::vector<float>>& port(std::size_t index) { return samples_[index]; }

  private:
    plugin::Instance& instance_;
    std::uint32_t frames_;
    std::uint64_t time_ = 0;
    std::vector<std::vector<std::vector<float>>> samples_;
    std::vector<std::vector<float*>> pointers_;
    std::vector<bl_bus> buses_;
};

} // namespace backline::test
