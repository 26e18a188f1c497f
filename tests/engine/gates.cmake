# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
# The gates of the audio thread over ten thousand edits: live under rt_trap, and offline, which is
# also what the sanitizers see.
include(${PROJECT_SOURCE_DIR}/tests/support/rt_trap.cmake)

add_executable(edit_storm ${CMAKE_CURRENT_LIST_DIR}/edit_storm_main.cpp
    ${CMAKE_CURRENT_LIST_DIR}/edit_storm.cpp)
target_link_libraries(edit_storm
    PRIVATE backline_options backline_engine backline_offline backline_system
            ${FFTW_THREADS_LIBRARY} PkgConfig::FFTW)
target_compile_definitions(edit_storm PRIVATE
    PLUGIN_DIR="${CMAKE_BINARY_DIR}/lib/backline"
    PROBE="${CMAKE_BINARY_DIR}/bin/backline-probe")
foreach(plugin gain mixer delay filter tone noise impulse player level spectrum)
    add_dependencies(edit_storm plugin_${plugin})
endforeach()

add_test(NAME edit_storm_offline COMMAND edit_storm 1 10000 1024)
add_test(NAME edit_storm_periods COMMAND edit_storm 4 500 1024 1 17 64 256 1000 4096)
# Here an edit that is not timed waits for one that is.
add_test(NAME edit_storm_waits COMMAND edit_storm 5 300 1024 256)
add_test(NAME edit_storm_live COMMAND edit_storm --live 2 10000)
set_tests_properties(edit_storm_offline edit_storm_live PROPERTIES TIMEOUT 120 LABELS sanitize)
backline_trapped_test(edit_storm_trapped edit_storm 1000 100 --live 3 10000)
