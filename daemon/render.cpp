// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/render.hpp"

#include "daemon/audio/offline_driver.hpp"
#include "daemon/control/file_names.hpp"
#include "daemon/control/rack_files.hpp"
#include "daemon/daemon.hpp"
#include "daemon/engine/engine.hpp"
#include "daemon/rt/denormals.hpp"
#include "daemon/score.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <fftw3.h>
#include <map>
#include <memory>
#include <sndfile.h>
#include <stdexcept>

namespace backline {

namespace {

constexpr double kTailMax = 30.0;
constexpr double kDefaultRate = 48000.0;

struct CloseFile {
    void operator()(SNDFILE* file) const noexcept { sf_close(file); }
};
using SoundFile = std::unique_ptr<SNDFILE, CloseFile>;

/// "name=file" or "file".
struct Assignment {
    std::string name, path;
};

Assignment split(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || text.find('/') < equals) return {"", text};
    return {text.substr(0, equals), text.substr(equals + 1)};
}

/// The strip that an assignment names, or the only one there is.
const engine::StripEntry& choose(const std::map<std::string, engine::StripEntry>& strips,
                                 const Assignment& wanted, const char* what) {
    if (!wanted.name.empty()) {
        const auto found = strips.find(wanted.name);
        if (found != strips.end()) return found->second;
        throw std::runtime_error("the rack has no " + std::string(what) + " \"" + wanted.name
                                 + "\"");
    }
    if (strips.size() == 1) return strips.begin()->second;
    throw std::runtime_error("the rack has " + std::to_string(strips.size()) + " " + what
                             + "s; expected --" + what + " NAME=" + wanted.path);
}

/// A sound file that feeds an input, all of it in memory.
struct Source {
    std::string name;
    std::uint32_t channels = 0;
    double rate = 0.0;
    std::uint64_t frames = 0;
    std::vector<float> samples; ///< interleaved
};

Source read_source(const Assignment& assignment) {
    SF_INFO info{};
    const SoundFile file(sf_open(assignment.path.c_str(), SFM_READ, &info));
    if (!file)
        throw std::runtime_error("input file " + assignment.path + ": " + sf_strerror(nullptr));
    Source source{assignment.name,
                  static_cast<std::uint32_t>(info.channels),
                  static_cast<double>(info.samplerate),
                  static_cast<std::uint64_t>(info.frames),
                  {}};
    source.samples.resize(source.frames * source.channels);
    if (sf_readf_float(file.get(), source.samples.data(), info.frames) != info.frames)
        throw std::runtime_error("input file " + assignment.path + ": " + sf_strerror(file.get()));
    return source;
}

/// Everything of a render: the real engine, cycle and pool, stepped by one thread.
class Render {
  public:
    Render(const Config& config, const RenderOptions& options)
        : config_(config),
          options_(options),
          rack_(read_rack()),
          sources_(read_sources()),
          rate_(choose_rate()),
          pool_({1, false}),
          registry_({probe_path(), plugin_directories(config), 5.0}),
          cycle_({config.engine.max_frames, &pool_.ready(), 0,
                  [](void* pool) { static_cast<worker::Pool*>(pool)->run_now(); }, &pool_},
                 *master_),
          engine_({rate_, true, 10.0, master_}, cycle_, pool_, registry_, callbacks()) {}

    void run() {
        rt::flush_denormals();
        registry_.scan();
        load_rack();
        for (ScoreEntry& entry : read_score(options_.score, rate_))
            score_.push_back(std::move(entry));
        submit_score(0);
        const auto model = engine_.model();
        std::uint32_t slots = 0;
        for (const auto* strips : {&model->inputs, &model->outputs})
            for (const auto& [name, strip] : *strips)
                for (const std::uint32_t slot : strip.slots)
                    slots = std::max(slots, slot + 1);
        // Inputs and outputs that the score adds.
        audio::OfflineDriver driver(cycle_, rate_, options_.period, slots + 256);
        open_outputs(*model);

        const std::uint64_t length = input_frames() + tail_frames(*model);
        while (driver.clock() < length) {
            const auto frames = static_cast<std::uint32_t>(
                std::min<std::uint64_t>(options_.period, length - driver.clock()));
            feed(driver, frames);
            submit_score(driver.clock() + frames);
            const std::uint32_t done =
                driver.run(frames, [this](std::uint64_t until) { return engine_.step(until); });
            check_score();
            collect(driver, done);
        }
        engine_.step(driver.clock());
        check_score();
    }

  private:
    struct Sink {
        std::string name, path;
        SoundFile file;
        std::uint32_t channels = 0;
        std::vector<std::uint32_t> slots;
        std::vector<float> interleaved;
    };

    engine::Engine::Callbacks callbacks() {
        engine::Engine::Callbacks callbacks;
        callbacks.completed = [this](engine::Completion done) {
            if (done.token != 0) ++answered_;
            if (!done.ok) failures_.push_back(std::move(done));
        };
        callbacks.find_file = [this](const std::string& kind, const std::string& name) {
            const auto found = config_.files.find(kind);
            return found == config_.files.end() ? std::string()
                                                : control::find_file(found->second, name);
        };
        return callbacks;
    }

    engine::Rack read_rack() const {
        const bool is_path =
            options_.rack.find('/') != std::string::npos || options_.rack.ends_with(".toml");
        return is_path ? engine::load_rack(options_.rack)
                       : control::read_rack(config_.racks, options_.rack);
    }

    std::vector<Source> read_sources() const {
        std::vector<Source> sources;
        for (const std::string& text : options_.inputs)
            sources.push_back(read_source(split(text)));
        return sources;
    }

