#include "faq/kept.h"

#include <inttypes.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/log.h"
#include "core/lru.h"
#include "faq/faq_internal.h"
#include "net/cache.h"
#include "net/fiber.h"

#define LOCK_MS 5000
#define PAUSE_MS 20
#define PAUSE_FIRST_MS 4
#define NS_PER_US 1000
#define CHECK_LEN 16
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
    struct arena *arena = arena_new(/* pool */ NULL);
    struct kept *whole = arena_alloc_raw(arena, sizeof(*kept) + kept->len);
    *whole = *kept;
    memcpy(whole + 1, kept->json, kept->len);
    lru_put(lru, key, whole, sizeof(*kept) + kept->len);
    arena_free(arena);
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

static void make_check(const char *json, size_t len, char out[CHECK_LEN + 1])
{
    crypto_sha256_hex(json, len, CHECK_LEN / 2, out);
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

struct sharing {
    const char *key, *json;
    const char *lock; /* NULL = not ours */
    size_t len;
    int64_t count, ttl_ms;
};

static const char *lock_of(struct arena *arena, const char *key)
{
    return arena_printf(arena, "lock:%s", key);
}

static void unlock(struct ctx *ctx, struct faq *faq, void *arg)
{
    const struct sharing *sharing = arg;
    if (!is_ok(cache_delete(ctx, faq->options.cache, sharing->lock))) {
        err_clear(ctx); /* it ends by itself */
    }
}

static void share(struct ctx *ctx, struct faq *faq, void *arg)
{
    const struct sharing *sharing = arg;
    char check[CHECK_LEN + 1];
    make_check(sharing->json, sharing->len, check);
    const int64_t stale_us = clock_wall_us(ctx->clock) + sharing->ttl_ms * 1000;
    const char *head =
        arena_printf(ctx->arena, "%" PRId64 " %" PRId64 " %s ", stale_us, sharing->count, check);
    const size_t head_len = strlen(head);
    char *value = arena_alloc_raw(ctx->arena, head_len + sharing->len);
    memcpy(value, head, head_len);
    memcpy(value + head_len, sharing->json, sharing->len);
    if (!is_ok(cache_set(ctx, faq->options.cache, sharing->key, value, head_len + sharing->len,
            sharing->ttl_ms * KEPT_LIVES))) {
        log_debug(ctx, "faq.reply_not_shared", LOG_STR("why", ctx->error.text));
        err_clear(ctx); /* others compute it themselves */
    }
    if (sharing->lock != NULL) {
        unlock(ctx, faq, arg);
    }
}

static struct sharing *sharing_of(struct arena *arena, const char *key, bool locked)
{
    struct sharing *sharing = ARENA_NEW(arena, struct sharing);
    sharing->key = arena_strdup(arena, key);
    sharing->lock = locked ? lock_of(arena, key) : NULL;
    return sharing;
}

void kept_share_later(struct faq *faq, const char *key, const struct kept *kept, int64_t ttl_ms,
    bool locked)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct sharing *sharing = sharing_of(arena, key, locked);
    sharing->json = arena_strndup(arena, kept->json, kept->len);
    sharing->len = kept->len;
    sharing->count = kept->count;
    sharing->ttl_ms = ttl_ms;
    faq_run_later(faq, arena, share, sharing);
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

void kept_unlock_later(struct faq *faq, const char *key)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    faq_run_later(faq, arena, unlock, sharing_of(arena, key, /* locked */ true));
}

err kept_pause(struct ctx *ctx, struct loop *loop, int round)
{
    return fiber_sleep(ctx, loop, round == 0 ? PAUSE_FIRST_MS : PAUSE_MS);
}
