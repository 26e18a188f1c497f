// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/prefault.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

namespace backline::plugin {

namespace {

// glibc's malloc places the heaps of its arenas at multiples of this (HEAP_MAX_SIZE on 64 bits).
constexpr std::uintptr_t kArenaAlign = std::uintptr_t{64} << 20;

// A sanitizer reserves terabytes of address space that nobody may populate.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

/// One accessible private mapping.
struct Mapping {
    MemoryWatch::Range range;
    bool writable = false;
    bool file = false; ///< of a file, or of the kernel's own
    bool heap = false; ///< one that malloc grows and gives out piece by piece
};

/// Reads /proc/self/maps (proc(5)), in order of addresses, and shows every accessible private
/// mapping with what the file says at the end of its line: a path, a name in brackets or nothing.
template <typename Each>
void each_mapping(Each each) {
    if (kSanitized) return;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> maps(std::fopen("/proc/self/maps", "re"),
                                                               &std::fclose);
    if (!maps) return;
    char line[512];
    while (std::fgets(line, sizeof line, maps.get()) != nullptr) {
        std::uintptr_t begin = 0, end = 0;
        unsigned long inode = 0;
        char rights[5] = {};
        int name = 0;
        if (std::sscanf(line, "%lx-%lx %4s %*s %*s %lu %n", &begin, &end, rights, &inode, &name)
            < 4)
            continue;
        if (rights[0] != 'r' || rights[3] != 'p') continue;
        std::string_view title(line + name);
        if (title.ends_with('\n')) title.remove_suffix(1);
        each(Mapping{{begin, end}, rights[1] == 'w', inode != 0, false}, title);
    }
}

std::vector<Mapping> mappings() {
    std::vector<Mapping> all;
    each_mapping([&](Mapping mapping, std::string_view title) {
        const bool heap = title.starts_with("[heap]");
        if (title.starts_with('[') && !heap && !title.starts_with("[anon:")) return;
        const auto [begin, end] = mapping.range;
        const bool arena = begin % kArenaAlign == 0 && end - begin <= kArenaAlign;
        mapping.heap = mapping.writable && !mapping.file && (arena || heap);
        all.push_back(mapping);
    });
    return all;
}

/// Populates ranges as long as they leave half of the free memory free: who reserves more address
/// space than that does not mean to use all of it.
class Populator {
  public:
    void operator()(const MemoryWatch::Range& range, bool writable) {
        const std::size_t bytes = range.end - range.begin;
        if (bytes > left_) return;
        left_ -= bytes;
#if defined(MADV_POPULATE_READ) && defined(MADV_POPULATE_WRITE)
        madvise(reinterpret_cast<void*>(range.begin), bytes,
                writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
#else
        static_cast<void>(writable);
#endif
    }

  private:
    static std::size_t half_of_free() {
        const long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);
        return pages > 0 && size > 0
                   ? static_cast<std::size_t>(pages) / 2 * static_cast<std::size_t>(size)
                   : 0;
    }
    std::size_t left_ = half_of_free();
};

} // namespace

MemoryWatch::MemoryWatch() {
    for (const Mapping& mapping : mappings())
        before_.push_back(mapping.range);
}

void MemoryWatch::populate(What what) const {
    Populator populate_range;
    auto known = before_.begin();
    for (const Mapping& mapping : mappings()) {
        if (mapping.heap) {
            populate_range(mapping.range, true);
            continue;
        }
        if (mapping.file ? what == What::memory : !mapping.writable) continue;
        // What of the mapping lies between the ranges known before.
        std::uintptr_t at = mapping.range.begin;
        while (known != before_.end() && known->end <= at)
            ++known;
        for (auto next = known; at < mapping.range.end;) {
            const std::uintptr_t gap_end = next == before_.end()
                                               ? mapping.range.end
                                               : std::min(mapping.range.end, next->begin);
            if (at < gap_end) populate_range({at, gap_end}, mapping.writable);
            if (next == before_.end()) break;
            at = std::max(at, next->end);
            ++next;
        }
    }
}

void populate_libraries(std::span<const std::string_view> names) {
    char path[512];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    const std::string_view program(path, static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    Populator populate_range;
    each_mapping([&](const Mapping& mapping, std::string_view title) {
        if (!mapping.file || mapping.writable) return; // what is written to has been by now
        const std::string_view file = title.substr(title.rfind('/') + 1);
        const auto is_of = [&](std::string_view name) { return file.starts_with(name); };
        if (title == program || std::any_of(names.begin(), names.end(), is_of))
            populate_range(mapping.range, false);
    });
}

} // namespace backline::plugin
