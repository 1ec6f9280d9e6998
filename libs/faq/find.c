#include "faq/find.h"

#include <string.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/lru.h"
#include "faq/faq_internal.h"
#include "faq/kept.h"
#include "faq/reply.h"
#include "net/single_flight.h"

#define ROUNDS_MAX                                                                                 \
    3 /* a follower whose reply was not kept tries to lead, then computes for itself */
#define NS_PER_MS 1000000
#define SHARED_KEY_BYTES 128
#define DEGRADED_TTL_MS 2000 /* long enough for all who ask at once */

/* ---- the reply as text ---- */

err find_print(struct ctx *ctx, const struct faq_ranked *ranked, bool cached, int64_t took_ms,
    struct faq_result *out)
{
    const struct faq_about about = {
        .mode_used = ranked->mode_used,
        .degraded = ranked->degraded,
        .cached = cached,
        .took_ms = took_ms,
        .min_similarity = ranked->min_similarity,
        .explain = ranked->explain,
    };
    const size_t data_len = strlen(ranked->data);
    struct buf buf;
    buf_init(&buf, ctx->arena, data_len + 512, LIMIT_REPLY_BYTES);
    buf_str(&buf, "{\"data\":");
    buf_add(&buf, ranked->data, data_len);
    buf_str(&buf, ",\"query\":");
    field_encode(&buf, &faq_about_shape, &about);
    buf_char(&buf, '}');
    TRY(buf_finish(ctx, &buf, &out->json, &out->len));
    out->count = ranked->count;
    out->cached = cached;
    out->degraded = ranked->degraded != NULL;
    return OK;
}

/* ---- keeping ---- */

static void take(struct search *search, const struct kept *kept)
{
    *search->out = (struct faq_result){.json = kept->json,
        .len = kept->len,
        .count = kept->count,
        .cached = true,
        .degraded = kept->degraded};
    memcpy(search->digest, kept->digest, sizeof(search->digest));
    search->done = true;
}

static void refresh_later(struct search *search);

/* A reply past its time is served once more while a new one is made. */
static bool find_kept(struct ctx *ctx, struct search *search)
{
    const int64_t now_ns = clock_monotonic_ns(ctx->clock);
    struct kept *kept = kept_get(search->faq->kept, search->key, now_ns);
    if (kept == NULL) {
        return false;
    }
    struct kept copy = *kept;
    copy.json = arena_strndup(ctx->arena, kept->json, kept->len);
    take(search, &copy);
    if (now_ns >= kept->stale_ns) {
        kept->stale_ns = now_ns + KEPT_REFRESH_NS; /* one refresh at a time */
        refresh_later(search);
    }
    return true;
}

static bool find_shared(struct ctx *ctx, struct search *search, const char *shared_key)
{
    struct kept kept = {0};
    if (!kept_read_shared(ctx, search->faq->options.cache, shared_key, &kept)) {
        return false;
    }
    memcpy(kept.digest, search->digest, sizeof(kept.digest));
    kept_put(search->faq->kept, search->key, &kept);
    take(search, &kept); /* it stands in the arena already */
    search->faq->counts.shared++;
    return true;
}

static err keep(struct ctx *ctx, struct search *search, const char *shared_key)
{
    const struct faq_ranked *ranked = &search->ranked;
    struct faq_result cached = {0};
    TRY(find_print(ctx, ranked, /* cached */ true, /* took_ms */ 0, &cached));
    const int64_t now_ns = clock_monotonic_ns(ctx->clock);
    const int64_t ttl_ms = ranked->degraded != NULL
                               ? DEGRADED_TTL_MS
                               : kept_jitter(search->faq->options.config->faq_cache_ttl * 1000);
    struct kept kept = {
        .json = cached.json,
        .len = cached.len,
        .count = ranked->count,
        .degraded = ranked->degraded != NULL,
        .stale_ns = now_ns + ttl_ms * NS_PER_MS,
        .dead_ns = now_ns + ttl_ms * NS_PER_MS * (ranked->degraded != NULL ? 1 : KEPT_LIVES),
    };
    memcpy(kept.digest, search->digest, sizeof(kept.digest));
    kept_put(search->faq->kept, search->key, &kept);
    if (ranked->degraded == NULL) {
        kept_share(ctx, search->faq->options.cache, shared_key, &kept, ttl_ms);
    }
    return OK;
}

/* ---- computing ---- */

