// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What the daemon costs: time to its first answer, memory, processor. Wants the machine to itself.
#include "tests/live/live.hpp"

namespace backline::test {
namespace {

class Footprint : public LiveTest {};

TEST_F(Footprint, AnswersSoonAfterExec) {
    server.start();
    std::vector<double> times;
    for (int run = 0; run < 5; ++run) {
        daemon = std::make_unique<DaemonProcess>(
            DaemonProcess::Options{.jack_server = server.name(), .arguments = {"--rack", "demo"}});
        const auto begun = Clock::now();
        daemon->start();
        client = std::make_unique<Client>(daemon->udp());
        ASSERT_TRUE(client->request("/ping").ok);
        times.push_back(seconds_since(begun) * 1e3);
        client->request("/quit");
        ASSERT_EQ(daemon->program().wait(5s), 0);
    }
    figure("exec_to_ping_p50", percentile(times, 50), "ms");
    figure("exec_to_ping_max", percentile(times, 100), "ms");
    EXPECT_LE(percentile(times, 50), 300.0);
    EXPECT_LE(percentile(times, 100), 1000.0);
}

TEST_F(Footprint, OfTheDemoRackIsSmall) {
    start({.arguments = {"--rack", "demo", "--workers", "8"}});
    ASSERT_TRUE(has_nodes(6));
    ASSERT_EQ(status()["jack"]["period"], 256);
    ASSERT_EQ(status()["workers"]["count"], 8);
    // Somebody watches, as in the demo.
    client->subscribe("/level/*");
    client->subscribe("/result/*/*", 20.0f);
    const auto watch = [&](std::chrono::milliseconds time) {
        std::size_t messages = 0;
        for (const auto end = Clock::now() + time; Clock::now() < end;)
            messages += client->poll([](const protocol::Message&) {}, 100ms);
        return messages;
    };
    watch(2s);

    const double cpu_before = cpu_seconds(daemon->pid());
    const auto begun = Clock::now();
    EXPECT_GT(watch(5s), 100u);
    const double cores = (cpu_seconds(daemon->pid()) - cpu_before) / seconds_since(begun);
    const double mib = static_cast<double>(private_memory(daemon->pid())) / (1024.0 * 1024.0);
    figure("demo_rack_cpu", cores * 100.0, "% of a core");
    figure("private_memory_8_workers", mib, "MiB");
    figure("threads", static_cast<double>(threads(daemon->pid())), "");
    EXPECT_LE(cores, 0.15);
    EXPECT_LE(mib, 26.0);
    EXPECT_EQ(status()["jack"]["xruns_ours"], 0);
}

} // namespace
} // namespace backline::test
