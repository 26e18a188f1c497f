// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace backline::dsp {

/// Turns white noise into pink of the same RMS: -3.01 dB per octave from 20 Hz up, at any rate.
///
/// Half an order of slope comes from poles and zeros that alternate at equal steps of log
/// frequency, one pair per octave (J. O. Smith and H. F. Smith, "Closed form fractional integration
/// and differentiation via real exponentially spaced pole-zero pairs", arXiv:1606.06154, 2016).
/// The bilinear transform puts each where it belongs, and the ladder is hung from the Nyquist
/// frequency: with its topmost zero at 0.257 of the rate (found by search) the level stays within
/// 0.25 dB of the ideal from 20 Hz to 0.45 of the rate, whatever the rate. The cascade is run as
/// the sum of its partial fractions, whose one-poles do not wait for each other.
class PinkFilter {
  public:
    /// Derives the filter for `rate` frames per second (8 kHz .. 384 kHz).
    void prepare(double rate) {
        std::array<double, kPairs> zeros{};
        poles_.fill(0.0);
        gains_.fill(0.0);
        count_ = 0;
        for (double zero = kHighest * rate; zero > kLowest && count_ < kPairs; zero /= 2.0) {
            zeros[count_] = z_plane(zero, rate);
            poles_[count_] = z_plane(zero / std::numbers::sqrt2, rate);
            ++count_;
        }
        // H = prod (1 - zero/z) / (1 - pole/z) = direct + sum gain_k / (1 - pole_k/z)
        direct_ = 1.0;
        for (size_t k = 0; k < count_; ++k)
            direct_ *= zeros[k] / poles_[k];
        for (size_t k = 0; k < count_; ++k) {
            double gain = 1.0 - zeros[k] / poles_[k];
            for (size_t j = 0; j < count_; ++j)
                if (j != k) gain *= (poles_[k] - zeros[j]) / (poles_[k] - poles_[j]);
            gains_[k] = gain;
        }
        // The energy of the impulse response is what the RMS of white noise is multiplied by.
        double energy = direct_ * direct_;
        for (size_t i = 0; i < count_; ++i) {
            energy += 2.0 * direct_ * gains_[i];
            for (size_t j = 0; j < count_; ++j)
                energy += gains_[i] * gains_[j] / (1.0 - poles_[i] * poles_[j]);
        }
        const double scale = 1.0 / std::sqrt(energy);
        direct_ *= scale;
        for (double& gain : gains_)
            gain *= scale;
        reset();
    }

    /// Forgets the past.
    void reset() noexcept { states_.fill(0.0); }

    /// One sample of pink for one of white.
    double process(double white) noexcept {
        std::array<double, kPairs> parts;
        for (size_t k = 0; k < kPairs; ++k) { // those beyond count_ are 0
            states_[k] = white + poles_[k] * states_[k];
            parts[k] = gains_[k] * states_[k];
        }
        for (size_t half = kPairs / 2; half > 0; half /= 2)
            for (size_t k = 0; k < half; ++k)
                parts[k] += parts[k + half];
        return parts[0] + direct_ * white;
    }

  private:
    static constexpr size_t kPairs = 16;
    static constexpr double kLowest = 6.0;    ///< zeros lie above, in Hz
    static constexpr double kHighest = 0.257; ///< the topmost zero, in frames per second

    /// Real pole or zero at `frequency` through the bilinear transform, prewarped.
    static double z_plane(double frequency, double rate) {
        const double w = std::tan(std::numbers::pi * frequency / rate);
        return (1.0 - w) / (1.0 + w);
    }

    size_t count_ = 0;
    double direct_ = 1.0;
    std::array<double, kPairs> poles_{}, gains_{}, states_{};
};

} // namespace backline::dsp
