// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// @file
/// Cosine-sum windows for spectral analysis, in time and as the line they draw in a spectrum.

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>

namespace backline::dsp {

/// A window w(t) = sum over m of a[m] cos(2 pi m t / N), with t = 0 in its middle, periodic in N as
/// analysis by DFT wants it. Its mean, and so its coherent gain, is a[0].
struct Window {
    std::array<double, 5> a;

    /// Writes the window at the length of `out`.
    void fill(std::span<float> out) const noexcept {
        const double step = 2.0 * std::numbers::pi / static_cast<double>(out.size());
        const double middle = static_cast<double>(out.size() / 2);
        for (std::size_t n = 0; n < out.size(); ++n) {
            const double phase = step * (static_cast<double>(n) - middle);
            double sum = 0.0;
            for (std::size_t m = 0; m < a.size(); ++m)
                sum += a[m] * std::cos(static_cast<double>(m) * phase);
            out[n] = static_cast<float>(sum);
        }
    }

    /// Fourier transform of the window at `bin` bins from its centre, over N: lobe(0) = a[0]. For
    /// N >> 1, where the Dirichlet kernel is a sinc (Harris, Proc. IEEE 66(1), 1978, section IV).
    double lobe(double bin) const noexcept {
        const double s = std::sin(std::numbers::pi * bin) / std::numbers::pi;
        double sum = 0.0;
        double sign = 1.0;
        for (int m = 0; m < static_cast<int>(a.size()); ++m, sign = -sign) {
            // sinc(x -/+ m) share one sine: sin(pi (x -/+ m)) = (-1)^m sin(pi x).
            const auto shifted = [&](double x) { return std::abs(x) < 1e-9 ? 1.0 : sign * s / x; };
            const double pair = 0.5 * (shifted(bin - m) + shifted(bin + m));
            sum += a[static_cast<std::size_t>(m)] * pair;
        }
        return sum;
    }

    /// Equivalent noise bandwidth in bins (Harris 1978, section IV.A).
    double noise_bandwidth() const noexcept {
        double power = a[0] * a[0];
        for (std::size_t m = 1; m < a.size(); ++m)
            power += 0.5 * a[m] * a[m];
        return power / (a[0] * a[0]);
    }

    /// No window at all: the narrowest line, the highest side lobes.
    static constexpr Window rectangular() { return {{1.0, 0.0, 0.0, 0.0, 0.0}}; }
    /// Hann: the general-purpose one; side lobes fall by 18 dB per octave.
    static constexpr Window hann() { return {{0.5, 0.5, 0.0, 0.0, 0.0}}; }
    /// Four-term Blackman-Harris: side lobes below -92 dB (Harris 1978, table I).
    static constexpr Window blackman_harris() {
        return {{0.35875, 0.48829, 0.14128, 0.01168, 0.0}};
    }
    /// Flat top of ISO 18431-2: the level of a tone between two bins is 0.01 dB low at most
    /// (coefficients as in D'Antona and Ferrero, Digital Signal Processing for Measurement Systems,
    /// 2006, section 5.4).
    static constexpr Window flat_top() {
        return {{0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368}};
    }
};

} // namespace backline::dsp
