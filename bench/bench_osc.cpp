// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Round trips to a running daemon: queries, and a parameter set until it is heard (applied on the
// audio thread). Usage: bench_osc URL PERIOD_FRAMES RATE
#include "bench/measure.hpp"
#include "protocol/client.hpp"

#include <cstdlib>
#include <string>

using namespace backline;

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const double period_ms = 1e3 * std::atof(argv[2]) / std::atof(argv[3]);
    protocol::Client client(argv[1]);
    const auto ask = [&](const char* address, std::vector<protocol::Argument> args) {
        return 1e3 * bench::time_of([&] { client.request(address, args); });
    };
    if (!client.request("/node/add", {"bench", "backline.gain"}).ok) return 2;
    std::vector<double> ping, get, graph, set;
    for (int i = 0; i < 1000; ++i) {
        ping.push_back(ask("/ping", {}));
        get.push_back(ask("/node/bench/gain", {}));
        graph.push_back(ask("/graph", {}));
    }
    for (int i = 0; i < 200; ++i)
        set.push_back(ask("/node/bench/gain", {-1.0 * (i % 20)}));
    client.request("/node/remove", {"bench"});

    bench::Table table(("OSC over " + std::string(argv[1]) + ", " + argv[2] + " frames").c_str());
    table.at_most("/ping: p50", bench::quantile(ping, 0.5), 0.3, "ms");
    table.figure("/ping: p99", bench::quantile(ping, 0.99), "ms");
    table.at_most("get of a parameter: p50", bench::quantile(get, 0.5), 0.3, "ms");
    table.at_most("/graph: p50", bench::quantile(graph, 0.5), 0.3, "ms");
    table.at_most("parameter set until heard: p50", bench::quantile(set, 0.5), period_ms + 2.0,
                  "ms");
    table.figure("parameter set until heard: p99", bench::quantile(set, 0.99), "ms");
    return table.status();
}
