// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/host_side.hpp"

#include "tests/plugin/audio_role.hpp"
#include "tests/plugin/fixture_info.hpp"
#include "tests/worker/fake_client.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace backline::plugin {
namespace {

using rt::Role;
using rt::RoleScope;
using test::AudioRole;
using test::default_layout;
using test::make_fixture;

struct Frame {
    std::uint32_t result;
    std::uint64_t time;
    std::vector<float> values;
    friend bool operator==(const Frame&, const Frame&) = default;
};

std::vector<Frame> take(rt::RecordRing& ring) {
    std::vector<Frame> frames;
    for (auto record = ring.front(); record.data != nullptr; record = ring.front()) {
        ResultFrame header{};
        std::memcpy(&header, record.data, sizeof header);
        std::vector<float> values(header.count);
        if (header.count != 0)
            std::memcpy(values.data(), record.data + sizeof header, header.count * sizeof(float));
        frames.push_back({header.result, header.time, values});
        ring.pop();
    }
    return frames;
}

/// The host's half alone, for a plugin that could be.
class HostSideTest : public testing::Test {
  protected:
    HostSideTest() {
        PluginInfo info;
        info.id = "org.example.host";
        info.results = {{0, "level", "", "", 4, -1.0, 1.0, 100.0}};
        info.worker = {64, 4, 32, BL_WORK_LIVE, 0};
        info_ = std::make_shared<const PluginInfo>(info);
        shared_ = std::make_shared<Shared>(*info_);
        side_ = std::make_unique<HostSide>(info_, shared_, pool_);
        host_ = side_->host();
    }

    bool emit(Role role, std::uint32_t result, std::vector<float> values) {
        const RoleScope scope(role);
        return host_->emit(host_, result, 7, values.data(),
                           static_cast<std::uint32_t>(values.size()));
    }

