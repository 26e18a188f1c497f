// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A JACK client that does what lines on its standard input say; see jack_client.hpp. Each is
// answered by "ok", perhaps with values, or "no" with a reason; recordings follow "ok" as floats.

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <map>
#include <numbers>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <jack/jack.h>
#include <jack/transport.h>

namespace {

struct Output {
    jack_port_t* port = nullptr;
    std::atomic<double> hz{0.0};
    std::atomic<double> amplitude{0.0};
    std::atomic<std::int64_t> impulse_in{-1}; ///< frames
    double phase = 0.0;
};

struct Recording {
    std::vector<jack_port_t*> ports;
    std::vector<std::vector<float>> channels;
    std::uint32_t frames = 0;
    std::uint32_t done = 0;
};

class Peer {
  public:
    ~Peer() {
        if (client_ != nullptr) jack_client_close(client_);
    }
    std::string obey(const std::string& line);
    bool fetched() const { return fetch_; }
    void send_recording();

  private:
    static int process(jack_nframes_t frames, void* self) {
        static_cast<Peer*>(self)->run(frames);
        return 0;
    }
    static void timebase(jack_transport_state_t, jack_nframes_t, jack_position_t* position, int,
                         void* self) {
        const Peer& peer = *static_cast<Peer*>(self);
        position->valid = JackPositionBBT;
        position->bar = 3;
        position->beat = 2;
        position->tick = 480;
        position->ticks_per_beat = 960.0;
        position->beats_per_bar = peer.beats_per_bar_.load();
        position->beat_type = peer.beat_type_.load();
        position->beats_per_minute = peer.beats_per_minute_.load();
    }
    void run(jack_nframes_t frames);
    jack_port_t* find(const std::string& name);
    void open(const std::string& server, const std::string& name);
    std::string list(const char** names);

