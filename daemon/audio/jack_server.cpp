// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/jack_server.hpp"

#include <algorithm>
#include <cstdlib>

#include <sys/stat.h>
#include <unistd.h>

namespace backline::audio {

std::string jack_server_name(const std::string& name) {
    if (!name.empty()) return name;
    const char* preset = std::getenv("JACK_DEFAULT_SERVER");
    return preset != nullptr && *preset != '\0' ? preset : "default";
}

JackServerMark jack_server_mark(const std::string& name) {
    std::string file = name;
    std::replace(file.begin(), file.end(), '/', '_');
    std::string path = "/dev/shm/jack_" + file;
    if (std::getenv("JACK_PROMISCUOUS_SERVER") == nullptr) path += "_" + std::to_string(getuid());
    path += "_0";
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return {};
    return {info.st_dev, info.st_ino, info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
}

} // namespace backline::audio
