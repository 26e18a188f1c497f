# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
if(NOT TARGET backline_base)
    include(${PROJECT_SOURCE_DIR}/daemon/base.cmake)
endif()
if(NOT TARGET backline_rack)
    include(${PROJECT_SOURCE_DIR}/daemon/engine/rack.cmake)
endif()
backline_test(rack
    ${CMAKE_CURRENT_LIST_DIR}/test_rack.cpp
    ${CMAKE_CURRENT_LIST_DIR}/test_shipped_racks.cpp
    LIBS backline_rack backline_api ${CMAKE_DL_LIBS})
target_compile_definitions(test_rack PRIVATE
    BACKLINE_RACK_DIR="${PROJECT_SOURCE_DIR}/config/racks"
    BACKLINE_PLUGIN_DIR="${CMAKE_BINARY_DIR}/lib/backline")
foreach(plugin gain mixer delay filter tone noise impulse player level spectrum)
    add_dependencies(test_rack plugin_${plugin})
endforeach()
