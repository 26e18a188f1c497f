// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What independent JACK clients on both sides of the daemon hear of it.
#include "tests/live/live.hpp"
#include "tests/live/sine_fit.hpp"

#include <map>

namespace backline::test {
namespace {

constexpr double kRate = 48000.0;

double decibels(double amplitude, double reference) {
    return 20.0 * std::log10(amplitude / reference);
}

class Sound : public LiveTest {};

TEST_F(Sound, IsPatchedOverOscAndRightInLevelAndFrequency) {
    start();
    open_peers();
    done("/input/add", {"in", 1});
    done("/output/add", {"out", 1});
    done("/node/add", {"fader", "backline.gain", "channels", 1, "gain", -6.0});
    done("/connect", {"in", "fader"});
    done("/connect", {"fader", "out"});
    patch_peers("in_1", "out_1");
    const double expected = 0.5 * std::pow(10.0, -6.0 / 20.0);
    ASSERT_TRUE(eventually([&] { return hears(expected / std::sqrt(2.0)); }));

    const Sine heard = fit_sine(hear(48000), kRate, 1000.0);
    figure("level_error", decibels(heard.amplitude, expected), "dB");
    figure("frequency_error", heard.hz - 1000.0, "Hz");
    figure("residual", decibels(heard.residual, heard.amplitude), "dB");
    EXPECT_NEAR(decibels(heard.amplitude, expected), 0.0, 0.01);
    EXPECT_NEAR(heard.hz, 1000.0, 0.01);
    // Nothing else is in it: the source's floats and ours.
    EXPECT_LT(decibels(heard.residual, heard.amplitude), -120.0);

    // A set over OSC is heard at its level too, and a removed connection as silence.
    done("/node/fader/gain", {-20.0});
    const double lower = 0.5 * std::pow(10.0, -20.0 / 20.0);
    ASSERT_TRUE(eventually([&] { return hears(lower / std::sqrt(2.0)); }));
    std::this_thread::sleep_for(50ms); // the plugin's own smoothing ends
    EXPECT_NEAR(decibels(fit_sine(hear(24000), kRate, 1000.0).amplitude, lower), 0.0, 0.01);
    done("/disconnect", {"fader", "out"});
    EXPECT_TRUE(eventually([&] {
        const std::vector<float> rest = hear(4800);
        return std::all_of(rest.begin(), rest.end(), [](float x) { return x == 0.0f; });
    }));
}

TEST_F(Sound, ThroughUsComesInTheSamePeriodAtEveryPeriodSize) {
    start({.arguments = {"--rack", "thru"}});
    open_peers(997.0, 0.25);
    ASSERT_TRUE(eventually([&] { return recorder->has_port("backline:out_1"); }));
    patch_peers("in_1", "out_1");
    source->connect("source:out", "recorder:direct");
    for (const std::uint32_t period : {64u, 256u, 1024u}) {
        SCOPED_TRACE(period);
        source->set_period(period);
        ASSERT_TRUE(eventually([&] { return status()["jack"]["period"] == period; }));
        ASSERT_TRUE(eventually([&] { return hears(0.25 / std::sqrt(2.0)); }));
        // A missed deadline loses a period for everybody; take a recording that has none.
        std::vector<std::vector<float>> both;
        for (int attempt = 0; attempt < 5; ++attempt) {
            const Json before = status()["jack"]["xruns"];
            both = recorder->record({"direct", "through"}, 24000);
            if (status()["jack"]["xruns"] == before) break;
        }
        EXPECT_GT(fit_sine(both[0], kRate, 997.0).amplitude, 0.24);
        EXPECT_EQ(both[0], both[1]); // to the bit, and 0 frames later
    }
}

TEST_F(Sound, OfTheDemoRackIsHeardWithNoOtherCommand) {
    start({.arguments = {"--rack", "demo"}});
    JackPeer listener(server.name(), "recorder");
    listener.input("through");
    listener.activate();
    for (const std::string channel : {"1", "2"})
        EXPECT_TRUE(eventually([&] {
            return listener.has_port("backline:main_" + channel)
                   && listener.connected("backline:main_" + channel, "system:playback_" + channel);
        })) << "channel "
            << channel;
    listener.connect("backline:main_1", "recorder:through");
    EXPECT_TRUE(eventually([&] {
        const std::vector<float> heard = listener.record({"through"}, 4800).front();
        return std::any_of(heard.begin(), heard.end(), [](float x) { return std::abs(x) > 0.01f; });
    }));
}

TEST_F(Sound, LevelsAndSpectrumComeToSubscribers) {
    start();
    open_peers();
    done("/input/add", {"in", 1});
    done("/node/add", {"spectrum", "backline.spectrum", "channels", 1, "size", "4096"});
    done("/connect", {"in", "spectrum"});
    done("/jack/connect", {"source:out", "backline:in_1"});
    client->subscribe("/level/in");
    client->subscribe("/result/spectrum/peak_frequency");
    client->subscribe("/result/spectrum/peak_level");
    std::map<std::string, double> latest;
    const bool right = eventually(
        [&] {
            client->poll(
                [&](const protocol::Message& message) {
                    if (message.args.size() > 1)
                        latest[message.address] = message.args[1].as_number().value_or(0.0);
                },
                100ms);
            return std::abs(latest["/level/in"] - decibels(0.5, 1.0)) < 0.01
                   && std::abs(latest["/result/spectrum/peak_frequency"] - 1000.0) < 0.5
                   && std::abs(latest["/result/spectrum/peak_level"] - decibels(0.5, 1.0)) < 0.1;
        },
        5000ms);
    EXPECT_TRUE(right) << Json(latest).dump();
}

} // namespace
} // namespace backline::test
