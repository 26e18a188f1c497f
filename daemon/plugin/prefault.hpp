// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace backline::plugin {

/// Remembers what memory the process had, and later makes present what was added: an untouched page
/// of a plugin's delay line, a static table or a function not called yet would each be a page fault
/// on the audio thread. Costs some 50 us; takes no part in the audio thread's work. [loader]
class MemoryWatch {
  public:
    /// Looks at the process's mappings now.
    MemoryWatch();

    /// What populate() looks at.
    enum class What {
        memory,          ///< what malloc and anonymous mmap have given since
        memory_and_files ///< also code and data of libraries loaded since
    };
    /// Populates what was added, and whatever the heap had left untouched. Best effort: a kernel
    /// before 5.14 or a limit on memory leaves it as it is, and what would take more than half of
    /// the free memory is left alone. Does nothing in builds with a sanitizer.
    void populate(What what) const;

    /// A stretch of addresses.
    struct Range {
        std::uintptr_t begin;
        std::uintptr_t end;
    };

  private:
    std::vector<Range> before_;
};

/// Makes the code and constants of the program, and of the loaded libraries whose file names begin
/// like one of `names`, present: a function of theirs that nobody has called yet would be a page
/// fault on the audio thread. Best effort, as MemoryWatch. [any but audio]
void populate_libraries(std::span<const std::string_view> names);

} // namespace backline::plugin
