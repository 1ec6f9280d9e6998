/* faq/kept.h - finished replies: in this worker's memory, and in Redis for all. For the files of this library only.
 * A reply is fresh, then stale (served while a new one is made), then dead.
 * Waits:  kept_read_shared, kept_lock, kept_pause. Without Redis they answer "not there" and "go ahead". */
#ifndef FAQ_KEPT_H
#define FAQ_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct cache;
struct ctx;
struct loop;
struct lru;

#define KEPT_DIGEST_LEN 12
#define KEPT_LIVES 2 /* dead after this many times the time it is fresh */
#define KEPT_REFRESH_NS                                                                            \
    INT64_C(10000000000) /* one refresh at a time, and what is left of a late reply */
#define KEPT_ROUNDS 60   /* of waiting for another worker: about 1.2 s */

struct kept {
    int64_t stale_ns, dead_ns; /* monotonic */
    int64_t count;             /* entries in it */
    bool degraded;
    char digest[KEPT_DIGEST_LEN + 1]; /* of the query, for the log */
    size_t len;
    const char *json; /* {"data":...} as it is sent */
};

/* Changes in place stay; borrowed until the next kept_put. NULL: none, or dead. */
struct kept *kept_get(struct lru *lru, const char *key, int64_t now_ns);
void kept_put(struct lru *lru, const char *key, const struct kept *kept);

/* False: none, dead, or not as kept_share wrote it. */
bool kept_read_shared(struct ctx *ctx, struct cache *cache, const char *key, struct kept *out);
void kept_share(struct ctx *ctx, struct cache *cache, const char *key, const struct kept *kept,
    int64_t ttl_ms);

/* One in all workers and instances makes it, until it is unlocked (after kept_share). False: Redis does not say. */
bool kept_lock(struct ctx *ctx, struct cache *cache, const char *key, bool *out_taken);
void kept_unlock(struct ctx *ctx, struct cache *cache, const char *key);
err kept_pause(struct ctx *ctx, struct loop *loop, int round);

/* A tenth more or less, so that replies made together do not end together. */
int64_t kept_jitter(int64_t ms);

#endif
