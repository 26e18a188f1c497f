# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
# backline_rack: racks as text.

add_library(backline_rack STATIC
    ${CMAKE_CURRENT_LIST_DIR}/rack.cpp
    ${CMAKE_CURRENT_LIST_DIR}/rack_writer.cpp)
target_link_libraries(backline_rack PUBLIC backline_base PRIVATE backline_options)
