# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Compiler and linker settings shared by every target: link `backline_options` privately.

add_library(backline_options INTERFACE)
target_compile_options(backline_options INTERFACE
    -Wall -Wextra -Wconversion -Werror -Wshadow
    # GCC 12 sees overlap in every "text" + std::string (its bug 105651).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
    # NaN guards and bit-repeatable rendering depend on plain IEEE arithmetic.
    -fno-fast-math -ffp-contract=off
    # Thread-local data is there from the thread's start, never allocated at its first use.
    -ftls-model=initial-exec
    # Tests are run once per build, if that: they are compiled a third faster so.
    $<$<CONFIG:Release,RelWithDebInfo>:-O$<IF:$<BOOL:$<TARGET_PROPERTY:BACKLINE_TEST>>,1,3>>)
target_include_directories(backline_options INTERFACE ${PROJECT_SOURCE_DIR})
# No symbol may be resolved for the first time on the audio thread.
target_link_options(backline_options INTERFACE -Wl,-z,now -Wl,-z,defs -Wl,--as-needed)

if(BACKLINE_SANITIZE)
    target_compile_options(backline_options INTERFACE
        # GCC 12 loses track of what is initialised in instrumented code.
        $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
        -fsanitize=${BACKLINE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g)
    target_link_options(backline_options INTERFACE -fsanitize=${BACKLINE_SANITIZE})
endif()
if(BACKLINE_COVERAGE)
    target_compile_options(backline_options INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(backline_options INTERFACE --coverage)
endif()

# backline_plugin(NAME SOURCE [LIBRARIES...]): one built-in plugin, one file, one shared object.
function(backline_plugin name source)
    add_library(plugin_${name} MODULE ${source})
    set_target_properties(plugin_${name} PROPERTIES
        OUTPUT_NAME ${name} PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/backline)
    target_link_libraries(plugin_${name} PRIVATE backline_options backline_sdk ${ARGN})
    install(TARGETS plugin_${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/backline)
endfunction()
