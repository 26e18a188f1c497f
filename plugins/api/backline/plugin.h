/* SPDX-FileCopyrightText: 2026 The backline authors
 * SPDX-License-Identifier: MIT */
#ifndef BACKLINE_PLUGIN_H
#define BACKLINE_PLUGIN_H

/**
 * @file
 * The backline plugin ABI: everything a plugin and its host agree on. C11 and C++20.
 *
 * A plugin is a shared object that exports one constant data symbol, `backline_plugin_entry`.
 * Reading it runs no plugin code, so a host can list plugins without starting them.
 *
 * ## Threads
 * Every function carries a tag [who & when]. *Who* is a role, not an operating-system thread: one
 * holder at a time per instance, and which thread that is may change from call to call.
 *
 * - [loader]  creation, activation, files and state. May allocate, block, read files, take seconds.
 * - [audio]   the real-time role. Bounded time; must not allocate, free, lock, log, make a system
 *             call or touch memory for the first time.
 * - [worker]  heavy work off the audio thread, normal priority. Never two at once for one instance,
 *             but concurrent with [audio] of the same instance.
 * - [any]     any of the above, at any time between create and destroy.
 *
 * *When* is the state: created -> active -> inactive -> destroyed. `active` lies between a
 * successful activate() and deactivate(); `!active` is the rest.
 *
 * ## Memory and strings
 * Static data (entry, descriptors and all they point to) lives as long as the library is loaded.
 * Strings are UTF-8. Pointers inside `bl_process` are valid during the call only. No exception may
 * cross this boundary.
 *
 * ## Growth
 * Structures grow by appending; `struct_size` (or the array's element size) says how much the other
 * side knows. Whatever lies beyond it is absent. Another major version is refused.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Another major version is refused. */
#define BL_ABI_MAJOR 1
/** Grows with every appended field. */
#define BL_ABI_MINOR 0
/** Both in one number: major in the upper 16 bits. */
#define BL_ABI_VERSION (((uint32_t)BL_ABI_MAJOR << 16) | BL_ABI_MINOR)

/** Fills an array pointer, its count and its element size in a descriptor initialiser. */
#define BL_ARRAY(a) (a), (uint32_t)(sizeof(a) / sizeof((a)[0])), (uint32_t)sizeof((a)[0])
/** The same for an empty array. */
#define BL_NO_ARRAY NULL, 0, 0

/** Marks the exported entry symbol: `BL_EXPORT const bl_entry backline_plugin_entry = {...};` */
#ifdef __cplusplus
#    define BL_EXPORT extern "C" __attribute__((visibility("default")))
#else
#    define BL_EXPORT __attribute__((visibility("default")))
#endif

typedef struct bl_plugin bl_plugin;
typedef struct bl_host bl_host;
typedef struct bl_descriptor bl_descriptor;

/** What a call came to. Negative values are failures. */
typedef int32_t bl_status;
enum {
    BL_OK = 0,     /**< done; from process(): keep calling */
    BL_ERROR = -1, /**< failed; from process(): outputs of this call are replaced by silence */
    BL_NO_MEMORY = -2,
    BL_UNSUPPORTED = -3 /**< the rate, layout or request is not one this plugin can serve */
};

/* ---- Descriptor: static facts, readable without creating an instance --------------------------
 */

enum { /* bl_descriptor.kind, combined by OR */
       BL_KIND_EFFECT = 1u << 0,
       BL_KIND_ANALYSIS = 1u << 1,
       BL_KIND_GENERATOR = 1u << 2
};

enum { /* bl_port.kind */
       BL_PORT_AUDIO = 0,
       BL_PORT_EVENT = 1,
       BL_PORT_CONTROL = 2 /**< reserved: control signals at sample rate; hosts refuse it for now */
};

enum { /* bl_port.direction */
       BL_INPUT = 0,
       BL_OUTPUT = 1
};

enum { /* bl_port.flags, combined by OR */
       BL_PORT_MAIN =
           1u << 0, /**< what the node's bare name means; at most one per direction and kind */
       BL_PORT_SIDECHAIN = 1u << 1, /**< feeds a detector, not the signal path */
       BL_PORT_IN_PLACE = 1u << 2,  /**< output: may share its buffers with the main input */
       BL_PORT_FOLLOWS = 1u << 3    /**< takes the node's channel count where its range admits it */
};

