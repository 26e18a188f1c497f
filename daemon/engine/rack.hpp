// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/file_error.hpp"
#include "daemon/process/budget.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Racks: the TOML form of a graph (docs: "Racks"). Plain data, any thread; nothing here knows
/// which plugins exist, so plugin ids, ports, parameters, loops and channel counts are the engine's
/// to judge, and every element carries its line for that.
namespace backline::engine {

/// A parameter's value as written: a number in the parameter's own unit, a switch, or an enum label
/// or file name.
using Value = std::variant<double, bool, std::string>;

inline constexpr std::uint32_t kMaxChannels = 64; ///< Of a bus, as in the plugin ABI.
inline constexpr double kMinCeiling = -60.0;      ///< dBFS
inline constexpr double kMaxCeiling = 24.0;       ///< dBFS, none; as process::Strip::kCeilingMax.
inline constexpr double kMinGain = -96.0;         ///< dB, silence; as process::Strip::kGainMin.
inline constexpr double kMaxGain = 24.0;          ///< dB; as process::Strip::kGainMax.
inline constexpr std::uint32_t kDefaultFeedback = 256; ///< Frames of "a -> b feedback".

inline constexpr std::uint32_t kDefaultPriority = 50; ///< Of a node, 0..100.

/// A plugin instance.
struct RackNode {
    std::string name;                                  ///< [A-Za-z0-9_-]{1,63}
    std::string plugin;                                ///< Plugin id, not empty.
    std::optional<std::uint32_t> channels;             ///< 1..64; the plugin's choice when absent.
    bool bypass = false;                               ///< Starts bypassed.
    std::vector<std::pair<std::string, Value>> params; ///< By symbol, in the order written.
    std::optional<process::Budget> budget = {}; ///< Of the period; the daemon's own when absent.
    std::uint32_t priority = kDefaultPriority;  ///< 0..100; the lowest is bypassed first.
    std::uint32_t line = 0;                     ///< Of its header, from 1; 0: not from a file.
};

/// A named group of JACK ports: an input of the rack or an output.
struct RackPort {
    std::string name;              ///< [A-Za-z0-9_-]{1,63}
    std::uint32_t channels = 1;    ///< 1..64
    double gain = 0.0;             ///< dB, kMinGain..kMaxGain
    bool mute = false;             ///< Starts muted.
    std::vector<std::string> jack; ///< Wished JACK port per channel, at most `channels`; "": none.
    std::uint32_t line = 0;        ///< Of its header, from 1; 0: not from a file.
    double ceiling = kMaxCeiling;  ///< Of outputs: dBFS, kMinCeiling..kMaxCeiling (none).
    bool soft_clip = false;        ///< Of outputs.
};

/// One arrow; a chain "a -> b -> c" is two.
struct RackConnection {
    std::string from; ///< name[:port[.channel]] of a node or input
    std::string to;   ///< name[:port[.channel]] of a node or output
    std::optional<std::uint32_t>
        feedback;           ///< Frames of delay, 1 or more, when this arrow closes a loop.
    std::uint32_t line = 0; ///< Of the arrow's string, from 1; 0: not from a file.
};

/// A whole rack. Names are unique over nodes, inputs and outputs together, and every connection's
/// names exist. Lists are in the order written.
struct Rack {
    std::vector<RackPort> inputs, outputs;
    std::vector<RackNode> nodes;
    std::vector<RackConnection> connections;
    std::string file; ///< Where it came from; "" when it did not come from a file.
};

/// Equal in everything but lines and file.
bool operator==(const RackNode& a, const RackNode& b);
bool operator==(const RackPort& a, const RackPort& b);
bool operator==(const RackConnection& a, const RackConnection& b);
bool operator==(const Rack& a, const Rack& b);

/// A rack that does not say what a rack can say.
class RackError : public FileError {
  public:
    using FileError::FileError;
};

/// "bypass", "report", "off".
const char* to_string(process::Budget::Policy policy) noexcept;
/// The policy of that name, or nothing.
std::optional<process::Budget::Policy> parse_policy(std::string_view name) noexcept;

/// True for a legal name of a node, input or output: [A-Za-z0-9_-]{1,63}.
bool is_name(std::string_view text) noexcept;

/// Reads a rack; `file` is what errors and Rack::file name. Throws RackError at the first mistake.
Rack parse_rack(std::string_view text, std::string file);

/// Reads the file at `path`. Throws RackError, also when it cannot be read (then without a line).
Rack load_rack(const std::string& path);

/// The rack as TOML that a person could have written, chains joined again.
/// parse_rack(write_rack(r)) == r is checked before it is returned; throws RackError when `rack`
/// cannot be written as a rack (a number that is not finite, text that is not UTF-8, a bad name).
std::string write_rack(const Rack& rack);

} // namespace backline::engine