    jack_client_t* client_ = nullptr;
    std::map<std::string, Output> outputs_;
    std::map<std::string, jack_port_t*> inputs_;
    Recording recording_;
    std::atomic<double> beats_per_minute_{120.0};
    std::atomic<float> beats_per_bar_{4.0f};
    std::atomic<float> beat_type_{4.0f};
    std::atomic<bool> recording_now_{false};
    bool fetch_ = false;
};

void require(bool good, const char* what) {
    if (!good) throw std::runtime_error(what);
}

void Peer::run(jack_nframes_t frames) {
    for (auto& [name, output] : outputs_) {
        auto* to = static_cast<float*>(jack_port_get_buffer(output.port, frames));
        const double step =
            2.0 * std::numbers::pi * output.hz.load() / jack_get_sample_rate(client_);
        const double amplitude = output.amplitude.load();
        for (jack_nframes_t i = 0; i < frames; ++i) {
            to[i] = static_cast<float>(amplitude * std::sin(output.phase));
            output.phase = std::fmod(output.phase + step, 2.0 * std::numbers::pi);
        }
        const std::int64_t in = output.impulse_in.load();
        if (in < 0) continue;
        if (in < static_cast<std::int64_t>(frames)) to[in] = 1.0f;
        output.impulse_in.store(in < static_cast<std::int64_t>(frames) ? -1 : in - frames);
    }
    if (!recording_now_.load()) return;
    Recording& r = recording_;
    const std::uint32_t count = std::min<std::uint32_t>(frames, r.frames - r.done);
    for (std::size_t i = 0; i < r.ports.size(); ++i) {
        const auto* from = static_cast<const float*>(jack_port_get_buffer(r.ports[i], frames));
        std::copy(from, from + count, r.channels[i].data() + r.done);
    }
    r.done += count;
    if (r.done == r.frames) recording_now_.store(false);
}

void Peer::open(const std::string& server, const std::string& name) {
    jack_set_error_function([](const char*) {});
    jack_set_info_function([](const char*) {});
    client_ = jack_client_open(
        name.c_str(),
        static_cast<jack_options_t>(JackNoStartServer | JackUseExactName | JackServerName), nullptr,
        server.c_str());
    require(client_ != nullptr, "cannot open");
    jack_set_process_callback(client_, process, this);
}

jack_port_t* Peer::find(const std::string& name) {
    jack_port_t* port = jack_port_by_name(client_, name.c_str());
    require(port != nullptr, "no such port");
    return port;
}

std::string Peer::list(const char** names) {
    std::string text;
    for (const char** name = names; name != nullptr && *name != nullptr; ++name)
        text += std::string(text.empty() ? "" : " ") + *name;
    jack_free(names);
    return text;
}

std::string Peer::obey(const std::string& line) {
    std::istringstream in(line);
    std::string verb;
    std::string a;
    std::string b;
    in >> verb;
    fetch_ = false;
    if (verb == "open") {
        in >> a >> b;
        open(a, b);
    } else if (verb == "input") {
        in >> a;
        inputs_[a] =
            jack_port_register(client_, a.c_str(), JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
        require(inputs_[a] != nullptr, "cannot register");
    } else if (verb == "output") {
        in >> a;
        outputs_[a].port =
            jack_port_register(client_, a.c_str(), JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
        require(outputs_[a].port != nullptr, "cannot register");
    } else if (verb == "activate") {
        require(jack_activate(client_) == 0, "cannot activate");
    } else if (verb == "sine") {
        double hz = 0.0;
        double amplitude = 0.0;
        in >> a >> hz >> amplitude;
        outputs_.at(a).hz.store(hz);
        outputs_.at(a).amplitude.store(amplitude);
    } else if (verb == "impulse") {
        std::int64_t frames = 0;
        in >> a >> frames;
        outputs_.at(a).impulse_in.store(frames);
    } else if (verb == "record") {
        require(!recording_now_.load(), "a recording is running");
        recording_ = {};
        in >> recording_.frames;
        while (in >> a)
            recording_.ports.push_back(inputs_.at(a));
        recording_.channels.assign(recording_.ports.size(), std::vector<float>(recording_.frames));
        recording_now_.store(true);
    } else if (verb == "fetch") {
        for (int waited = 0; recording_now_.load(); ++waited) {
            require(waited < 9000, "no cycles to record");
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        fetch_ = true;
    } else if (verb == "connect" || verb == "disconnect") {
        in >> a >> b;
        const bool make = verb == "connect";
        require((make ? jack_connect(client_, a.c_str(), b.c_str())
                      : jack_disconnect(client_, a.c_str(), b.c_str()))
                    == 0,
                "the server refused");
    } else if (verb == "ports") {
        return list(jack_get_ports(client_, nullptr, nullptr, 0));
    } else if (verb == "connections") {
        in >> a;
        return list(jack_port_get_all_connections(client_, find(a)));
    } else if (verb == "latency" || verb == "set_latency") {
        jack_nframes_t min = 0;
        jack_nframes_t max = 0;
        in >> a >> b >> min >> max;
        jack_latency_range_t range{min, max};
        const auto mode = b == "capture" ? JackCaptureLatency : JackPlaybackLatency;
        if (verb == "set_latency") {
            jack_port_set_latency_range(find(a), mode, &range);
            require(jack_recompute_total_latencies(client_) == 0, "the server refused");
            return "";
        }
        jack_port_get_latency_range(find(a), mode, &range);
        return std::to_string(range.min) + " " + std::to_string(range.max);
    } else if (verb == "alias") {
        in >> a >> b;
        require(jack_port_set_alias(find(a), b.c_str()) == 0, "the server refused");
    } else if (verb == "period") {
        jack_nframes_t frames = 0;
        in >> frames;
        require(jack_set_buffer_size(client_, frames) == 0, "the server refused");
    } else if (verb == "freewheel") {
        int on = 0;
        in >> on;
        require(jack_set_freewheel(client_, on) == 0, "the server refused");
    } else if (verb == "tempo") {
        double per_minute = 0.0;
        float per_bar = 0.0f;
        float type = 0.0f;
        in >> per_minute >> per_bar >> type;
        beats_per_minute_.store(per_minute);
        beats_per_bar_.store(per_bar);
        beat_type_.store(type);
        require(jack_set_timebase_callback(client_, 0, timebase, this) == 0, "the server refused");
    } else if (verb == "roll") {
        int on = 0;
        in >> on;
        if (on != 0)
            jack_transport_start(client_);
        else
            jack_transport_stop(client_);
    } else {
        throw std::runtime_error("unknown command");
    }
    return "";
}

void Peer::send_recording() {
    for (const auto& channel : recording_.channels)
        std::cout.write(reinterpret_cast<const char*>(channel.data()),
                        static_cast<std::streamsize>(channel.size() * sizeof(float)));
    std::cout.flush();
}

} // namespace

int main() {
    Peer peer;
    for (std::string line; std::getline(std::cin, line);) {
        try {
            const std::string values = peer.obey(line);
            std::cout << (values.empty() ? "ok" : "ok " + values) << std::endl;
            if (peer.fetched()) peer.send_recording();
        } catch (const std::exception& error) {
            std::cout << "no " << error.what() << std::endl;
        }
    }
    return 0;
}
