// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/rack_files.hpp"

#include "daemon/control/sockets.hpp"
#include "daemon/engine/error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace backline::control {
namespace {

namespace fs = std::filesystem;
constexpr const char* kSuffix = ".toml";

std::vector<std::string> directories(const Config::Racks& racks) {
    std::vector<std::string> result;
    if (!racks.writable.empty()) result.push_back(racks.writable);
    result.insert(result.end(), racks.directories.begin(), racks.directories.end());
    return result;
}

void check_name(const std::string& name) {
    if (!engine::is_name(name))
        throw engine::CommandError("bad_name", "a rack's name is 1 to 63 of A-Z a-z 0-9 _ -, got \""
                                                   + name + "\"");
}

[[noreturn]] void fail(const std::string& what, int error) {
    throw engine::CommandError("bad_file", what + ": " + std::generic_category().message(error));
}

void write_all(int fd, std::string_view text, const std::string& what) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail(what, errno);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

} // namespace

std::vector<RackFile> list_racks(const Config::Racks& racks) {
    std::map<std::string, bool> found;
    for (const std::string& directory : directories(racks)) {
        std::error_code ignored; // a directory that is not there has no racks
        for (const auto& entry : fs::directory_iterator(directory, ignored)) {
            const std::string name = entry.path().stem();
            if (entry.path().extension() == kSuffix && engine::is_name(name)
                && entry.is_regular_file(ignored))
                found.emplace(name, directory == racks.writable);
        }
    }
    std::vector<RackFile> result;
    for (const auto& [name, writable] : found)
        result.push_back({name, writable});
    return result;
}

engine::Rack read_rack(const Config::Racks& racks, const std::string& name) {
    check_name(name);
    for (const std::string& directory : directories(racks)) {
        const fs::path path = fs::path(directory) / (name + kSuffix);
        std::error_code ignored;
        if (!fs::exists(path, ignored)) continue;
        try {
            return engine::load_rack(path);
        } catch (const engine::RackError& error) {
            // The directory is nobody's business.
            const std::string line = error.line() == 0 ? "" : ":" + std::to_string(error.line());
            throw engine::CommandError("bad_rack", name + kSuffix + line + ": " + error.message());
        }
    }
    std::vector<std::string> names;
    for (RackFile& rack : list_racks(racks))
        names.push_back(std::move(rack.name));
    const std::vector<std::string_view> views(names.begin(), names.end());
    throw engine::CommandError("no_such_rack",
                               "there is no rack \"" + name + "\"" + did_you_mean(name, views));
}

engine::Rack parse_rack_text(std::string_view text) {
    try {
        return engine::parse_rack(text, "rack");
    } catch (const engine::RackError& error) {
        throw engine::CommandError("bad_rack", error.what());
    }
}

void save_rack(const Config::Racks& racks, const std::string& name, const engine::Rack& rack) {
    check_name(name);
    if (racks.writable.empty())
        throw engine::CommandError("unavailable", "no directory for racks is writable; set "
                                                  "racks.writable in the configuration");
    std::string text;
    try {
        text = engine::write_rack(rack);
    } catch (const engine::RackError& error) {
        throw engine::CommandError("bad_rack", error.what());
    }
    std::error_code error;
    fs::create_directories(racks.writable, error);
    if (error) fail("rack directory", error.value());
    const std::string path = fs::path(racks.writable) / (name + kSuffix);
    const std::string what = "rack " + name;
    std::string temporary = path + ".XXXXXX";
    const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (file.get() < 0) fail(what, errno);
    try {
        write_all(file.get(), text, what);
        if (::fchmod(file.get(), 0644) != 0 || ::fsync(file.get()) != 0
            || ::rename(temporary.c_str(), path.c_str()) != 0)
            fail(what, errno);
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
    const Descriptor directory(::open(racks.writable.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0 || ::fsync(directory.get()) != 0) fail(what, errno);
}

} // namespace backline::control
