#include "core/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"

/* Chunks are 4, 8, 16, 32 and 64 KiB with their header. What is larger gets a chunk of its own size; where none are recycled, so does
 * what is larger than the next chunk would be. */
#define CHUNK_CLASSES 5
#define CHUNK_FIRST_BYTES 4096
#define ALIGNMENT 16

struct chunk {
    struct chunk *next;
    size_t size_class; /* CHUNK_CLASSES = own size */
} __attribute__((aligned(ALIGNMENT)));

struct deferred {
    struct deferred *next;
    void (*fn)(void *ptr);
    void *ptr;
};

struct arena_pool {
    struct chunk *free[CHUNK_CLASSES];
    size_t kept;
    size_t keep_max;
};

struct arena {
    char *at; /* next free byte of the newest chunk */
    size_t left;
    size_t used;
    struct chunk *chunks; /* newest first; the last one holds this struct */
    struct deferred *deferred;
    struct arena_pool *pool; /* borrowed, may be NULL */
};

static void *must_malloc(size_t size)
{
    void *bytes = malloc(size);
    ASSERT(bytes != NULL);
    return bytes;
}

struct arena_pool *arena_pool_new(size_t keep_max)
{
    struct arena_pool *pool = must_malloc(sizeof(*pool));
    *pool = (struct arena_pool){.keep_max = keep_max};
    return pool;
}

void arena_pool_free(struct arena_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    for (size_t i = 0; i < CHUNK_CLASSES; i++) {
        while (pool->free[i] != NULL) {
            struct chunk *chunk = pool->free[i];
            pool->free[i] = chunk->next;
            free(chunk);
        }
    }
    free(pool);
}

#if defined(ARENA_EMULATE)

/* One malloc an allocation: the sanitizer sees an overrun into the neighbour. */
static void *take(struct arena *arena, size_t size)
{
    struct chunk *chunk = must_malloc(sizeof(*chunk) + size);
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->used += size;
    return chunk + 1;
}

struct arena *arena_new(struct arena_pool *pool)
{
    struct arena *arena = must_malloc(sizeof(*arena));
    *arena = (struct arena){.pool = pool};
    return arena;
}

static void release_chunks(struct arena *arena)
{
    struct chunk *chunk = arena->chunks;
    while (chunk != NULL) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(arena);
}

#else

static struct chunk *get_chunk(struct arena_pool *pool, size_t size_class)
{
    struct chunk *chunk = pool == NULL ? NULL : pool->free[size_class];
    if (chunk != NULL) {
        pool->free[size_class] = chunk->next;
        pool->kept--;
        return chunk;
    }
    chunk = must_malloc((size_t)CHUNK_FIRST_BYTES << size_class);
    chunk->size_class = size_class;
    return chunk;
}

static void put_chunk(struct arena_pool *pool, struct chunk *chunk)
{
    if (pool == NULL || chunk->size_class == CHUNK_CLASSES || pool->kept == pool->keep_max) {
        free(chunk);
        return;
    }
    chunk->next = pool->free[chunk->size_class];
    pool->free[chunk->size_class] = chunk;
    pool->kept++;
}

static size_t room_of(size_t size_class)
{
    return ((size_t)CHUNK_FIRST_BYTES << size_class) - sizeof(struct chunk);
}

/* Behind the newest chunk, so that the rest of that one is still used. */
static void *take_own_chunk(struct arena *arena, size_t need)
{
    struct chunk *chunk = must_malloc(sizeof(*chunk) + need);
    chunk->size_class = CHUNK_CLASSES;
    chunk->next = arena->chunks->next;
    arena->chunks->next = chunk;
    return chunk + 1;
}

/* Of the smallest class that has room, and holds a quarter of what the arena holds already: a long life wastes little of it. */
static size_t class_for(const struct arena *arena, size_t need)
{
    const size_t wanted = arena->used / 4;
    size_t size_class = 0;
    while (size_class < CHUNK_CLASSES - 1 && room_of(size_class) < wanted) {
        size_class++;
    }
    while (arena->pool != NULL && size_class < CHUNK_CLASSES && room_of(size_class) < need) {
        size_class++;
    }
    return size_class;
}

static void *take_from_next_chunk(struct arena *arena, size_t need)
{
    const size_t size_class = class_for(arena, need);
    if (size_class == CHUNK_CLASSES || room_of(size_class) < need) {
        return take_own_chunk(arena, need);
    }
    struct chunk *chunk = get_chunk(arena->pool, size_class);
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->at = (char *)(chunk + 1) + need;
    arena->left = room_of(size_class) - need;
    return chunk + 1;
}

static inline void *take(struct arena *arena, size_t size)
{
    ASSERT(size <= SIZE_MAX / 2);
    const size_t need = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    arena->used += need;
    if (need > arena->left) {
        return take_from_next_chunk(arena, need);
    }
    void *bytes = arena->at;
    arena->at += need;
    arena->left -= need;
    return bytes;
}

struct arena *arena_new(struct arena_pool *pool)
{
    struct chunk *chunk = get_chunk(pool, 0);
    chunk->next = NULL;
    const size_t own = (sizeof(struct arena) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct arena *arena = (struct arena *)(chunk + 1);
    *arena = (struct arena){
        .at = (char *)arena + own,
        .left = room_of(0) - own,
        .chunks = chunk,
        .pool = pool,
    };
    return arena;
}

static void release_chunks(struct arena *arena)
{
    struct arena_pool *pool = arena->pool; /* the arena goes with its first chunk */
    struct chunk *chunk = arena->chunks;
    while (chunk != NULL) {
        struct chunk *next = chunk->next;
        put_chunk(pool, chunk);
        chunk = next;
    }
}

#endif

void arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    while (arena->deferred != NULL) {
        struct deferred *deferred = arena->deferred;
        arena->deferred = deferred->next;
        deferred->fn(deferred->ptr);
    }
    release_chunks(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(take(arena, size), 0, size);
}

void *arena_alloc_raw(struct arena *arena, size_t size)
{
    return take(arena, size);
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_copy(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_strdup(arena, text);
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = take(arena, len + 1);
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *arena_join(struct arena *arena, const char *first, const char *second, const char *third)
{
    const size_t first_len = strlen(first), second_len = strlen(second), third_len = strlen(third);
    char *text = take(arena, first_len + second_len + third_len + 1);
    memcpy(text, first, first_len);
    memcpy(text + first_len, second, second_len);
    memcpy(text + first_len + second_len, third, third_len + 1);
    return text;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = arena_vprintf(arena, fmt, args);
    va_end(args);
    return text;
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    ASSERT(len >= 0);
    char *text = take(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, fmt, args);
    return text;
}

void arena_defer(struct arena *arena, void (*fn)(void *ptr), void *ptr)
{
    struct deferred *deferred = take(arena, sizeof(*deferred));
    *deferred = (struct deferred){.next = arena->deferred, .fn = fn, .ptr = ptr};
    arena->deferred = deferred;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
