// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/system/lock_file.hpp"
#include "daemon/system/port_file.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace backline::system {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
  protected:
    Files() {
        std::string pattern = ::testing::TempDir() + "backline_files_XXXXXX";
        directory_ = mkdtemp(pattern.data());
    }
    ~Files() override { fs::remove_all(directory_); }

    std::string path(const char* name) const { return directory_ + "/" + name; }
    static std::string content(const std::string& path) {
        std::stringstream text;
        text << std::ifstream(path).rdbuf();
        return text.str();
    }
    std::size_t count() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory_), {}));
    }

    std::string directory_;
};

TEST_F(Files, LockMakesTheDirectoryForItsOwnerOnly) {
    const LockFile lock(path("a/b"));
    EXPECT_EQ(fs::status(path("a/b")).permissions() & fs::perms(0077), fs::perms::none);
    EXPECT_EQ(content(path("a/b/lock")), std::to_string(getpid()) + "\n");
}

TEST_F(Files, LockAdmitsOneAndNamesIt) {
    std::array<int, 2> ready{}, end{};
    ASSERT_EQ(pipe(ready.data()), 0);
    ASSERT_EQ(pipe(end.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
        const LockFile lock(directory_);
        char byte = 'r';
        [[maybe_unused]] auto n = write(ready[1], &byte, 1);
        close(end[1]);
        n = read(end[0], &byte, 1);
        _exit(0);
    }
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    try {
        const LockFile lock(directory_);
        FAIL() << "two at once";
    } catch (const InUse& error) {
        EXPECT_EQ(error.holder(), child);
        EXPECT_EQ(error.what(), "state directory " + directory_ + " is in use by process "
                                    + describe_process(child));
        EXPECT_NE(std::string(error.what()).find("(test_system)"), std::string::npos);
    }
    kill(child, SIGKILL); // the kernel lets go however the owner ends
    waitpid(child, nullptr, 0);
    EXPECT_NO_THROW(LockFile{directory_});
    for (const int fd : {ready[0], ready[1], end[0], end[1]})
        close(fd);
}

TEST_F(Files, LockIsReleasedAndTakenAgain) {
    for (int i = 0; i < 3; ++i)
        EXPECT_NO_THROW(LockFile{directory_});
    const LockFile lock(directory_);
    EXPECT_THROW(LockFile{directory_}, InUse); // in one process too
}

TEST_F(Files, LockThatCannotBeTakenSaysWhere) {
    std::ofstream(path("file")) << "x";
    try {
        const LockFile lock(path("file"));
        FAIL() << "a file is no directory";
    } catch (const std::system_error& error) {
        EXPECT_NE(std::string(error.what()).find(path("file")), std::string::npos);
    }
}

TEST_F(Files, PortFileIsDecimalAndNewline) {
    write_port_file(path("port"), 9770);
    EXPECT_EQ(content(path("port")), "9770\n");
    write_port_file(path("port"), 1);
    EXPECT_EQ(content(path("port")), "1\n");
    EXPECT_EQ(count(), 1u);
}

TEST_F(Files, ReplaceKeepsTheOldFileWhenItFails) {
    fs::create_directory(path("taken"));
    EXPECT_THROW(replace_file(path("taken"), "x", 0644, false), std::system_error);
    EXPECT_TRUE(fs::is_directory(path("taken")));
    EXPECT_THROW(replace_file(path("none/file"), "x", 0644, false), std::system_error);
    EXPECT_EQ(count(), 1u); // and nothing else is left
}

TEST_F(Files, ReplaceIsDurableWithTheModeAsked) {
    const mode_t before = umask(0022);
    replace_file(path("state"), std::string(100000, 'x'), 0600, true);
    umask(before);
    EXPECT_EQ(content(path("state")), std::string(100000, 'x'));
    EXPECT_EQ(fs::status(path("state")).permissions(), fs::perms(0600));
}

TEST_F(Files, ReaderNeverSeesHalfAFile) {
    const std::string a(200000, 'a'), b(200000, 'b');
    replace_file(path("f"), a, 0644, false);
    const pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 200; ++i)
            replace_file(path("f"), i % 2 == 0 ? b : a, 0644, false);
        _exit(0);
    }
    int reads = 0;
    while (waitpid(child, nullptr, WNOHANG) == 0) {
        const std::string seen = content(path("f"));
        ASSERT_TRUE(seen == a || seen == b) << seen.size();
        ++reads;
    }
    EXPECT_GT(reads, 0);
}

TEST(DescribeProcess, KnowsNames) {
    EXPECT_EQ(describe_process(getpid()), std::to_string(getpid()) + " (test_system)");
    EXPECT_EQ(describe_process(0), "unknown");
    EXPECT_EQ(describe_process(0x7ffffff0), "2147483632");
}

} // namespace
} // namespace backline::system
