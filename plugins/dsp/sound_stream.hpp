// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// @file
/// A sound file that the audio thread plays while another thread reads it.

#include "plugins/dsp/sound_source.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace backline::dsp {

/// The stream of a SoundSource, read ahead. Its beginning (the *head*) stays in memory, so that
/// playing starts, and starts again, at once; what follows goes through a lock-free ring. Where the
/// file ends, both continuations are at hand, the repeated file and the way its sound ends, so the
/// reader decides at that very frame which one to take.
///
/// Three parties, each alone in its role: whoever constructs and destroys; the *reader* (audio
/// thread), which neither allocates nor waits; the *filler*, which calls refill().
class SoundStream {
  public:
    /// Opens `path` (see SoundSource) and reads `ahead` frames, the length of the head; the ring
    /// holds twice as many. Throws std::runtime_error.
    SoundStream(const std::string& path, double rate, uint32_t channels_max, uint32_t ahead)
        : source_(path, rate, channels_max),
          channels_(source_.channels()),
          rate_(rate),
          capacity_(size_t{2} * ahead),
          end_spacing_(capacity_ / (kEnds - 2) + 1),
          ring_(capacity_ * channels_) {
        while (made_ < ahead) {
            const std::span<const float> chunk = source_.next();
            head_.insert(head_.end(), chunk.begin(), chunk.end());
            made_ = head_.size() / channels_;
            ++head_chunks_;
            if (wants_end()) head_ends_.push_back(end());
        }
        head_.shrink_to_fit();
        head_frames_ = made_;
        head_next_end_ = next_end_from_;
    }

    /// Interleaved channels of a Piece.
    uint32_t channels() const noexcept { return channels_; }

    /// A place in the stream; copy it to look ahead. [reader]
    struct Cursor {
        uint64_t frame = 0;  ///< frames passed since the beginning, endings not counted
        uint64_t ends = 0;   ///< ends of the file passed
        uint32_t ending = 0; ///< frames passed of an ending
        bool in_ending = false;
        double seam = 0.0; ///< length of the passes before this one, in seconds
    };
    /// Adjacent frames in memory; none when the sound is over or what follows is not read yet.
    struct Piece {
        const float* samples;
        uint32_t frames;
    };
    /// How far a cursor can go.
    struct Ready {
        uint64_t frames;
        bool over; ///< after those the sound has ended
    };

    /// The next frames at the cursor, at most `frames`, and moves it past them; at the end of the
    /// file on to its beginning if `loop`, else to its ending. [reader]
    Piece read(Cursor& at, uint32_t frames, bool loop) const noexcept {
        const uint64_t made = available();
        const End* end = next_end(at);
        if (!at.in_ending && end != nullptr && at.frame == end->frame) {
            at.in_ending = !loop;
            if (loop) {
                ++at.ends;
                at.seam = end->seconds;
                end = next_end(at);
            }
        }
        if (at.in_ending) {
            const auto left = static_cast<uint32_t>(end->ending.size() / channels_) - at.ending;
            const Piece piece{end->ending.data() + size_t{at.ending} * channels_,
                              std::min(frames, left)};
            at.ending += piece.frames;
            return piece;
        }
        uint64_t n = std::min<uint64_t>(frames, made - at.frame);
        if (end != nullptr) n = std::min(n, end->frame - at.frame);
        const float* samples = head_.data() + at.frame * channels_;
        if (at.frame < head_frames_) {
            n = std::min(n, head_frames_ - at.frame);
        } else {
            const uint64_t place = (at.frame - head_frames_) % capacity_;
            n = std::min(n, capacity_ - place);
            samples = ring_.data() + place * channels_;
        }
        at.frame += n;
        return {samples, static_cast<uint32_t>(n)};
    }

    /// What read() could deliver from here. [reader]
    Ready ready(const Cursor& at, bool loop) const noexcept {
        const uint64_t made = available();
        const End* end = next_end(at);
        if (end != nullptr && (at.in_ending || (!loop && end->frame <= made)))
            return {end->frame - at.frame + end->ending.size() / channels_ - at.ending, true};
        return {made - at.frame, false};
    }

    /// Seconds into the file. [reader]
    double seconds(const Cursor& at) const noexcept {
        const double passed = static_cast<double>(at.frame + at.ending) / rate_ - at.seam;
        return std::max(passed, 0.0); // a seam is reached when the filter first sees it
    }

