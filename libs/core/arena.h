/* core/arena.h - the memory of one request: allocate, never free, release all at once.
 * Owns:   its chunks (recycled through a per-worker pool) and everything deferred to it.
 * Errors: arena_alloc never returns NULL: what a client can size is bounded by the builder or decoder
 *         before it gets here; a host without memory aborts the worker, which the master replaces. */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* One pool a worker keeps released chunks; keep_max chunks stay, the rest goes back to the host. */
struct arena_pool;
struct arena_pool *arena_pool_new(size_t keep_max);
void arena_pool_free(struct arena_pool *pool);

/* pool may be NULL (no recycling). The arena itself lives in its first chunk. */
struct arena *arena_new(struct arena_pool *pool);
void arena_free(struct arena *arena); /* runs deferred functions, newest first */

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull, malloc));
/* Not zeroed. */
void *arena_alloc_raw(struct arena *arena, size_t size) __attribute__((returns_nonnull, malloc));
char *arena_strdup(struct arena *arena, const char *text) __attribute__((returns_nonnull));
/* NULL stays NULL. */
char *arena_copy(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len)
    __attribute__((returns_nonnull));
/* The three as one text. */
char *arena_join(struct arena *arena, const char *first, const char *second, const char *third)
    __attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));
char *arena_vprintf(struct arena *arena, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0), returns_nonnull));

/* fn(ptr) runs when the arena is released: for foreign objects with the life of the request. */
void arena_defer(struct arena *arena, void (*fn)(void *ptr), void *ptr);

/* Bytes handed out so far; for the memory metric and tests. */
size_t arena_used(const struct arena *arena);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, n) ((type *)arena_alloc((arena), (n) * sizeof(type)))

#endif
