/* core/lru.h - bytes by key, bounded by bytes: what was not used for longest makes room. For values that can be had again.
 * Owns: copies of keys and values, on the heap (they come and go one by one, which no arena can). */
#ifndef CORE_LRU_H
#define CORE_LRU_H

#include <stddef.h>
#include <stdint.h>

struct lru;

/* max_bytes counts keys, values and what it takes to keep them. */
struct lru *lru_new(size_t max_bytes);
void lru_free(struct lru *lru); /* NULL is a no-op */

/* The value, aligned for any type, which the caller may change in place; borrowed until the next lru_room,
 * lru_put or lru_clear. NULL if it is not there. */
void *lru_get(struct lru *lru, const char *key, size_t *out_len);
/* Room for the value of a copy of the key, aligned and borrowed as above, for the caller to fill; an older value goes. NULL: it
 * would take more than a quarter of all and is not kept. */
void *lru_room(struct lru *lru, const char *key, size_t len);
/* The same with a copy of the value. */
void lru_put(struct lru *lru, const char *key, const void *value, size_t len);
void lru_clear(struct lru *lru);

struct lru_state {
    size_t entries, bytes;
    uint64_t evicted;
};
struct lru_state lru_state(const struct lru *lru);

#endif
