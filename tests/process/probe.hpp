// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/node.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace backline::process::test {

/// A plugin that remembers how it was called. One audio input, one audio output; it multiplies by
/// its parameter 0 from the very frame at which that is set, unless `act` says otherwise.
class Probe {
  public:
    struct Call {
        std::uint32_t frames;
        std::uint32_t flags;
        std::uint64_t time;
        std::uint64_t silent; ///< of the input
        bl_transport transport;
        std::vector<bl_param_event> events;
    };
    /// An event with the sample clock in place of the frame.
    struct Heard {
        std::uint64_t time;
        std::uint32_t param;
        double value;
        friend bool operator==(const Heard&, const Heard&) = default;
    };

    explicit Probe(std::uint32_t params = 1)
        : cells(std::make_unique<ParamCell[]>(params + 1)), node(&plugin_, cells.get(), params) {
        plugin_.struct_size = sizeof plugin_;
        plugin_.data = this;
        plugin_.process = [](const bl_plugin* self, const bl_process* p) {
            return of(self).process(*p);
        };
        plugin_.reset = [](const bl_plugin* self) {
            Probe& probe = of(self);
            ++probe.resets;
            if (probe.on_reset) probe.on_reset();
        };
        plugin_.on_response = [](const bl_plugin* self, const void* data, std::uint32_t size) {
            of(self).responses.emplace_back(static_cast<const char*>(data), size);
        };
        node.cost = &cost;
        node.files = &files_;
        files_.install = [](const bl_plugin* self, std::uint32_t, void* object) {
            return std::exchange(of(self).file, object);
        };
    }
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    /// Everything it was told, in order.
    std::vector<Heard> heard() const {
        std::vector<Heard> all;
        for (const Call& call : calls)
            for (const bl_param_event& event : call.events)
                all.push_back({call.time + event.frame, event.param, event.value});
        return all;
    }

    std::unique_ptr<ParamCell[]> cells;
    NodeCost cost;
    Node node;
    double gain = 1.0;
    std::vector<Call> calls;
    std::vector<std::string> responses;
    int resets = 0;
    void* file = nullptr;
    /// In place of the multiplication; gets the samples and the call.
    std::function<bl_status(const float*, float*, const bl_process&)> act;
    std::function<void()> on_reset;

  private:
    static Probe& of(const bl_plugin* self) { return *static_cast<Probe*>(self->data); }

    bl_status process(const bl_process& p) {
        calls.push_back({p.frames,
                         p.flags,
                         p.time,
                         p.audio[0].silent,
                         *p.transport,
                         {p.params, p.params + p.event_count}});
        const float* in =
            p.audio[0].channel_count != 0 ? p.audio[0].channels[0] : p.audio[1].channels[0];
        float* out = p.audio[1].channels[0];
        if (act) return act(in, out, p);
        std::uint32_t next = 0;
        for (std::uint32_t i = 0; i < p.frames; ++i) {
            for (; next < p.event_count && p.params[next].frame == i; ++next)
                if (p.params[next].param == 0) gain = p.params[next].value;
            out[i] = in[i] * static_cast<float>(gain);
        }
        return BL_OK;
    }

    bl_plugin plugin_{};
    bl_ext_file files_{};
};

} // namespace backline::process::test
