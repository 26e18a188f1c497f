// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/file_names.hpp"
#include "daemon/control/rack_files.hpp"
#include "daemon/engine/error.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <stdlib.h>

namespace backline::control {
namespace {

namespace fs = std::filesystem;

struct RackFilesTest : testing::Test {
    RackFilesTest() {
        EXPECT_NE(::mkdtemp(root.data()), nullptr);
        racks.writable = root + "/mine";
        racks.directories = {root + "/shared", root + "/absent"};
        fs::create_directories(root + "/shared");
    }
    ~RackFilesTest() override { fs::remove_all(root); }

    std::string code_of(auto&& work) {
        try {
            work();
        } catch (const engine::CommandError& error) {
            message = error.what();
            return error.code;
        }
        return {};
    }

    std::string root = fs::temp_directory_path() / "backline-test-XXXXXX";
    std::string message;
    Config::Racks racks;
    engine::Rack rack = engine::parse_rack("format = 1\n[node.a]\nplugin = \"x.y\"\n", "t");
};

TEST_F(RackFilesTest, SavedRacksComeBackAndHideTheOthers) {
    save_rack(racks, "one", rack);
    EXPECT_EQ(read_rack(racks, "one"), rack);
    std::ofstream(root + "/shared/one.toml") << "format = 1\n";
    std::ofstream(root + "/shared/two.toml") << "format = 1\n";
    std::ofstream(root + "/shared/no rack.toml") << "";
    std::ofstream(root + "/shared/three.txt") << "";
    const auto list = list_racks(racks);
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(list[0].name, "one");
    EXPECT_TRUE(list[0].writable);
    EXPECT_EQ(list[1].name, "two");
    EXPECT_FALSE(list[1].writable);
    EXPECT_EQ(read_rack(racks, "one"), rack) << "the writable directory comes first";
    for (const auto& entry : fs::directory_iterator(racks.writable))
        EXPECT_EQ(entry.path().filename(), "one.toml") << "nothing else is left there";
}

TEST_F(RackFilesTest, FailuresHaveCodes) {
    EXPECT_EQ(code_of([&] { read_rack(racks, "../one"); }), "bad_name");
    EXPECT_EQ(code_of([&] { read_rack(racks, ""); }), "bad_name");
    EXPECT_EQ(code_of([&] { read_rack(racks, "one"); }), "no_such_rack");
    std::ofstream(root + "/shared/bad.toml") << "format = 1\nformat = 2\n";
    EXPECT_EQ(code_of([&] { read_rack(racks, "bad"); }), "bad_rack");
    EXPECT_NE(message.find("bad.toml:2"), std::string::npos) << message;
    EXPECT_EQ(message.find(root), std::string::npos) << "directories are not told";
    EXPECT_EQ(code_of([&] { parse_rack_text("x"); }), "bad_rack");
    racks.writable = "/proc/nowhere";
    EXPECT_EQ(code_of([&] { save_rack(racks, "one", rack); }), "bad_file");
    racks.writable.clear();
    EXPECT_EQ(code_of([&] { save_rack(racks, "one", rack); }), "unavailable");
}

TEST_F(RackFilesTest, FileNamesDoNotLeaveTheirDirectory) {
    fs::create_directories(root + "/shared/drums");
    std::ofstream(root + "/shared/drums/kick.wav") << "1234";
    std::ofstream(root + "/shared/.hidden") << "1";
    std::ofstream(root + "/secret") << "1";
    const std::vector<std::string> directories{root + "/absent", root + "/shared"};
    const auto files = list_files(directories);
    ASSERT_EQ(files.size(), 1u);
    EXPECT_EQ(files[0].name, "drums/kick.wav");
    EXPECT_EQ(files[0].bytes, 4u);
    EXPECT_EQ(find_file(directories, "drums/kick.wav"), root + "/shared/drums/kick.wav");
    for (const char* name : {"", "kick.wav", "drums", "../secret", "drums/../../secret",
                             "/etc/passwd", "drums/../../shared/drums/kick.wav"})
        EXPECT_EQ(find_file(directories, name), "") << name;
}

} // namespace
} // namespace backline::control
