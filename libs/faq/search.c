/* faq/search.c - from a query to a reply: kept in this worker, kept in Redis, or computed, once a worker however many ask. */
#include <inttypes.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/lru.h"
#include "core/utf8.h"
#include "faq/faq_internal.h"
#include "faq/kept.h"
#include "faq/reply.h"
#include "net/single_flight.h"
#include "search/text.h"

#define KEY_MAX_BYTES 4096
#define ROUNDS_MAX                                                                                 \
    3 /* a follower whose reply was not kept tries to lead, then computes for itself */
#define NS_PER_MS 1000000
#define DEGRADED_TTL_MS 2000 /* long enough for all who ask at once */

struct search {
    struct faq *faq;
    struct faq_query query; /* with its limit */
    const char *text;       /* normalised */
    const char *key;        /* in the worker; begins with the version */
    int64_t version;
    bool refresh; /* nobody waits: what is kept is not good enough */
    bool locked;  /* others wait for what we make */
    bool done;    /* out is filled */
    struct faq_result *out;
    struct faq_ranked ranked; /* only when it was computed here */
    char digest[KEPT_DIGEST_LEN + 1];
};

/* ---- the reply as text ---- */

static err print_reply(struct ctx *ctx, const struct faq_ranked *ranked, bool cached,
    int64_t took_ms, struct faq_result *out)
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

err faq_result_hits(struct ctx *ctx, const struct faq_result *result, struct list *out)
{
    const struct json *json = NULL;
    struct faq_reply reply = {0};
    TRY(json_parse(ctx, result->json, result->len, &json));
    TRY(field_decode(ctx, &faq_reply_shape, json, &reply));
    *out = reply.data;
    return OK;
}

/* ---- keeping ---- */

static void take_kept(struct ctx *ctx, struct search *search, const struct kept *kept)
{
    char *json = arena_alloc_raw(ctx->arena, kept->len + 1);
    memcpy(json, kept->json, kept->len);
    json[kept->len] = '\0';
    *search->out = (struct faq_result){.json = json,
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
    take_kept(ctx, search, kept);
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
    take_kept(ctx, search, &kept);
    search->faq->counts.shared++;
    return true;
}

static err keep(struct ctx *ctx, struct search *search, const char *shared_key)
{
    const struct faq_ranked *ranked = &search->ranked;
    struct faq_result cached = {0};
    TRY(print_reply(ctx, ranked, /* cached */ true, /* took_ms */ 0, &cached));
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
        kept_share_later(search->faq, shared_key, &kept, ttl_ms, search->locked);
    } else if (search->locked) {
        kept_unlock_later(search->faq, shared_key);
    }
    return OK;
}

/* ---- computing ---- */

static err compute(struct ctx *ctx, struct search *search)
{
    const int64_t begun_ns = clock_monotonic_ns(ctx->clock);
    TRY(faq_rank(ctx, search->faq, &search->query, search->text, &search->ranked));
    const int64_t took_ms = (clock_monotonic_ns(ctx->clock) - begun_ns) / NS_PER_MS;
    TRY(print_reply(ctx, &search->ranked, /* cached */ false, took_ms, search->out));
    search->faq->counts.computed++;
    search->done = true;
    return OK;
}

/* Of everything that the reply depends on. */
static const char *shared_key_of(struct ctx *ctx, const struct search *search)
{
    const char *whole = arena_printf(ctx->arena, "%s\n%s", search->key, search->faq->model);
    uint8_t hash[CRYPTO_SHA256_LEN];
    char hex[2 * CRYPTO_SHA256_LEN + 1];
    crypto_sha256(whole, strlen(whole), hash);
    crypto_hex(hash, sizeof(hash), hex);
    return arena_printf(ctx->arena, "faq:q:%" PRId64 ":%s", search->version, hex);
}

/* *out_ours: compute it. Otherwise another worker has done so while we waited, or (refreshing) is doing so. A local
 * model costs too little to wait for somebody else's. */
