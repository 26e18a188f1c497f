// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/score.hpp"

#include "daemon/control/dispatch.hpp"
#include "daemon/control/reader.hpp"
#include "daemon/engine/error.hpp"
#include "protocol/codec.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

namespace backline {

namespace {

/// A size of a record, big-endian.
std::uint32_t read_size(const std::vector<char>& bytes, std::size_t at) {
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < 4; ++i)
        size = size << 8 | static_cast<unsigned char>(bytes[at + i]);
    return size;
}

/// 32.32 fixed point seconds to frames, to the nearest.
std::uint64_t to_frame(std::uint64_t ntp, double rate) {
    return static_cast<std::uint64_t>(std::llround(static_cast<double>(ntp) / 4294967296.0 * rate));
}

void add_bundle(const protocol::Bundle& bundle, std::size_t bytes, double rate,
                const std::string& where, std::vector<ScoreEntry>& score) {
    // The reader judges what may stand together, and tells inner bundles of another time apart.
    control::Reading reading = control::read_packet(protocol::Packet(bundle), Role::admin, bytes);
    if (!reading.refusals.empty())
        throw engine::CommandError(reading.refusals[0].code,
                                   where + ": " + reading.refusals[0].address + ": "
                                       + reading.refusals[0].message);
    for (const control::Unit& unit : reading.units) {
        // "At once" (1) is the beginning.
        ScoreEntry entry{to_frame(unit.time.immediate() ? 0 : unit.time.ntp, rate), {}, where};
        for (const control::Call& call : unit.calls) {
            const auto make = control::op_maker_of(*call.row);
            if (make == nullptr)
                throw engine::CommandError("bad_bundle", where + ": " + call.address
                                                             + " has no place in a score");
            try {
                entry.ops.push_back(make(call));
            } catch (const engine::CommandError& error) {
                throw engine::CommandError(error.code, where + ": " + error.what());
            }
        }
        score.push_back(std::move(entry));
    }
}

} // namespace

std::vector<ScoreEntry> read_score(const std::string& path, double rate) {
    std::vector<ScoreEntry> score;
    if (path.empty()) return score;
    std::ifstream file(path, std::ios::binary);
    if (!file) throw engine::CommandError("bad_file", "score " + path + ": cannot be read");
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    std::size_t number = 0;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::string where = "score " + path + ", bundle " + std::to_string(++number);
        if (bytes.size() - at < 4)
            throw engine::CommandError("bad_packet", where + ": the file ends in a size");
        const std::uint32_t size = read_size(bytes, at);
        at += 4;
        if (size > bytes.size() - at)
            throw engine::CommandError("bad_packet", where + ": expected " + std::to_string(size)
                                                         + " bytes, the file has "
                                                         + std::to_string(bytes.size() - at));
        const auto packet = protocol::decode(std::as_bytes(std::span(bytes.data() + at, size)));
        at += size;
        if (const auto* error = std::get_if<protocol::DecodeError>(&packet))
            throw engine::CommandError("bad_packet", where + ": " + error->text);
        const auto* bundle = std::get_if<protocol::Bundle>(&std::get<protocol::Packet>(packet));
        if (bundle == nullptr)
            throw engine::CommandError("bad_packet", where + ": expected a bundle, got a message");
        add_bundle(*bundle, size, rate, where, score);
    }
    // The player takes it from the front.
    std::stable_sort(score.begin(), score.end(),
                     [](const ScoreEntry& a, const ScoreEntry& b) { return a.frame < b.frame; });
    return score;
}

} // namespace backline
