// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Timed values against the clock of a real server: each at the frame that was computed for it, and
// that frame where JACK's own cycle times put its moment.
#include "daemon/engine/engine.hpp"
#include "daemon/engine/sample_time.hpp"
#include "daemon/rt/tick_rate.hpp"
#include "tests/audio/driver_fixture.hpp"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>
#include <random>

namespace backline::test {
namespace {

constexpr int kChanges = 10'000;
constexpr std::int64_t kGiga = 1'000'000'000;
constexpr double kSeconds = 4.0;

class JackTimeTest : public testing::Test {
  protected:
    void SetUp() override {
        server.start();
        registry.scan();
        driver = std::make_unique<audio::JackDriver>(audio::JackDriver::Options{
            .server = server.name(), .cycle = cycle, .listener = &engine});
        engine.set_driver(driver.get());
        engine.start();
        driver->start();
        ASSERT_TRUE(eventually([&] { return driver->status().state == State::running; }));
        ASSERT_TRUE(eventually([&] { return cycle.anchor().cycles > 100; }));
    }
    void TearDown() override {
        driver->stop();
        engine.stop();
        driver.reset();
    }

    std::uint64_t submit(std::vector<engine::Op> ops, std::optional<std::int64_t> due = {}) {
        engine::Request request;
        request.token = ++token;
        request.sender = 1;
        request.ops = std::move(ops);
        request.due_ns = due;
        EXPECT_TRUE(engine.submit(std::move(request)));
        return token;
    }
    std::size_t answered() {
        const std::lock_guard lock(mutex);
        return completions.size();
    }
    /// Where cycles began, by the sample clock, while `still` holds.
    std::map<std::uint64_t, process::TimeAnchor> watch(const std::function<bool()>& still) {
        std::map<std::uint64_t, process::TimeAnchor> seen;
        while (still()) {
            const process::TimeAnchor anchor = cycle.anchor();
            if (anchor.ns != 0) seen.emplace(anchor.clock, anchor);
            std::this_thread::sleep_for(500us);
        }
        return seen;
    }

    JackServer server;
    std::shared_ptr<process::Master> master = std::make_shared<process::Master>();
    worker::Pool pool{{1, true}};
    plugin::Registry registry{{PROBE, {PLUGIN_DIR}, 5.0}};
    process::Cycle cycle{{1024, &pool.ready(), 0, nullptr, nullptr}, *master};
    std::mutex mutex;
    std::map<std::uint64_t, engine::Completion> completions;
    engine::Engine engine{{48000.0, false, 10.0, master},
                          cycle,
                          pool,
                          registry,
                          {[this](engine::Completion done) {
                               const std::lock_guard lock(mutex);
                               completions[done.token] = std::move(done);
                           },
                           [](engine::Event) {},
                           {}}};
    std::unique_ptr<audio::JackDriver> driver;
    std::uint64_t token = 0;
};

TEST_F(JackTimeTest, TenThousandChangesLandWhereJackPutsTheirMoments) {
    submit({engine::AddNode{"trim", "backline.gain", 1, {}}});
    ASSERT_TRUE(eventually([&] { return answered() == 1; }));
    std::mt19937 random(1);
    const auto begin = static_cast<std::int64_t>(rt::monotonic_ns()) + kGiga / 2;
    std::map<std::uint64_t, std::int64_t> due;
    for (int i = 0; i < kChanges; ++i) {
        const std::int64_t when =
            begin + static_cast<std::int64_t>(random() % static_cast<int>(kSeconds * 1e6)) * 1000;
        due[submit({engine::SetValue{{engine::Target::Kind::node_param, "trim", "gain", false},
                                     -0.01 * (i % 2000)}},
                   when)] = when;
    }
    const auto limit = Clock::now() + 20s;
    const auto anchors = watch([&] { return answered() <= kChanges && Clock::now() < limit; });
    ASSERT_EQ(answered(), kChanges + 1u);

    // Around what the server itself has missed no clock is to be trusted: a cycle that begins a
    // quarter period away from where the one before put it.
    std::vector<std::int64_t> missed;
    for (auto next = std::next(anchors.begin()); next != anchors.end(); ++next) {
        const auto& before = std::prev(next)->second;
        const auto expected = static_cast<std::int64_t>(engine::raw_at(before, next->first));
        if (std::abs(static_cast<std::int64_t>(next->second.ns) - expected) > kGiga / 48000 * 64)
            missed.push_back(expected);
    }
    double sum = 0.0, squares = 0.0, worst = 0.0;
    int count = 0, moved = 0;
    for (const auto& [number, when] : due) {
        const engine::Completion& done = completions.at(number);
        ASSERT_TRUE(done.ok) << done.message;
        if (std::any_of(missed.begin(), missed.end(),
                        [&](std::int64_t at) { return std::abs(at - when) < kGiga / 8; }))
            continue;
        if (done.frame != done.due) ++moved;
        auto own = anchors.upper_bound(done.frame); // the cycle it was applied in
        ASSERT_NE(own, anchors.begin());
        --own;
        const double error =
            static_cast<double>(done.frame - own->first)
            - static_cast<double>(when - static_cast<std::int64_t>(own->second.ns)) * 48e-6;
        sum += error;
        squares += error * error;
        worst = std::max(worst, std::abs(error));
        ++count;
    }
    const double mean = sum / count;
    const double deviation = std::sqrt(squares / count - mean * mean);
    std::cout << "[ measured ] " << count << " changes, " << missed.size()
              << " cycles missed by the server; mean " << mean << ", sd " << deviation
              << ", largest " << worst << " frames\n";
    ASSERT_GE(count, kChanges / 4) << "the server was hardly ever on time";
    EXPECT_EQ(moved, 0) << "not applied at the frame that was computed";
    EXPECT_LE(deviation, 1.0);
    EXPECT_LE(worst, 2.0);
}

} // namespace
} // namespace backline::test
