// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocol/backlinectl/commands.hpp"
#include "protocol/backlinectl/run.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>

namespace backline::protocol::backlinectl {
namespace {

namespace fs = std::filesystem;

/** Anything that cannot be a rack's name, or that is there, is a file of the caller's. */
bool is_file(const std::string& word) {
    std::error_code ignored;
    return word.find('/') != std::string::npos || word.ends_with(".toml")
           || fs::exists(word, ignored);
}

[[noreturn]] void fail(const std::string& file, int error) {
    throw std::runtime_error(file + ": " + std::generic_category().message(error));
}

std::string read(const std::string& file) {
    if (fs::is_directory(file)) fail(file, EISDIR);
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    if (!stream) fail(file, errno);
    std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    if (stream.bad()) fail(file, EIO);
    return text;
}

/** A rack that cannot be written whole leaves the old file as it was. */
void write(const std::string& file, const std::string& text) {
    const std::string temporary = file + ".tmp";
    errno = 0;
    std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
    stream << text << std::flush;
    if (!stream) {
        const int error = errno != 0 ? errno : EIO;
        std::error_code ignored;
        fs::remove(temporary, ignored);
        fail(file, error);
    }
    stream.close();
    fs::rename(temporary, file);
}

Action rack(CLI::App& app, int (*act)(Session&, const std::string&)) {
    auto name = std::make_shared<std::string>();
    app.add_option("rack", *name,
                   "a name in the daemon's rack directories, or a file here (with / or .toml)")
        ->required();
    return [name, act](Session& s) { return act(s, *name); };
}

} // namespace

Action define_load(CLI::App& app) {
    return rack(app, [](Session& s, const std::string& name) -> int {
        if (is_file(name))
            s.tell("/rack/apply", {read(name)});
        else
            s.tell("/rack/load", {name});
        return kDone;
    });
}

Action define_save(CLI::App& app) {
    return rack(app, [](Session& s, const std::string& name) -> int {
        if (!is_file(name)) {
            s.tell("/rack/save", {name});
            return kDone;
        }
        write(name, s.text("/rack/text"));
        if (s.json()) s.out << "{}\n";
        return kDone;
    });
}

Action define_check(CLI::App& app) {
    return rack(app, [](Session& s, const std::string& name) -> int {
        s.tell("/rack/check", {is_file(name) ? read(name) : name});
        return kDone;
    });
}

} // namespace backline::protocol::backlinectl
