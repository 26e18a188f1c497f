// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/process/plan.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

namespace backline::engine {

/// Memory of the plan: handed out piece by piece, zeroed, freed with the plan.
class PlanArena {
  public:
    /// The plan outlives the arena.
    explicit PlanArena(process::Plan& plan) : small_{plan, 8}, large_{plan, 64} {}

    /// `count` of them, zero.
    template <typename T>
    T* array(std::size_t count) {
        return static_cast<T*>(small_.bytes(std::max<std::size_t>(count, 1) * sizeof(T)));
    }
    /// A copy of `values`.
    template <typename T>
    T* array(const std::vector<T>& values) {
        T* copy = array<T>(values.size());
        std::copy(values.begin(), values.end(), copy);
        return copy;
    }

    /// Samples, where a cache line and the widest SIMD load begin.
    float* buffer(std::size_t frames) {
        return static_cast<float*>(large_.bytes(frames * sizeof(float)));
    }

  private:
    /// Blocks of memory that pieces are cut from.
    struct Blocks {
        process::Plan& plan;
        const std::size_t align;
        std::byte* at = nullptr;
        std::size_t left = 0;

        void* bytes(std::size_t size) {
            constexpr std::size_t kBlock = 16384;
            constexpr std::size_t kLine = 64;
            size = (size + align - 1) & ~(align - 1);
            if (size > left) {
                left = (std::max(size, kBlock) + kLine - 1) & ~(kLine - 1);
                at = static_cast<std::byte*>(std::aligned_alloc(kLine, left));
                if (at == nullptr) throw std::bad_alloc();
                // Written to, so that the audio thread never meets a page for the first time.
                std::memset(at, 0, left);
                plan.arenas.emplace_back(at);
            }
            void* piece = at;
            at += size;
            left -= size;
            return piece;
        }
    };

    Blocks small_; ///< what the steps of one node read lies together
    Blocks large_;
};

} // namespace backline::engine