/** A bus of channels (audio) or a stream of events. Ports are referred to by index everywhere. */
typedef struct bl_port {
    const char* symbol; /**< [A-Za-z_][A-Za-z0-9_]*, unique within the plugin: "in", "sidechain" */
    const char* name;   /**< for people */
    uint32_t kind;
    uint32_t direction;
    uint32_t flags;
    uint32_t channels_min; /**< audio: 1..64; event: 0 */
    uint32_t channels_max;
    uint32_t channels_default;
} bl_port;

enum { /* bl_param.scale */
       BL_SCALE_LINEAR = 0,
       BL_SCALE_LOG = 1, /**< equal ratios per step; min > 0 */
       BL_SCALE_DB = 2,  /**< value is in dB already; faders move linearly in dB */
       BL_SCALE_INTEGER = 3,
       BL_SCALE_TOGGLE = 4, /**< 0 or 1 */
       BL_SCALE_ENUM = 5,   /**< 0..label_count-1, each with a label */
       BL_SCALE_FILE =
           6 /**< a file by name; needs the extension BL_EXT_FILE; has no numeric value */
};

/** A parameter. Events and the file extension refer to it by its index in the descriptor. */
typedef struct bl_param {
    uint32_t id;        /**< never changes meaning between versions of the plugin */
    const char* symbol; /**< [A-Za-z_][A-Za-z0-9_]*, unique within the plugin */
    const char* name;
    const char* unit;     /**< "dB", "Hz", "ms", "s", "%", "st" or "" */
    double min, max, def; /**< in `unit`; all three finite */
    uint32_t scale;
    uint32_t label_count;
    const char* const* labels; /**< BL_SCALE_ENUM: label_count strings */
    const char* file_kind; /**< BL_SCALE_FILE: which directories names are looked up in, "audio" */
} bl_param;

/** What an analysis reports, in the vocabulary of Vamp's outputs. */
typedef struct bl_result {
    uint32_t id;
    const char* symbol; /**< [A-Za-z_][A-Za-z0-9_]*, unique among the results */
    const char* name;
    const char* unit;
    uint32_t count_max; /**< values in one frame at most; host buffers are sized by it */
    uint32_t reserved;
    double min, max; /**< of each value; -INFINITY/INFINITY where unbounded */
    double rate;     /**< frames per second, nominal; 0 where it depends on parameters or signal */
} bl_result;

enum {                         /* bl_worker.work_class: who runs work() */
       BL_WORK_LIVE = 0,       /**< its result is waited for by ear or eye: tens of milliseconds */
       BL_WORK_NORMAL = 1,     /**< within a second */
       BL_WORK_BACKGROUND = 2, /**< whenever there is time */
       BL_WORK_IO = 3          /**< file streaming: the I/O thread, which runs no analysis */
};

enum { /* bl_worker.flags */
       BL_WORK_DROP_OLDEST =
           1u << 0 /**< on overload skip the oldest waiting job, else refuse the newest */
};

/** Bounds of the work a plugin hands over; all 0 when it hands over none. */
typedef struct bl_worker {
    uint32_t job_bytes_max;      /**< largest job_reserve() */
    uint32_t job_depth;          /**< jobs that may wait at once */
    uint32_t response_bytes_max; /**< largest respond(); 0 = none */
    uint32_t work_class;
    uint32_t flags;
    uint32_t reserved;
} bl_worker;

/** Everything that is known of a plugin without creating an instance. */
struct bl_descriptor {
    uint32_t struct_size; /**< sizeof(bl_descriptor) */
    uint32_t kind;
    const char* id; /**< reverse DNS, stable for ever: "org.example.chorus" */
    const char* name;
    const char* version; /**< "major.minor.patch" */
    const char* vendor;
    const char* about; /**< one or two sentences */

    const bl_port* ports;
    uint32_t port_count, port_size;
    const bl_param* params;
    uint32_t param_count, param_size;
    const bl_result* results;
    uint32_t result_count, result_size;
    bl_worker worker;

