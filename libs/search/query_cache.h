/* search/query_cache.h - vectors of queries that the service made before: a few of them in the worker, all in Redis.
 * Owns:   the worker's few.
 * Waits:  query_cache_get and query_cache_lock, for Redis. A dead Redis is a cache without entries. */
#ifndef SEARCH_QUERY_CACHE_H
#define SEARCH_QUERY_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "search/embedder.h"

struct arena;

#define QUERY_KEY_LEN 64 /* SHA-256 in hex */

struct query_cache;
/* Lives in the arena. The cache may be NULL. */
struct query_cache *query_cache_new(struct arena *arena, struct cache *cache, const char *model,
    int64_t dims);

/* SHA-256 of the text in hex, in ctx's arena. */
const char *query_cache_key(struct ctx *ctx, const char *text);
/* The worker's own; never waits. */
bool query_cache_find(struct ctx *ctx, const struct query_cache *queries, const char *key,
    struct embedding *out);
/* Redis. What is there but not a unit vector of the right length is ignored. */
bool query_cache_get(struct ctx *ctx, struct query_cache *queries, const char *key,
    struct embedding *out);
void query_cache_put(struct ctx *ctx, struct query_cache *queries, const char *key,
    const struct embedding *made);

/* Only one worker of all asks the service for a key: true = it is us (or Redis is down), who say query_cache_unlock in
 * the end. False = somebody else is at it: look again soon. */
bool query_cache_lock(struct ctx *ctx, struct query_cache *queries, const char *key);
void query_cache_unlock(struct ctx *ctx, struct query_cache *queries, const char *key);

#endif
