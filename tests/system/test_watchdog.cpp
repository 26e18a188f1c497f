// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/watchdog.hpp"

#include "daemon/rt/tick_rate.hpp"

#include <atomic>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace backline::system {
namespace {

using namespace std::chrono_literals;
using State = HangDetector::State;
constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kLook = HangDetector::kLook;

/// A detector, a pulse, and a clock that goes from look to look.
class Detector : public testing::Test {
  protected:
    /// Looks `count` times, `apart` ns each; how many it took to find a hang, 0 = none.
    int look(int count, std::uint64_t apart = kLook, std::optional<State> state = {},
             std::uint64_t cpu_per_look = 0) {
        for (int i = 1; i <= count; ++i) {
            now += apart;
            if (state) state->cpu_ns += cpu_per_look;
            if (const auto found = detector.look(pulse, now, state)) {
                hang = *found;
                return i;
            }
        }
        return 0;
    }
    void enter(std::uint64_t period = 5 * kMs) { pulse.enter(now, period); }

    rt::Pulse pulse;
    HangDetector detector;
    HangDetector::Hang hang;
    std::uint64_t now = 1'000'000 * kMs;
};

TEST_F(Detector, ACycleThatIsNotLeftIsFoundAfterAHundredMilliseconds) {
    pulse.threads[0].running = rt::node_word(4, 1);
    look(3);
    enter();
    EXPECT_EQ(look(100), 6); // it is seen, and then five times 20 ms
    EXPECT_EQ(hang.word, rt::node_word(4, 1));
    EXPECT_EQ(hang.ns, 100 * kMs);
}

TEST_F(Detector, LongPeriodsHaveThreeOfThem) {
    enter(170 * kMs);
    EXPECT_EQ(look(100), 27); // 510 ms
}

TEST_F(Detector, NobodyInsideIsHealthy) {
    EXPECT_EQ(look(1000), 0); // never was anybody
    enter();
    look(4);
    pulse.leave();
    EXPECT_EQ(look(1000), 0); // a server that has stalled
    pulse.enter(0, 0);        // not in real time
    EXPECT_EQ(look(1000), 0);
}

TEST_F(Detector, EachCycleHasItsOwnTime) {
    for (int i = 0; i < 100; ++i) { // always inside when it looks
        enter();
        EXPECT_EQ(look(1), 0);
    }
    EXPECT_EQ(look(4), 0);
    enter();
    EXPECT_EQ(look(5), 0);
}

TEST_F(Detector, WhoWasStoppedTogetherWithItDoesNotBlameIt) {
    enter();
    EXPECT_EQ(look(2), 0);
    EXPECT_EQ(look(1, 3600'000 * kMs), 0); // SIGSTOP, or a lid that was closed
    EXPECT_EQ(look(1), 0);                 // 20 + 40 + 20
    pulse.leave();
    EXPECT_EQ(look(100), 0);
    // Now it really hangs, and the watchdog comes late each time.
    enter();
    EXPECT_EQ(look(100, 1000 * kMs), 4); // counts 40 ms a look
}

TEST_F(Detector, WaitingForAProcessorIsNotHanging) {
    enter();
    EXPECT_EQ(look(1000, kLook, State{'R', 0}), 0);
    // A tenth of a processor: the work that a full one does in 100 ms.
    const int looks = look(1000, kLook, State{'R', 0}, 2 * kMs);
    EXPECT_GE(looks, 50);
    EXPECT_LE(looks, 52);
}

TEST_F(Detector, AThreadThatSleepsInACycleHangs) {
    enter();
    EXPECT_EQ(look(100, kLook, State{'S', 0}), 6);
}

TEST_F(Detector, AThreadThatADebuggerStoppedDoesNot) {
    enter();
    EXPECT_EQ(look(1000, kLook, State{'t', 0}), 0);
    EXPECT_EQ(look(1000, kLook, State{'T', 0}), 0);
}

TEST_F(Detector, AHelpersNodeIsFoundWhenTheAudioThreadWaitsForIt) {
    enter();
    pulse.threads[2].running = rt::node_word(9, 1);
    pulse.threads[3].running = rt::node_word(7, 1);
    look(1);
    pulse.threads[2].running = rt::node_word(11, 1); // that one works
    EXPECT_NE(look(100), 0);
    EXPECT_EQ(hang.word, rt::node_word(7, 1));
}

TEST_F(Detector, CodeOfNoNodeIsNobodys) {
    enter();
    EXPECT_NE(look(100), 0);
    EXPECT_EQ(hang.word, 0u);
}

/// A daemon in small, in a child process: a thread that runs cycles, and the watchdog.
class WatchdogTest : public testing::Test {
  protected:
    ~WatchdogTest() override { shm_unlink(name.c_str()); }

    /// Starts the child: one cycle after the other, each with `node` inside; `errors` gets what it
    /// writes.
    void start(const std::function<void()>& node) {
        std::fflush(nullptr);
        child = fork();
        if (child != 0) return;
        dup2(open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
        BlackBox box(name);
        box.name_slot(3, 1, "comp", "org.example.comp");
        const Watchdog watchdog(box, 0);
        rt::current_thread_id = gettid();
        const rt::PulseThread thread(box.pulse(), 0);
        for (int i = 0; i < 100; ++i) {
            box.pulse().enter(rt::monotonic_ns(), 5 * kMs);
            {
                const rt::InNode inside(rt::node_word(3, 1));
                node();
            }
            box.pulse().leave();
            std::this_thread::sleep_for(5ms);
        }
        _exit(0);
    }
    /// Its exit status, or -1 when it was killed after `limit`.
    int wait(std::chrono::milliseconds limit) {
        const auto end = std::chrono::steady_clock::now() + limit;
        int status = 0;
        while (waitpid(child, &status, WNOHANG) == 0) {
            if (std::chrono::steady_clock::now() > end) {
                kill(child, SIGKILL);
                waitpid(child, &status, 0);
                return -1;
            }
            std::this_thread::sleep_for(1ms);
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
    }

    const std::string name = BlackBox::name_for("/watched/" + std::to_string(getpid()));
    const std::string errors = testing::TempDir() + "watchdog" + std::to_string(getpid());
    pid_t child = -1;
};

std::string text_of(const std::string& path) {
    std::string text(1000, '\0');
    const int fd = open(path.c_str(), O_RDONLY);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(read(fd, text.data(), 1000), 0)));
    close(fd);
    unlink(path.c_str());
    return text;
}

TEST_F(WatchdogTest, EndsTheProcessAndNamesTheNode) {
    for (const bool sleeps : {false, true}) {
        SCOPED_TRACE(sleeps);
        start([sleeps] {
            for (volatile bool forever = true; forever;)
                if (sleeps) std::this_thread::sleep_for(1s);
        });
        const auto begun = std::chrono::steady_clock::now();
        EXPECT_EQ(wait(5s), kHungStatus);
        // One may have to share a processor with others, and then gets less of it.
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
        EXPECT_GT(took.count(), 0.1);
        const std::string said = text_of(errors);
        EXPECT_NE(said.find("node \"comp\" (org.example.comp) has not returned"), std::string::npos)
            << said;
        EXPECT_NE(said.find("status 70"), std::string::npos) << said;
        const BlackBox box(name);
        ASSERT_TRUE(box.last());
        EXPECT_EQ(box.last()->kind, Verdict::Kind::hung);
        EXPECT_EQ(box.last()->node, "comp");
    }
}

TEST_F(WatchdogTest, LetsSlowOnesAndStoppedProcessesBe) {
    start([] { std::this_thread::sleep_for(40ms); });
    for (int i = 0; i < 5; ++i) {
        std::this_thread::sleep_for(97ms);
        kill(child, SIGSTOP);
        std::this_thread::sleep_for(400ms);
        kill(child, SIGCONT);
    }
    EXPECT_EQ(wait(30s), 0);
    EXPECT_EQ(text_of(errors), "");
    EXPECT_FALSE(BlackBox(name).last());
}

} // namespace
} // namespace backline::system
