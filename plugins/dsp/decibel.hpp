// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>

namespace backline::dsp {

/// Amplitude ratio of a level in dB: 10^(dB/20).
inline double amplitude_of(double db) {
    constexpr double kLog2Of10Over20 = 0.16609640474436813; // log2(10) / 20
    return std::exp2(db * kLog2Of10Over20);
}

/// Level in dB of an amplitude ratio: 20 log10 |a|; -inf for 0.
inline double decibels_of(double amplitude) {
    return 20.0 * std::log10(std::fabs(amplitude));
}

} // namespace backline::dsp
