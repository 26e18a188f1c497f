// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What one run leaves for the next, and the handler of crashes that writes into it.
#include "daemon/system/black_box.hpp"
#include "daemon/system/crash.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace backline::system {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kOwnFaultHandler = true; // the sanitizer ends the process, with a status of its own
#else
constexpr bool kOwnFaultHandler = false;
#endif

class BlackBoxTest : public testing::Test {
  protected:
    ~BlackBoxTest() override { shm_unlink(name.c_str()); }

    bool exists() const { return access(path().c_str(), F_OK) == 0; }
    std::string path() const { return "/dev/shm" + name; }

    /// Runs `act` in a child process that ends however it ends; its wait status.
    static int in_child(const std::function<void()>& act) {
        std::fflush(nullptr);
        const pid_t child = fork();
        if (child == 0) {
            act();
            _exit(0);
        }
        int status = -1;
        waitpid(child, &status, 0);
        return status;
    }

    const std::string name = BlackBox::name_for("/nowhere/" + std::to_string(getpid()));
};

TEST_F(BlackBoxTest, ItsNameIsTheDirectorysWhicheverWayItIsWritten) {
    EXPECT_EQ(BlackBox::name_for("/tmp/./a/../a"), BlackBox::name_for("/tmp/a"));
    EXPECT_NE(BlackBox::name_for("/tmp/a"), BlackBox::name_for("/tmp/b"));
    EXPECT_EQ(name.find('/', 1), std::string::npos);
    EXPECT_NE(name.find("-" + std::to_string(geteuid()) + "-"), std::string::npos);
}

TEST_F(BlackBoxTest, AnOrderlyEndLeavesNothing) {
    {
        const BlackBox box(name);
        EXPECT_EQ(box.problem(), "");
        EXPECT_FALSE(box.last());
        EXPECT_TRUE(exists());
        struct stat found {};
        ASSERT_EQ(stat(path().c_str(), &found), 0);
        EXPECT_EQ(found.st_mode & 0777u, 0600u);
    }
    EXPECT_FALSE(exists());
}

TEST_F(BlackBoxTest, TheNextRunReadsTheVerdictOnce) {
    EXPECT_EQ(in_child([this] {
                  BlackBox box(name);
                  box.name_slot(7, 3, "other", "org.example.other");
                  box.name_slot(8, 3, "comp", "org.example.comp");
                  box.judge(Verdict::Kind::hung, 0, rt::node_word(8, 3));
                  box.judge(Verdict::Kind::crashed, SIGABRT, rt::node_word(7, 3)); // too late
                  _exit(70);
              }),
              70 << 8);
    ASSERT_TRUE(exists());
    {
        BlackBox box(name);
        EXPECT_EQ(box.problem(), "");
        ASSERT_TRUE(box.last());
        EXPECT_EQ(box.last()->kind, Verdict::Kind::hung);
        EXPECT_EQ(box.last()->node, "comp");
        EXPECT_EQ(box.last()->plugin, "org.example.comp");
        EXPECT_NEAR(static_cast<double>(box.last()->time), static_cast<double>(time(nullptr)), 10);
        EXPECT_EQ(box.names(rt::node_word(8, 3)).node[0], '\0'); // begun anew
    }
    EXPECT_FALSE(BlackBox(name).last());
}

TEST_F(BlackBoxTest, AKilledRunLeavesNoVerdict) {
    in_child([this] {
        const BlackBox box(name);
        raise(SIGKILL);
    });
    EXPECT_TRUE(exists());
    const BlackBox box(name);
    EXPECT_FALSE(box.last());
    EXPECT_EQ(box.problem(), "");
}

TEST_F(BlackBoxTest, NamesBelongToOneGeneration) {
    BlackBox box(name);
    box.name_slot(8, 3, "comp", "org.example.comp");
    box.name_slot(8, 3, "squash", "org.example.comp"); // renamed
    EXPECT_STREQ(box.names(rt::node_word(8, 3)).node.data(), "squash");
    EXPECT_STREQ(box.names(rt::node_word(8, 4)).node.data(), "");
    EXPECT_STREQ(box.names(0).node.data(), "");
    EXPECT_STREQ(box.names(rt::node_word(BlackBox::kSlots, 1)).node.data(), "");
    const std::string longest(100, 'x');
    box.name_slot(BlackBox::kSlots - 1, 1, longest, longest);
    box.name_slot(BlackBox::kSlots, 1, longest, longest); // nobody's
    EXPECT_EQ(box.names(rt::node_word(BlackBox::kSlots - 1, 1)).plugin.data(),
              longest.substr(0, BlackBox::kText - 1));
}

TEST_F(BlackBoxTest, WhatIsDamagedIsSaidAndNotBelieved) {
    for (const std::size_t size : {3u, 100u, 4096u, 3'000'000u}) {
        SCOPED_TRACE(size);
        {
            std::ofstream file(path(), std::ios::binary);
            file << std::string(size, '\x5a');
        }
        chmod(path().c_str(), 0600);
        BlackBox box(name);
        EXPECT_FALSE(box.last());
        EXPECT_NE(box.problem().find(name), std::string::npos);
        EXPECT_NE(box.problem().find("not looked at"), std::string::npos) << box.problem();
        box.name_slot(1, 1, "a", "b"); // and it can be used
        EXPECT_STREQ(box.names(rt::node_word(1, 1)).node.data(), "a");
    }
    // The right size, and no sense in it.
    in_child([this] {
        BlackBox box(name);
        box.judge(Verdict::Kind::hung, 0, 0);
        _exit(0);
    });
    std::fstream file(path(), std::ios::binary | std::ios::in | std::ios::out);
    file << std::string(512, '\x5a');
    file.close();
    const BlackBox box(name);
    EXPECT_FALSE(box.last());
    EXPECT_NE(box.problem().find("damaged"), std::string::npos) << box.problem();
}

