// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The real FFT of 512 that the spectrum runs, beside FFTW called directly with a measured plan.
#include "bench/measure.hpp"
#include "plugins/dsp/fft.hpp"

#include <fftw3.h>
#include <vector>

using namespace backline;

int main() {
    constexpr int kSize = 512;
    constexpr int kRuns = 20000;
    dsp::RealFft ours(kSize);
    auto* in = static_cast<float*>(fftwf_malloc(sizeof(float) * kSize));
    auto* out = static_cast<fftwf_complex*>(fftwf_malloc(sizeof(fftwf_complex) * (kSize / 2 + 1)));
    const fftwf_plan plan = fftwf_plan_dft_r2c_1d(kSize, in, out, FFTW_MEASURE);
    for (int i = 0; i < kSize; ++i)
        in[i] = static_cast<float>(i % 7);
    std::copy(in, in + kSize, ours.input().begin());
    const bench::Pair pair = bench::in_turn(
        51,
        [&] {
            for (int i = 0; i < kRuns; ++i)
                ours.run();
        },
        [&] {
            for (int i = 0; i < kRuns; ++i)
                fftwf_execute(plan);
        });
    bench::Table table("real FFT of 512");
    table.figure("spectrum's (estimated plan)", pair.a / kRuns * 1e9, "ns");
    table.figure("FFTW, measured plan", pair.b / kRuns * 1e9, "ns");
    table.at_most("ratio", pair.ratio, 2.0, "x");
    fftwf_destroy_plan(plan);
    return table.status();
}