    double
        tail_s; /**< longest sound after the input has ended, in seconds; INFINITY if unbounded */

    /**
     * Creates an instance. May not call the host. Returns NULL on failure. The instance belongs to
     * the host until destroy(). [loader]
     */
    const bl_plugin* (*create)(const bl_descriptor* descriptor, const bl_host* host);
};

/** What a library exports under BL_ENTRY_SYMBOL. */
typedef struct bl_entry {
    uint32_t struct_size; /**< sizeof(bl_entry) */
    uint32_t abi_version; /**< BL_ABI_VERSION the plugin was built with */
    const bl_descriptor* const* descriptors;
    uint32_t descriptor_count;
} bl_entry;

/** Name of the one exported symbol. */
#define BL_ENTRY_SYMBOL "backline_plugin_entry"

/* ---- Process: one call's worth of signal ------------------------------------------------------
 */

/** One audio port's channels. A port that nothing is connected to holds silence. */
typedef struct bl_bus {
    float* const* channels; /**< channel_count pointers to `frames` samples each */
    uint32_t channel_count; /**< 0 for event ports */
    uint32_t reserved;
    uint64_t silent; /**< bit c set: channel c is exactly 0 throughout; a hint, inputs only */
} bl_bus;

/** A parameter takes a new value at a frame. Sorted by frame; the last of equal frames wins. */
typedef struct bl_param_event {
    uint32_t frame; /**< 0..frames-1 of this call */
    uint32_t param; /**< index in the descriptor */
    double value;   /**< in the parameter's unit, within min..max */
} bl_param_event;

/**
 * MIDI 1.0 bytes at a frame. A System Exclusive message longer than 10 bytes is spread over
 * consecutive events of one frame: the first begins with F0, the last ends with F7.
 */
typedef struct bl_event {
    uint32_t frame;
    uint16_t size;
    uint8_t bytes[10];
} bl_event;

/** One event port's events, sorted by frame. */
typedef struct bl_event_list {
    bl_event* events;
    uint32_t count;    /**< inputs: how many there are; outputs: 0 on entry, the plugin raises it */
    uint32_t capacity; /**< outputs: how many fit */
    uint32_t overflow; /**< outputs: the plugin adds what did not fit; the host reports it */
    uint32_t reserved;
} bl_event_list;

enum { /* bl_transport.flags */
       BL_TRANSPORT_PLAYING = 1u << 0,
       BL_TRANSPORT_TEMPO = 1u << 1, /**< tempo is valid */
       BL_TRANSPORT_BAR = 1u << 2,   /**< bar, beat, beats_per_bar and beat_unit are valid */
       BL_TRANSPORT_FRAME = 1u << 3  /**< frame is valid */
};

/** Musical time at the first frame of the call. */
typedef struct bl_transport {
    uint32_t flags;
    uint32_t beat_unit; /**< lower number of the time signature */
    double tempo;       /**< quarter notes per minute */
    double beats_per_bar;
    int64_t bar;   /**< from 1 */
    double beat;   /**< from 1 within the bar, fractional */
    int64_t frame; /**< of the transport, which may jump; not the sample clock */
} bl_transport;

enum { /* bl_process.flags, bl_activation.flags */
       BL_OFFLINE =
           1u << 0 /**< faster or slower than time; work() may run between process() calls */
};

/** One call: the signal of `frames` frames and what happens in them. */
typedef struct bl_process {
    uint32_t struct_size;
    uint32_t frames; /**< 1..max_frames of activate(); differs from call to call */
    uint32_t flags;
    uint32_t event_count;
    uint64_t time; /**< sample clock at the first frame; monotonic while active */
    const bl_transport* transport;
    const bl_bus* audio;          /**< indexed by port */
    bl_event_list* events;        /**< indexed by port; audio ports have empty lists */
    const bl_param_event* params; /**< event_count of them */
} bl_process;

/* ---- Plugin instance --------------------------------------------------------------------------
 */

/** For which rate and layout an instance shall be ready. */
typedef struct bl_activation {
    uint32_t struct_size;
    uint32_t max_frames;      /**< longest process() call */
    double rate;              /**< frames per second */
    const uint32_t* channels; /**< channel count per port; 0 for event ports */
    uint32_t port_count;
    uint32_t flags; /**< BL_OFFLINE or 0 */
} bl_activation;