TEST_F(BlackBoxTest, SomebodyElsesObjectIsLeftAlone) {
    const int fd = shm_open(name.c_str(), O_RDWR | O_CREAT, 0666);
    ASSERT_GE(fd, 0);
    fchmod(fd, 0666); // others may write to it
    close(fd);
    {
        BlackBox box(name);
        EXPECT_NE(box.problem().find("not ours alone"), std::string::npos) << box.problem();
        box.name_slot(1, 1, "a", "b");
        EXPECT_STREQ(box.names(rt::node_word(1, 1)).node.data(), "a");
        box.pulse().enter(1, 2);
    }
    struct stat found {};
    ASSERT_EQ(stat(path().c_str(), &found), 0);
    EXPECT_EQ(found.st_size, 0);
}

TEST_F(BlackBoxTest, ASecondDaemonDoesNotTouchTheFirstOnes) {
    BlackBox first(name);
    first.name_slot(1, 1, "a", "b");
    {
        BlackBox second(name);
        EXPECT_NE(second.problem().find("another daemon uses it"), std::string::npos);
        second.name_slot(1, 1, "c", "d");
    }
    EXPECT_TRUE(exists());
    EXPECT_STREQ(first.names(rt::node_word(1, 1)).node.data(), "a");
}

/// Runs `act` inside of node "bad", with the handler.
void crash(const std::string& name, const std::function<void()>& act) {
    BlackBox box(name);
    const CrashHandler handler(box);
    box.name_slot(5, 2, "bad", "org.example.bad");
    const rt::PulseThread thread(box.pulse(), 0);
    const rt::InNode inside(rt::node_word(5, 2));
    act();
}

TEST_F(BlackBoxTest, ACrashInsideANodeNamesItAndEndsAsItWould) {
    if (kOwnFaultHandler) GTEST_SKIP() << "a sanitizer ends the process its own way";
    const std::pair<int, std::function<void()>> cases[] = {
        {SIGSEGV,
         [] {
             volatile int* volatile nowhere = nullptr;
             *nowhere = 1;
         }},
        {SIGABRT, [] { std::abort(); }},
        {SIGFPE, [] { raise(SIGFPE); }},
        {SIGBUS, [] { kill(getpid(), SIGBUS); }},
        {SIGILL, [] { __builtin_trap(); }},
    };
    for (const auto& [number, act] : cases) {
        SCOPED_TRACE(number);
        const int status = in_child([&, &act = act] { crash(name, act); });
        EXPECT_TRUE(WIFSIGNALED(status));
        EXPECT_EQ(WTERMSIG(status), number);
        const BlackBox box(name);
        ASSERT_TRUE(box.last());
        EXPECT_EQ(box.last()->kind, Verdict::Kind::crashed);
        EXPECT_EQ(box.last()->signal, number);
        EXPECT_EQ(box.last()->node, "bad");
    }
}

/// Never returns; each call takes a piece of the stack.
int overflow(int depth) {
    volatile char piece[4096];
    piece[0] = static_cast<char>(depth);
    return depth < 0 ? 0 : overflow(depth + 1) + piece[0];
}

TEST_F(BlackBoxTest, ACrashForWantOfStackIsToldOnAnotherOne) {
    if (kOwnFaultHandler) GTEST_SKIP() << "a sanitizer ends the process its own way";
    in_child([&] {
        static char memory[64 * 1024];
        stack_t stack{};
        stack.ss_sp = memory;
        stack.ss_size = sizeof memory;
        sigaltstack(&stack, nullptr);
        crash(name, [] { overflow(0); });
    });
    const BlackBox box(name);
    ASSERT_TRUE(box.last());
    EXPECT_EQ(box.last()->node, "bad");
    EXPECT_EQ(box.last()->signal, SIGSEGV);
}

TEST_F(BlackBoxTest, ACrashElsewhereIsNobodysFault) {
    if (kOwnFaultHandler) GTEST_SKIP() << "a sanitizer ends the process its own way";
    const int status = in_child([this] {
        BlackBox box(name);
        const CrashHandler handler(box);
        std::abort();
    });
    EXPECT_EQ(WTERMSIG(status), SIGABRT);
    EXPECT_FALSE(BlackBox(name).last());
}

TEST_F(BlackBoxTest, AfterItsLifeTheHandlerIsGone) {
    struct sigaction before {
    }, during{}, after{};
    sigaction(SIGSEGV, nullptr, &before);
    {
        BlackBox box(name);
        const CrashHandler handler(box);
        sigaction(SIGSEGV, nullptr, &during);
    }
    sigaction(SIGSEGV, nullptr, &after);
    EXPECT_NE(during.sa_sigaction, before.sa_sigaction);
    EXPECT_EQ(after.sa_sigaction, before.sa_sigaction);
}

} // namespace
} // namespace backline::system