    worker::Pool pool_{{.count = 0, .threads = false}};
    std::shared_ptr<const PluginInfo> info_;
    std::shared_ptr<Shared> shared_;
    std::unique_ptr<HostSide> side_;
    const bl_host* host_ = nullptr;
};

TEST_F(HostSideTest, SaysWhatItIs) {
    EXPECT_EQ(host_->struct_size, sizeof(bl_host));
    EXPECT_EQ(host_->abi_version, BL_ABI_VERSION);
    EXPECT_EQ(host_->get_extension(host_, "org.example.nothing/1"), nullptr);
}

TEST_F(HostSideTest, KeepsResultsOfBothRolesApart) {
    EXPECT_TRUE(emit(Role::audio, 0, {1, 2}));
    EXPECT_TRUE(emit(Role::worker, 0, {3}));
    EXPECT_TRUE(emit(Role::io, 0, {}));
    EXPECT_EQ(take(*shared_->audio_results), (std::vector<Frame>{{0, 7, {1, 2}}}));
    EXPECT_EQ(take(*shared_->worker_results), (std::vector<Frame>{{0, 7, {3}}, {0, 7, {}}}));
    EXPECT_EQ(shared_->results_lost, 0u);
}

TEST_F(HostSideTest, PassesValuesOnAsTheyAre) {
    const float inf = std::numeric_limits<float>::infinity();
    EXPECT_TRUE(emit(Role::audio, 0, {-inf, 5.0f}));
    EXPECT_EQ(take(*shared_->audio_results), (std::vector<Frame>{{0, 7, {-inf, 5.0f}}}));
}

TEST_F(HostSideTest, RefusesAndCountsResultsThatCannotBe) {
    EXPECT_FALSE(emit(Role::audio, 1, {1}));
    EXPECT_FALSE(emit(Role::audio, 0, {1, 2, 3, 4, 5}));
    EXPECT_EQ(shared_->misuses, 0u);
    for (const Role role : {Role::other, Role::engine, Role::loader, Role::control})
        EXPECT_FALSE(emit(role, 0, {1}));
    EXPECT_EQ(shared_->misuses, 4u);
    EXPECT_EQ(shared_->results_lost, 6u);
    EXPECT_TRUE(take(*shared_->audio_results).empty());
    EXPECT_TRUE(take(*shared_->worker_results).empty());
}

TEST_F(HostSideTest, HoldsHalfASecondOfResultsAndCountsTheRest) {
    unsigned kept = 0;
    while (emit(Role::audio, 0, {1, 2, 3, 4}))
        ++kept;
    EXPECT_GE(kept, 50u); // 100 a second
    EXPECT_EQ(shared_->results_lost, 1u);
    EXPECT_EQ(take(*shared_->audio_results).size(), kept);
    EXPECT_TRUE(emit(Role::audio, 0, {1, 2, 3, 4}));
}

TEST_F(HostSideTest, TakesJobsFromTheAudioRoleOnly) {
    EXPECT_EQ(host_->job_reserve(host_, 8), nullptr);
    host_->job_submit(host_);
    EXPECT_EQ(shared_->misuses, 2u);
    EXPECT_EQ(shared_->jobs->submitted(), 0u);
    const RoleScope audio(Role::audio);
    void* const room = host_->job_reserve(host_, 8);
    EXPECT_NE(room, nullptr);
    EXPECT_EQ(host_->job_reserve(host_, 64), room);
    EXPECT_EQ(host_->job_reserve(host_, 65), nullptr);
    host_->job_submit(host_);
    EXPECT_EQ(shared_->misuses, 2u);
    host_->job_submit(host_);
    EXPECT_EQ(shared_->misuses, 3u) << "nothing was reserved";
    EXPECT_EQ(shared_->jobs->accepted(), 1u);
    EXPECT_EQ(shared_->jobs->dropped(), 1u);
    pool_.ready().reach(1); // as Pool::add() has it
    pool_.ready().publish();
    EXPECT_TRUE(pool_.ready().any());
}

TEST_F(HostSideTest, TakesResponsesFromWorkersOnly) {
    const char bytes[33] = {};
    EXPECT_FALSE(host_->respond(host_, bytes, 4));
    {
        const RoleScope audio(Role::audio);
        EXPECT_FALSE(host_->respond(host_, bytes, 4));
    }
    EXPECT_EQ(shared_->misuses, 2u);
    const RoleScope scope(Role::worker);
    EXPECT_FALSE(host_->respond(host_, bytes, 33));
    EXPECT_EQ(shared_->responses_lost, 1u);
    unsigned kept = 0;
    while (host_->respond(host_, bytes, 32))
        ++kept;
    EXPECT_GE(kept, 4u);
    EXPECT_EQ(shared_->responses_lost, 2u);
    EXPECT_EQ(shared_->responses->front().size, 32u);
}

TEST_F(HostSideTest, CollectsRequestsFromAnybody) {
    for (const Role role : {Role::audio, Role::worker, Role::loader, Role::other}) {
        const RoleScope scope(role);
        host_->request(host_, BL_REQUEST_LATENCY);
        host_->request(host_, BL_REQUEST_STATE_DIRTY);
    }
    EXPECT_EQ(shared_->requests.exchange(0),
              (1u << BL_REQUEST_LATENCY) | (1u << BL_REQUEST_STATE_DIRTY));
    host_->request(host_, 0);
    host_->request(host_, 77);
    EXPECT_EQ(shared_->requests, 0u);
    EXPECT_EQ(shared_->misuses, 2u);
}

std::string logged; // written by the sink, a plain function

TEST_F(HostSideTest, LogsButNotForTheAudioThread) {
    Instance::set_log_sink([](std::uint32_t level, const char* plugin, const char* message) {
        logged += std::to_string(level) + " " + plugin + " " + message + "\n";
    });
    {
        const RoleScope audio(Role::audio);
        host_->log(host_, BL_LOG_ERROR, "never");
    }
    EXPECT_EQ(shared_->misuses, 1u);
    const RoleScope loader(Role::loader);
    host_->log(host_, BL_LOG_INFO, "hello");
    EXPECT_EQ(side_->take_error(), "");
    host_->log(host_, BL_LOG_ERROR, "broken");
    Instance::set_log_sink(nullptr);
    EXPECT_EQ(logged, "1 org.example.host hello\n3 org.example.host broken\n");
    EXPECT_EQ(side_->take_error(), "broken");
    EXPECT_EQ(side_->take_error(), "");
}

TEST(HostSideRings, AreBoundedAndHoldTheLargestFrame) {
    PluginInfo info;
    info.results = {{0, "any rate", "", "", 1, 0.0, 1.0, 0.0}};
    Shared unrated(info);
    for (int i = 0; i < 64; ++i) {
        ASSERT_NE(unrated.audio_results->reserve(sizeof(ResultFrame) + sizeof(float)), nullptr);
        unrated.audio_results->commit();
    }
    info.results = {{0, "spectrum", "", "", 1u << 20, 0.0, 1.0, 0.0}};
    Shared large(info);
    EXPECT_NE(large.audio_results->reserve(sizeof(ResultFrame) + (4u << 20)), nullptr);
    info.results = {{0, "fast", "", "", 1024, 0.0, 1.0, 100'000.0}};
    Shared fast(info);
    EXPECT_NE(fast.audio_results->reserve(512 * 1024 - 8), nullptr);
    EXPECT_EQ(fast.audio_results->reserve(512 * 1024), nullptr) << "1 MiB in all";
    EXPECT_EQ(fast.worker_results, nullptr);
    EXPECT_EQ(fast.jobs, nullptr);
}

TEST(InstanceWork, GoesRoundFromAudioToWorkerAndBack) {
    worker::Pool pool({.count = 2});
    const auto instance = make_fixture("good", "counter", pool);
    instance->activate(default_layout(*instance));
    AudioRole run(*instance);
    Shared& shared = *instance->shared();
    constexpr int kCalls = 300;
    for (int i = 1; i <= kCalls; ++i) {
        run();
        pool.ready().publish();
        pool.ready().wake_one();
        ASSERT_TRUE(test::wait_for([&] { return shared.jobs->pending() == 0; }));
        const std::vector<Frame> worked = take(*shared.worker_results);
        const auto number = static_cast<float>(i);
        ASSERT_EQ(worked, (std::vector<Frame>{{1, 0, {number, -number}}}));
        const std::vector<Frame> audio = take(*shared.audio_results);
        std::vector<Frame> expected;
        if (i > 1) expected.push_back({2, 0, {number - 1.0f}}); // the answer to the call before
        expected.push_back({0, static_cast<std::uint64_t>(64 * (i - 1) + 32), {number}});
        ASSERT_EQ(audio, expected);
    }
    EXPECT_TRUE(instance->retire(5.0));
    EXPECT_TRUE(instance->retire(5.0)) << "once more does no harm";
    EXPECT_EQ(shared.responses->front().data, nullptr) << "the last answer was discarded";
    EXPECT_EQ(shared.jobs->worked(), static_cast<std::uint64_t>(kCalls));
    EXPECT_EQ(shared.results_lost, 0u);
    EXPECT_EQ(shared.misuses, 0u);
}

TEST(InstanceWork, CountsWhatDoesNotFit) {
    worker::Pool pool({.count = 1, .threads = false});
    const auto instance = make_fixture("good", "drops_jobs", pool);
    instance->activate(default_layout(*instance));
    AudioRole run(*instance);
    std::size_t results = 0;
    for (int i = 0; i < 10; ++i) {
        run();
        const RoleScope audio(Role::audio);
        pool.run_now();
        results += take(*instance->shared()->worker_results).size();
    }
    const rt::JobRing& jobs = *instance->shared()->jobs;
    EXPECT_EQ(jobs.submitted(), 50u);
    EXPECT_EQ(jobs.worked(), 20u);
    EXPECT_EQ(jobs.dropped(), 30u);
    EXPECT_EQ(results, 20u);
}

TEST(InstanceWork, ReadersOutliveTheInstance) {
    worker::Pool pool({.count = 1, .threads = false});
    auto instance = make_fixture("good", "counter", pool);
    instance->activate(default_layout(*instance));
    AudioRole run(*instance);
    run();
    const std::shared_ptr<Shared> shared = instance->shared();
    EXPECT_TRUE(instance->retire(1.0));
    instance.reset();
    EXPECT_EQ(take(*shared->audio_results).size(), 1u);
    EXPECT_EQ(shared->jobs->dropped(), 1u);
}

TEST(InstanceWork, AStuckJobMakesRetireFail) {
    // Both live on: that is what abandoning means.
    static worker::Pool& pool = *new worker::Pool({.count = 1});
    static auto& abandoned = *new std::vector<std::unique_ptr<Instance>>;
    auto stuck = make_fixture("good", "slow_work", pool);
    stuck->activate(default_layout(*stuck));
    AudioRole run(*stuck);
    run({{0, 0, 60000.0}});
    pool.ready().publish();
    pool.ready().wake_one();
    ASSERT_TRUE(test::wait_for([&] {
        const auto stats = pool.stats();
        return stats[0].working;
    }));
    EXPECT_FALSE(stuck->retire(0.05));
    EXPECT_EQ(pool.abandoned(), 1u);
    abandoned.push_back(std::move(stuck));

    const auto healthy = make_fixture("good", "slow_work", pool);
    healthy->activate(default_layout(*healthy));
    AudioRole healthy_run(*healthy);
    healthy_run({{0, 0, 0.0}});
    pool.ready().publish();
    pool.ready().wake_one();
    EXPECT_TRUE(test::wait_for([&] { return healthy->shared()->jobs->worked() == 1; }));
    EXPECT_TRUE(healthy->retire(5.0));
}

} // namespace
} // namespace backline::plugin
