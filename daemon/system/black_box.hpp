// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/rt/pulse.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace backline::system {

/// Why a run of the daemon ended before its time, as its black box tells the next one.
struct Verdict {
    /// What happened.
    enum class Kind : std::uint32_t {
        none,
        hung,   ///< a cycle did not end
        crashed ///< a thread that ran a node's code got a fatal signal
    };
    Kind kind = Kind::none;
    int signal = 0;        ///< of a crash
    std::string node;      ///< whose code ran; "" = none of a node
    std::string plugin;    ///< its id
    std::int64_t time = 0; ///< seconds since 1970
};

/// What survives the end of the process: the pulse of the audio side, which slot is which node, and
/// the verdict on an end that nobody asked for. One object in /dev/shm for each place that a daemon
/// keeps its state in; never a file on a disk, whose write-back would fault the audio thread.
///
/// Where there can be none (no room, no right, an object of somebody else) the memory is private:
/// all works, but the next start learns nothing.
class BlackBox {
  public:
    static constexpr std::uint32_t kSlots = 4096; ///< nodes it can name
    static constexpr std::size_t kText = 64;      ///< of a name or id, with the final zero

    /// The object's name for a state or runtime directory, which need not exist: of the user and of
    /// the directory's canonical path.
    static std::string name_for(const std::string& directory);

    /// Opens or makes `name`, reads what the former run left there, and begins anew. The pages that
    /// the audio thread writes to are populated. Throws std::system_error only when there is no
    /// memory at all.
    explicit BlackBox(const std::string& name);
    /// After an orderly end nothing is left in /dev/shm.
    ~BlackBox();
    BlackBox(const BlackBox&) = delete;
    BlackBox& operator=(const BlackBox&) = delete;

    /// How the former run ended, when that was not in order. [any]
    const std::optional<Verdict>& last() const noexcept { return last_; }
    /// What is wrong with the object, a sentence; "" = nothing. [any]
    const std::string& problem() const noexcept { return problem_; }

    /// For the cycle. [any]
    rt::Pulse& pulse() noexcept;

    /// Says who is in a slot; longer texts are cut. One thread.
    void name_slot(std::uint32_t slot, std::uint32_t generation, const std::string& node,
                   const std::string& plugin) noexcept;

    /// Who runs or ran there; empty texts for 0 and for a node that is gone. Async-signal-safe.
    struct Names {
        std::array<char, kText> node{}, plugin{};
    };
    /// `word`: rt::node_word() of the node.
    Names names(std::uint64_t word) const noexcept;

    /// Writes the verdict, unless there is one. `word` as above. Async-signal-safe.
    void judge(Verdict::Kind kind, int signal, std::uint64_t word) noexcept;

  private:
    struct Data;
    void map_object(const std::string& name);
    void read_last();
    bool empty_object();

    Data* data_ = nullptr;
    int fd_ = -1;
    std::string name_; ///< "" = private memory
    std::string problem_;
    std::optional<Verdict> last_;
};

} // namespace backline::system
