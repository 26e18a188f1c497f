/* SPDX-FileCopyrightText: 2026 The backline authors
 * SPDX-License-Identifier: MIT */
#ifndef BACKLINE_FILE_H
#define BACKLINE_FILE_H

/** @file
 * Extension for parameters of scale BL_SCALE_FILE: a file is opened off the audio thread, put in
 * place between two process() calls, and the one it replaces is closed off the audio thread again.
 */

#include <backline/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Id of this extension, for get_extension(). */
#define BL_EXT_FILE "backline.file/1"

/** Functions of a plugin with file parameters. */
typedef struct bl_ext_file {
    uint32_t struct_size;
    uint32_t reserved;

    /** Opens and prepares `path` for the rate and layout of the last activate(). Returns the
     *  prepared object, or NULL with a reason of at most `error_size` bytes in `error`.
     *  [loader & active] */
    void* (*open)(const bl_plugin* self, uint32_t param, const char* path, char* error,
                  size_t error_size);
    /** Puts `object` in place (NULL: none) and returns the one that was there. [audio & active] */
    void* (*install)(const bl_plugin* self, uint32_t param, void* object);
    /** Frees an object that is no longer in place. No job submitted while it was in place waits or
     *  runs any more. [loader] */
    void (*close)(const bl_plugin* self, uint32_t param, void* object);
} bl_ext_file;

#ifdef __cplusplus
}
#endif
#endif
