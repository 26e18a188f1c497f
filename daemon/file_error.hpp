// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace backline {

/// A mistake in a file that a person wrote. what() is "file:line: message", or "file: message" when
/// the mistake belongs to no line (a file that cannot be read).
class FileError : public std::runtime_error {
  public:
    /// `line` counts from 1; 0 means none.
    FileError(std::string file, std::uint32_t line, std::string message);

    const std::string& file() const noexcept { return file_; } ///< As it was given to the parser.
    std::uint32_t line() const noexcept { return line_; }      ///< From 1; 0: none.
    const std::string& message() const noexcept { return message_; } ///< Without file and line.

  private:
    std::string file_;
    std::uint32_t line_;
    std::string message_;
};

/// ", did you mean \"x\"?" for the candidate nearest to `word` (Levenshtein distance with
/// transpositions, at most a third of the longer word, rounded), or "" when none is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

} // namespace backline
