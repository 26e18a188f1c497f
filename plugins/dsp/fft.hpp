// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// @file
/// Fourier transform of real signals through FFTW, single precision.

#include <complex>
#include <cstddef>
#include <fftw3.h>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <type_traits>

namespace backline::dsp {

/// One transform of a fixed size with its own aligned buffers. Construction and destruction call
/// FFTW's planner and allocate: never on the audio thread, and only one at a time unless the
/// program made the planner thread-safe (fftwf_make_planner_thread_safe). run() does neither.
class RealFft {
  public:
    /// Plans for `size` real samples. Throws std::bad_alloc or std::runtime_error.
    explicit RealFft(std::size_t size)
        : size_(size),
          input_(fftwf_alloc_real(size)),
          spectrum_(fftwf_alloc_complex(size / 2 + 1)) {
        if (!input_ || !spectrum_) throw std::bad_alloc();
        // ESTIMATE: planning takes a millisecond, not hundreds, and the same plan every time keeps
        // results repeatable to the bit.
        plan_.reset(fftwf_plan_dft_r2c_1d(static_cast<int>(size), input_.get(), spectrum_.get(),
                                          FFTW_ESTIMATE));
        if (!plan_) throw std::runtime_error("FFTW has no plan for this size");
    }

    /// Number of real samples.
    std::size_t size() const noexcept { return size_; }
    /// Number of bins, size / 2 + 1, from 0 to half the sample rate.
    std::size_t bins() const noexcept { return size_ / 2 + 1; }
    /// What run() transforms; kept by it.
    std::span<float> input() noexcept { return {input_.get(), size_}; }
    /// What run() computed: X[k] = sum over n of x[n] exp(-2 pi i k n / size), unscaled.
    std::span<const std::complex<float>> spectrum() const noexcept {
        // An array of pairs of floats may be read as std::complex ([complex.numbers] p4).
        return {reinterpret_cast<const std::complex<float>*>(spectrum_.get()), bins()};
    }
    /// Transforms. Real-time safe.
    void run() noexcept { fftwf_execute(plan_.get()); }

  private:
    struct Free {
        void operator()(void* memory) const noexcept { fftwf_free(memory); }
    };
    struct Destroy {
        void operator()(fftwf_plan plan) const noexcept { fftwf_destroy_plan(plan); }
    };
    std::size_t size_;
    std::unique_ptr<float, Free> input_;
    std::unique_ptr<fftwf_complex, Free> spectrum_;
    std::unique_ptr<std::remove_pointer_t<fftwf_plan>, Destroy> plan_;
};

} // namespace backline::dsp
