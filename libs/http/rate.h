/* http/rate.h - token buckets, one a key: shared by all workers in Redis, from where a worker leases tokens in
 * batches; without Redis each worker keeps its own bucket with its share of the limit. Never fails open.
 * Waits: rate_take, when it has to lease; rate_left.
 * Owns:  a table of fixed size, in the arena it was made in; the longest unused bucket makes room. */
#ifndef HTTP_RATE_H
#define HTTP_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct cache;
struct ctx;
struct loop;
struct rate;

#define RATE_KEY_MAX 56 /* with its NUL; longer keys are cut */

struct rate_limit {
    int64_t tokens;   /* in a window, and size of the bucket */
    int64_t window_s; /* an empty bucket is full again after so long */
};

struct rate_verdict {
    bool allowed;
    int64_t limit; /* tokens of the bucket */
    int64_t remaining;
    int64_t reset_s;       /* until the bucket is full again */
    int64_t retry_after_s; /* until the next token; only when refused */
};

/* cache may be NULL. */
struct rate *rate_new(struct arena *arena, struct loop *loop, struct cache *cache, int workers);
/* Takes one token. */
void rate_take(struct ctx *ctx, struct rate *rate, const char *key, const struct rate_limit *limit,
    struct rate_verdict *out);
/* What may still be taken, as rate_take would say; takes nothing. */
int64_t rate_left(struct ctx *ctx, struct rate *rate, const char *key,
    const struct rate_limit *limit);

#endif