    double choose_rate() const {
        const double rate = options_.rate > 0.0 ? options_.rate
                            : sources_.empty()  ? kDefaultRate
                                                : sources_.front().rate;
        for (std::size_t i = 0; i < sources_.size(); ++i)
            if (sources_[i].rate != rate)
                throw std::runtime_error("input file " + split(options_.inputs[i]).path + " has "
                                         + std::to_string(static_cast<int>(sources_[i].rate))
                                         + " Hz, expected " + std::to_string(static_cast<int>(rate))
                                         + " Hz");
        return rate;
    }

    void load_rack() {
        engine::Request request;
        request.ops.push_back(engine::LoadRack{rack_});
        engine_.submit(std::move(request));
        engine_.step(0);
        if (!failures_.empty()) throw engine::CommandError(failures_[0].code, failures_[0].message);
        const auto model = engine_.model();
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            const auto& strip = choose(model->inputs, split(options_.inputs[i]), "input");
            sources_[i].name = strip.name;
            if (sources_[i].channels != strip.channels && sources_[i].channels != 1)
                throw std::runtime_error("input file " + split(options_.inputs[i]).path + " has "
                                         + std::to_string(sources_[i].channels)
                                         + " channels, input \"" + strip.name + "\" has "
                                         + std::to_string(strip.channels));
        }
    }

    /// Hands over as much as the engine has room for, and what is due before `until` in any case.
    void submit_score(std::uint64_t until) {
        for (; !score_.empty(); score_.pop_front()) {
            if (token_ - answered_ >= engine::kScheduleMax && score_.front().frame >= until) return;
            ScoreEntry& entry = score_.front();
            engine::Request request;
            request.token = ++token_;
            labels_[token_] = std::move(entry.label);
            request.ops = std::move(entry.ops);
            request.frame = entry.frame;
            if (!engine_.submit(std::move(request)))
                throw engine::CommandError("queue_full",
                                           labels_[token_] + ": too much is due within a period");
        }
    }

    void check_score() {
        if (failures_.empty()) return;
        throw engine::CommandError(failures_[0].code,
                                   labels_[failures_[0].token] + ": " + failures_[0].message);
    }

    void open_outputs(const engine::Model& model) {
        for (const std::string& text : options_.outputs) {
            const Assignment assignment = split(text);
            const auto& strip = choose(model.outputs, assignment, "output");
            SF_INFO info{};
            info.channels = static_cast<int>(strip.channels);
            info.samplerate = static_cast<int>(rate_);
            info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
            Sink sink{strip.name,
                      assignment.path,
                      SoundFile(sf_open(assignment.path.c_str(), SFM_WRITE, &info)),
                      strip.channels,
                      strip.slots,
                      {}};
            if (!sink.file)
                throw std::runtime_error("output file " + assignment.path + ": "
                                         + sf_strerror(nullptr));
            // The header's peak chunk carries the time of day: equal sound, equal file.
            sf_command(sink.file.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
            sinks_.push_back(std::move(sink));
        }
    }

    std::uint64_t input_frames() const {
        std::uint64_t longest = 0;
        for (const Source& source : sources_)
            longest = std::max(longest, source.frames);
        return longest;
    }

    std::uint64_t tail_frames(const engine::Model& model) const {
        double seconds = options_.tail_s;
        if (seconds < 0.0) {
            seconds = 0.0;
            for (const auto& [name, node] : model.nodes)
                seconds = std::max(seconds, std::min(node.info->tail_s, kTailMax));
        }
        return static_cast<std::uint64_t>(std::llround(seconds * rate_));
    }

    void feed(audio::OfflineDriver& driver, std::uint32_t frames) const {
        const auto model = engine_.model();
        for (const Source& source : sources_) {
            const auto strip = model->inputs.find(source.name);
            if (strip == model->inputs.end()) continue;
            for (std::uint32_t c = 0; c < strip->second.channels; ++c) {
                float* to = driver.input(strip->second.slots[c]);
                const std::uint32_t from = source.channels == 1 ? 0 : c;
                for (std::uint32_t i = 0; i < frames; ++i) {
                    const std::uint64_t at = driver.clock() + i;
                    to[i] = at < source.frames ? source.samples[at * source.channels + from] : 0.0f;
                }
            }
        }
    }

    void collect(audio::OfflineDriver& driver, std::uint32_t frames) {
        for (Sink& sink : sinks_) {
            sink.interleaved.resize(std::size_t{frames} * sink.channels);
            for (std::uint32_t c = 0; c < sink.channels; ++c)
                for (std::uint32_t i = 0; i < frames; ++i)
                    sink.interleaved[std::size_t{i} * sink.channels + c] =
                        driver.output(sink.slots[c])[i];
            if (sf_writef_float(sink.file.get(), sink.interleaved.data(), frames)
                != static_cast<sf_count_t>(frames))
                throw std::runtime_error("output file " + sink.path + ": "
                                         + sf_strerror(sink.file.get()));
        }
    }

    const Config& config_;
    const RenderOptions& options_;
    const engine::Rack rack_;
    std::vector<Source> sources_;
    const double rate_;
    std::shared_ptr<process::Master> master_ = std::make_shared<process::Master>();
    worker::Pool pool_;
    plugin::Registry registry_;
    process::Cycle cycle_;
    std::vector<engine::Completion> failures_;
    engine::Engine engine_;
    std::vector<Sink> sinks_;
    std::deque<ScoreEntry> score_;                ///< not handed over yet
    std::map<std::uint64_t, std::string> labels_; ///< of score entries, by token
    std::uint64_t token_ = 0, answered_ = 0;      ///< of score entries; the rack's is 0
};

} // namespace

void render(const Config& config, const RenderOptions& options) {
    fftwf_make_planner_thread_safe(); // plugins plan on whatever thread activates them
    Render(config, options).run();
}

} // namespace backline
