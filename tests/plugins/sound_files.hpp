// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// @file
/// Sound files and signals made for one test.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <random>
#include <sndfile.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace backline::test {

/// A directory of its own, gone with the object.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "backline-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
        path_ = name;
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    /// The path of `name` in it.
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

/// Writes interleaved samples; `format` as in SF_INFO. Returns `path`.
inline std::string write_sound(const std::string& path, const std::vector<float>& samples,
                               int channels, int rate,
                               int format = SF_FORMAT_WAV | SF_FORMAT_FLOAT) {
    SF_INFO info{};
    info.channels = channels;
    info.samplerate = rate;
    info.format = format;
    SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
    if (file == nullptr) throw std::runtime_error(sf_strerror(nullptr));
    // In pieces: libsndfile 1.2.0 overflows its stack on one long write of Vorbis.
    const auto frames = static_cast<sf_count_t>(samples.size()) / channels;
    for (sf_count_t at = 0; at < frames; at += 4096)
        sf_writef_float(file, samples.data() + at * channels,
                        std::min<sf_count_t>(4096, frames - at));
    sf_close(file);
    return path;
}

/// Reads a file whole, interleaved, as libsndfile decodes it.
inline std::vector<float> read_sound(const std::string& path) {
    SF_INFO info{};
    SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
    if (file == nullptr) throw std::runtime_error(sf_strerror(nullptr));
    std::vector<float> samples(static_cast<size_t>(info.frames * info.channels));
    const sf_count_t got = sf_readf_float(file, samples.data(), info.frames);
    samples.resize(static_cast<size_t>(got * info.channels));
    sf_close(file);
    return samples;
}

/// Writes bytes as they are.
inline std::string write_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
}

/// White noise in -0.5..0.5.
inline std::vector<float> noise(size_t samples, uint32_t seed = 1) {
    std::mt19937 generator(seed);
    std::vector<float> x(samples);
    for (float& value : x)
        value = static_cast<float>(static_cast<int>(generator() % 32768) - 16384) / 32768.0f;
    return x;
}

/// amplitude * sin(2 pi frequency n / rate + phase).
inline std::vector<float> sine(size_t samples, double frequency, double rate,
                               double amplitude = 1.0, double phase = 0.0) {
    std::vector<float> x(samples);
    for (size_t n = 0; n < samples; ++n)
        x[n] = static_cast<float>(
            amplitude
            * std::sin(2.0 * std::numbers::pi
                           * std::fmod(frequency * static_cast<double>(n) / rate, 1.0)
                       + phase));
    return x;
}

/// What remains beside a sine of this frequency, relative to the sine, in dB: least squares for its
/// two quadratures over x[from, to).
inline double residual_db(const std::vector<float>& x, size_t from, size_t to, double frequency,
                          double rate) {
    double cc = 0, ss = 0, cs = 0, xc = 0, xs = 0;
    const auto phase = [&](size_t n) {
        return 2.0 * std::numbers::pi * std::fmod(frequency * static_cast<double>(n) / rate, 1.0);
    };
    for (size_t n = from; n < to; ++n) {
        const double c = std::cos(phase(n)), s = std::sin(phase(n)), v = double{x[n]};
        cc += c * c, ss += s * s, cs += c * s, xc += v * c, xs += v * s;
    }
    const double determinant = cc * ss - cs * cs;
    const double a = (xc * ss - xs * cs) / determinant;
    const double b = (xs * cc - xc * cs) / determinant;
    double signal = 0, rest = 0;
    for (size_t n = from; n < to; ++n) {
        const double fit = a * std::cos(phase(n)) + b * std::sin(phase(n));
        signal += fit * fit;
        rest += (double{x[n]} - fit) * (double{x[n]} - fit);
    }
    return 10.0 * std::log10(rest / signal);
}

} // namespace backline::test
