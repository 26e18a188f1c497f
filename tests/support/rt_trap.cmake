# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
include_guard(GLOBAL)

# backline_trapped_test(NAME TARGET SPANS WARMUP ARGUMENTS...): runs a program with rt_trap preloaded;
# fails on any violation, on a page fault after WARMUP cycles, and when fewer than SPANS cycles ran.
function(backline_trapped_test name target spans warmup)
    if(BACKLINE_SANITIZE OR BACKLINE_COVERAGE)
        return()
    endif()
    add_test(NAME ${name} COMMAND python3 ${PROJECT_SOURCE_DIR}/tests/support/rt_trap_check.py
        --trap $<TARGET_FILE:rt_trap> --spans ${spans} --warmup ${warmup}
        -- $<TARGET_FILE:${target}> ${ARGN})
    set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()
