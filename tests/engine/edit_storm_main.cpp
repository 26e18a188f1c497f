// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// COUNT random edits on the real engine with the real plugins:
//
//   edit_storm SEED COUNT PERIOD...   offline, once per period (1..4096), with the same bits each
//   time edit_storm --live SEED COUNT      in real time
//
// Live, an audio thread (SCHED_FIFO where permitted) runs periods of 64..1024 frames in real time
// meanwhile, under the trap of tests/support that is.
#include "daemon/rt/denormals.hpp"
#include "daemon/rt/tick_rate.hpp"
#include "daemon/system/realtime.hpp"
#include "daemon/system/thread.hpp"
#include "edit_storm.hpp"
#include "tests/support/offline_engine.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fftw3.h>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace backline::test {
namespace {

using namespace std::chrono_literals;
constexpr double kRate = 48000.0;
constexpr std::uint32_t kSlots = 64; ///< more than EditStorm ever has channels outside

/// How the edits went.
struct Tally {
    std::atomic<std::uint64_t> done{0}, refused{0}, unexpected{0};

    void add(const engine::Completion& completion) {
        if (completion.ok) {
            ++done;
            return;
        }
        ++refused;
        if (EditStorm::is_expected(completion.code)) return;
        if (++unexpected < 10)
            std::printf("unexpected: %s: %s\n", completion.code.c_str(),
                        completion.message.c_str());
    }
    std::uint64_t answered() const { return done + refused; }
    /// Whether they are what a row of mostly valid edits comes to.
    bool good(std::uint64_t count) const {
        std::printf("%llu edits: %llu done, %llu refused, %llu of those unexpectedly\n",
                    static_cast<unsigned long long>(count),
                    static_cast<unsigned long long>(done.load()),
                    static_cast<unsigned long long>(refused.load()),
                    static_cast<unsigned long long>(unexpected.load()));
        return answered() == count && unexpected == 0 && done * 10 >= count * 8;
    }
};

/// A second of a 440 Hz tone as 16-bit WAV, for the player.
class ToneFile {
  public:
    ToneFile()
        : path_(std::filesystem::temp_directory_path()
                / ("storm" + std::to_string(getpid()) + ".wav")) {
        constexpr std::uint32_t kFrames = 48000;
        std::string bytes = "RIFF";
        const auto put = [&bytes](std::uint32_t value, int size) {
            for (; size-- > 0; value >>= 8)
                bytes += static_cast<char>(value & 255u);
        };
        put(36 + 2 * kFrames, 4);
        bytes += "WAVEfmt ";
        put(16, 4);
        put(1, 2);
        put(1, 2);
        put(48000, 4);
        put(96000, 4);
        put(2, 2);
        put(16, 2);
        bytes += "data";
        put(2 * kFrames, 4);
        for (std::uint32_t i = 0; i < kFrames; ++i)
            put(static_cast<std::uint32_t>(
                    std::lround(12000.0 * std::sin(2.0 * M_PI * 440.0 * i / kRate))),
                2);
        std::ofstream(path_, std::ios::binary) << bytes;
    }
    ~ToneFile() { std::filesystem::remove(path_); }
    ToneFile(const ToneFile&) = delete;
    ToneFile& operator=(const ToneFile&) = delete;

    std::string find(const std::string&, const std::string& name) const {
        return name == "tone" ? path_.string() : std::string();
    }

