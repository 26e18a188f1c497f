/* SPDX-FileCopyrightText: 2026 The backline authors
 * SPDX-License-Identifier: MIT */
#ifndef BACKLINE_STATE_H
#define BACKLINE_STATE_H

/** @file
 * Extension for state that parameters and files do not cover. The host saves parameters by symbol
 * and files by name itself.
 */

#include <backline/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Id of this extension, for get_extension(). */
#define BL_EXT_STATE "backline.state/1"

/** Takes what save() writes. Valid during the call. */
typedef struct bl_state_writer {
    void* data;
    /** Appends bytes; false when they cannot be kept: stop and return BL_ERROR. */
    bool (*write)(const struct bl_state_writer* writer, const void* bytes, size_t size);
} bl_state_writer;

/** Gives what save() has written. Valid during the call. */
typedef struct bl_state_reader {
    void* data;
    /** Reads up to `size` bytes; returns how many, 0 at the end. */
    size_t (*read)(const struct bl_state_reader* reader, void* bytes, size_t size);
} bl_state_reader;

/** Functions of a plugin with state of its own. */
typedef struct bl_ext_state {
    uint32_t struct_size;
    uint32_t reserved;
    /** Writes the state. [loader] */
    bl_status (*save)(const bl_plugin* self, const bl_state_writer* writer);
    /** Reads it back; on failure the instance is as before. [loader & !active] */
    bl_status (*load)(const bl_plugin* self, const bl_state_reader* reader);
} bl_ext_state;

#ifdef __cplusplus
}
#endif
#endif
