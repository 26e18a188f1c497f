// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <cerrno>
#include <csignal>
#include <ctime>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace backline::test {

/// An independent JACK client, in a process of its own (jack_peer.cpp): libjack shares state
/// between the clients of one process, and a server that dies would take the test's own client with
/// it. Every call throws std::runtime_error when the peer says no or does not answer within 10 s.
class JackPeer {
  public:
    /// Opens under exactly this name.
    JackPeer(const std::string& server, const std::string& name) {
        spawn();
        ask("open " + server + " " + name);
    }
    /// Lets it close in order, or kills it when its server does not answer.
    ~JackPeer() {
        close(to_);
        for (int waited = 0; waited < 500; ++waited) {
            if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
                close(from_);
                return;
            }
            const timespec time{0, 1'000'000};
            nanosleep(&time, nullptr);
        }
        close(from_);
        ::kill(pid_, SIGKILL);
        while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    JackPeer(const JackPeer&) = delete;
    JackPeer& operator=(const JackPeer&) = delete;

    /// Registers ports; all of them before activate().
    void input(const std::string& port) { ask("input " + port); }
    void output(const std::string& port) { ask("output " + port); }
    void activate() { ask("activate"); }

    /// What an output sends from the next cycle on; silence at first.
    void sine(const std::string& port, double hz, double amplitude) {
        ask("sine " + port + " " + std::to_string(hz) + " " + std::to_string(amplitude));
    }
    void silence(const std::string& port) { ask("sine " + port + " 0 0"); }
    /// One sample of 1.0, `frames` frames into the next recording.
    void impulse(const std::string& port, std::uint32_t frames) {
        ask("impulse " + port + " " + std::to_string(frames));
    }

    /// Records the inputs together, `frames` frames each from the next cycle on.
    std::vector<std::vector<float>> record(const std::vector<std::string>& ports,
                                           std::uint32_t frames) {
        start_recording(ports, frames);
        return recording();
    }
    void start_recording(const std::vector<std::string>& ports, std::uint32_t frames) {
        std::string line = "record " + std::to_string(frames);
        for (const auto& port : ports)
            line += " " + port;
        ask(line);
        recorded_ = ports.size();
        frames_ = frames;
    }
    std::vector<std::vector<float>> recording() {
        ask("fetch");
        std::vector<std::vector<float>> channels(recorded_, std::vector<float>(frames_));
        for (auto& channel : channels)
            read_all(reinterpret_cast<char*>(channel.data()), channel.size() * sizeof(float));
        return channels;
    }

    /// By full names.
    void connect(const std::string& from, const std::string& to) {
        ask("connect " + from + " " + to);
    }
    void disconnect(const std::string& from, const std::string& to) {
        ask("disconnect " + from + " " + to);
    }
    /// Full names of all ports of the server.
    std::vector<std::string> ports() { return words(ask("ports")); }
    bool has_port(const std::string& port) {
        for (const auto& one : ports())
            if (one == port) return true;
        return false;
    }
    std::vector<std::string> connections(const std::string& port) {
        return words(ask("connections " + port));
    }
    bool connected(const std::string& from, const std::string& to) {
        for (const auto& port : connections(from))
            if (port == to) return true;
        return false;
    }
    struct Range {
        std::uint32_t min;
        std::uint32_t max;
    };
    /// `mode` is "capture" or "playback".
    Range latency(const std::string& port, const std::string& mode) {
        std::istringstream in(ask("latency " + port + " " + mode));
        Range range{};
        in >> range.min >> range.max;
        return range;
    }
    /// Gives one of its own inputs or outputs a latency range, as a sound card would.
    void set_latency(const std::string& port, const std::string& mode, Range range) {
        ask("set_latency " + port + " " + mode + " " + std::to_string(range.min) + " "
            + std::to_string(range.max));
    }
    void alias(const std::string& port, const std::string& alias) {
        ask("alias " + port + " " + alias);
    }
    void set_period(std::uint32_t frames) { ask("period " + std::to_string(frames)); }
    void freewheel(bool on) { ask(on ? "freewheel 1" : "freewheel 0"); }
    /// Starts or stops the transport.
    void roll(bool on) { ask(on ? "roll 1" : "roll 0"); }
    /// Tells the transport's musical time: always bar 3, beat 2 and a half.
    void tempo(double beats_per_minute, int beats_per_bar, int beat_type) {
        ask("tempo " + std::to_string(beats_per_minute) + " " + std::to_string(beats_per_bar) + " "
            + std::to_string(beat_type));
    }

  private:
    void spawn() {
        int in[2];
        int out[2];
        if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
            throw std::runtime_error("pipe failed");
        std::signal(SIGPIPE, SIG_IGN);
        const pid_t parent = getpid();
        pid_ = fork();
        if (pid_ < 0) throw std::runtime_error("fork failed");
        if (pid_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent) _exit(127);
            dup2(in[0], STDIN_FILENO);
            dup2(out[1], STDOUT_FILENO);
            execl(BACKLINE_JACK_PEER, BACKLINE_JACK_PEER, nullptr);
            _exit(127);
        }
        close(in[0]);
        close(out[1]);
        to_ = in[1];
        from_ = out[0];
    }

    /// Sends a line; returns what follows "ok ".
    std::string ask(const std::string& line) {
        const std::string text = line + "\n";
        if (write(to_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            throw std::runtime_error("JACK peer has ended: " + line);
        std::string reply;
        for (char c = 0;; reply += c) {
            read_all(&c, 1);
            if (c == '\n') break;
        }
        if (!reply.starts_with("ok")) throw std::runtime_error(line + ": " + reply);
        return reply.size() > 3 ? reply.substr(3) : "";
    }

    void read_all(char* to, std::size_t size) {
        while (size > 0) {
            pollfd ready{from_, POLLIN, 0};
            if (poll(&ready, 1, 10'000) <= 0) throw std::runtime_error("JACK peer is silent");
            const ssize_t got = read(from_, to, size);
            if (got <= 0) throw std::runtime_error("JACK peer has ended");
            to += got;
            size -= static_cast<std::size_t>(got);
        }
    }

    static std::vector<std::string> words(const std::string& text) {
        std::istringstream in(text);
        std::vector<std::string> list;
        for (std::string word; in >> word;)
            list.push_back(word);
        return list;
    }

    pid_t pid_ = -1;
    int to_ = -1;
    int from_ = -1;
    std::size_t recorded_ = 0;
    std::uint32_t frames_ = 0;
};

} // namespace backline::test
