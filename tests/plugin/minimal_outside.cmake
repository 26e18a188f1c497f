# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds SOURCE with nothing but HEADERS/*.h, in STAGE, and lets PROBE read it.
file(REMOVE_RECURSE ${STAGE})
file(GLOB headers ${HEADERS}/*.h)
file(COPY ${headers} DESTINATION ${STAGE}/include/backline)
file(COPY ${SOURCE} DESTINATION ${STAGE})
execute_process(
    COMMAND ${CC} -std=c11 -Wall -Wextra -Wpedantic -Werror -O2 -fPIC -shared -Iinclude minimal.c
            -o minimal.so
    WORKING_DIRECTORY ${STAGE} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${PROBE} ${STAGE}/minimal.so OUTPUT_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
string(JSON id ERROR_VARIABLE problem GET "${said}" plugins 0 id)
if(NOT id STREQUAL "org.example.minimal")
    message(FATAL_ERROR "the probe says: ${said}")
endif()