static err take_turn(struct ctx *ctx, struct search *search, const char *shared_key, bool *out_ours)
{
    struct faq *faq = search->faq;
    *out_ours = true;
    if (embedder_is_local(faq->model) || strcmp(search->query.mode, "keyword") == 0) {
        return OK;
    }
    for (int round = 0; round < KEPT_ROUNDS; round++) {
        if (!kept_lock(ctx, faq->options.cache, shared_key, &search->locked) || search->locked) {
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

static void make_digest(struct search *search)
{
    uint8_t hash[CRYPTO_SHA256_LEN];
    crypto_sha256(search->text, strlen(search->text), hash);
    crypto_hex(hash, KEPT_DIGEST_LEN / 2, search->digest);
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
    make_digest(search);
    if (!search->refresh && find_shared(ctx, search, shared_key)) {
        return OK;
    }
    bool ours = false;
    TRY(take_turn(ctx, search, shared_key, &ours));
    if (!ours) {
        return OK;
    }
    const err computed = compute(ctx, search);
    if (!is_ok(computed) && search->locked) {
        kept_unlock_later(search->faq, shared_key);
    }
    TRY(computed);
    return keep(ctx, search, shared_key);
}

static err find(struct ctx *ctx, struct search *search)
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
    make_digest(search);
    return compute(ctx, search);
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

static const char *copy_text(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_strdup(arena, text);
}

static void refresh_later(struct search *search)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct search *own = ARENA_NEW(arena, struct search);
    *own = *search;
    own->query.locale = copy_text(arena, search->query.locale);
    own->query.category = copy_text(arena, search->query.category);
    own->query.text = copy_text(arena, search->query.text);
    own->text = copy_text(arena, search->text);
    own->key = copy_text(arena, search->key);
    own->refresh = true;
    own->done = false;
    own->out = ARENA_NEW(arena, struct faq_result);
    faq_run_later(search->faq, arena, refresh, own);
}

/* ---- the search ---- */

const char *faq_locale_of(const char *text, const char *fallback)
{
    return search_locale_of(text, fallback);
}

static err make_key(struct ctx *ctx, struct search *search)
{
    const struct faq_query *query = &search->query;
    TRY(faq_version_need(ctx, search->faq, &search->version));
    struct buf buf;
    buf_init(&buf, ctx->arena, 256, KEY_MAX_BYTES);
    buf_i64(&buf, search->version);
    buf_char(&buf, '\n');
    buf_str(&buf, query->locale);
    buf_char(&buf, '\n');
    buf_str(&buf, query->category == NULL ? "" : query->category);
    buf_char(&buf, '\n');
    buf_str(&buf, query->mode);
    buf_char(&buf, '\n');
    buf_i64(&buf, query->limit);
    buf_char(&buf, '\n');
    buf_str(&buf, search->text);
    size_t len = 0;
    return buf_finish(ctx, &buf, &search->key, &len);
}

/* A category that has no answer does not mean that there is none. */
static void note_gap(const struct search *search)
{
    const struct faq_query *query = &search->query;
    const struct faq_ranked *ranked = &search->ranked;
    if (search->out->count > 0 || search->out->degraded || query->category != NULL) {
        return;
    }
    const struct faq_gap_note note = {
        .locale = query->locale,
        .question = query->text,
        .source = "search",
        .best_faq_id = ranked->best_id,
        .best_score = ranked->best_score,
        .vector = ranked->vector.values,
        .dims = ranked->vector.dims,
        .model = ranked->model,
    };
    faq_note_gap(search->faq, &note);
}

static void log_search(struct ctx *ctx, const struct search *search)
{
    const struct faq_query *query = &search->query;
    const struct faq_result *out = search->out;
    log_info(ctx, "faq_search",
        LOG_I64("chars", (int64_t)utf8_length(query->text, strlen(query->text))),
        LOG_STR("sha256", search->digest), LOG_STR("locale", query->locale),
        LOG_STR("mode", query->mode), LOG_I64("found", out->count), LOG_BOOL("cached", out->cached),
        LOG_BOOL("degraded", out->degraded));
}

static err find_anew(struct ctx *ctx, struct search *search)
{
    make_digest(search);
    return compute(ctx, search);
}

/* Nothing but punctuation: no answer, and no gap either. */
static err find_nothing(struct ctx *ctx, struct search *search)
{
    search->ranked = (struct faq_ranked){.data = "[]", .mode_used = search->query.mode};
    make_digest(search);
    return print_reply(ctx, &search->ranked, /* cached */ false, /* took_ms */ 0, search->out);
}

err faq_search(struct ctx *ctx, struct faq *faq, const struct faq_query *query,
    struct faq_result *out)
{
    struct search search = {.faq = faq, .query = *query, .out = out};
    if (search.query.limit == 0) {
        search.query.limit = faq->options.config->faq_top_k;
    }
    search.text = search_normalise(ctx->arena, query->text);
    faq->counts.searches++;
    if (*search.text == '\0') {
        TRY(find_nothing(ctx, &search));
    } else if (query->explain) {
        TRY(find_anew(ctx, &search));
    } else {
        TRY(make_key(ctx, &search));
        TRY(find(ctx, &search));
        if (!query->quiet) {
            note_gap(&search);
        }
    }
    faq->counts.degraded += out->degraded ? 1 : 0;
    if (!query->quiet) {
        log_search(ctx, &search);
    }
    return OK;
}