err find_compute(struct ctx *ctx, struct search *search)
{
    const int64_t begun_ns = clock_monotonic_ns(ctx->clock);
    TRY(faq_rank(ctx, search->faq, &search->query, search->text, &search->ranked));
    const int64_t took_ms = (clock_monotonic_ns(ctx->clock) - begun_ns) / NS_PER_MS;
    TRY(find_print(ctx, &search->ranked, /* cached */ false, took_ms, search->out));
    search->faq->counts.computed++;
    search->done = true;
    return OK;
}

/* Of everything that the reply depends on. */
static const char *shared_key_of(struct ctx *ctx, const struct search *search)
{
    const char *whole = arena_join(ctx->arena, search->key, "\n", search->faq->model);
    char hex[2 * CRYPTO_SHA256_LEN + 1];
    crypto_sha256_hex(whole, strlen(whole), CRYPTO_SHA256_LEN, hex);
    struct buf key;
    buf_init(&key, ctx->arena, SHARED_KEY_BYTES, SHARED_KEY_BYTES);
    buf_str(&key, "faq:q:");
    buf_i64(&key, search->version);
    buf_char(&key, ':');
    buf_str(&key, hex);
    ASSERT(!key.failed);
    return buf_text(&key);
}

/* *out_ours: compute it. Otherwise another worker has done so while we waited, or (refreshing) is doing so. */
static err take_turn(struct ctx *ctx, struct search *search, const char *shared_key, bool *out_ours)
{
    struct faq *faq = search->faq;
    *out_ours = true;
    for (int round = 0; round < KEPT_ROUNDS; round++) {
        if (!kept_lock(ctx, faq->options.cache, shared_key, &search->locked)) {
            return OK;
        }
        if (search->locked) { /* who had it may have finished since we looked */
            *out_ours = search->refresh || !find_shared(ctx, search, shared_key);
            return OK;
        }
        if (search->refresh) {
            *out_ours = false;
            return OK;
        }
        TRY(kept_pause(ctx, faq->options.loop, round));
        if (find_shared(ctx, search, shared_key)) {
            *out_ours = false;
            return OK;
        }
    }
    return OK; /* whoever has the lock is slow or gone */
}

static err compute_in_turn(struct ctx *ctx, struct search *search, const char *shared_key)
{
    bool ours = false;
    TRY(take_turn(ctx, search, shared_key, &ours));
    if (!ours) {
        return OK;
    }
    TRY(find_compute(ctx, search));
    return keep(ctx, search, shared_key);
}

void find_digest(struct search *search)
{
    crypto_sha256_hex(search->text, strlen(search->text), KEPT_DIGEST_LEN / 2, search->digest);
}

/* The one in this worker who does something about this key. */
static err lead(struct ctx *ctx, void *arg)
{
    struct search *search = arg;
    if (!search->refresh && find_kept(ctx, search)) {
        return OK;
    }
    TRY(faq_state_need(ctx, search->faq, search->version));
    const char *shared_key = shared_key_of(ctx, search);
    find_digest(search);
    if (!search->refresh && find_shared(ctx, search, shared_key)) {
        return OK;
    }
    const err done = compute_in_turn(ctx, search, shared_key);
    if (search->locked) {
        kept_unlock(ctx, search->faq->options.cache, shared_key);
        search->locked = false;
    }
    return done;
}

err find_reply(struct ctx *ctx, struct search *search)
{
    if (find_kept(ctx, search)) {
        search->faq->counts.kept++;
        return OK;
    }
    for (int round = 0; round < ROUNDS_MAX; round++) {
        TRY(single_flight_do(ctx, search->faq->flights, search->key, lead, search));
        if (search->done || find_kept(ctx, search)) {
            return OK;
        }
    }
    find_digest(search);
    return find_compute(ctx, search);
}

/* ---- refreshing ---- */

static void refresh(struct ctx *ctx, struct faq *faq, void *arg)
{
    struct search *search = arg;
    const err made = single_flight_do(ctx, faq->flights, search->key, lead, search);
    if (!is_ok(made)) {
        log_debug(ctx, "faq.not_refreshed", LOG_STR("why", ctx->error.text));
        err_clear(ctx); /* the former reply serves on until it is too old */
    }
}

static void refresh_later(struct search *search)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct search *own = ARENA_NEW(arena, struct search);
    *own = *search;
    own->query.locale = arena_copy(arena, search->query.locale);
    own->query.category = arena_copy(arena, search->query.category);
    own->query.text = arena_copy(arena, search->query.text);
    own->text = arena_copy(arena, search->text);
    own->key = arena_copy(arena, search->key);
    own->refresh = true;
    own->done = false;
    own->out = ARENA_NEW(arena, struct faq_result);
    faq_run_later(search->faq, arena, refresh, own);
}
