// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/jack_driver.hpp"

#include "daemon/audio/jack_supervisor.hpp"

#include <utility>

namespace backline::audio {

JackDriver::JackDriver(Options options)
    : supervisor_(std::make_unique<JackSupervisor>(std::move(options))) {}

JackDriver::~JackDriver() {
    stop();
}

void JackDriver::start() {
    supervisor_->start();
}

void JackDriver::stop() {
    supervisor_->stop();
}

std::uint64_t JackDriver::publish(std::vector<process::ExternalPort> ports) {
    return supervisor_->desk().publish(std::move(ports));
}

std::uint64_t JackDriver::want(std::vector<process::WantedConnection> connections) {
    return supervisor_->desk().want(std::move(connections));
}

void JackDriver::set_latency(std::uint32_t frames) {
    supervisor_->desk().set_latency(frames);
}

bool JackDriver::settled(std::uint64_t ticket) const {
    return supervisor_->desk().settled(ticket);
}

process::DriverStatus JackDriver::status() const {
    return supervisor_->desk().status();
}

void JackDriver::connect(std::string from, std::string to, bool make, Reply reply) {
    JackRequest request;
    request.from = std::move(from);
    request.to = std::move(to);
    request.make = make;
    request.reply = std::move(reply);
    supervisor_->desk().ask(std::move(request));
}

void JackDriver::ports(PortsReply reply) {
    JackRequest request;
    request.ports_reply = std::move(reply);
    supervisor_->desk().ask(std::move(request));
}

std::vector<JackDriver::Kept> JackDriver::kept() const {
    return supervisor_->desk().kept();
}

} // namespace backline::audio
