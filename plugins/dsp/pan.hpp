// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <numbers>

namespace backline::dsp {

/// Gains of the left and the right channel.
struct StereoGain {
    double left, right; ///< amplitude ratios
};

/// Constant-power pan of one channel to two, -3.01 dB each in the middle: cos and sin of an angle
/// of 0..pi/2, so that left^2 + right^2 = 1 (D. Griesinger, "Stereo and Surround Panning in
/// Practice", AES 112th Convention, 2002, sine/cosine law). `position` is -1 (left) .. 1 (right).
inline StereoGain constant_power_pan(double position) {
    const double angle = (position + 1.0) * (std::numbers::pi / 4.0);
    // The far side of a hard pan is exactly 0, which cos(pi/2) is not.
    return {position >= 1.0 ? 0.0 : std::cos(angle), position <= -1.0 ? 0.0 : std::sin(angle)};
}

/// Balance of a stereo signal: the side turned to stays at 0 dB, the other follows the constant
/// power law down to silence. `position` is -1 (left only) .. 1 (right only).
inline StereoGain balance(double position) {
    const StereoGain pan = constant_power_pan(position);
    return {position <= 0.0 ? 1.0 : std::numbers::sqrt2 * pan.left,
            position >= 0.0 ? 1.0 : std::numbers::sqrt2 * pan.right};
}

} // namespace backline::dsp
