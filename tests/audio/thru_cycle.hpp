// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/cycle.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include <unistd.h>

namespace backline::test {

/// A cycle whose plan passes external input n on to external output n, unchanged; between the two
/// a plugin without ports looks at the transport.
class ThruCycle {
  public:
    static constexpr std::uint32_t kMaxFrames = 512;

    explicit ThruCycle(std::uint32_t channels)
        : channels_(channels), strip_(channels), cycle_(options(), master_) {
        plugin_.struct_size = sizeof plugin_;
        plugin_.data = this;
        plugin_.process = [](const bl_plugin* self, const bl_process* call) -> bl_status {
            auto& thru = *static_cast<ThruCycle*>(self->data);
            thru.transport_.write(*call->transport);
            if (thru.thread_.load() == 0) thru.thread_.store(gettid());
            return BL_OK;
        };
        node_.cost = &cost_;
        auto plan = std::make_unique<process::Plan>();
        plan->max_slice = kMaxFrames;
        for (std::uint32_t c = 0; c < channels; ++c) {
            buffers_.emplace_back(kMaxFrames);
            silent_.push_back(std::make_unique<std::uint8_t>(0));
        }
        for (std::uint32_t c = 0; c < channels; ++c) {
            slots_.push_back(c);
            to_.push_back(buffers_[c].data());
            from_.push_back(buffers_[c].data());
            flags_.push_back(silent_[c].get());
        }
        process::Step in{};
        in.kind = process::Step::Kind::input;
        in.input = {&strip_, channels, slots_.data(), to_.data(), flags_.data()};
        process::Step out{};
        out.kind = process::Step::Kind::output;
        out.output = {&strip_, channels, slots_.data(), from_.data(), scratch_.data()};
        process::Step look{};
        look.kind = process::Step::Kind::node;
        look.node.node = &node_;
        plan->steps = {in, look, out};
        command_.plan = std::move(plan);
        if (!cycle_.push(&command_)) throw std::runtime_error("the cycle takes no command");
        while (!cycle_.apply_idle(0)) {
        }
        cycle_.take_done();
    }

    process::Cycle& cycle() { return cycle_; }
    /// How often a period ran offline.
    std::uint64_t offline_periods() const { return offline_.load(); }

    /// The thread that ran the first cycle; 0 before.
    pid_t thread() const { return thread_.load(); }
    /// As the newest slice had it.
    bl_transport transport() const { return transport_.read(); }

    /// The thru ports, named in_1…, out_1….
    std::vector<process::ExternalPort> ports() const {
        std::vector<process::ExternalPort> list;
        for (std::uint32_t c = 0; c < channels_; ++c) {
            list.push_back({c, true, "in_" + std::to_string(c + 1)});
            list.push_back({c, false, "out_" + std::to_string(c + 1)});
        }
        return list;
    }

  private:
    process::Cycle::Options options() {
        process::Cycle::Options options;
        options.max_frames = kMaxFrames;
        options.work_now = [](void* self) { ++static_cast<ThruCycle*>(self)->offline_; };
        options.work_context = this;
        return options;
    }

    std::uint32_t channels_;
    std::atomic<std::uint64_t> offline_{0};
    std::atomic<pid_t> thread_{0};
    process::Master master_;
    process::Strip strip_;
    std::vector<std::vector<float>> buffers_;
    std::array<float, kMaxFrames> scratch_{};
    std::vector<std::unique_ptr<std::uint8_t>> silent_;
    std::vector<std::uint32_t> slots_;
    std::vector<float*> to_;
    std::vector<const float*> from_;
    std::vector<std::uint8_t*> flags_;
    rt::LatestValue<bl_transport> transport_;
    bl_plugin plugin_{};
    process::ParamCell bypass_;
    process::NodeCost cost_;
    process::Node node_{&plugin_, &bypass_, 0};
    process::Command command_;
    process::Cycle cycle_;
};

} // namespace backline::test
