// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// @file
/// Frequency and level of the strongest line of a spectrum, between the bins.

#include "plugins/dsp/window.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace backline::dsp {

/// The strongest line: its place in bins, 0 when there is none, and |X|^2 at its very top.
struct SpectralPeak {
    double bin = 0.0;
    double power = 0.0;
};

/// Distance in bins, -0.75..0.75, from the strongest bin to the line that gave these magnitudes to
/// it and its neighbours.
///
/// The ratio of two magnitudes of one line depends on the line's place alone, through the window's
/// lobe, so the place follows from the ratio: interpolated DFT (Rife and Vincent, Bell System Tech.
/// J. 49(2), 1970; Grandke, IEEE Trans. Instrum. Meas. 32(2), 1983, for Hann). Unlike a parabola
/// through the logarithms it has no bias of its own; what is left is other lines and noise.
inline double line_offset(const Window& window, double left, double centre, double right) noexcept {
    if (window.a[1] == 0.0) { // one neighbour may lie outside this lobe: the closed form of the two
        const double sign = right >= left ? 1.0 : -1.0; // strongest bins
        const double neighbour = std::max(left, right);
        return centre > 0.0 ? sign * neighbour / (centre + neighbour) : 0.0;
    }
    double low = -0.75;
    double high = 0.75;
    for (int i = 0; i < 28; ++i) { // 1.5 / 2^28 bins
        const double middle = 0.5 * (low + high);
        const bool beyond = left * window.lobe(1.0 - middle) > right * window.lobe(1.0 + middle);
        (beyond ? high : low) = middle;
    }
    return 0.5 * (low + high);
}

/// Finds the strongest line of a power spectrum |X[k]|^2 seen through `window`, bins 0 and last
/// excluded.
inline SpectralPeak find_peak(std::span<const float> power, const Window& window) noexcept {
    if (power.size() < 3) return {};
    const auto strongest = std::max_element(power.begin() + 1, power.end() - 1);
    if (!(*strongest > 0.0f)) return {};
    const auto k = static_cast<std::size_t>(strongest - power.begin());
    const auto magnitude = [&](std::size_t bin) { return std::sqrt(double{power[bin]}); };
    const double offset = line_offset(window, magnitude(k - 1), magnitude(k), magnitude(k + 1));
    const double scallop = window.lobe(offset) / window.a[0];
    return {static_cast<double>(k) + offset, double{*strongest} / (scallop * scallop)};
}

} // namespace backline::dsp
