# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
# backline_base: what all of the daemon may include (config, log, errors with file and line).

set(shipped ${PROJECT_SOURCE_DIR}/config/backline.toml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${shipped})
file(READ ${shipped} BACKLINE_DEFAULT_CONFIG)
configure_file(${CMAKE_CURRENT_LIST_DIR}/default_config.cpp.in
               ${PROJECT_BINARY_DIR}/generated/default_config.cpp @ONLY)

add_library(backline_base STATIC
    ${CMAKE_CURRENT_LIST_DIR}/file_error.cpp
    ${CMAKE_CURRENT_LIST_DIR}/toml_table.cpp
    ${CMAKE_CURRENT_LIST_DIR}/config.cpp
    ${CMAKE_CURRENT_LIST_DIR}/log.cpp
    ${PROJECT_BINARY_DIR}/generated/default_config.cpp)
target_link_libraries(backline_base
    PUBLIC spdlog::spdlog tomlplusplus::tomlplusplus Threads::Threads
    PRIVATE backline_options)
