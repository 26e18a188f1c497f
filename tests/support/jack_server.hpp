// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <cerrno>
#include <csignal>
#include <ctime>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace backline::test {

/// Gives this process and its children a /dev/shm of their own, where all of JACK's names, sockets
/// and segments live: test programs run side by side, and a server that was killed leaves no entry
/// behind in the machine's registry of eight. Only threads made later see it, so it is called
/// before there are any. Without the permission, which root has, the machine's is shared.
inline bool isolate_shared_memory() {
    static const bool isolated =
        unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0
        && mount("backline-test", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0;
    return isolated;
}

/// A jackd with the dummy driver and a name of its own. Ends with the object, and with the test
/// program however that ends. Make the first one before other threads. One thread.
class JackServer {
  public:
    struct Options {
        std::uint32_t rate = 48000;
        std::uint32_t period = 256;
        std::uint32_t channels = 2; ///< capture and playback ports each
    };

    /// A name that no other server of this machine has; nothing is started.
    JackServer() : JackServer(Options{}) {}
    explicit JackServer(Options options) : options_(options) {
        isolate_shared_memory();
        static std::atomic<int> count{0};
        name_ = "bl" + std::to_string(getpid()) + "-" + std::to_string(count++);
    }
    ~JackServer() {
        // The segments that a killed server leaves in shared memory, the next one clears away.
        if (killed_ && pid_ == 0) try {
                start();
            } catch (const std::exception&) {
            }
        quit();
        remove_leftovers();
    }
    JackServer(const JackServer&) = delete;
    JackServer& operator=(const JackServer&) = delete;

    const std::string& name() const { return name_; }
    pid_t pid() const { return pid_; }
    /// For the next start().
    Options& options() { return options_; }

    /// Starts it and returns when it takes clients. One machine has room for 8 servers: gives back
    /// the places of those whose test was killed, then waits up to 30 s for one. Throws
    /// std::runtime_error.
    void start() {
        release_dead();
        for (int attempt = 0; attempt < 60; ++attempt) {
            launch();
            if (wait_ready()) return;
            wait_ms(500);
        }
        throw std::runtime_error("jackd " + name_ + " does not start");
    }
    /// SIGKILL, and waits for the end.
    void kill() {
        end(SIGKILL);
        killed_ = true;
    }
    /// SIGTERM, and waits for the end.
    void quit() { end(SIGTERM); }
    /// Freezes it: it keeps its clients and answers nobody.
    void freeze() { ::kill(pid_, SIGSTOP); }
    void thaw() { ::kill(pid_, SIGCONT); }

    /// Names in /dev/shm, for leaks.
    static std::size_t shared_objects() {
        std::size_t count = 0;
        std::error_code error;
        for ([[maybe_unused]] const auto& entry :
             std::filesystem::directory_iterator("/dev/shm", error))
            ++count;
        return count;
    }

  private:
    /// A server of this name, to take over what an earlier one has left.
    JackServer(Options options, std::string name)
        : options_(options), name_(std::move(name)), heir_(true) {}

    /// A server that was killed keeps its place and its segments until one of the same name starts,
    /// and names of tests never come again: they begin with the test's process.
    void release_dead() const {
        if (heir_) return;
        const std::string ours = "_" + std::to_string(getuid()) + "_0";
        std::vector<std::string> dead;
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", error)) {
            const std::string file = entry.path().filename(); // its socket: jack_bl12-0_1000_0
            pid_t test = 0;
            int number = 0, used = 0;
            if (std::sscanf(file.c_str(), "jack_bl%d-%d%n", &test, &number, &used) == 2
                && file.substr(static_cast<std::size_t>(used)) == ours && ::kill(test, 0) != 0
                && errno == ESRCH)
                dead.push_back("bl" + std::to_string(test) + "-" + std::to_string(number));
        }
        for (const std::string& name : dead)
            JackServer(options_, name).start(); // its end clears the name away
    }

    /// Sockets and semaphores of this name, of clients that were killed or left behind.
    void remove_leftovers() const {
        const std::string uid = std::to_string(getuid());
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", error)) {
            const std::string file = entry.path().filename();
            if (file.starts_with("jack_" + name_ + "_")
                || file.starts_with("jack_sem." + uid + "_" + name_ + "_"))
                std::filesystem::remove(entry.path(), error);
        }
    }

    static void wait_ms(long ms) {
        const timespec time{ms / 1000, (ms % 1000) * 1'000'000};
        nanosleep(&time, nullptr);
    }

    static bool realtime_permitted() {
        const sched_param param{.sched_priority = 10};
        const bool permitted = sched_setscheduler(0, SCHED_FIFO, &param) == 0;
        const sched_param normal{.sched_priority = 0};
        if (permitted) sched_setscheduler(0, SCHED_OTHER, &normal);
        return permitted;
    }

    void launch() {
        const std::vector<std::string> words{"jackd", realtime_permitted() ? "-R" : "-r",
                                             "-p",    "512",
                                             "-n",    name_,
                                             "-d",    "dummy",
                                             "-r",    std::to_string(options_.rate),
                                             "-p",    std::to_string(options_.period),
                                             "-C",    std::to_string(options_.channels),
                                             "-P",    std::to_string(options_.channels)};
        std::vector<char*> arguments;
        for (const std::string& word : words)
            arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        const pid_t parent = getpid();
        const pid_t child = fork();
        if (child < 0) throw std::runtime_error("fork failed");
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent) _exit(127);
            setenv("JACK_NO_AUDIO_RESERVATION", "1", 1);
            const char* log = std::getenv("BACKLINE_TEST_JACKD_LOG");
            const int out =
                open(log != nullptr ? log : "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0644);
            dup2(out, STDOUT_FILENO);
            dup2(out, STDERR_FILENO);
            for (int fd = 3; fd < 256; ++fd)
                close(fd);
            sigset_t none;
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, nullptr);
            execvp("jackd", arguments.data());
            _exit(127);
        }
        pid_ = child;
        killed_ = false;
    }

    /// jackd begins a session, which the kernel may schedule as a group of its own (sched(7),
    /// "autogroup"): it gets the weight of ours, or a busy machine starves it and not the test.
    void share_weight() const {
        const auto weight = [](const std::string& pid) {
            std::ifstream in("/proc/" + pid + "/autogroup"); // "/autogroup-12 nice 0"
            std::string group;
            std::string word;
            std::string nice;
            in >> group >> word >> nice;
            return nice;
        };
        const std::string ours = weight("self");
        const std::string its = weight(std::to_string(pid_));
        if (!its.empty() && its != ours)
            std::ofstream("/proc/" + std::to_string(pid_) + "/autogroup") << ours;
    }

    /// False when it ended instead.
    bool wait_ready() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = "/dev/shm/jack_" + name_ + "_" + std::to_string(getuid()) + "_0";
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        for (int waited = 0; waited < 5000; waited += 5) {
            if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
                pid_ = 0;
                return false;
            }
            share_weight();
            const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            const bool there =
                connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
            close(fd);
            if (there) return true;
            wait_ms(5);
        }
        end(SIGKILL);
        return false;
    }

    void end(int signal) {
        if (pid_ == 0) return;
        ::kill(pid_, signal);
        ::kill(pid_, SIGCONT);
        while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
        pid_ = 0;
    }

    Options options_;
    std::string name_;
    bool heir_ = false;
    pid_t pid_ = 0;
    bool killed_ = false;
};

} // namespace backline::test
