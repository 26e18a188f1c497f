// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The library calls that rt_trap counts: each definition here stands before libc's, notes the call
// and passes it on. operator new and delete, std::mutex and the like come down to these.
#include "rt_trap.hpp"

#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

using backline::trap::note;
using backline::trap::Offence;

namespace {

/// The definition that ours hides. Condition variables exist in two versions, of which plain
/// dlsym() may find the historic one.
void* hidden(const char* name) noexcept {
    const backline::trap::Pause pause; // looking up allocates
#if defined(__x86_64__)
    if (void* found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2")) return found;
#endif
    return dlsym(RTLD_NEXT, name);
}

} // namespace

// The function `name` as ours: notes it and calls the hidden one.
#define PASS_ON(offence, result, name, parameters, arguments)                                      \
    [[gnu::visibility("default")]] result name parameters {                                        \
        note(Offence::offence, #name);                                                             \
        static decltype(&name) next; /* zero at load; written with the same value by whoever */    \
        if (next == nullptr) next = reinterpret_cast<decltype(&name)>(hidden(#name));              \
        return next arguments;                                                                     \
    }
// The function `name(before..., ...)` as ours, by way of its va_list sibling.
#define PASS_ON_VARIADIC(name, parameters, last, call)                                             \
    [[gnu::visibility("default")]] int name parameters {                                           \
        note(Offence::stdio, #name);                                                               \
        va_list list;                                                                              \
        va_start(list, last);                                                                      \
        const int result = call;                                                                   \
        va_end(list);                                                                              \
        return result;                                                                             \
    }

extern "C" {

// ---- Allocation: glibc's own names for them need no look-up, which would itself allocate
// ---------

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

[[gnu::visibility("default")]] void* malloc(std::size_t size) noexcept {
    note(Offence::allocation, "malloc");
    return __libc_malloc(size);
}
[[gnu::visibility("default")]] void* calloc(std::size_t count, std::size_t size) noexcept {
    note(Offence::allocation, "calloc");
    return __libc_calloc(count, size);
}
[[gnu::visibility("default")]] void* realloc(void* old, std::size_t size) noexcept {
    note(Offence::allocation, "realloc");
    return __libc_realloc(old, size);
}
[[gnu::visibility("default")]] void* aligned_alloc(std::size_t alignment,
                                                   std::size_t size) noexcept {
    note(Offence::allocation, "aligned_alloc");
    return __libc_memalign(alignment, size);
}
[[gnu::visibility("default")]] void* memalign(std::size_t alignment, std::size_t size) noexcept {
    note(Offence::allocation, "memalign");
    return __libc_memalign(alignment, size);
}
[[gnu::visibility("default")]] int posix_memalign(void** to, std::size_t alignment,
                                                  std::size_t size) noexcept {
    note(Offence::allocation, "posix_memalign");
    void* memory = __libc_memalign(alignment, size);
    if (memory == nullptr) return ENOMEM;
    *to = memory;
    return 0;
}
[[gnu::visibility("default")]] void free(void* memory) noexcept {
    if (memory != nullptr) note(Offence::allocation, "free");
    __libc_free(memory);
}

// ---- Locks and waiting --------------------------------------------------------------------------

PASS_ON(lock, int, pthread_mutex_lock, (pthread_mutex_t * m) noexcept, (m))
PASS_ON(lock, int, pthread_mutex_trylock, (pthread_mutex_t * m) noexcept, (m))
PASS_ON(lock, int, pthread_mutex_timedlock, (pthread_mutex_t * m, const timespec* t) noexcept,
        (m, t))
PASS_ON(lock, int, pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t* m), (c, m))
PASS_ON(lock, int, pthread_cond_timedwait,
        (pthread_cond_t * c, pthread_mutex_t* m, const timespec* t), (c, m, t))
PASS_ON(lock, int, pthread_cond_clockwait,
        (pthread_cond_t * c, pthread_mutex_t* m, clockid_t k, const timespec* t), (c, m, k, t))
PASS_ON(lock, int, pthread_cond_signal, (pthread_cond_t * c) noexcept, (c))
PASS_ON(lock, int, pthread_cond_broadcast, (pthread_cond_t * c) noexcept, (c))
PASS_ON(lock, int, pthread_rwlock_rdlock, (pthread_rwlock_t * l) noexcept, (l))
PASS_ON(lock, int, pthread_rwlock_wrlock, (pthread_rwlock_t * l) noexcept, (l))
PASS_ON(lock, int, pthread_spin_lock, (pthread_spinlock_t * l) noexcept, (l))
PASS_ON(lock, int, pthread_join, (pthread_t t, void** r), (t, r))
PASS_ON(lock, int, sem_wait, (sem_t * s), (s))
PASS_ON(lock, int, sem_timedwait, (sem_t * s, const timespec* t), (s, t))

// ---- Loading, throwing --------------------------------------------------------------------------

PASS_ON(load, void*, dlopen, (const char* path, int flags) noexcept, (path, flags))

[[gnu::visibility("default"), noreturn]] void __cxa_throw(void* thrown, void* type,
                                                          void (*destroy)(void*)) {
    note(Offence::exception, "__cxa_throw");
    using Throw = void (*)(void*, void*, void (*)(void*));
    reinterpret_cast<Throw>(hidden("__cxa_throw"))(thrown, type, destroy);
    __builtin_unreachable();
}

// ---- Formatted and buffered output: locks, and allocates on first use ---------------------------

PASS_ON(stdio, int, vfprintf, (std::FILE * f, const char* s, va_list a), (f, s, a))
PASS_ON(stdio, int, vprintf, (const char* s, va_list a), (s, a))
PASS_ON(stdio, int, vsnprintf, (char* to, std::size_t n, const char* s, va_list a) noexcept,
        (to, n, s, a))
PASS_ON(stdio, int, puts, (const char* s), (s))
PASS_ON(stdio, int, fputs, (const char* s, std::FILE* f), (s, f))
PASS_ON(stdio, std::size_t, fwrite, (const void* p, std::size_t s, std::size_t n, std::FILE* f),
        (p, s, n, f))
PASS_ON(stdio, int, fflush, (std::FILE * f), (f))
PASS_ON(stdio, std::FILE*, fopen, (const char* path, const char* mode), (path, mode))

// What _FORTIFY_SOURCE makes of them.
int __vfprintf_chk(std::FILE*, int, const char*, va_list);
int __vsnprintf_chk(char*, std::size_t, int, std::size_t, const char*, va_list);
PASS_ON(stdio, int, __vfprintf_chk, (std::FILE * f, int flag, const char* s, va_list a),
        (f, flag, s, a))
PASS_ON(stdio, int, __vsnprintf_chk,
        (char* to, std::size_t n, int flag, std::size_t size, const char* s, va_list a),
        (to, n, flag, size, s, a))
PASS_ON_VARIADIC(printf, (const char* s, ...), s, vfprintf(stdout, s, list))
PASS_ON_VARIADIC(fprintf, (std::FILE * f, const char* s, ...), s, vfprintf(f, s, list))
PASS_ON_VARIADIC(snprintf, (char* to, std::size_t n, const char* s, ...) noexcept, s,
                 vsnprintf(to, n, s, list))
PASS_ON_VARIADIC(__printf_chk, (int flag, const char* s, ...), s,
                 __vfprintf_chk(stdout, flag, s, list))
PASS_ON_VARIADIC(__fprintf_chk, (std::FILE * f, int flag, const char* s, ...), s,
                 __vfprintf_chk(f, flag, s, list))
PASS_ON_VARIADIC(__snprintf_chk,
                 (char* to, std::size_t n, int flag, std::size_t size, const char* s, ...), s,
                 __vsnprintf_chk(to, n, flag, size, s, list))
}
