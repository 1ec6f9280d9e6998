#include "http/rate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "net/cache.h"
#include "net/single_flight.h"

#define SETS 512 /* a power of two */
#define WAYS 8
#define LEASES_A_BUCKET 4         /* a lease is this part of a worker's share */
#define LEASE_MAX 1000            /* a lease costs one round trip, and is lost with the worker */
#define LEASE_TRIES 16            /* who waited for a lease may find it used up */
#define CACHE_PAUSE_NS 1000000000 /* after Redis failed */
#define NS_PER_S 1e9
#define MS_PER_S 1000

struct bucket {
    char key[RATE_KEY_MAX];
    int64_t used_ns; /* 0 = never */
    int64_t leased, lease_end_ns;
    int64_t shared;           /* left in Redis after the last lease */
    int64_t refused_until_ns; /* Redis has none before */
    double tokens;            /* of the worker's own bucket */
    int64_t filled_ns;
};

struct rate {
    struct cache *cache;          /* borrowed */
    struct single_flight *flight; /* one lease of a key at a time: many would drain its bucket */
    int64_t workers;
    int64_t cache_pause_end_ns;
    uint64_t seed; /* so that nobody outside can aim at a set */
    struct bucket (*sets)[WAYS];
};

/* KEYS[1]: hash of tokens and time. ARGV: size of the bucket, tokens wanted (0 = only looks), milliseconds in which it is refilled.
 * Gives: tokens granted, tokens left, milliseconds until there is one. */
static const struct cache_script lease_script = {
    .text = "local size, want, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])\n"
            "local time = redis.call('TIME')\n"
            "local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
            "local was = redis.call('HMGET', KEYS[1], 'tokens', 'at')\n"
            "local tokens, at = tonumber(was[1]) or size, tonumber(was[2]) or now\n"
            "tokens = math.min(size, tokens + math.max(0, now - at) * size / window)\n"
            "local granted = math.min(want, math.floor(tokens))\n"
            "tokens = tokens - granted\n"
            "if want > 0 then\n"
            "redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))\n"
            "redis.call('PEXPIRE', KEYS[1], window + 1000)\n"
            "end\n"
            "local wait = granted > 0 and 0 or math.ceil((1 - tokens) * window / size)\n"
            "return {granted, math.floor(tokens), wait}\n",
};

static void free_flight(void *flight)
{
    single_flight_free(flight);
}

struct rate *rate_new(struct arena *arena, struct loop *loop, struct cache *cache, int workers)
{
    struct rate *rate = ARENA_NEW(arena, struct rate);
    rate->cache = cache;
    rate->flight = single_flight_new(loop);
    arena_defer(arena, free_flight, rate->flight);
    rate->workers = workers > 0 ? workers : 1;
    rate->sets = arena_alloc(arena, SETS * sizeof(*rate->sets));
    crypto_random(&rate->seed, sizeof(rate->seed));
    return rate;
}

static struct bucket *choose_set(const struct rate *rate, const char *key)
{
    uint64_t hash = rate->seed;
    for (; *key != '\0'; key++) {
        hash = (hash ^ (unsigned char)*key) * 0x100000001b3;
    }
    return rate->sets[(hash ^ hash >> 32) & (SETS - 1)];
}

/* Pointers are good until the next wait only: another fiber may take the place. NULL: there is none. */
static struct bucket *find_bucket(const struct rate *rate, const char *key)
{
    struct bucket *set = choose_set(rate, key);
    for (int i = 0; i < WAYS; i++) {
        if (strncmp(set[i].key, key, RATE_KEY_MAX - 1) == 0) {
            return &set[i];
        }
    }
    return NULL;
}

static struct bucket *oldest_of(struct bucket *set)
{
    struct bucket *oldest = set;
    for (int i = 1; i < WAYS; i++) {
        if (set[i].used_ns < oldest->used_ns) {
            oldest = &set[i];
        }
    }
    return oldest;
}