  private:
    std::filesystem::path path_;
};

// ---- Offline ------------------------------------------------------------------------------------

/// FNV-1a over the bits of all outputs.
struct Hash {
    std::uint64_t value = 14695981039346656037u;
    void add(const float* samples, std::uint32_t frames) {
        for (std::uint32_t i = 0; i < frames; ++i) {
            std::uint32_t bits = 0;
            std::memcpy(&bits, samples + i, sizeof bits);
            value = (value ^ bits) * 1099511628211u;
        }
    }
};

struct Rendered {
    std::vector<std::uint64_t> hashes; ///< of each block
    double energy = 0.0;
    std::map<std::uint64_t, engine::Completion> completions;
    bool good = false;
};

Rendered render(std::uint64_t seed, std::uint64_t count, std::uint32_t period) {
    constexpr std::uint32_t kBlock = 4096; // edits are made between blocks, whatever the period
    const ToneFile tone;
    OfflineEngine host(
        {{PLUGIN_DIR}, PROBE, kRate, 1024, kBlock, 0, [&tone](const auto& kind, const auto& name) {
             return tone.find(kind, name);
         }});
    EditStorm storm(seed, host.registry.catalogue());
    Rendered result;
    std::uint64_t made = 0;
    // Behind the last edit the timed ones still come due.
    for (std::uint64_t after = 0; after < 8; after += made == count ? 1u : 0u) {
        for (int i = 0; i < 48 && made < count; ++i, ++made) {
            EditStorm::Edit edit = storm.next();
            std::optional<std::uint64_t> frame;
            if (edit.delay) frame = host.driver.clock() + *edit.delay;
            host.submit(std::move(edit.ops), frame);
        }
        // What is not timed takes effect here, before anything that is due in the block.
        host.engine.step(host.driver.clock());
        Hash hash;
        for (std::uint32_t done = 0; done < kBlock;) {
            for (std::uint32_t slot = 0; slot < 16; ++slot)
                for (std::uint32_t i = 0; i < period; ++i)
                    host.driver.input(slot)[i] =
                        std::sin(static_cast<float>((host.driver.clock() + i) % 4801) * 0.01f
                                 * static_cast<float>(1 + slot));
            const std::uint32_t frames =
                host.driver.run(std::min(period, kBlock - done),
                                [&host](std::uint64_t until) { return host.engine.step(until); });
            done += frames;
            // Slot by slot the order of samples would depend on the period: sum the slots up.
            std::vector<float> sum(frames, 0.0f);
            for (std::uint32_t slot = 0; slot < 16; ++slot)
                for (std::uint32_t i = 0; i < frames; ++i)
                    sum[i] += host.driver.output(slot)[i];
            hash.add(sum.data(), frames);
            for (const float sample : sum)
                result.energy += std::fabs(static_cast<double>(sample));
        }
        result.hashes.push_back(hash.value);
    }
    Tally tally;
    for (const auto& [token, completion] : host.completions)
        tally.add(completion);
    result.completions = host.completions;
    result.good = tally.good(count) && host.engine.model()->nodes.size() == storm.nodes().size();
    return result;
}

/// Whether two renderings of one row of edits are the same, answers included.
bool same(const Rendered& a, const Rendered& b) {
    for (const auto& [token, one] : a.completions) {
        const engine::Completion& other = b.completions.at(token);
        if (one.ok == other.ok && one.frame == other.frame) continue;
        std::printf("edit %llu: frame %llu or %llu, \"%s\" or \"%s\"\n",
                    static_cast<unsigned long long>(token),
                    static_cast<unsigned long long>(one.frame),
                    static_cast<unsigned long long>(other.frame), one.message.c_str(),
                    other.message.c_str());
        return false;
    }
    for (std::size_t i = 0; i < a.hashes.size(); ++i) {
        if (i < b.hashes.size() && a.hashes[i] == b.hashes[i]) continue;
        std::printf("the output differs from block %zu of %zu on\n", i, a.hashes.size());
        return false;
    }
    return true;
}

int run_offline(std::uint64_t seed, std::uint64_t count,
                const std::vector<std::uint32_t>& periods) {
    const Rendered first = render(seed, count, periods[0]);
    std::printf("sum of all magnitudes %g\n", first.energy);
    bool good = first.good && first.energy > 1.0;
    for (std::size_t i = 1; i < periods.size(); ++i) {
        std::printf("period %u against %u:\n", periods[i], periods[0]);
        const Rendered other = render(seed, count, periods[i]);
        good = other.good && same(first, other) && good;
    }
    return good ? 0 : 1;
}

// ---- Live ---------------------------------------------------------------------------------------

/// A driver of which the engine believes that it runs.
class RunningDriver final : public process::Driver {
  public:
    std::uint64_t publish(std::vector<process::ExternalPort>) override { return ++tickets_; }
    std::uint64_t want(std::vector<process::WantedConnection>) override { return ++tickets_; }
    void set_latency(std::uint32_t) override {}
    bool settled(std::uint64_t) const override { return true; }
    process::DriverStatus status() const override {
        process::DriverStatus status;
        status.state = process::DriverStatus::State::running;
        status.rate = kRate;
        status.period = 256;
        return status;
    }
    void connect(std::string, std::string, bool, Reply reply) override { reply({}); }
    void ports(PortsReply reply) override { reply({}, {}); }

  private:
    std::atomic<std::uint64_t> tickets_{0};
};

/// Calls the cycle with periods of changing length, each when its time has come.
void run_audio(process::Cycle& cycle, const std::atomic<bool>& stop) {
    rt::flush_denormals();
    constexpr std::uint32_t kPeriods[] = {64, 128, 256, 512, 1024, 100, 441, 64};
    std::vector<std::vector<float>> in(kSlots, std::vector<float>(1024, 0.25f));
    std::vector<std::vector<float>> out(kSlots, std::vector<float>(1024));
    std::vector<const float*> inputs;
    std::vector<float*> outputs;
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
        inputs.push_back(in[slot].data());
        outputs.push_back(out[slot].data());
    }
    process::Period period;
    period.inputs = inputs.data();
    period.outputs = outputs.data();
    period.input_slots = kSlots;
    period.output_slots = kSlots;
    period.rate = kRate;
    auto due = std::chrono::steady_clock::now();
    for (std::size_t i = 0; !stop; ++i) {
        period.frames = kPeriods[i % std::size(kPeriods)];
        period.start_ns = rt::monotonic_ns();
        cycle.run(period);
        due += std::chrono::nanoseconds(static_cast<std::int64_t>(period.frames / kRate * 1e9));
        const auto now = std::chrono::steady_clock::now();
        if (due < now) due = now; // late: no catching up
        std::this_thread::sleep_until(due);
    }
}

