// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace backline::test {

/// The whole of a file as text; empty when it is not there.
inline std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A program that runs, with what it writes kept in files. Ends with the object, and with the test
/// program however that ends. One thread, which has to live as long as the program.
class Program {
  public:
    /// Starts words[0], looked up in PATH, with the environment of the test and `environment`
    /// ("NAME=value") on top. What it writes goes to `output`.out and `output`.err. Throws
    /// std::runtime_error when nothing can be started.
    Program(const std::vector<std::string>& words, const std::vector<std::string>& environment,
            std::string output)
        : output_(std::move(output)) {
        std::vector<std::string> settings;
        for (char** entry = environ; *entry != nullptr; ++entry)
            if (!overridden(*entry, environment)) settings.emplace_back(*entry);
        settings.insert(settings.end(), environment.begin(), environment.end());
        const std::vector<char*> arguments = pointers(words);
        const std::vector<char*> variables = pointers(settings);
        const std::string out_path = output_ + ".out";
        const std::string err_path = output_ + ".err";

        // Not posix_spawn, which cannot bind the program's life to ours.
        const pid_t parent = getpid();
        pid_ = fork();
        if (pid_ < 0) throw std::runtime_error("fork failed");
        if (pid_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent) _exit(127);
            constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
            dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
            dup2(open(out_path.c_str(), kFlags, 0644), STDOUT_FILENO);
            dup2(open(err_path.c_str(), kFlags, 0644), STDERR_FILENO);
            execvpe(arguments[0], arguments.data(), variables.data());
            _exit(127);
        }
    }
    ~Program() {
        if (status_) return;
        ::kill(pid_, SIGKILL);
        while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    pid_t pid() const { return pid_; }
    void signal(int number) const {
        if (!status_) ::kill(pid_, number);
    }

    /// Its exit status, or 128 and the signal that ended it; nothing when it still runs after
    /// `limit`.
    std::optional<int> wait(std::chrono::milliseconds limit) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!status_) {
            int status = 0;
            if (waitpid(pid_, &status, WNOHANG) == pid_)
                status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            else if (std::chrono::steady_clock::now() >= end)
                break;
            else
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return status_;
    }

    /// What it has written so far.
    std::string out() const { return read_text(output_ + ".out"); }
    std::string err() const { return read_text(output_ + ".err"); }

  private:
    static std::vector<char*> pointers(const std::vector<std::string>& texts) {
        std::vector<char*> list;
        for (const std::string& text : texts)
            list.push_back(const_cast<char*>(text.c_str()));
        list.push_back(nullptr);
        return list;
    }
    static bool overridden(const std::string& entry, const std::vector<std::string>& by) {
        const std::string name = entry.substr(0, entry.find('=') + 1);
        for (const std::string& other : by)
            if (other.starts_with(name)) return true;
        return false;
    }

    std::string output_;
    pid_t pid_ = -1;
    std::optional<int> status_;
};

} // namespace backline::test
