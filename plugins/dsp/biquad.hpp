// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace backline::dsp {

/// Second-order filter with fixed coefficients, computed two samples at a time.
///
/// The recursion of a biquad waits for its own last result, which leaves most of a processor idle.
/// Multiplying H(z) above and below by 1 - a1/z + a2/z^2 gives the same filter with a recursion
/// that reaches back two and four samples only (scattered look-ahead: K. Parhi, D. Messerschmitt,
/// "Pipeline interleaving and parallelism in recursive digital filters", part I, IEEE Trans. ASSP
/// 37(7), 1989, section IV): stable wherever the biquad is, and neighbours are independent of each
/// other. The poles so added are cancelled by zeros, in double to far below 24 bits. Every sample
/// is computed by the same operations in the same order, hence the same bits however a run is cut.
class Biquad {
  public:
    /// (b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2)
    struct Coefficients {
        double b0 = 1.0, b1 = 0.0, b2 = 0.0;
        double a1 = 0.0, a2 = 0.0;

        /// A peak of `gain_db` at `frequency` Hz (kept below 0.49 of the rate), Q > 0 (R.
        /// Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients",
        /// peakingEQ).
        static Coefficients peak(double frequency, double q, double gain_db, double rate) {
            const double ratio = frequency / rate < 0.49 ? frequency / rate : 0.49;
            const double w = 2.0 * std::numbers::pi * ratio;
            const double a = std::pow(10.0, gain_db / 40.0);
            const double alpha = std::sin(w) / (2.0 * q);
            const double scale = 1.0 / (1.0 + alpha / a);
            const double middle = -2.0 * std::cos(w) * scale;
            return {(1.0 + alpha * a) * scale, middle, (1.0 - alpha * a) * scale, middle,
                    (1.0 - alpha / a) * scale};
        }
    };

    /// Goes on with another filter. The step between the two rings as long as the new one does, in
    /// the added poles too, near half the rate: for parameters that move, take an Svf.
    void set(const Coefficients& c) noexcept {
        ahead_[0] = c.b0;
        ahead_[1] = c.b1 - c.b0 * c.a1;
        ahead_[2] = c.b2 - c.b1 * c.a1 + c.b0 * c.a2;
        ahead_[3] = c.b1 * c.a2 - c.b2 * c.a1;
        ahead_[4] = c.b2 * c.a2;
        back2_ = 2.0 * c.a2 - c.a1 * c.a1;
        back4_ = c.a2 * c.a2;
    }

    /// Filters; `in` and `out` may be the same.
    void process(const float* in, float* out, std::uint32_t frames) noexcept {
        // In locals, or every store to `out` may have changed them.
        Pair x2 = x2_, x4 = x4_, y2 = y2_, y4 = y4_;
        const double g0 = ahead_[0], g1 = ahead_[1], g2 = ahead_[2], g3 = ahead_[3], g4 = ahead_[4];
        const double r2 = back2_, r4 = back4_;
        std::uint32_t i = 0;
        for (; i + 2 <= frames; i += 2) {
            const Pair x = {in[i], in[i + 1]};
            const Pair x1 = {x2[1], x[0]};
            const Pair x3 = {x4[1], x2[0]};
            const Pair y = (x * g0 + x1 * g1 + x2 * g2 + x3 * g3 + x4 * g4 - y4 * r4) - y2 * r2;
            out[i] = static_cast<float>(y[0]);
            out[i + 1] = static_cast<float>(y[1]);
            x4 = x2;
            x2 = x;
            y4 = y2;
            y2 = y;
        }
        if (i < frames) {
            const double x = in[i];
            const double y =
                (x * g0 + x2[1] * g1 + x2[0] * g2 + x4[1] * g3 + x4[0] * g4 - y4[0] * r4)
                - y2[0] * r2;
            out[i] = static_cast<float>(y);
            x4 = Pair{x4[1], x2[0]};
            x2 = Pair{x2[1], x};
            y4 = Pair{y4[1], y2[0]};
            y2 = Pair{y2[1], y};
        }
        x2_ = x2;
        x4_ = x4;
        y2_ = y2;
        y4_ = y4;
    }

    /// Forgets the past.
    void reset() noexcept { x2_ = x4_ = y2_ = y4_ = Pair{}; }

  private:
    /// Two samples that follow each other, as the compiler's own vector type.
    using Pair [[gnu::vector_size(16)]] = double;

    double ahead_[5] = {1.0, 0.0, 0.0, 0.0, 0.0}; ///< weights of the last five inputs
    double back2_ = 0.0, back4_ = 0.0;            ///< of the outputs two and four samples ago
    Pair x2_{}, x4_{};                            ///< inputs: the last two, and the two before
    Pair y2_{}, y4_{};                            ///< outputs likewise, in full precision
};

} // namespace backline::dsp
