#include "faq/kept.h"

#include <inttypes.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/lru.h"
#include "net/cache.h"
#include "net/fiber.h"
#include "search/hash.h"

#define LOCK_MS 5000
#define PAUSE_MS 20
#define PAUSE_FIRST_MS 4
#define NS_PER_US 1000
#define CHECK_LEN 16
#define CHECK_LANES 4
#define NUMBER_DIGITS_MAX 18

/* ---- in the worker ---- */

struct kept *kept_get(struct lru *lru, const char *key, int64_t now_ns)
{
    size_t len = 0;
    struct kept *kept = lru_get(lru, key, &len);
    if (kept == NULL || now_ns >= kept->dead_ns) {
        return NULL;
    }
    kept->json = (const char *)(kept + 1);
    return kept;
}

void kept_put(struct lru *lru, const char *key, const struct kept *kept)
{
    struct kept *whole = lru_room(lru, key, sizeof(*kept) + kept->len);
    if (whole != NULL) {
        *whole = *kept;
        memcpy(whole + 1, kept->json, kept->len);
    }
}

int64_t kept_jitter(int64_t ms)
{
    uint16_t chance = 0;
    crypto_random(&chance, sizeof(chance));
    return ms - ms / 10 + ms / 5 * chance / UINT16_MAX;
}

/* ---- in Redis: "<wall clock when stale> <entries> <check> " and the reply ---- */

static bool read_number(const char **at, const char *end, int64_t *out)
{
    int64_t number = 0;
    const char *begin = *at;
    while (*at < end && **at >= '0' && **at <= '9' && *at - begin < NUMBER_DIGITS_MAX) {
        number = number * 10 + (**at - '0');
        ++*at;
    }
    const bool complete = *at > begin && *at < end && **at == ' ';
    ++*at;
    *out = number;
    return complete;
}

/* Against what is cut or broken; who may write there needs no trick. A step waits for the one before it, so four of
 * them go side by side. */
static void make_check(const char *json, size_t len, char out[CHECK_LEN + 1])
{
    uint64_t lanes[CHECK_LANES] = {len, 1, 2, 3};
    uint64_t parts[CHECK_LANES];
    for (; len >= sizeof(parts); json += sizeof(parts), len -= sizeof(parts)) {
        memcpy(parts, json, sizeof(parts));
        for (int i = 0; i < CHECK_LANES; i++) {
            lanes[i] = hash_stir(lanes[i], parts[i]);
        }
    }
    memset(parts, 0, sizeof(parts));
    memcpy(parts, json, len);
    uint64_t hash = 0;
    for (int i = 0; i < CHECK_LANES; i++) {
        hash = hash_stir(hash, hash_stir(lanes[i], parts[i]));
    }
    hash = hash_finish(hash, 0);
    crypto_hex(&hash, sizeof(hash), out);
}

static bool parse_shared(const char *text, size_t len, struct kept *out, int64_t *out_stale_us)
{
    const char *at = text;
    const char *end = text + len;
    char check[CHECK_LEN + 1];
    if (!read_number(&at, end, out_stale_us) || !read_number(&at, end, &out->count) ||
        end - at <= CHECK_LEN + 1 || at[CHECK_LEN] != ' ') {
        return false;
    }
    out->json = at + CHECK_LEN + 1;
    out->len = (size_t)(end - out->json);
    make_check(out->json, out->len, check);
    return memcmp(at, check, CHECK_LEN) == 0;
}

bool kept_read_shared(struct ctx *ctx, struct cache *cache, const char *key, struct kept *out)
{
    const char *text = NULL;
    size_t len = 0;
    int64_t stale_us = 0;
    if (!is_ok(cache_get(ctx, cache, key, &text, &len))) {
        err_clear(ctx); /* as if it were not there */
        return false;
    }
    if (text == NULL || !parse_shared(text, len, out, &stale_us)) {
        return false;
    }
    const int64_t left_ns = (stale_us - clock_wall_us(ctx->clock)) * NS_PER_US;
    out->stale_ns = clock_monotonic_ns(ctx->clock) + left_ns;
    out->dead_ns =
        clock_monotonic_ns(ctx->clock) + (left_ns > 0 ? left_ns * KEPT_LIVES : 0) + KEPT_REFRESH_NS;
    return true;
}

static const char *lock_of(struct arena *arena, const char *key)
{
    return arena_printf(arena, "lock:%s", key);
}

void kept_share(struct ctx *ctx, struct cache *cache, const char *key, const struct kept *kept,
    int64_t ttl_ms)
{
    char check[CHECK_LEN + 1];
    make_check(kept->json, kept->len, check);
    const int64_t stale_us = clock_wall_us(ctx->clock) + ttl_ms * 1000;
    const char *head =
        arena_printf(ctx->arena, "%" PRId64 " %" PRId64 " %s ", stale_us, kept->count, check);
    const size_t head_len = strlen(head);
    char *value = arena_alloc_raw(ctx->arena, head_len + kept->len);
    memcpy(value, head, head_len);
    memcpy(value + head_len, kept->json, kept->len);
    cache_set_soon(ctx, cache, key, value, head_len + kept->len, ttl_ms * KEPT_LIVES);
}

/* ---- one at a time ---- */

bool kept_lock(struct ctx *ctx, struct cache *cache, const char *key, bool *out_taken)
{
    const err asked = cache_lock(ctx, cache, lock_of(ctx->arena, key), LOCK_MS, out_taken);
    if (!is_ok(asked)) {
        err_clear(ctx); /* without Redis every worker is on its own */
    }
    return is_ok(asked);
}

void kept_unlock(struct ctx *ctx, struct cache *cache, const char *key)
{
    cache_delete_soon(ctx, cache, lock_of(ctx->arena, key));
}

err kept_pause(struct ctx *ctx, struct loop *loop, int round)
{
    return fiber_sleep(ctx, loop, round == 0 ? PAUSE_FIRST_MS : PAUSE_MS);
}
