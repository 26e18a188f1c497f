// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <utility>

namespace backline::test {

/// A sine found in a signal.
struct Sine {
    double amplitude;
    double hz;
    double residual; ///< RMS of what is left of the signal without it
};

/// The sine a cos(wt) + b sin(wt) + c that is nearest to the signal in the least squares, by the
/// four-parameter fit of IEEE Std 1057: the frequency is improved along with the rest, starting at
/// `near` Hz, which has to be right to a fraction of rate / signal.size().
inline Sine fit_sine(std::span<const float> signal, double rate, double near) {
    constexpr std::size_t kUnknowns = 4;
    double w = 2.0 * std::numbers::pi * near / rate;
    double a = 0.0;
    double b = 0.0;
    double c = 0.0;
    for (int round = 0; round < 8; ++round) {
        // Normal equations: columns cos, sin, 1 and the derivative by w.
        std::array<std::array<double, kUnknowns + 1>, kUnknowns> m{};
        for (std::size_t n = 0; n < signal.size(); ++n) {
            const auto t = static_cast<double>(n);
            const double cosine = std::cos(w * t);
            const double sine = std::sin(w * t);
            const std::array<double, kUnknowns + 1> row{
                cosine, sine, 1.0, t * (b * cosine - a * sine), static_cast<double>(signal[n])};
            // The first round does not know a and b: the frequency stays.
            for (std::size_t i = 0; i < kUnknowns; ++i)
                for (std::size_t j = 0; j <= kUnknowns; ++j)
                    m[i][j] += row[i] * row[j];
        }
        if (round == 0) m[3] = {0.0, 0.0, 0.0, 1.0, 0.0};
        for (std::size_t i = 0; i < kUnknowns; ++i) {
            std::size_t pivot = i;
            for (std::size_t k = i + 1; k < kUnknowns; ++k)
                if (std::abs(m[k][i]) > std::abs(m[pivot][i])) pivot = k;
            std::swap(m[i], m[pivot]);
            if (m[i][i] == 0.0) return {0.0, near, 0.0}; // nothing there
            for (std::size_t k = 0; k < kUnknowns; ++k) {
                if (k == i) continue;
                const double factor = m[k][i] / m[i][i];
                for (std::size_t j = i; j <= kUnknowns; ++j)
                    m[k][j] -= factor * m[i][j];
            }
        }
        a = m[0][kUnknowns] / m[0][0];
        b = m[1][kUnknowns] / m[1][1];
        c = m[2][kUnknowns] / m[2][2];
        w += m[3][kUnknowns] / m[3][3];
    }
    double rest = 0.0;
    for (std::size_t n = 0; n < signal.size(); ++n) {
        const double angle = w * static_cast<double>(n);
        const double model = a * std::cos(angle) + b * std::sin(angle) + c;
        rest += std::pow(static_cast<double>(signal[n]) - model, 2);
    }
    return {std::hypot(a, b), w * rate / (2.0 * std::numbers::pi),
            std::sqrt(rest / static_cast<double>(signal.size()))};
}

} // namespace backline::test
