// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later

/// @file
/// backline.spectrum: magnitude spectrum of the mean of the input channels, and frequency and level
/// of its strongest line.
///
/// - `magnitude`: size/2+1 bins in dBFS; a full-scale sine in the middle of a bin reads 0.
/// - `peak_frequency`: of the strongest line between, not including, 0 Hz and half the rate; 0 when
///   all is silence. Interpolated, see dsp::find_peak.
/// - `peak_level`: of that line at its true place between the bins.
///
/// The audio thread collects blocks of samples, nothing more; windows are put together, transformed
/// and averaged in work(). Each block carries its sample clock and the parameters that hold for it:
/// the two sides share nothing else. A block that got lost costs the windows it was part of; no
/// window is ever made of samples that were not adjacent.

#include "plugins/dsp/fft.hpp"
#include "plugins/dsp/level_meter.hpp"
#include "plugins/dsp/spectral_peak.hpp"
#include "plugins/dsp/window.hpp"

#include <backline/plugin.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace {

using namespace backline;

constexpr uint32_t kSizes = 5;
constexpr uint32_t kSmallest = 512;
constexpr uint32_t kLargest = kSmallest << (kSizes - 1);
constexpr std::array kWindows = {dsp::Window::hann(), dsp::Window::blackman_harris(),
                                 dsp::Window::flat_top(), dsp::Window::rectangular()};

/// What decides how samples are analysed, as positions in the parameters' labels.
struct Settings {
    uint32_t size = 2;   ///< kSmallest << size
    uint32_t hop = 1;    ///< size >> hop
    uint32_t window = 0; ///< in kWindows
    float averaging = 0; ///< time constant in seconds
};

/// One job: adjacent samples under one set of parameters.
struct Block {
    static constexpr uint32_t kFrames = 512;

    uint64_t time; ///< sample clock of the first
    Settings settings;
    uint32_t frames;
    uint32_t fresh; ///< 1: what came before is to be forgotten
    float samples[kFrames];
};

/// Overlapping windows, their transforms and the running average. Belongs to work().
class Analyser {
  public:
    explicit Analyser(double rate) : rate_(rate), history_(kLargest + Block::kFrames) {
        window_.reserve(kLargest);
        power_.reserve(kLargest / 2 + 1);
        decibels_.reserve(kLargest / 2 + 1);
        for (uint32_t i = 0; i < kSizes; ++i)
            fft_.push_back(std::make_unique<dsp::RealFft>(kSmallest << i));
        configure({});
    }

    void add(const Block& block, const sdk::Host& host) {
        const Settings& now = block.settings;
        const bool shape = now.size != settings_.size || now.window != settings_.window;
        if (shape || now.hop != settings_.hop || block.fresh != 0
            || block.time != start_ + filled_) {
            if (shape || block.fresh != 0) configure(now);
            filled_ = 0;
            start_ = block.time;
        }
        settings_ = now;
        std::copy_n(block.samples, block.frames, history_.data() + filled_);
        filled_ += block.frames;

        const uint32_t size = kSmallest << settings_.size;
        const uint32_t hop = size >> settings_.hop;
        uint32_t from = 0;
        for (; filled_ - from >= size; from += hop) {
            transform(history_.data() + from, hop);
            emit(host, start_ + from + size / 2);
        }
        start_ += from;
        filled_ -= from;
        std::memmove(history_.data(), history_.data() + from, filled_ * sizeof(float));
    }

    /// Indices of the results.
    enum Out : uint32_t { kMagnitude, kPeakFrequency, kPeakLevel };

  private:
    void configure(const Settings& settings) {
        const uint32_t size = kSmallest << settings.size;
        window_.resize(size);
        kWindows[settings.window].fill(window_);
        power_.assign(size / 2 + 1, 0.0f);
        decibels_.resize(size / 2 + 1);
        first_ = true;
    }

