// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cmath>
#include <numbers>

namespace backline::test {

/// A Butterworth high-pass of the eighth order: four sections by the bilinear transform (A. V.
/// Oppenheim and R. W. Schafer, "Discrete-Time Signal Processing", 3rd ed., section 7.2.2).
class HighPass {
  public:
    HighPass(double corner_hz, double rate) {
        const double k = std::tan(std::numbers::pi * corner_hz / rate);
        for (std::size_t i = 0; i < sections_.size(); ++i) {
            const double angle = std::numbers::pi * (2.0 * static_cast<double>(i) + 1.0) / 16.0;
            const double damping = 2.0 * std::cos(angle);
            const double norm = 1.0 / (1.0 + damping * k + k * k);
            sections_[i] = {norm, 2.0 * (k * k - 1.0) * norm, (1.0 - damping * k + k * k) * norm,
                            0.0, 0.0};
        }
    }

    /// The next sample.
    double next(double x) {
        for (Section& s : sections_) {
            const double y = s.gain * x + s.z1;
            s.z1 = -2.0 * s.gain * x - s.a1 * y + s.z2;
            s.z2 = s.gain * x - s.a2 * y;
            x = y;
        }
        return x;
    }

  private:
    struct Section {
        double gain, a1, a2, z1, z2;
    };
    std::array<Section, 4> sections_{};
};

} // namespace backline::test
