// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/prober.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <list>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace backline::plugin {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kAnswerMax = 16u << 20;
constexpr std::size_t kSaidMax = 4096;
/// Slow runs that go on beside as many others as there are cores.
constexpr std::size_t kSlowMax = 16;
/// How often a request to stop is looked for.
constexpr std::chrono::milliseconds kLook{100};

[[noreturn]] void fail(int error, const std::string& what) {
    throw std::system_error(error, std::generic_category(), what);
}

/// A file descriptor with an owner.
class Descriptor {
  public:
    explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
    ~Descriptor() { close(); }
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        if (this != &other) {
            close();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    int get() const noexcept { return fd_; }
    bool open() const noexcept { return fd_ >= 0; }
    void close() noexcept {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

  private:
    int fd_;
};

/// Reads of the first never block; neither end is passed on to programs but by dup2.
std::pair<Descriptor, Descriptor> make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail(errno, "cannot make a pipe");
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

/// Reads what is there; false at the end. Keeps the newest `keep` bytes, or with `refuse_more` the
/// oldest and one more.
bool read_some(Descriptor& from, std::string& to, std::size_t keep, bool refuse_more) {
    char buffer[16384];
    for (;;) {
        const ssize_t n = read(from.get(), buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return true;
        if (n <= 0) return false;
        to.append(buffer, static_cast<std::size_t>(n));
        if (to.size() <= keep) continue;
        if (refuse_more)
            to.resize(keep + 1);
        else
            to.erase(0, to.size() - keep);
    }
}

/// Attributes and file actions of posix_spawn, freed at the end of their scope.
struct SpawnSettings {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    SpawnSettings() {
        posix_spawnattr_init(&attributes);
        posix_spawn_file_actions_init(&actions);
    }
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
};

/// One running probe.
struct Run {
    std::size_t index = 0;
    pid_t pid = -1;
    Descriptor process; ///< readable when the process has ended
    Descriptor answer;
    Descriptor said;
    Clock::time_point patience, limit;
    bool slow = false;
    bool timed_out = false;
    ProbeOutcome outcome;
};

/// In a process group of its own, so that a kill reaches what the library has started; with no
/// descriptor of ours, no blocked signal and the ordinary scheduler.
pid_t spawn(const std::string& probe, const std::string& library, int answer, int said) {
    const SpawnSettings settings;
    auto* const actions = const_cast<posix_spawn_file_actions_t*>(&settings.actions);
    posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(actions, answer, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(actions, said, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);

    auto* const attributes = const_cast<posix_spawnattr_t*>(&settings.attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    const sched_param ordinary{};
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setschedpolicy(attributes, SCHED_OTHER);
    posix_spawnattr_setschedparam(attributes, &ordinary);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
                                             | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSCHEDULER);

    std::string program = probe, argument = library;
    char* const arguments[] = {program.data(), argument.data(), nullptr};
    pid_t pid = -1;
    const int error = posix_spawn(&pid, probe.c_str(), &settings.actions, &settings.attributes,
                                  arguments, environ);
    if (error != 0) fail(error, "cannot start " + probe);
    return pid;
}

Run start(const Probing& how, const std::string& library, std::size_t index) {
    auto [answer, answer_end] = make_pipe();
    auto [said, said_end] = make_pipe();
    Run run;
    run.index = index;
    run.pid = spawn(how.probe, library, answer_end.get(), said_end.get());
    run.process = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, run.pid, 0)));
    if (!run.process.open()) {
        const int error = errno;
        kill(-run.pid, SIGKILL);
        waitpid(run.pid, nullptr, 0);
        fail(error, "cannot watch " + how.probe);
    }
    run.answer = std::move(answer);
    run.said = std::move(said);
    const auto in = [now = Clock::now()](double seconds) {
        return now
               + std::chrono::duration_cast<Clock::duration>(
                   std::chrono::duration<double>(seconds));
    };
    run.patience = in(how.patience_s);
    run.limit = in(how.limit_s);
    return run;
}

/// The last line, at most 200 bytes of it.
std::string last_line(const std::string& text) {
    const std::size_t end = text.find_last_not_of(" \t\r\n");
    if (end == std::string::npos) return {};
    const std::size_t begin = text.find_last_of('\n', end);
    const std::string line = text.substr(begin == std::string::npos ? 0 : begin + 1,
                                         end - (begin == std::string::npos ? 0 : begin + 1) + 1);
    return line.substr(0, 200);
}

std::string describe_end(const Run& run, int status, double limit_s) {
    if (run.timed_out) return fmt::format("did not load within {:g} s", limit_s);
    std::string reason;
    if (WIFSIGNALED(status))
        reason = fmt::format("crashed when loaded (SIG{})", sigabbrev_np(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0 || run.outcome.answer.empty())
        reason = fmt::format("ended the process when loaded (status {})", WEXITSTATUS(status));
    else if (run.outcome.answer.size() > kAnswerMax)
        reason = "describes more than can be read";
    if (const std::string line = last_line(run.outcome.said); !reason.empty() && !line.empty())
        reason += ": " + line;
    return reason;
}

/// Collects a run that has ended or is out of time.
void finish(Run& run, double limit_s) {
    if (run.timed_out) kill(-run.pid, SIGKILL);
    int status = 0;
    while (waitpid(run.pid, &status, 0) < 0 && errno == EINTR) {
    }
    read_some(run.answer, run.outcome.answer, kAnswerMax, true);
    read_some(run.said, run.outcome.said, kSaidMax, false);
    run.outcome.failure = describe_end(run, status, limit_s);
    run.outcome.lasting = !run.timed_out;
    if (!run.outcome.failure.empty()) run.outcome.answer.clear();
}

/// Waits until something happens to one of the runs, or the next limit.
void wait(std::list<Run>& runs) {
    std::vector<pollfd> wanted;
    Clock::time_point limit = Clock::time_point::max();
    for (const Run& run : runs) {
        wanted.push_back({run.process.get(), POLLIN, 0});
        wanted.push_back({run.answer.get(), POLLIN, 0}); // -1 is ignored
        wanted.push_back({run.said.get(), POLLIN, 0});
        limit = std::min(limit, run.slow ? run.limit : std::min(run.patience, run.limit));
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - Clock::now()).count();
    poll(wanted.data(), wanted.size(),
         static_cast<int>(std::clamp<long long>(left, 0, kLook.count())));
    std::size_t at = 0;
    for (Run& run : runs) {
        const bool ended = wanted[at].revents != 0;
        if (wanted[at + 1].revents != 0
            && !read_some(run.answer, run.outcome.answer, kAnswerMax, true))
            run.answer.close();
        if (wanted[at + 2].revents != 0 && !read_some(run.said, run.outcome.said, kSaidMax, false))
            run.said.close();
        at += 3;
        if (ended) run.process.close();
    }
}

} // namespace

bool probe_all(const std::vector<std::string>& libraries, const Probing& how) {
    const std::size_t at_once = std::max(std::thread::hardware_concurrency(), 1u);
    std::list<Run> runs;
    // Whatever goes wrong on the way, no probe stays behind.
    const auto kill_all = [](std::list<Run>* all) {
        for (Run& run : *all) {
            run.timed_out = true;
            finish(run, 0.0);
        }
    };
    const std::unique_ptr<std::list<Run>, decltype(kill_all)> guard(&runs, kill_all);
    std::size_t next = 0;
    while (next < libraries.size() || !runs.empty()) {
        if (how.stop) return false;
        const auto slow =
            std::count_if(runs.begin(), runs.end(), [](auto& run) { return run.slow; });
        const std::size_t room = at_once + std::min(static_cast<std::size_t>(slow), kSlowMax);
        for (; runs.size() < room && next < libraries.size(); ++next)
            runs.push_back(start(how, libraries[next], next));
        wait(runs);
        const auto now = Clock::now();
        for (auto run = runs.begin(); run != runs.end();) {
            run->timed_out = run->process.open() && now >= run->limit;
            if (run->process.open() && !run->timed_out) {
                if (!run->slow && now >= run->patience) {
                    run->slow = true;
                    how.slow(run->index);
                }
                ++run;
                continue;
            }
            finish(*run, how.limit_s);
            const Run ended = std::move(*run);
            run = runs.erase(run);
            how.done(ended.index, ended.outcome);
        }
    }
    return true;
}

} // namespace backline::plugin