    /// Averages the power spectrum, exponentially with the time constant set.
    void transform(const float* samples, uint32_t hop) noexcept {
        dsp::RealFft& fft = *fft_[settings_.size];
        const std::span<float> input = fft.input();
        for (size_t n = 0; n < input.size(); ++n)
            input[n] = samples[n] * window_[n];
        fft.run();
        const double averaging = double{settings_.averaging} * rate_;
        const double keep =
            first_ || averaging <= 0.0 ? 0.0 : std::exp(-static_cast<double>(hop) / averaging);
        const auto add = static_cast<float>(1.0 - keep);
        first_ = false;
        const std::span<const std::complex<float>> spectrum = fft.spectrum();
        for (size_t k = 0; k < spectrum.size(); ++k)
            power_[k] += add * (std::norm(spectrum[k]) - power_[k]);
    }

    /// dsp::power_db for thousands of values: most of a window's time goes by here.
    static float decibels(float power) noexcept {
        constexpr float kPerOctave = 3.01029996f; // 10 log10(2)
        return std::max(kPerOctave * std::log2(std::max(power, 1e-21f)), -200.0f);
    }

    void emit(const sdk::Host& host, uint64_t centre) noexcept {
        const dsp::Window& window = kWindows[settings_.window];
        const size_t size = window_.size();
        // A sine of amplitude 1 has |X| = a[0] N / 2 at its bin; 0 Hz and half the rate have no
        // mirror image and twice that.
        const double full = window.a[0] * static_cast<double>(size) / 2.0;
        const double scale = 1.0 / (full * full);
        for (size_t k = 0; k < power_.size(); ++k)
            decibels_[k] = decibels(static_cast<float>(scale) * power_[k]);
        for (const size_t k : {size_t{0}, size / 2})
            decibels_[k] = decibels(static_cast<float>(0.25 * scale) * power_[k]);
        host.emit(kMagnitude, centre, decibels_);

        const dsp::SpectralPeak peak = dsp::find_peak(power_, window);
        host.emit(kPeakFrequency, centre,
                  static_cast<float>(peak.bin * rate_ / static_cast<double>(size)));
        host.emit(kPeakLevel, centre, static_cast<float>(dsp::power_db(scale * peak.power)));
    }

    double rate_;
    Settings settings_;
    std::vector<std::unique_ptr<dsp::RealFft>> fft_; ///< by size
    std::vector<float> window_;
    std::vector<float> power_;    ///< averaged |X|^2
    std::vector<float> decibels_; ///< scratch
    bool first_ = true;           ///< nothing averaged yet
    std::vector<float> history_;  ///< adjacent samples not yet passed by the hop
    uint64_t start_ = 0;          ///< sample clock of the first of them
    uint32_t filled_ = 0;
};

class Spectrum final : public sdk::Plugin {
  public:
    static constexpr sdk::Info info{
        .id = "backline.spectrum",
        .name = "Spectrum",
        .vendor = "backline",
        .about = "Magnitude spectrum with frequency and level of the strongest line.",
        .kind = BL_KIND_ANALYSIS};
    static constexpr bl_port ports[] = {sdk::main_in(8)};

    static constexpr const char* kSizeLabels[] = {"512", "1024", "2048", "4096", "8192"};
    static constexpr const char* kHopLabels[] = {"1", "1/2", "1/4", "1/8"};
    static constexpr const char* kWindowLabels[] = {"hann", "blackman-harris", "flat-top",
                                                    "rectangular"};
    enum Param : uint32_t { kSize, kHop, kWindow, kAveraging };
    static constexpr bl_param params[] = {
        sdk::choice(1, "size", "Samples per window", kSizeLabels, Settings{}.size),
        sdk::choice(2, "hop", "Hop as a part of the size", kHopLabels, Settings{}.hop),
        sdk::choice(3, "window", "Window", kWindowLabels, Settings{}.window),
        sdk::number(4, "averaging", "Averaging time", "s", 0.0, 1.0, 0.0)};

