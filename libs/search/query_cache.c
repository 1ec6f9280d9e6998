#include "search/query_cache.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/arena.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "net/cache.h"

enum { KEPT = 64, FLOAT_BYTES = 4 };
static const int64_t ttl_ms = INT64_C(30) * 24 * 3600 * 1000;
static const double unit_tolerance = 1e-3;

struct query_cache {
    struct cache *cache; /* borrowed; may be NULL */
    const char *model;   /* borrowed */
    int64_t dims;
    size_t next; /* the entry that goes next */
    struct {
        char key[QUERY_KEY_LEN + 1];
        float *values;
    } kept[KEPT];
};

struct query_cache *query_cache_new(struct arena *arena, struct cache *cache, const char *model,
    int64_t dims)
{
    struct query_cache *queries = ARENA_NEW(arena, struct query_cache);
    queries->cache = cache;
    queries->model = model;
    queries->dims = dims;
    for (size_t i = 0; i < KEPT; i++) {
        queries->kept[i].values = ARENA_ARRAY(arena, float, (size_t)dims);
    }
    return queries;
}

const char *query_cache_key(struct ctx *ctx, const char *text)
{
    char *hex = arena_alloc(ctx->arena, QUERY_KEY_LEN + 1);
    crypto_sha256_hex(text, strlen(text), CRYPTO_SHA256_LEN, hex);
    return hex;
}

static const char *name_of(struct ctx *ctx, const struct query_cache *queries, const char *prefix,
    const char *key)
{
    return arena_printf(ctx->arena, "%s:%s:%s", prefix, queries->model, key);
}

/* ---- in the worker ---- */

bool query_cache_find(struct ctx *ctx, const struct query_cache *queries, const char *key,
    struct embedding *out)
{
    for (size_t i = 0; i < KEPT; i++) {
        if (strcmp(queries->kept[i].key, key) == 0) {
            const size_t dims = (size_t)queries->dims;
            float *copy = ARENA_ARRAY(ctx->arena, float, dims);
            memcpy(copy, queries->kept[i].values, dims * sizeof(*copy));
            *out = (struct embedding){copy, queries->dims};
            return true;
        }
    }
    return false;
}

static void keep(struct query_cache *queries, const char *key, const float *values)
{
    for (size_t i = 0; i < KEPT; i++) {
        if (strcmp(queries->kept[i].key, key) == 0) {
            return;
        }
    }
    memcpy(queries->kept[queries->next].key, key, QUERY_KEY_LEN + 1);
    memcpy(queries->kept[queries->next].values, values, (size_t)queries->dims * sizeof(float));
    queries->next = (queries->next + 1) % KEPT;
}

/* ---- in Redis: little-endian floats ---- */

static bool decode(const char *bytes, int64_t dims, float *out)
{
    double squares = 0;
    for (int64_t i = 0; i < dims; i++) {
        uint32_t bits = 0;
        for (int b = FLOAT_BYTES - 1; b >= 0; b--) {
            bits = bits << 8 | (unsigned char)bytes[i * FLOAT_BYTES + b];
        }
        memcpy(&out[i], &bits, sizeof(bits));
        squares += (double)out[i] * (double)out[i];
    }
    return fabs(squares - 1) < unit_tolerance; /* false for NaN too */
}

static char *encode(struct ctx *ctx, const struct embedding *made)
{
    char *bytes = arena_alloc_raw(ctx->arena, (size_t)made->dims * FLOAT_BYTES);
    for (int64_t i = 0; i < made->dims; i++) {
        uint32_t bits = 0;
        memcpy(&bits, &made->values[i], sizeof(bits));
        for (int b = 0; b < FLOAT_BYTES; b++) {
            bytes[i * FLOAT_BYTES + b] = (char)(bits >> 8 * b);
        }
    }
    return bytes;
}

/* Redis is allowed to be down: then nothing is there. */
static bool worked(struct ctx *ctx, err result)
{
    if (!is_ok(result)) {
        err_clear(ctx);
    }
    return is_ok(result);
}

bool query_cache_get(struct ctx *ctx, struct query_cache *queries, const char *key,
    struct embedding *out)
{
    const char *bytes = NULL;
    size_t len = 0;
    const size_t dims = (size_t)queries->dims;
    if (queries->cache == NULL ||
        !worked(ctx,
            cache_get(ctx, queries->cache, name_of(ctx, queries, "emb", key), &bytes, &len)) ||
        bytes == NULL || len != dims * FLOAT_BYTES) {
        return false;
    }
    float *values = ARENA_ARRAY(ctx->arena, float, dims);
    if (!decode(bytes, queries->dims, values)) {
        return false;
    }
    keep(queries, key, values);
    *out = (struct embedding){values, queries->dims};
    return true;
}

/* Up to a tenth less, so that what was asked on one day does not go on one day. */
static int64_t ttl_with_jitter(void)
{
    uint8_t byte = 0;
    crypto_random(&byte, sizeof(byte));
    return ttl_ms - ttl_ms / 10 * byte / 255;
}

void query_cache_put(struct ctx *ctx, struct query_cache *queries, const char *key,
    const struct embedding *made)
{
    keep(queries, key, made->values);
    if (queries->cache != NULL) {
        cache_set_soon(ctx, queries->cache, name_of(ctx, queries, "emb", key), encode(ctx, made),
            (size_t)made->dims * FLOAT_BYTES, ttl_with_jitter());
    }
}

bool query_cache_lock(struct ctx *ctx, struct query_cache *queries, const char *key)
{
    bool taken = false;
    return queries->cache == NULL ||
           !worked(ctx, cache_lock(ctx, queries->cache, name_of(ctx, queries, "emb:lock", key),
                            LIMIT_EMBED_QUERY_MS, &taken)) ||
           taken;
}

void query_cache_unlock(struct ctx *ctx, struct query_cache *queries, const char *key)
{
    if (queries->cache != NULL) {
        cache_delete_soon(ctx, queries->cache, name_of(ctx, queries, "emb:lock", key));
    }
}