    /// Gives what lies before the cursor back to the filler. [reader]
    void release(const Cursor& at) noexcept {
        if (!filled_for_me()) return;
        read_.store(at.frame - std::min(at.frame, head_frames_), std::memory_order_release);
        ends_read_.store(at.ends - std::min<uint64_t>(at.ends, head_ends_.size()),
                         std::memory_order_release);
    }
    /// Goes back to the beginning; refill() is needed before the head is over. [reader]
    void rewind(Cursor& at) noexcept {
        const bool in_head = at.frame <= head_frames_ && at.ends <= head_ends_.size();
        at = {};
        if (in_head) return;
        wanted_.store(wanted_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
    /// Whether refill() is worth calling. [reader]
    bool wants_refill() const noexcept {
        return !filled_for_me()
               || written_.load(std::memory_order_relaxed) - read_.load(std::memory_order_relaxed)
                      < capacity_ / 2;
    }

    /// Reads until the ring is full. Throws when the resampler fails. [filler]
    void refill() {
        for (;;) {
            if (const uint64_t wanted = wanted_.load(std::memory_order_acquire); wanted != round_)
                begin_round(wanted);
            if (pending_.empty() && !next_chunk()) return;
            const uint64_t written = written_.load(std::memory_order_relaxed);
            const uint64_t space = capacity_ - (written - read_.load(std::memory_order_acquire));
            const uint64_t place = written % capacity_;
            const uint64_t n =
                std::min({space, capacity_ - place, uint64_t{pending_.size() / channels_}});
            if (n == 0 && !pending_.empty()) return;
            std::copy_n(pending_.data(), n * channels_, ring_.data() + place * channels_);
            pending_ = pending_.subspan(n * channels_);
            written_.store(written + n, std::memory_order_release);
        }
    }

    /// Why the file could not be read to its end, or "". [filler]
    const std::string& damage() const noexcept { return source_.damage(); }

  private:
    /// Ends that the ring holds at most. Where a file is so short that there would be more, only
    /// some of its ends are noted, about 30 ms apart, and a loop that is switched off goes on to
    /// the next of those.
    static constexpr size_t kEnds = 64;

    /// Where the file ends once.
    struct End {
        uint64_t frame = 0;        ///< of the stream: here the continuations part
        double seconds = 0.0;      ///< of the file, all passes up to here
        std::vector<float> ending; ///< how it sounds on if it is not repeated
    };

    // ---- reader ----

    /// Whether the ring belongs to the reader's latest beginning. Until then it is the filler's
    /// alone and only the head may be read.
    bool filled_for_me() const noexcept {
        return current_.load(std::memory_order_acquire) == wanted_.load(std::memory_order_relaxed);
    }
    uint64_t available() const noexcept {
        return head_frames_ + (filled_for_me() ? written_.load(std::memory_order_acquire) : 0);
    }
    /// The first end at or after the cursor. An end is published before the frames that lead to it.
    const End* next_end(const Cursor& at) const noexcept {
        if (at.ends < head_ends_.size()) return &head_ends_[at.ends];
        const uint64_t i = at.ends - head_ends_.size();
        if (!filled_for_me() || i == ends_written_.load(std::memory_order_acquire)) return nullptr;
        return &ends_[i % kEnds];
    }

    // ---- filler ----

    /// Whether an end is to be noted after the chunk fetched last.
    bool wants_end() const noexcept { return source_.at_seam() && made_ >= next_end_from_; }
    End end() {
        const std::span<const float> ending = source_.ending();
        next_end_from_ = made_ + end_spacing_;
        return {made_, source_.seconds(), {ending.begin(), ending.end()}};
    }

    /// Fetches the next frames and notes an end after them; false while there is no room to note
    /// it.
    bool next_chunk() {
        if (!end_is_due_) {
            const std::span<const float> chunk = source_.next();
            made_ += chunk.size() / channels_;
            end_is_due_ = wants_end();
            if (!end_is_due_) {
                pending_ = chunk;
                return true;
            }
            // ending() needs the source's buffer.
            seam_chunk_.assign(chunk.begin(), chunk.end());
        }
        const uint64_t noted = ends_written_.load(std::memory_order_relaxed);
        if (noted - ends_read_.load(std::memory_order_acquire) == kEnds) return false;
        ends_[noted % kEnds] = end();
        ends_written_.store(noted + 1, std::memory_order_release);
        end_is_due_ = false;
        pending_ = seam_chunk_;
        return true;
    }

    /// Fills from the end of the head once more. The reader does not touch the ring until this
    /// round is current.
    void begin_round(uint64_t round) {
        source_.restart();
        for (uint64_t i = 0; i < head_chunks_; ++i)
            source_.next();
        made_ = head_frames_;
        next_end_from_ = head_next_end_;
        pending_ = {};
        end_is_due_ = false;
        for (std::atomic<uint64_t>* counter : {&written_, &read_, &ends_written_, &ends_read_})
            counter->store(0, std::memory_order_relaxed);
        round_ = round;
        current_.store(round, std::memory_order_release);
    }

    SoundSource source_;
    uint32_t channels_;
    double rate_;
    size_t capacity_;      ///< of the ring, frames
    uint64_t end_spacing_; ///< least distance of noted ends, frames

    std::vector<float> head_; ///< constant after construction, like all that begins with head
    uint64_t head_frames_ = 0;
    uint64_t head_chunks_ = 0;
    uint64_t head_next_end_ = 0;
    std::vector<End> head_ends_;

    std::vector<float> ring_;
    std::array<End, kEnds> ends_;

    // The filler's own.
    uint64_t made_ = 0;          ///< frames of the stream fetched from the source
    uint64_t next_end_from_ = 0; ///< ends before this frame are not noted
    std::span<const float> pending_;
    std::vector<float> seam_chunk_;
    bool end_is_due_ = false; ///< the chunk in seam_chunk_ waits for room to note its end
    uint64_t round_ = 0;

    // Counters of the ring, from 0 in every round, and the rounds wanted and filled.
    alignas(64) std::atomic<uint64_t> written_{0};
    std::atomic<uint64_t> ends_written_{0};
    std::atomic<uint64_t> current_{0};
    alignas(64) std::atomic<uint64_t> read_{0};
    std::atomic<uint64_t> ends_read_{0};
    std::atomic<uint64_t> wanted_{0};
};

} // namespace backline::dsp