    static constexpr bl_result results[] = {
        sdk::result(1, "magnitude", "Magnitude", "dBFS", kLargest / 2 + 1, 0.0, -200.0),
        sdk::result(2, "peak_frequency", "Frequency of the strongest line", "Hz", 1, 0.0, 0.0),
        sdk::result(3, "peak_level", "Level of the strongest line", "dBFS", 1, 0.0, -200.0)};

    // Waiting jobs are a third of a second of sound; beyond that the newest is worth more.
    static constexpr bl_worker worker =
        sdk::worker_bounds(sizeof(Block), 32, 0, BL_WORK_LIVE, BL_WORK_DROP_OLDEST);

    void activate(const sdk::Activation& how) override {
        analyser_ = std::make_unique<Analyser>(how.rate());
        settings_ = {};
        reset();
    }
    void deactivate() override { analyser_.reset(); }

    void reset() noexcept override {
        filled_ = 0;
        refused_ = false;
        fresh_ = true;
    }

    /// Silence is a reading too: the host must not stop calling when there is no signal.
    uint64_t tail() const noexcept override { return UINT64_MAX; }

    bl_status process(sdk::Process p) noexcept override {
        if (filled_ > 0 && time_ + filled_ != p.time()) close(); // some cycles went without us
        sdk::for_each_segment(
            p, [&](const bl_param_event& e) { set(e); },
            [&](uint32_t from, uint32_t to) { collect(p, from, to); });
        return BL_OK;
    }

    void work(std::span<const std::byte> job) override {
        analyser_->add(*reinterpret_cast<const Block*>(job.data()), host);
    }

  private:
    void set(const bl_param_event& e) noexcept {
        close(); // what is in the block was collected under the old value
        const auto position = static_cast<uint32_t>(e.value);
        switch (e.param) {
        case kSize:
            settings_.size = position;
            break;
        case kHop:
            settings_.hop = position;
            break;
        case kWindow:
            settings_.window = position;
            break;
        case kAveraging:
            settings_.averaging = static_cast<float>(e.value);
            break;
        default:
            break;
        }
    }

    void collect(sdk::Process p, uint32_t from, uint32_t to) noexcept {
        const sdk::InBus in = p.in(0);
        const float scale = 1.0f / static_cast<float>(in.channels());
        while (from < to) {
            if (filled_ == 0) time_ = p.time() + from;
            const uint32_t n = std::min(to - from, Block::kFrames - filled_);
            // The same room as before while this block is open.
            Block* block = refused_ ? nullptr : host.reserve<Block>();
            refused_ = block == nullptr;
            if (block != nullptr) {
                float* samples = block->samples + filled_;
                std::copy_n(in[0] + from, n, samples);
                for (uint32_t c = 1; c < in.channels(); ++c)
                    for (uint32_t i = 0; i < n; ++i)
                        samples[i] += in[c][from + i];
                if (in.channels() > 1)
                    for (uint32_t i = 0; i < n; ++i)
                        samples[i] *= scale;
            }
            filled_ += n;
            from += n;
            if (filled_ == Block::kFrames) close();
        }
    }

    /// Hands the open block over, or forgets it when there was no room for it.
    void close() noexcept {
        Block* block = filled_ > 0 && !refused_ ? host.reserve<Block>() : nullptr;
        if (block != nullptr) {
            block->time = time_;
            block->settings = settings_;
            block->frames = filled_;
            block->fresh = fresh_ ? 1 : 0;
            host.submit();
            fresh_ = false;
        }
        filled_ = 0;
        refused_ = false;
    }

    Settings settings_;
    uint64_t time_ = 0;    ///< sample clock at the start of the open block
    uint32_t filled_ = 0;  ///< frames in it
    bool refused_ = false; ///< it got no room and is let pass
    bool fresh_ = true;    ///< the next job starts anew
    std::unique_ptr<Analyser> analyser_;
};

} // namespace

BACKLINE_PLUGIN(Spectrum);