/// What the control thread does all day: values past the engine, and results out of their rings.
void control_turn(process::Cycle& cycle, const engine::Engine& engine, std::mt19937_64& random) {
    const auto model = engine.model();
    for (const auto& [name, node] : model->nodes) {
        for (rt::RecordRing* ring :
             {node.shared->audio_results.get(), node.shared->worker_results.get()})
            while (ring != nullptr && ring->front().data != nullptr)
                ring->pop();
        for (std::uint32_t i = 0; i < node.info->params.size(); ++i) {
            const plugin::ParamInfo& param = node.info->params[i];
            if (param.scale == BL_SCALE_FILE || random() % 8 != 0) continue;
            cycle.set(node.handle, node.param(i), i, random() % 2 == 0 ? param.min : param.def);
        }
    }
    process::Report report;
    while (cycle.take_report(report)) {
    }
}

int run_live(std::uint64_t seed, std::uint64_t count) {
    const system::RealtimeReport realtime = system::prepare_realtime(60);
    const ToneFile tone;
    const auto master = std::make_shared<process::Master>();
    worker::Pool pool({2, true});
    plugin::Registry registry({PROBE, {PLUGIN_DIR}, 10.0});
    registry.scan();
    process::Cycle::Options options;
    options.ready = &pool.ready();
    process::Cycle cycle(options, *master);
    Tally tally;
    RunningDriver driver;
    engine::Engine engine(
        {kRate, false, 10.0, master}, cycle, pool, registry,
        {[&tally](engine::Completion completion) { tally.add(completion); },
         {},
         [&tone](const auto& kind, const auto& name) { return tone.find(kind, name); }});
    engine.set_driver(&driver);
    engine.start();
    engine.driver_changed();

    std::atomic<bool> stop{false};
    system::Thread audio({"storm-audio", 256 * 1024, true, realtime.fifo ? 60 : 0},
                         [&] { run_audio(cycle, stop); });
    EditStorm storm(seed, registry.catalogue());
    std::mt19937_64 random(seed);
    const auto began = std::chrono::steady_clock::now();
    const auto limit = began + 100s;
    for (std::uint64_t made = 0;
         tally.answered() < count && std::chrono::steady_clock::now() < limit;) {
        for (; made < count && made - tally.answered() < 32; ++made) {
            EditStorm::Edit edit = storm.next();
            engine::Request request;
            request.token = made;
            request.sender = 1;
            request.ops = std::move(edit.ops);
            if (edit.delay) request.frame = engine.clock_now() + *edit.delay;
            if (!engine.submit(std::move(request))) break;
        }
        control_turn(cycle, engine, random);
        std::this_thread::sleep_for(2ms);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const process::CycleCounters& seen = cycle.counters();
    std::printf(
        "%s, %llu cycles in %.1f s, %llu found the lease taken, %llu late edits, %llu stale\n",
        realtime.fifo ? "SCHED_FIFO" : "no real-time priority",
        static_cast<unsigned long long>(seen.cycles.load()), took.count(),
        static_cast<unsigned long long>(seen.lease_taken.load()),
        static_cast<unsigned long long>(seen.late_commands.load()),
        static_cast<unsigned long long>(seen.stale_sets.load()));
    const bool complete = engine.model()->nodes.size() == storm.nodes().size();
    if (!complete)
        std::printf("%zu nodes, expected %zu\n", engine.model()->nodes.size(),
                    storm.nodes().size());
    stop = true;
    audio.join();
    engine.stop();
    return tally.good(count) && complete && engine.abandoned() == 0 ? 0 : 1;
}

} // namespace
} // namespace backline::test

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    const bool live = !arguments.empty() && arguments[0] == "--live";
    if (arguments.size() < 3 || (live && arguments.size() != 3)) {
        std::fprintf(stderr, "usage: edit_storm SEED COUNT PERIOD... | --live SEED COUNT\n");
        return 2;
    }
    const auto number = [&](std::size_t i) { return std::strtoull(argv[i + 1], nullptr, 10); };
    fftwf_make_planner_thread_safe(); // as the daemon does, which also keeps the planner loaded
    backline::rt::flush_denormals();
    if (live) return backline::test::run_live(number(1), number(2));
    std::vector<std::uint32_t> periods;
    for (std::size_t i = 2; i < arguments.size(); ++i)
        periods.push_back(static_cast<std::uint32_t>(std::clamp(number(i), 1ull, 4096ull)));
    return backline::test::run_offline(number(0), number(1), periods);
}
