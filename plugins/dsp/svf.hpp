// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <numbers>

namespace backline::dsp {

/// Second-order state-variable filter by trapezoidal integration without a unit delay in its loop
/// (V. Zavalishin, "The Art of VA Filter Design", rev. 2.1.2, section 4; A. Simper, "Solving the
/// continuous SVF equations using trapezoidal integration and equivalent currents", 2013). Its
/// magnitude is the analog prototype's with the frequency axis warped by tan, right at the cutoff;
/// it stays stable while cutoff and resonance move from sample to sample.
class Svf {
  public:
    /// What cutoff and resonance come to.
    struct Coefficients {
        double a1, a2, a3; ///< of Simper's solution
        double k;          ///< 1/Q

        /// Cutoff in Hz (kept below 0.49 of the rate), Q > 0.
        static Coefficients of(double cutoff, double q, double rate) {
            const double ratio = cutoff / rate < 0.49 ? cutoff / rate : 0.49;
            const double g = std::tan(std::numbers::pi * ratio);
            const double k = 1.0 / q;
            const double a1 = 1.0 / (1.0 + g * (g + k));
            return {a1, g * a1, g * g * a1, k};
        }
    };

    /// The outputs of one sample. Prototypes at s = jf/cutoff, over D = s^2 + s/Q + 1:
    struct Outputs {
        double low;  ///< 1/D
        double band; ///< (s/Q)/D, unity at the cutoff
        double high; ///< s^2/D
    };

    /// Filters one sample.
    Outputs process(double in, const Coefficients& c) noexcept {
        const double v3 = in - state2_;
        const double v1 = c.a1 * state1_ + c.a2 * v3;
        const double v2 = state2_ + c.a2 * state1_ + c.a3 * v3;
        state1_ = 2.0 * v1 - state1_;
        state2_ = 2.0 * v2 - state2_;
        const double band = c.k * v1;
        return {v2, band, in - band - v2};
    }

    /// Forgets the past.
    void reset() noexcept { state1_ = state2_ = 0.0; }

  private:
    double state1_ = 0.0, state2_ = 0.0; ///< the integrators, as equivalent currents
};

} // namespace backline::dsp
