// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/prefault.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

namespace backline::plugin {
namespace {

struct Pages {
    std::size_t mapped = 0, present = 0; ///< KiB
};

/// Of a library's mappings that nobody writes to.
Pages pages_of(const std::string& library) {
    Pages sum;
    std::ifstream maps("/proc/self/smaps");
    bool counts = false;
    for (std::string line; std::getline(maps, line);) {
        std::istringstream words(line);
        std::string first, second;
        words >> first >> second;
        if (!first.ends_with(':'))
            counts = second.starts_with("r-") && line.find("/" + library) != std::string::npos;
        else if (counts && first == "Size:")
            sum.mapped += std::stoul(second);
        else if (counts && first == "Rss:")
            sum.present += std::stoul(second);
    }
    return sum;
}

TEST(Prefault, MakesCodeAndConstantsOfLibrariesPresent) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "does nothing beside a sanitizer";
#endif
    volatile double angle = 1.0;
    ASSERT_NE(std::sin(angle), 0.0) << "libm is there";
    const Pages before = pages_of("libm.so"), others = pages_of("libstdc++.so");
    ASSERT_GT(before.mapped, 0u);
    ASSERT_LT(before.present, before.mapped) << "it was present: nothing was tested";
    ASSERT_LT(others.present, others.mapped);
    populate_libraries(std::array<std::string_view, 2>{"libm.so", "libnobody.so"});
    EXPECT_EQ(pages_of("libm.so").present, before.mapped);
    EXPECT_LT(pages_of("libstdc++.so").present, others.mapped) << "what was not asked for";
}

} // namespace
} // namespace backline::plugin
