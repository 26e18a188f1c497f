// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/instance.hpp"

#include "tests/plugin/audio_role.hpp"
#include "tests/plugin/fixture_info.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <sys/resource.h>

namespace backline::plugin {
namespace {

using test::AudioRole;
using test::default_layout;
using test::fixture_info;
using test::make_fixture;

const worker::Pool::Options kNoThreads{.count = 0, .threads = false};

/// Code and message of the PluginError that a call throws.
template <typename Call>
std::pair<std::string, std::string> failure(Call call) {
    try {
        call();
    } catch (const PluginError& error) {
        return {error.code, error.what()};
    }
    return {"", "nothing was thrown"};
}

using Failure = std::pair<std::string, std::string>;

TEST(Instance, ProcessesAfterActivation) {
    worker::Pool pool(kNoThreads);
    const auto instance = make_fixture("good", "minimal", pool);
    EXPECT_EQ(instance->latency(), 0u);
    instance->activate(default_layout(*instance));
    EXPECT_EQ(instance->current().channels, (std::vector<std::uint32_t>{2, 2}));
    AudioRole run(*instance);
    EXPECT_EQ(run({{32, 0, 2.0}}), BL_OK);
    EXPECT_EQ(run.port(1)[1][31], 0.25f);
    EXPECT_EQ(run.port(1)[1][32], 0.5f);
    EXPECT_TRUE(instance->retire(1.0));
}

TEST(Instance, InitialisesCellsAndNode) {
    worker::Pool pool(kNoThreads);
    const auto instance = make_fixture("good", "latent", pool);
    const process::Node& node = instance->node();
    EXPECT_EQ(node.param_count, 2u);
    EXPECT_EQ(node.bank.count(), 3u);
    EXPECT_EQ(node.files, nullptr);
    EXPECT_EQ(node.responses, nullptr);
    EXPECT_EQ(node.cost, &instance->shared()->cost);
    const process::ParamCell* const cells = instance->shared()->cells.get();
    EXPECT_EQ(cells[0].wanted.load(), 64.0);
    EXPECT_EQ(cells[0].heard.load(), 64.0);
    EXPECT_EQ(cells[1].wanted.load(), 0.0) << "bypass";
    EXPECT_EQ(instance->shared()->jobs, nullptr);
    EXPECT_EQ(instance->shared()->audio_results, nullptr);
}

TEST(Instance, ReportsLatencyAndTailWhileActive) {
    worker::Pool pool(kNoThreads);
    const auto instance = make_fixture("good", "latent", pool);
    EXPECT_EQ(instance->latency(), 0u);
    instance->activate(default_layout(*instance));
    EXPECT_EQ(instance->latency(), 64u);
    EXPECT_EQ(instance->tail(), 64u);
    AudioRole run(*instance);
    EXPECT_EQ(instance->shared()->requests.load(), 0u);
    run({{0, 0, 5.0}});
    EXPECT_EQ(instance->latency(), 5u);
    EXPECT_EQ(instance->shared()->requests.load(), 1u << BL_REQUEST_LATENCY);
    EXPECT_EQ(run.port(1)[0][4], 0.0f);
    EXPECT_EQ(run.port(1)[0][5], 0.25f);
}

TEST(Instance, ActivatesAgainWithAnotherLayout) {
    worker::Pool pool(kNoThreads);
    const auto instance = make_fixture("good", "latent", pool);
    instance->activate(default_layout(*instance));
    instance->activate({Instance::layout(instance->info(), 6), 96000.0, 64, true});
    EXPECT_EQ(instance->current().rate, 96000.0);
    AudioRole run(*instance);
    EXPECT_EQ(run.port(1).size(), 6u);
    EXPECT_EQ(run(), BL_OK);
    // A layout it cannot serve leaves it inactive; the next one it can serve does not.
    EXPECT_EQ(failure([&] { instance->activate(default_layout(*instance, 384000.0)); }),
              Failure("plugin_failed",
                      "plugin \"org.example.latent\": activate() at 384000 Hz returned "
                      "BL_UNSUPPORTED (-3): no rate above 200 kHz"));
    EXPECT_EQ(instance->latency(), 0u);
    instance->activate(default_layout(*instance));
    EXPECT_EQ(instance->latency(), 64u);
}

TEST(Instance, RefusesALayoutThatThePortsDoNotHave) {
    worker::Pool pool(kNoThreads);
    const auto instance = make_fixture("good", "minimal", pool);
    EXPECT_EQ(failure([&] {
                  instance->activate({{2}, 48000.0, 256, false});
              }),
              Failure("channels",
                      "plugin \"org.example.minimal\": channel counts for 1 ports, expected 2"));
    EXPECT_EQ(failure([&] {
                  instance->activate({{2, 65}, 48000.0, 256, false});
              }),
              Failure("channels",
                      "plugin \"org.example.minimal\": port \"out\" has 1..64 channels, got 65"));
}

TEST(Instance, SaysWhatWentWrong) {
    worker::Pool pool(kNoThreads);
    EXPECT_EQ(
        failure([&] { make_fixture("faulty", "create_null", pool); }),
        Failure("plugin_failed", "plugin \"org.example.create_null\": create() returned NULL"));
    EXPECT_EQ(failure([&] { make_fixture("faulty", "throws_in_create", pool); }),
              Failure("plugin_failed", "plugin \"org.example.throws_in_create\": create() threw an "
                                       "exception: out of patience"));
    EXPECT_EQ(failure([&] { make_fixture("faulty", "no_file_functions", pool); }),
              Failure("plugin_failed",
                      "plugin \"org.example.no_file_functions\": parameter \"text\" "
                      "is a file, but the instance has no backline.file/1"));
    EXPECT_EQ(failure([&] { make_fixture("faulty", "no_work", pool); }),
              Failure("plugin_failed",
                      "plugin \"org.example.no_work\": the instance has no work(), "
                      "but declares jobs"));
    const auto fails = make_fixture("faulty", "activate_fails", pool);
    EXPECT_EQ(failure([&] { fails->activate(default_layout(*fails)); }),
              Failure("plugin_failed",
                      "plugin \"org.example.activate_fails\": activate() at 48000 "
                      "Hz returned BL_ERROR (-1): the oscillator is out of order"));
}

TEST(Instance, RefusesALibraryThatIsNotWhatWasScanned) {
    worker::Pool pool(kNoThreads);
    PluginInfo info = *fixture_info("good", "minimal");
    info.params[0].max = 5.0;
    EXPECT_EQ(
        failure([&] { Instance::create(std::make_shared<const PluginInfo>(info), pool); }).first,
        "plugin_refused");
    info.library = "/nowhere/minimal.so";
    EXPECT_EQ(failure([&] { Instance::create(std::make_shared<const PluginInfo>(info), pool); }),
              Failure("plugin_refused", "cannot be loaded: cannot open shared object file: No such "
                                        "file or directory"));
}

TEST(Instance, FaultyPluginsFailAsTheySay) {
    worker::Pool pool(kNoThreads);
    const auto error = make_fixture("faulty", "returns_error", pool);
    error->activate(default_layout(*error));
    AudioRole run_error(*error);
    EXPECT_EQ(run_error(), BL_OK);
    EXPECT_EQ(run_error({{0, 0, 1.0}}), BL_ERROR);
    const auto nan = make_fixture("faulty", "emits_nan", pool);
    nan->activate(default_layout(*nan));
    AudioRole run_nan(*nan);
    run_nan();
    EXPECT_EQ(run_nan.port(1)[0][32], 0.25f);
    run_nan({{0, 0, 1.0}});
    EXPECT_TRUE(std::isnan(run_nan.port(1)[0][32]));
    EXPECT_TRUE(std::isinf(run_nan.port(1)[1][32]));
}

TEST(Instance, GivesEventPortsTheirLists) {
    worker::Pool pool(kNoThreads);
    const auto instance = make_fixture("good", "event_echo", pool);
    instance->activate(default_layout(*instance));
    bl_event_list* const lists = instance->node().events.get();
    ASSERT_EQ(lists[0].capacity, 256u);
    ASSERT_EQ(lists[1].capacity, 256u);
    for (std::uint32_t i = 0; i < 256; ++i)
        lists[0].events[i] = {i / 8, 3, {0x90, static_cast<std::uint8_t>(i), 100}};
    lists[0].count = 256;
    AudioRole run(*instance);
    run();
    ASSERT_EQ(lists[1].count, 256u);
    EXPECT_EQ(lists[1].overflow, 0u);
    for (std::uint32_t i = 0; i < 256; ++i) {
        EXPECT_EQ(lists[1].events[i].frame, i / 8 + 1);
        EXPECT_EQ(lists[1].events[i].bytes[1], i);
    }
    // Audio ports have empty ones.
    const auto audio = make_fixture("good", "minimal", pool);
    EXPECT_EQ(audio->node().events[1].capacity, 0u);
    EXPECT_EQ(audio->node().events[1].events, nullptr);
}

TEST(Instance, UnloadsItsLibraryWithTheLast) {
    const std::string path = BACKLINE_FIXTURES "/good/drops_jobs.so";
    const auto loaded = [&path] {
        void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
        if (handle != nullptr) dlclose(handle);
        return handle != nullptr;
    };
    worker::Pool pool(kNoThreads);
    ASSERT_FALSE(loaded());
    auto first = make_fixture("good", "drops_jobs", pool);
    auto second = make_fixture("good", "drops_jobs", pool);
    first.reset();
    EXPECT_TRUE(loaded());
    second.reset();
    EXPECT_FALSE(loaded());
}

TEST(Instance, ChoosesChannels) {
    const auto info = [](std::vector<PortInfo> ports) {
        PluginInfo made;
        made.id = "org.example.layout";
        made.ports = std::move(ports);
        return made;
    };
    constexpr std::uint32_t follows = BL_PORT_FOLLOWS, main = BL_PORT_MAIN;
    const PortInfo in{"in", "", BL_PORT_AUDIO, BL_INPUT, main | follows, 1, 64, 2};
    const PortInfo out{"out", "", BL_PORT_AUDIO, BL_OUTPUT, main | follows, 1, 8, 2};
    const PortInfo stereo_out{"out", "", BL_PORT_AUDIO, BL_OUTPUT, main, 2, 2, 2};
    const PortInfo side{"side", "", BL_PORT_AUDIO, BL_INPUT, follows, 1, 2, 1};
    const PortInfo events{"events", "", BL_PORT_EVENT, BL_INPUT, main, 0, 0, 0};
    using Counts = std::vector<std::uint32_t>;
    EXPECT_EQ(Instance::layout(info({in, out, side, events}), 0), (Counts{2, 2, 1, 0}));
    EXPECT_EQ(Instance::layout(info({in, out, side, events}), 2), (Counts{2, 2, 2, 0}));
    EXPECT_EQ(Instance::layout(info({in, out, side, events}), 6), (Counts{6, 6, 1, 0}));
    EXPECT_EQ(Instance::layout(info({in, stereo_out}), 1), (Counts{1, 2}));
    EXPECT_EQ(Instance::layout(info({stereo_out}), 2), (Counts{2}));
    EXPECT_EQ(failure([&] {
                  Instance::layout(info({in, out}), 9);
              }),
              Failure("channels",
                      "plugin \"org.example.layout\": port \"out\" has 1..8 channels, got 9"));
    EXPECT_EQ(failure([&] {
                  Instance::layout(info({stereo_out, events}), 3);
              }),
              Failure("channels", "plugin \"org.example.layout\" has no port of 3 channels"));
}

class InstanceFiles : public testing::Test {
  protected:
    InstanceFiles() {
        std::string name =
            (std::filesystem::temp_directory_path() / "backline-file-XXXXXX").string();
        directory_ = mkdtemp(name.data());
        std::ofstream(directory_ / "a") << "A text";
        std::ofstream(directory_ / "empty");
        instance_ = make_fixture("good", "file_holder", pool_);
        instance_->activate(default_layout(*instance_));
    }
    ~InstanceFiles() override { std::filesystem::remove_all(directory_); }