/** An instance: its functions, each with the thread and state it is called in. */
struct bl_plugin {
    uint32_t struct_size;
    uint32_t reserved;
    const bl_descriptor* descriptor;
    void* data; /**< the plugin's own */

    /** Prepares for process(): the only place to allocate. All parameters start at their defaults.
     *  May be called again after deactivate(), with another rate or layout. [loader & !active] */
    bl_status (*activate)(const bl_plugin* self, const bl_activation* how);
    /** Undoes activate(). No job waits or runs any more. [loader & active] */
    void (*deactivate)(const bl_plugin* self);
    /** Frees everything. [loader & !active] */
    void (*destroy)(const bl_plugin* self);

    /** Computes `frames` samples of every output from the inputs. What it computes may not depend
     *  on how a longer run is cut into calls. [audio & active] */
    bl_status (*process)(const bl_plugin* self, const bl_process* p);
    /** Forgets all signal history (delay lines, envelopes), keeps parameters and files. May be
     * NULL. [audio & active] */
    void (*reset)(const bl_plugin* self);

    /** Carries out one job, in the order submitted. NULL when no worker is declared.
     *  [worker & active] */
    void (*work)(const bl_plugin* self, const void* job, uint32_t size);
    /** Receives what work() sent by respond(), before the process() call that may use it. May be
     *  NULL when response_bytes_max is 0. [audio & active] */
    void (*on_response)(const bl_plugin* self, const void* response, uint32_t size);

    /** Delay from main input to main output in frames. A change is announced by
     *  request(BL_REQUEST_LATENCY). NULL = 0. [any & active] */
    uint32_t (*latency)(const bl_plugin* self);
    /** How long sound goes on after the input has ended, in frames; UINT64_MAX = for ever. NULL =
     * 0. [any & active] */
    uint64_t (*tail)(const bl_plugin* self);

    /** An extension's function table by its id, or NULL. May be NULL. [any] */
    const void* (*get_extension)(const bl_plugin* self, const char* id);
};

/* ---- Host -------------------------------------------------------------------------------------
 */

enum {                            /* host->request */
       BL_REQUEST_LATENCY = 1,    /**< latency() has changed: compensate anew */
       BL_REQUEST_RESTART = 2,    /**< deactivate and activate me when convenient */
       BL_REQUEST_STATE_DIRTY = 3 /**< what state save would write has changed */
};

enum { BL_LOG_DEBUG = 0, BL_LOG_INFO = 1, BL_LOG_WARNING = 2, BL_LOG_ERROR = 3 };

/** What the host offers one instance. Valid from create() to destroy(). */
struct bl_host {
    uint32_t struct_size;
    uint32_t abi_version;
    void* data; /**< the host's own */

    /** Room for a job of `size` bytes, 16-byte aligned, or NULL when the queue is full or `size`
     *  exceeds job_bytes_max; every NULL is counted as a dropped job. A second reserve before
     * submit returns the same room. [audio] */
    void* (*job_reserve)(const bl_host* host, uint32_t size);
    /** Hands the reserved job over; work() receives it later. [audio] */
    void (*job_submit)(const bl_host* host);
    /** Sends bytes from work() to on_response(). False when full or too large. [worker] */
    bool (*respond)(const bl_host* host, const void* data, uint32_t size);

    /** Publishes one frame of a result. `time` is the sample clock at the centre of what was
     *  analysed. Wait-free; false when nobody made room in time (counted). [audio or worker] */
    bool (*emit)(const bl_host* host, uint32_t result, uint64_t time, const float* values,
                 uint32_t count);

    /** Asks for a BL_REQUEST_*; wait-free, coalesced. [any] */
    void (*request)(const bl_host* host, uint32_t what);
    /** One line for the log, without newline. [loader or worker] */
    void (*log)(const bl_host* host, uint32_t level, const char* message);
    /** A host extension's function table by its id, or NULL. [any] */
    const void* (*get_extension)(const bl_host* host, const char* id);
};

#ifdef __cplusplus
}
#endif
#endif
