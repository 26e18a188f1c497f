// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

namespace backline::engine {

/// What waits for its time: bounded, in the order of time and for one time in the order of arrival.
/// The unit of time is the user's. One thread.
template <typename T>
class Schedule {
  public:
    /// Holds `capacity` entries at most.
    explicit Schedule(std::size_t capacity) : capacity_(capacity) {}

    /// Adds an entry, O(log n); false when all room is taken. An id that is there already is
    /// another entry of that id.
    bool insert(std::int64_t time, std::uint64_t id, T value) {
        if (entries_.size() >= capacity_) return false;
        const auto at = entries_.emplace(Key{time, ++arrivals_}, Entry{id, std::move(value)}).first;
        by_id_.emplace(id, at);
        return true;
    }
    /// Takes an entry of that id out, O(log n); nothing when there is none.
    std::optional<T> erase(std::uint64_t id) {
        const auto found = by_id_.find(id);
        if (found == by_id_.end()) return std::nullopt;
        std::optional<T> value(std::move(found->second->second.value));
        entries_.erase(found->second);
        by_id_.erase(found);
        return value;
    }
    /// The entry of that id; nullptr when there is none.
    const T* find(std::uint64_t id) const {
        const auto found = by_id_.find(id);
        return found == by_id_.end() ? nullptr : &found->second->second.value;
    }

    /// When the first is due; there has to be one.
    std::int64_t next() const { return entries_.begin()->first.first; }
    /// Takes the first out, O(log n); there has to be one.
    T pop() {
        const auto first = entries_.begin();
        const auto [from, to] = by_id_.equal_range(first->second.id);
        for (auto each = from; each != to; ++each)
            if (each->second == first) {
                by_id_.erase(each);
                break;
            }
        T value = std::move(first->second.value);
        entries_.erase(first);
        return value;
    }

    /// Calls `look(time, id, value)` for each in order, until it returns false.
    template <typename Look>
    void each(Look&& look) const {
        for (const auto& [key, entry] : entries_)
            if (!look(key.first, entry.id, entry.value)) return;
    }

    /// Whether nothing waits.
    bool empty() const { return entries_.empty(); }
    /// Entries that wait.
    std::size_t size() const { return entries_.size(); }

  private:
    using Key = std::pair<std::int64_t, std::uint64_t>;
    struct Entry {
        std::uint64_t id;
        T value;
    };
    using Entries = std::map<Key, Entry>;

    const std::size_t capacity_;
    std::uint64_t arrivals_ = 0;
    Entries entries_;
    std::unordered_multimap<std::uint64_t, typename Entries::iterator> by_id_;
};

} // namespace backline::engine
