/* net/cache.h - Redis. Holds nothing that cannot be lost: a miss, a broken value and a dead Redis look alike.
 * Owns:   one connection a worker, reconnected with back-off; every key gets the product's prefix here.
 * Waits:  all cache_* calls below but those that are called soon, at most LIMIT_REDIS_MS each; a connection that missed a deadline is closed.
 * Errors: ERR_UNAVAILABLE (no Redis, time-out, error reply), ERR_CANCELLED. Callers go on without it. */
#ifndef NET_CACHE_H
#define NET_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct cache;
struct ctx;
struct loop;

struct cache_config {
    /* Secret. redis://[user:password@]host:port/db or unix:///path?db=0; "" = off. */
    const char *redis_url;
    const char *redis_key_prefix; /* non-empty, ends with ':'; whose it is, svc checks */
};
extern const struct field cache_config_fields[];
extern const int cache_config_count;

/* Checks the URL (rediss:// and unknown schemes are refused with a clear text). false: *out_why says why. */
bool cache_url_is_valid(const char *url, const char **out_why);

/* Never waits: connects in the background. config is borrowed for the life of the cache. */
struct cache *cache_open(struct loop *loop, const struct cache_config *config);
void cache_close(struct cache *cache); /* after the last fiber that uses it */

/* *out is NULL on a miss. Bytes in the arena. A value carries its key: one that cache_set did not put under
 * this very key is a miss, so is one over LIMIT_REDIS_VALUE_BYTES (ERR_TOO_LARGE when set). */
err cache_get(struct ctx *ctx, struct cache *cache, const char *key, const char **out,
    size_t *out_len);
err cache_set(struct ctx *ctx, struct cache *cache, const char *key, const char *bytes, size_t len,
    int64_t ttl_ms);
err cache_delete(struct ctx *ctx, struct cache *cache, const char *key);
/* The same without waiting: they reach Redis before what this worker asks later, or are lost, and nobody is told. */
void cache_set_soon(struct ctx *ctx, struct cache *cache, const char *key, const char *bytes,
    size_t len, int64_t ttl_ms);
void cache_delete_soon(struct ctx *ctx, struct cache *cache, const char *key);
/* SET NX PX: *out_taken tells whether we got it. */
err cache_lock(struct ctx *ctx, struct cache *cache, const char *key, int64_t ttl_ms,
    bool *out_taken);

/* Runs a Lua script (EVALSHA, EVAL on NOSCRIPT) on one key; arguments and the integer array it returns. */
struct cache_script {
    const char *text; /* constant */
};
#define CACHE_SCRIPT_RESULTS_MAX 8
err cache_eval(struct ctx *ctx, struct cache *cache, const struct cache_script *script,
    const char *key, const int64_t *args, size_t arg_count, int64_t out[CACHE_SCRIPT_RESULTS_MAX],
    size_t *out_count);

/* For /ready and metrics: last known state, never asks. */
struct cache_state {
    bool connected;
    int64_t since_us; /* wall clock of the last change */
    double last_ms;   /* duration of the last answered command */
    uint64_t hits, misses, errors;
};
struct cache_state cache_state(const struct cache *cache);

#endif
