// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol/messages.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <utility>

namespace backline::protocol::test {

/** Packets of every shape within the limits, the same for the same seed. */
class RandomPackets {
  public:
    explicit RandomPackets(std::uint32_t seed) : random_(seed) {}

    Packet packet(int depth = 0) {
        if (depth >= 6 || below(depth == 0 ? 3 : 2) == 0) return message();
        Bundle bundle{TimeTag{below(3) == 0 ? 1 : bits64()}, {}};
        for (std::uint32_t i = 0, n = below(4); i < n; ++i)
            bundle.elements.push_back(packet(depth + 1));
        return bundle;
    }

    std::uint32_t below(std::uint32_t limit) { return bits() % limit; }

  private:
    std::uint32_t bits() { return static_cast<std::uint32_t>(random_()); }
    std::uint64_t bits64() { return std::uint64_t{bits()} << 32U | bits(); }

    std::string text() {
        static constexpr const char* kPieces[] = {"a", "Z", " ",    "/",   "é",
                                                  "→", "😀", "\x7f", "\x01"};
        std::string result;
        for (std::uint32_t i = 0, n = below(12); i < n; ++i)
            result += kPieces[below(std::size(kPieces))];
        return result;
    }

    Blob blob() {
        Blob result(below(17));
        for (std::byte& b : result)
            b = static_cast<std::byte>(bits());
        return result;
    }

    Argument argument() {
        switch (below(15)) {
        case 0:
            return static_cast<std::int32_t>(bits());
        case 1:
            return std::bit_cast<float>(bits() & 0x7f7f'ffffU);
        case 2:
            return text();
        case 3:
            return blob();
        case 4:
            return static_cast<std::int64_t>(bits64());
        case 5:
            return TimeTag{bits64()};
        case 6:
            return std::bit_cast<double>(bits64() & 0x7fef'ffff'ffff'ffffU);
        case 7:
            return static_cast<char>(below(128));
        case 8:
            return Symbol{text()};
        case 9:
            return Rgba{bits()};
        case 10:
            return Midi{{1, 0x90, static_cast<std::uint8_t>(below(128)), 0xff}};
        case 11:
            return true;
        case 12:
            return false;
        case 13:
            return Nil{};
        default:
            return Infinitum{};
        }
    }

    void arguments(Message& to, int depth) {
        for (std::uint32_t i = 0, n = below(7); i < n; ++i) {
            if (depth < 3 && below(12) == 0) {
                to.args.emplace_back(ArrayBegin{});
                arguments(to, depth + 1);
                to.args.emplace_back(ArrayEnd{});
            } else {
                to.args.push_back(argument());
            }
        }
    }

    Message message() {
        Message result;
        for (std::uint32_t i = 0, n = 1 + below(4); i < n; ++i)
            result.address += "/" + std::string(below(9), static_cast<char>('a' + below(26)));
        arguments(result, 0);
        return result;
    }

    std::mt19937 random_;
};

} // namespace backline::protocol::test
