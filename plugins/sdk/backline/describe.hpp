// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Constants of a descriptor, written in one line each. Ports and parameters are referred to by
/// their position in the array; a parameter's `id` must never change meaning.

#include <backline/plugin.h>
#include <cstdint>
#include <iterator>
#include <limits>

namespace backline::sdk {

/// What a plugin says about itself; see bl_descriptor.
struct Info {
    const char* id;                 ///< reverse DNS, stable for ever
    const char* name;               ///< for people
    const char* version = "1.0.0";  ///< major.minor.patch
    const char* vendor = "";        ///< who makes it
    const char* about = "";         ///< one or two sentences
    uint32_t kind = BL_KIND_EFFECT; ///< BL_KIND_*, combined by OR
    double tail_s = 0.0;            ///< longest tail in seconds, may be infinite
};

/// An audio port with any role.
constexpr bl_port audio(uint32_t direction, const char* symbol, const char* name, uint32_t flags,
                        uint32_t channels_min, uint32_t channels_max, uint32_t channels_default) {
    return {symbol, name,         BL_PORT_AUDIO, direction,
            flags,  channels_min, channels_max,  channels_default};
}
/// The main input "in", with as many channels as the node has.
constexpr bl_port main_in(uint32_t channels_max = 64, uint32_t channels_default = 2) {
    return audio(BL_INPUT, "in", "Input", BL_PORT_MAIN | BL_PORT_FOLLOWS, 1, channels_max,
                 channels_default);
}
/// The main output "out", with as many channels as the node has; `flags` adds BL_PORT_IN_PLACE.
constexpr bl_port main_out(uint32_t channels_max = 64, uint32_t channels_default = 2,
                           uint32_t flags = 0) {
    return audio(BL_OUTPUT, "out", "Output", BL_PORT_MAIN | BL_PORT_FOLLOWS | flags, 1,
                 channels_max, channels_default);
}
/// A port of MIDI events.
constexpr bl_port events(uint32_t direction, const char* symbol, const char* name,
                         uint32_t flags = 0) {
    return {symbol, name, BL_PORT_EVENT, direction, flags, 0, 0, 0};
}

/// A parameter of a numeric scale (BL_SCALE_LINEAR, _LOG, _DB, _INTEGER).
constexpr bl_param number(uint32_t id, const char* symbol, const char* name, const char* unit,
                          double min, double max, double def, uint32_t scale = BL_SCALE_LINEAR) {
    return {id, symbol, name, unit, min, max, def, scale, 0, nullptr, nullptr};
}
/// A switch.
constexpr bl_param toggle(uint32_t id, const char* symbol, const char* name, bool def = false) {
    return {id, symbol, name, "", 0, 1, def ? 1.0 : 0.0, BL_SCALE_TOGGLE, 0, nullptr, nullptr};
}
/// One of the labels, by position; `labels` is a static array.
template <uint32_t N>
constexpr bl_param choice(uint32_t id, const char* symbol, const char* name,
                          const char* const (&labels)[N], uint32_t def = 0) {
    return {id,
            symbol,
            name,
            "",
            0,
            static_cast<double>(N - 1),
            static_cast<double>(def),
            BL_SCALE_ENUM,
            N,
            labels,
            nullptr};
}
/// A file by name; `kind` says in which directories names are looked up ("audio").
constexpr bl_param file(uint32_t id, const char* symbol, const char* name, const char* kind) {
    return {id, symbol, name, "", 0, 0, 0, BL_SCALE_FILE, 0, nullptr, kind};
}

/// A result of up to `count_max` values, `rate` frames per second (0: it depends).
constexpr bl_result result(uint32_t id, const char* symbol, const char* name, const char* unit,
                           uint32_t count_max = 1, double rate = 0.0,
                           double min = -std::numeric_limits<double>::infinity(),
                           double max = std::numeric_limits<double>::infinity()) {
    return {id, symbol, name, unit, count_max, 0, min, max, rate};
}

/// Bounds of the jobs a plugin hands over, with a BL_WORK_* class and flags.
constexpr bl_worker worker_bounds(uint32_t job_bytes_max, uint32_t job_depth,
                                  uint32_t response_bytes_max = 0,
                                  uint32_t work_class = BL_WORK_LIVE, uint32_t flags = 0) {
    return {job_bytes_max, job_depth, response_bytes_max, work_class, flags, 0};
}

} // namespace backline::sdk
