// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/file_error.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace backline {

FileError::FileError(std::string file, std::uint32_t line, std::string message)
    : std::runtime_error(file + (line > 0 ? ":" + std::to_string(line) : "") + ": " + message),
      file_(std::move(file)),
      line_(line),
      message_(std::move(message)) {}

namespace {

/// Optimal string alignment distance: the fewest insertions, deletions, replacements and swaps of
/// neighbours. F. J. Damerau, "A technique for computer detection and correction of spelling
/// errors", CACM 7(3), 1964; V. I. Levenshtein, Soviet Physics Doklady 10(8), 1966.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> older(b.size() + 1), old(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::swap(older, old);
        std::swap(old, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({old[j] + 1, row[j - 1] + 1, old[j - 1] + (a[i - 1] != b[j - 1])});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], older[j - 2] + 1);
        }
    }
    return row[b.size()];
}

} // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
    constexpr std::size_t kLongest = 64; // bounds the work for words that came from the network
    if (word.size() > kLongest) return {};
    std::size_t best = kLongest;
    std::string_view nearest;
    for (const std::string_view candidate : candidates) {
        if (candidate.size() > kLongest) continue;
        const std::size_t d = distance(word, candidate);
        const std::size_t near = (std::max(word.size(), candidate.size()) + 1) / 3;
        if (d <= near && d < best) {
            best = d;
            nearest = candidate;
        }
    }
    if (nearest.empty()) return {};
    return ", did you mean \"" + std::string(nearest) + "\"?";
}

} // namespace backline
