// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// More timed requests than there is room for, over the unix socket.
#include "daemon/control/order.hpp"
#include "protocol/codec.hpp"
#include "tests/control/rig.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

namespace backline::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using protocol::message;
using protocol::Message;
using protocol::TimeTag;
using protocol::Transport;
using protocol::Url;

constexpr int kRequests = 70'000;

protocol::Bundle timed(int id, double gain, std::chrono::system_clock::time_point when) {
    return protocol::bundle({message("/request", id, "/node/a/gain", gain)}, TimeTag::at(when));
}

class Flood : public testing::Test {
  protected:
    void SetUp() override {
        protocol::Client client = rig.client();
        client.request("/node/add", {"a", "backline.gain"}).or_throw();
    }
    /// Sends them all, as fast as they are taken, while another thread counts the answers by code
    /// until `answers` are there.
    std::map<std::string, int> send_all(std::chrono::milliseconds first,
                                        std::chrono::milliseconds spread, int answers) {
        Transport transport(Url::parse(rig.unix_url()));
        std::map<std::string, int> outcomes;
        std::vector<int> answered(kRequests + 1);
        std::thread reader([&] {
            const auto limit = Clock::now() + 40s;
            for (int count = 0; count < answers; ++count) {
                const auto packet = transport.receive(limit);
                if (!packet) return;
                const auto& got = std::get<Message>(*packet);
                ++outcomes[got.address == "/done" ? "done" : std::string(*got.args[2].as_text())];
                ++answered[static_cast<std::size_t>(*got.args[0].as_int())];
            }
        });
        const auto begin = std::chrono::system_clock::now() + first;
        for (int id = 1; id <= kRequests; ++id) {
            const auto when = begin + spread * id / kRequests;
            transport.send(protocol::encode(timed(id, -0.001 * (id % 20'000), when)));
        }
        if (after_sending) after_sending();
        reader.join();
        EXPECT_LE(*std::max_element(answered.begin(), answered.end()), 1);
        return outcomes;
    }

    Rig rig{{.cycles = true}};
    std::function<void()> after_sending;
};

TEST_F(Flood, EachIsRunOrRefusedAndAnsweredOnce) {
    auto outcomes = send_all(5s, 2s, kRequests);
    EXPECT_EQ(outcomes["done"] + outcomes["queue_full"], kRequests);
    EXPECT_GE(outcomes["done"], static_cast<int>(control::Order::kScheduled));
    EXPECT_GE(outcomes["queue_full"], 1) << "faster than they come due";
    protocol::Client client = rig.client();
    const auto osc = nlohmann::json::parse(client.text("/stats/osc"));
    EXPECT_EQ(osc.at("scheduled"), 0);
    EXPECT_EQ(osc.at("late"), 0);
}

TEST_F(Flood, WhatWaitsIsListedInPartAndClearedAtOnce) {
    after_sending = [&] {
        protocol::Client client = rig.client(true);
        const auto list = nlohmann::json::parse(client.text("/sched/list", {"all"}));
        EXPECT_EQ(list.at("count"), control::Order::kScheduled);
        EXPECT_EQ(list.at("requests").size(), 500u);
        const protocol::Reply cleared = client.request("/sched/clear", {"all"}).or_throw();
        EXPECT_EQ(cleared.args.at(0).as_int(), static_cast<int>(control::Order::kScheduled));
        EXPECT_EQ(nlohmann::json::parse(client.text("/sched/list", {"all"})).at("count"), 0);
    };
    auto outcomes = send_all(3600s, 1s, kRequests);
    EXPECT_EQ(outcomes["cancelled"], static_cast<int>(control::Order::kScheduled));
    EXPECT_EQ(outcomes["queue_full"], kRequests - static_cast<int>(control::Order::kScheduled));
}

} // namespace
} // namespace backline::test
