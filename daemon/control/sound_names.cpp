// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/sound_names.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <sndfile.h>

namespace backline::control {
namespace {

/// What this libsndfile says of itself, and other names that files of its formats go by.
std::set<std::string, std::less<>> extensions() {
    std::set<std::string, std::less<>> all;
    int count = 0;
    sf_command(nullptr, SFC_GET_FORMAT_MAJOR_COUNT, &count, sizeof count);
    for (int i = 0; i < count; ++i) {
        SF_FORMAT_INFO info{};
        info.format = i;
        if (sf_command(nullptr, SFC_GET_FORMAT_MAJOR, &info, sizeof info) != 0) continue;
        switch (info.format) {
        case SF_FORMAT_RAW:
            continue;
        case SF_FORMAT_AIFF:
            all.insert({"aif", "aifc"});
            break;
        case SF_FORMAT_AU:
            all.insert("snd");
            break;
        case SF_FORMAT_OGG:
            all.insert({"ogg", "oga", "opus"});
            break;
        case SF_FORMAT_WAV:
            all.insert({"wave", "bwf"});
            break;
        default:
            // Its number is newer than some headers that this is built with.
            if (std::string_view(info.name).starts_with("MPEG")) all.insert({"mp1", "mp2", "mp3"});
        }
        all.insert(info.extension);
    }
    return all;
}

} // namespace

bool is_sound_name(std::string_view name) {
    static const auto known = extensions();
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return false;
    std::string extension(name.substr(dot + 1));
    // ASCII only: the daemon's locale decides nothing.
    std::transform(extension.begin(), extension.end(), extension.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return known.contains(extension);
}

} // namespace backline::control