static struct bucket *need_bucket(const struct rate *rate, const char *key, int64_t now_ns)
{
    struct bucket *bucket = find_bucket(rate, key);
    if (bucket == NULL) {
        bucket = oldest_of(choose_set(rate, key));
        *bucket = (struct bucket){.tokens = -1};
        snprintf(bucket->key, sizeof(bucket->key), "%s", key);
    }
    bucket->used_ns = now_ns;
    return bucket;
}

static int64_t seconds_for(double tokens, int64_t size, int64_t window_s)
{
    return (int64_t)ceil(tokens * (double)window_s / (double)size);
}

static bool take_leased(struct bucket *bucket, const struct rate_limit *limit, int64_t now_ns,
    struct rate_verdict *out)
{
    if (bucket->leased == 0 || now_ns >= bucket->lease_end_ns) {
        bucket->leased = 0;
        return false;
    }
    bucket->leased--;
    out->allowed = true;
    out->remaining = bucket->shared + bucket->leased;
    out->reset_s =
        seconds_for((double)(limit->tokens - out->remaining), limit->tokens, limit->window_s);
    return true;
}

/* A lease lasts until the bucket has got back as much for every worker: tokens that all of them leave unused then
 * do not add up to more than its refill, and who asks rarely finds it full. */
static void add_lease(const struct rate *rate, struct bucket *bucket, int64_t granted,
    const struct rate_limit *limit)
{
    const int64_t now_ns = bucket->used_ns;
    const double refill_ns =
        (double)granted * (double)limit->window_s * NS_PER_S / (double)limit->tokens;
    bucket->leased += granted;
    bucket->lease_end_ns = now_ns + (int64_t)fmax(refill_ns * (double)rate->workers, NS_PER_S);
}

struct lease {
    struct rate *rate;
    const char *key;
    const struct rate_limit *limit;
};

static err ask_redis(struct ctx *ctx, const struct lease *lease, int64_t want, int64_t *results)
{
    const struct rate_limit *limit = lease->limit;
    const int64_t args[] = {limit->tokens, want, limit->window_s * MS_PER_S};
    size_t count = 0;
    const char *cache_key = arena_printf(ctx->arena, "rate:%s", lease->key);
    TRY(cache_eval(ctx, lease->rate->cache, &lease_script, cache_key, args, 3, results, &count));
    return count == 3 ? OK : fail(ctx, ERR_UPSTREAM, "lease of %zu numbers", count);
}

static err lease_now(struct ctx *ctx, void *arg)
{
    const struct lease *lease = arg;
    struct rate *rate = lease->rate;
    const struct rate_limit *limit = lease->limit;
    int64_t want = limit->tokens / (rate->workers * LEASES_A_BUCKET);
    want = want < 1 ? 1 : want < LEASE_MAX ? want : LEASE_MAX;
    int64_t results[CACHE_SCRIPT_RESULTS_MAX] = {0};
    TRY(ask_redis(ctx, lease, want, results));
    const int64_t now_ns = clock_monotonic_ns(ctx->clock);
    struct bucket *bucket = need_bucket(rate, lease->key, now_ns);
    bucket->shared = results[1];
    if (results[0] > 0) {
        add_lease(rate, bucket, results[0], limit);
    } else {
        bucket->refused_until_ns = now_ns + results[2] * 1000000;
    }
    return OK;
}

/* It did not answer: the worker's own bucket decides. A client that left says nothing about Redis. */
static void redis_failed(struct ctx *ctx, struct rate *rate, err result)
{
    err_clear(ctx);
    if (result.code != ERR_CANCELLED) {
        rate->cache_pause_end_ns = clock_monotonic_ns(ctx->clock) + CACHE_PAUSE_NS;
    }
}

/* False: no answer from Redis. */
static bool lease(struct ctx *ctx, struct rate *rate, const char *key,
    const struct rate_limit *limit)
{
    struct lease lease = {rate, key, limit};
    const err result = single_flight_do(ctx, rate->flight, key, lease_now, &lease);
    if (!is_ok(result)) {
        redis_failed(ctx, rate, result);
    }
    return is_ok(result);
}

