// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/audio/jack_desk.hpp"

#include <utility>

namespace backline::audio {

void JackRequest::answer(const process::Driver::Answer& with,
                         std::vector<process::Driver::PortInfo> list) {
    if (reply) std::exchange(reply, nullptr)(with);
    if (ports_reply) std::exchange(ports_reply, nullptr)(with, std::move(list));
}

std::uint64_t JackDesk::publish(std::vector<process::ExternalPort> ports) {
    const std::lock_guard lock(mutex_);
    if (ports != wanted_.ports) {
        wanted_.ports = std::move(ports);
        ++wanted_.ticket;
        bell_->ring();
    }
    return wanted_.ticket;
}

std::uint64_t JackDesk::want(std::vector<process::WantedConnection> connections) {
    const std::lock_guard lock(mutex_);
    if (connections != wanted_.connections) {
        wanted_.connections = std::move(connections);
        ++wanted_.ticket;
        bell_->ring();
    }
    return wanted_.ticket;
}

void JackDesk::set_latency(std::uint32_t frames) {
    const std::lock_guard lock(mutex_);
    if (frames == wanted_.latency) return;
    wanted_.latency = frames;
    ++wanted_.ticket;
    bell_->ring();
}

bool JackDesk::settled(std::uint64_t ticket) const {
    using State = process::DriverStatus::State;
    const std::lock_guard lock(mutex_);
    return done_ >= ticket || (status_.state != State::starting && status_.state != State::running);
}

process::DriverStatus JackDesk::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

std::vector<JackDriver::Kept> JackDesk::kept() const {
    const std::lock_guard lock(mutex_);
    return kept_;
}

void JackDesk::ask(JackRequest request) {
    process::Driver::Answer no{"jack_lost", "the JACK driver has ended"};
    {
        const std::lock_guard lock(mutex_);
        if (!closed_ && requests_.size() < kMaxRequests) {
            requests_.push_back(std::move(request));
            bell_->ring();
            return;
        }
        if (!closed_)
            no = {"queue_full",
                  std::to_string(kMaxRequests) + " requests to the JACK server are waiting"};
    }
    request.answer(no);
}

std::uint64_t JackDesk::ticket() const {
    const std::lock_guard lock(mutex_);
    return wanted_.ticket;
}

JackWanted JackDesk::wanted() const {
    const std::lock_guard lock(mutex_);
    return wanted_;
}

std::optional<JackRequest> JackDesk::take_request() {
    const std::lock_guard lock(mutex_);
    if (requests_.empty()) return std::nullopt;
    JackRequest request = std::move(requests_.front());
    requests_.pop_front();
    return request;
}

void JackDesk::set_done(std::uint64_t ticket) {
    const std::lock_guard lock(mutex_);
    done_ = ticket;
}

void JackDesk::set_status(const process::DriverStatus& status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
}

void JackDesk::set_kept(std::vector<JackDriver::Kept> kept) {
    const std::lock_guard lock(mutex_);
    kept_ = std::move(kept);
}

void JackDesk::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
}

} // namespace backline::audio
