// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The daemon with rt_trap preloaded, under a storm of edits: its audio thread does nothing that it
// must not do.
//   BACKLINE_TEST_STORM  how many rounds of add, connect, set and remove (default 2500)
#include "tests/live/live.hpp"

#include <map>

namespace backline::test {
namespace {

using protocol::message;
using protocol::Message;

/// What a round adds, and what it turns.
struct Kind {
    const char* plugin;
    const char* param;
    float value;
};
constexpr Kind kKinds[] = {
    {"backline.gain", "gain", -3.0f},         {"backline.filter", "cutoff", 700.0f},
    {"backline.delay", "time", 20.0f},        {"backline.tone", "frequency", 300.0f},
    {"backline.spectrum", "averaging", 0.1f}, {"backline.noise", "level", -40.0f},
    {"backline.level", "rate", 30.0f},        {"backline.mixer", "gain1", -6.0f},
};

class Gates : public LiveTest {
  protected:
    /// Takes what came; counts the answers.
    void take(std::chrono::milliseconds wait) {
        client->poll(
            [&](const Message& m) {
                if (m.address != "/done" && m.address != "/fail") return;
                ++answered;
                if (m.address == "/fail")
                    ++refusals[std::string(m.args[2].as_text().value_or("")) + " "
                               + std::string(m.args[3].as_text().value_or(""))];
            },
            wait);
    }
    /// Sends a graph command; no more than `kWindow` are under way.
    void command(const Message& m) {
        client->send(m);
        ++sent;
        const auto end = Clock::now() + 20s;
        while (sent - answered > kWindow && Clock::now() < end)
            take(100ms);
    }

    static constexpr std::size_t kWindow = 32;
    std::size_t sent = 0, answered = 0;
    std::map<std::string, int> refusals;
};

TEST_F(Gates, HoldUnderAStormOfEdits) {
    TemporaryDirectory folder;
    const std::string report = folder / "report.json";
    server.options().period = 64;
    // Everything that runs more than once has done so after a few seconds of cycles.
    start({.arguments = {"--rack", "demo"},
           .environment = {"LD_PRELOAD=" BACKLINE_TRAP, "BACKLINE_TRAP_REPORT=" + report,
                           "BACKLINE_TRAP_WARMUP=1500"}});
    ASSERT_TRUE(has_nodes(6));
    ASSERT_TRUE(
        eventually([&] { return status()["jack"]["cycles"].get<std::uint64_t>() > 2000; }, 10s));
    client->subscribe("/result/*/*", 20.0f);
    client->subscribe("/level/*");

    const int rounds = count_from("BACKLINE_TEST_STORM", 2500);
    const auto begun = Clock::now();
    for (int round = 0; round < rounds; ++round) {
        const Kind& kind = kKinds[static_cast<std::size_t>(round) % std::size(kKinds)];
        const std::string name = "n" + std::to_string(round % 10);
        const std::string next = "n" + std::to_string((round + 1) % 10);
        if (round >= 9) command(message("/node/remove", next));
        command(message("/node/add", name, kind.plugin));
        const std::string plugin = kind.plugin;
        const bool ends = plugin == "backline.spectrum" || plugin == "backline.level";
        const bool begins = plugin == "backline.tone" || plugin == "backline.noise";
        command(begins ? message("/connect", name, "main") : message("/connect", "fader", name));
        if (!ends && !begins) client->send(message("/bypass/" + name, round % 3 == 0));
        client->send(message("/node/" + name + "/" + kind.param, kind.value));
    }
    while (answered < sent && seconds_since(begun) < 120.0)
        take(100ms);
    const double seconds = seconds_since(begun);
    EXPECT_EQ(answered, sent);
    EXPECT_TRUE(refusals.empty()) << Json(refusals).dump(1);
    figure("edits", static_cast<double>(sent) + 2.0 * rounds, "");
    figure("edits_per_second", (static_cast<double>(sent) + 2.0 * rounds) / seconds, "/s");
    const Json jack = status()["jack"];
    figure("xruns_ours", jack["xruns_ours"].get<double>(), "");
    client->request("/quit");
    ASSERT_EQ(daemon->program().wait(10s), 0);

    // The trap's own reader judges its report.
    Program reader({"python3", "-c",
                    "import json, sys; sys.path.insert(0, sys.argv[1]); import rt_trap_check as c\n"
                    "report = json.load(open(sys.argv[2])); c.print_report(report)\n"
                    "found = c.complaints(report, 2000, 2); print(*found, sep='\\n')\n"
                    "sys.exit(len(found) != 0)",
                    kSource + "/tests/support", report},
                   {}, folder / "reader");
    EXPECT_EQ(reader.wait(60s), 0) << reader.out() << reader.err();
    const Json found = Json::parse(read_text(report));
    figure("cycles", found["spans"].get<double>(), "");
    figure("page_faults", found["page_faults"].get<double>(), "");
}

} // namespace
} // namespace backline::test