static bool cache_is_usable(const struct rate *rate, int64_t now_ns)
{
    return rate->cache != NULL && now_ns >= rate->cache_pause_end_ns &&
           cache_state(rate->cache).connected;
}

static int64_t share_of(const struct rate *rate, const struct rate_limit *limit)
{
    return limit->tokens / rate->workers > 0 ? limit->tokens / rate->workers : 1;
}

/* What the worker's own bucket holds by now. */
static double own_tokens(const struct bucket *bucket, int64_t share, int64_t window_s,
    int64_t now_ns)
{
    const double passed_s = (double)(now_ns - bucket->filled_ns) / NS_PER_S;
    const double refilled = bucket->tokens + passed_s * (double)share / (double)window_s;
    return bucket->tokens < 0 || refilled > (double)share ? (double)share : refilled;
}

static void take_own(const struct rate *rate, struct bucket *bucket, const struct rate_limit *limit,
    struct rate_verdict *out)
{
    const int64_t now_ns = bucket->used_ns;
    const int64_t share = share_of(rate, limit);
    bucket->tokens = own_tokens(bucket, share, limit->window_s, now_ns);
    bucket->filled_ns = now_ns;
    out->allowed = bucket->tokens >= 1;
    if (out->allowed) {
        bucket->tokens -= 1;
    } else {
        out->retry_after_s = seconds_for(1 - bucket->tokens, share, limit->window_s);
    }
    out->remaining = (int64_t)bucket->tokens;
    out->reset_s = seconds_for((double)share - bucket->tokens, share, limit->window_s);
}

static void refuse(const struct bucket *bucket, const struct rate_limit *limit, int64_t now_ns,
    struct rate_verdict *out)
{
    out->retry_after_s = (int64_t)ceil((double)(bucket->refused_until_ns - now_ns) / NS_PER_S);
    out->reset_s = limit->window_s;
}

void rate_take(struct ctx *ctx, struct rate *rate, const char *key, const struct rate_limit *limit,
    struct rate_verdict *out)
{
    *out = (struct rate_verdict){.limit = limit->tokens};
    int64_t now_ns = clock_monotonic_ns(ctx->clock);
    struct bucket *bucket = need_bucket(rate, key, now_ns);
    for (int i = 0; i < LEASE_TRIES; i++) {
        if (take_leased(bucket, limit, now_ns, out)) {
            return;
        }
        if (now_ns < bucket->refused_until_ns) {
            refuse(bucket, limit, now_ns, out);
            return;
        }
        if (!cache_is_usable(rate, now_ns) || !lease(ctx, rate, key, limit)) {
            break;
        }
        now_ns = clock_monotonic_ns(ctx->clock);
        bucket = need_bucket(rate, key, now_ns);
    }
    take_own(rate, bucket, limit, out);
}

int64_t rate_left(struct ctx *ctx, struct rate *rate, const char *key,
    const struct rate_limit *limit)
{
    const int64_t now_ns = clock_monotonic_ns(ctx->clock);
    const struct bucket *bucket = find_bucket(rate, key);
    if (bucket != NULL && bucket->leased > 0 && now_ns < bucket->lease_end_ns) {
        return bucket->shared + bucket->leased;
    }
    if (cache_is_usable(rate, now_ns)) {
        const struct lease look = {rate, key, limit};
        int64_t results[CACHE_SCRIPT_RESULTS_MAX] = {0};
        const err asked = ask_redis(ctx, &look, /* want */ 0, results);
        if (is_ok(asked)) {
            return results[1];
        }
        redis_failed(ctx, rate, asked);
        bucket = find_bucket(rate, key);
    }
    const int64_t share = share_of(rate, limit);
    return bucket == NULL ? share : (int64_t)own_tokens(bucket, share, limit->window_s, now_ns);
}
