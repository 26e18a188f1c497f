// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace backline::control {

/// An OSC address pattern (OSC 1.0, "OSC Message Dispatching and Pattern Matching"; `//` of OSC
/// 1.1): `?`, `*`, `[a-z]`, `[!a-z]` and `{one,two}` never cross a `/`; `//` stands for any number
/// of levels. Compiled into a non-deterministic automaton that is stepped once per character, so
/// that no pattern takes longer than (its length × the address's length) steps. Immutable: any
/// thread.
class Pattern {
  public:
    static constexpr std::size_t kMaxLength = 255; ///< bytes of a pattern

    /// Throws std::invalid_argument, saying what is wrong: too long, an open bracket.
    explicit Pattern(std::string_view text);

    /// Whether the whole of @p address matches.
    [[nodiscard]] bool matches(std::string_view address) const;
    /// As it was given.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

  private:
    enum class Op : std::uint8_t { character, any, set, split, accept };
    struct Instruction {
        Op op;
        char character = 0;
        std::uint16_t set = 0;             ///< index into sets_
        std::uint16_t next = 0, other = 0; ///< followed without a character by split
    };
    using Set = std::array<std::uint64_t, 4>; ///< one bit per byte value

    std::uint16_t add(Instruction instruction);
    std::size_t bracket(std::string_view text, std::size_t at);
    std::size_t braces(std::string_view text, std::size_t at);
    void levels();

    std::string text_;
    std::vector<Instruction> program_;
    std::vector<Set> sets_;
};

} // namespace backline::control