    float open_objects() {
        rt::RecordRing& results = *instance_->shared()->audio_results;
        float value = -1.0f;
        for (auto r = results.front(); r.data != nullptr; r = results.front()) {
            std::memcpy(&value, r.data + sizeof(ResultFrame), sizeof value);
            results.pop();
        }
        return value;
    }

    std::filesystem::path directory_;
    worker::Pool pool_{kNoThreads};
    std::unique_ptr<Instance> instance_;
};

TEST_F(InstanceFiles, AreOpenedInstalledAndClosed) {
    void* const object = instance_->open_file(1, directory_ / "a");
    ASSERT_NE(object, nullptr);
    const process::Node& node = instance_->node();
    ASSERT_NE(node.files, nullptr);
    EXPECT_EQ(node.files->install(node.plugin, 1, object), nullptr);
    AudioRole run(*instance_);
    run();
    EXPECT_EQ(run.port(0)[0][5], static_cast<float>('A'));
    EXPECT_EQ(open_objects(), 1.0f);
    instance_->close_file(1, node.files->install(node.plugin, 1, nullptr));
    run();
    EXPECT_EQ(open_objects(), 0.0f);
    instance_->close_file(1, nullptr);
}

TEST_F(InstanceFiles, AreRefusedWithAReason) {
    const std::string none = directory_ / "none", empty = directory_ / "empty";
    EXPECT_EQ(failure([&] { instance_->open_file(1, none); }),
              Failure("no_such_file", "file \"" + none + "\": No such file or directory"));
    EXPECT_EQ(failure([&] { instance_->open_file(1, empty); }),
              Failure("bad_file", "file \"" + empty + "\": the file is empty"));
    EXPECT_EQ(failure([&] { instance_->open_file(0, empty); }),
              Failure("bad_file", "plugin \"org.example.file_holder\": parameter 0 is not a file"));
    EXPECT_EQ(failure([&] { instance_->open_file(7, empty); }).first, "bad_file");
}

#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
TEST(Instance, LeavesNoPageToBeTouchedFirst) {
    // The plugin has gone through 24 MiB of calloc, malloc and static data after one call.
    worker::Pool pool(kNoThreads);
    for (int round = 0; round < 3; ++round) {
        std::unique_ptr<Instance> instance;
        std::thread([&] { // a loader has an arena of its own
            instance = make_fixture("good", "lazy_memory", pool);
            instance->activate(default_layout(*instance));
            if (round == 2) instance->activate(default_layout(*instance, 96000.0));
        })
            .join();
        AudioRole run(*instance);
        rusage before{}, after{};
        getrusage(RUSAGE_THREAD, &before);
        getrusage(RUSAGE_THREAD, &before); // its own code is present now
        const bl_status status = run();
        getrusage(RUSAGE_THREAD, &after);
        EXPECT_EQ(status, BL_OK);
        EXPECT_EQ(after.ru_minflt - before.ru_minflt, 0) << "round " << round;
    }
}
#endif

} // namespace
} // namespace backline::plugin
