// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol/client.hpp"
#include "tests/plugins/sound_files.hpp"
#include "tests/support/program.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace backline::test {

/// The programs under test, by the build that this test belongs to.
inline const std::string kBacklined = BACKLINE_BIN "/backlined";
inline const std::string kBacklinectl = BACKLINE_BIN "/backlinectl";
/// Where plugins that are broken, faulty or odd on purpose lie; see tests/fixtures/plugins.
inline const std::string kFixtures = BACKLINE_FIXTURES;
/// The root of the source tree.
inline const std::string kSource = BACKLINE_SOURCE;

/// A backlined as its users start it, in directories of its own, that is gone with the object. When
/// the test has failed until then, what the daemon wrote is printed.
class DaemonProcess {
  public:
    struct Options {
        std::string jack_server{};                ///< "": runs without JACK
        std::vector<std::string> arguments{};     ///< after those of this class
        std::vector<std::string> environment{};   ///< "NAME=value"
        std::vector<std::string> plugins{};       ///< directories besides the built plugins
        std::vector<std::string> plugins_first{}; ///< directories that go before them
        std::string config{};                     ///< TOML after that of this class
        std::string audio = "/usr/share/sonic-pi/samples"; ///< sound files, after audio() below
    };

    /// Nothing is started; config() is written.
    explicit DaemonProcess(Options options) : options_(std::move(options)) {
        for (const char* folder : {"run", "racks", "audio"})
            std::filesystem::create_directory(directory_ / folder);
        std::ofstream(config()) << "[racks]\nwritable = \"" << directory_ / "racks"
                                << "\"\ndirectories = [\"" << kSource << "/config/racks\"]\n"
                                << "[files]\naudio = [\"" << audio() << "\", \"" << options_.audio
                                << "\"]\n"
                                << options_.config;
    }
    ~DaemonProcess() {
        program_.reset();
        if (testing::Test::HasFailure())
            std::cerr << "---- backlined wrote:\n" << err() << "----\n";
    }
    DaemonProcess(const DaemonProcess&) = delete;
    DaemonProcess& operator=(const DaemonProcess&) = delete;

    /// Starts it and returns when its port is known. Throws std::runtime_error with what it said
    /// when it ends instead, or after 20 s.
    void start() {
        std::filesystem::remove(port_file());
        program_ = std::make_unique<Program>(command(), environment(), directory_ / "backlined");
        for (int waited = 0; waited < 20'000; ++waited) {
            if (const std::string port = read_text(port_file()); !port.empty()) {
                port_ = std::stoi(port);
                return;
            }
            if (program_->wait(std::chrono::milliseconds(1)))
                throw std::runtime_error("backlined ended: " + err());
        }
        throw std::runtime_error("backlined does not start: " + err());
    }

    Program& program() { return *program_; }
    pid_t pid() const { return program_->pid(); }
    int port() const { return port_; }
    std::string udp() const { return "osc.udp://127.0.0.1:" + std::to_string(port_); }
    std::string unix_url() const { return "osc.unix://" + socket(); }
    std::string socket() const { return directory_ / "run/osc.sock"; }
    std::string config() const { return directory_ / "backline.toml"; }
    std::string state() const { return directory_ / "state"; }
    std::string runtime() const { return directory_ / "run"; }
    /// Where `[files] audio` looks first.
    std::string audio() const { return directory_ / "audio"; }
    /// A path among the daemon's own files.
    std::string file(const std::string& name) const { return directory_ / name; }
    /// What it logged so far.
    std::string err() const { return read_text(directory_ / "backlined.err"); }

    /// The words that start() starts.
    std::vector<std::string> command() const {
        std::vector<std::string> words{kBacklined, "--config",      config(),    "--osc-port",
                                       "0",        "--port-file",   port_file(), "--state-dir",
                                       state(),    "--runtime-dir", runtime()};
        if (options_.jack_server.empty())
            words.emplace_back("--no-jack");
        else
            words.insert(words.end(), {"--jack-server", options_.jack_server});
        words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
        return words;
    }
    std::vector<std::string> environment() const {
        std::vector<std::string> settings = options_.environment;
        std::string path;
        for (const std::string& directory : options_.plugins_first)
            path += directory + ":";
        path += BACKLINE_PLUGINS;
        for (const std::string& directory : options_.plugins)
            path += ":" + directory;
        settings.push_back("BACKLINE_PLUGIN_PATH=" + path);
        return settings;
    }

  private:
    std::string port_file() const { return directory_ / "port"; }

    Options options_;
    TemporaryDirectory directory_;
    std::unique_ptr<Program> program_;
    int port_ = 0;
};

// ---- What the kernel knows about a process --------------------------------------------------

/// The sum of one field ("Pss:", …) of smaps, in bytes, over every mapping except JACK's shared
/// memory.
inline std::size_t smaps_sum(pid_t pid, const std::string& field) {
    std::ifstream maps("/proc/" + std::to_string(pid) + "/smaps");
    std::size_t kib = 0;
    bool counts = false;
    for (std::string line; std::getline(maps, line);) {
        const std::string word = line.substr(0, line.find(' '));
        if (!word.ends_with(':'))
            counts = line.find("/dev/shm/jack") == std::string::npos;
        else if (counts && word == field)
            kib += std::stoul(line.substr(field.size()));
    }
    return kib * 1024;
}

/// Bytes that this process costs: what is its own, and its share of what it shares with others.
inline std::size_t private_memory(pid_t pid) {
    return smaps_sum(pid, "Pss:");
}
/// Bytes that this process has written to: unlike the above the same whoever else runs.
inline std::size_t written_memory(pid_t pid) {
    return smaps_sum(pid, "Anonymous:");
}

/// Mappings of things in /dev/shm, deleted ones included.
inline std::size_t shared_mappings(pid_t pid) {
    std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);)
        if (line.find("/dev/shm/") != std::string::npos) ++count;
    return count;
}

inline std::size_t entries(const std::string& directory) {
    std::error_code gone;
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory, gone))
        ++count;
    return count;
}
inline std::size_t descriptors(pid_t pid) {
    return entries("/proc/" + std::to_string(pid) + "/fd");
}
inline std::size_t threads(pid_t pid) {
    return entries("/proc/" + std::to_string(pid) + "/task");
}

/// Seconds of processor time that all threads have used.
inline double cpu_seconds(pid_t pid) {
    double seconds = 0.0;
    std::error_code gone;
    for (const auto& task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
        std::ifstream file(task.path() / "schedstat");
        double ns = 0.0;
        if (file >> ns) seconds += ns * 1e-9;
    }
    return seconds;
}

} // namespace backline::test
