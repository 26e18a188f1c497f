# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
add_library(backline_offline STATIC ${CMAKE_CURRENT_LIST_DIR}/offline_driver.cpp)
target_link_libraries(backline_offline PUBLIC backline_process PRIVATE backline_options)
