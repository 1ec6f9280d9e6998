#include "auth/key_source.h"

#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/log.h"
#include "net/cache.h"
#include "net/client.h"
#include "net/fiber.h"
#include "net/single_flight.h"

#define SECOND_NS INT64_C(1000000000)
#define FRESH_NS (3600 * SECOND_NS)
#define STALE_NS (24 * FRESH_NS)
#define FETCH_TIMEOUT_MS 3000
#define BACKGROUND_TIMEOUT_MS 10000
#define CACHE_KEY "jwks"
#define CACHE_TTL_MS (3600 * INT64_C(1000))
#define RETRY_AFTER_S 5

struct key_source {
    struct arena *arena;
    struct loop *loop;
    struct key_source_options options;
    struct single_flight *flight;
    struct auth_key_set set;
    int64_t fetched_ns;   /* last success; 0 = never */
    int64_t attempted_ns; /* last try, good or bad; 0 = never */
    int64_t since_us;
    uint64_t generation;
    bool by_network;
    bool refreshing; /* a background fiber is on it */
};

struct key_source *key_source_open(struct loop *loop, const struct key_source_options *options)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct key_source *source = ARENA_NEW(arena, struct key_source);
    source->arena = arena;
    source->loop = loop;
    source->options = *options;
    source->flight = single_flight_new(loop);
    source->by_network = options->pem == NULL || *options->pem == '\0';
    source->since_us = clock_wall_us(&clock_system);
    if (!source->by_network) {
        struct ctx ctx;
        ctx_init(&ctx, arena, &clock_system, /* log */ NULL, /* timeout_ms */ 0);
        if (is_ok(keys_parse_pem(&ctx, options->pem, &source->set))) {
            source->generation = 1;
        } /* else the set stays empty: every token is answered with 503, and /ready says so */
    }
    return source;
}

void key_source_close(struct key_source *source)
{
    if (source != NULL) {
        keys_free(&source->set);
        single_flight_free(source->flight);
        arena_free(source->arena);
    }
}

static void replace(struct ctx *ctx, struct key_source *source, struct auth_key_set *set)
{
    keys_free(&source->set);
    source->set = *set;
    source->fetched_ns = clock_monotonic_ns(ctx->clock);
    source->since_us = clock_wall_us(ctx->clock);
    source->generation++;
}

/* Another worker may have asked a moment ago; only a first set is taken from there, a refresh wants the truth. */
static bool take_shared(struct ctx *ctx, struct key_source *source)
{
    const char *text = NULL;
    size_t len = 0;
    struct auth_key_set *set = ARENA_NEW(ctx->arena, struct auth_key_set);
    if (source->options.cache == NULL || source->fetched_ns != 0) {
        return false;
    }
    const bool found = is_ok(cache_get(ctx, source->options.cache, CACHE_KEY, &text, &len)) &&
                       text != NULL && is_ok(keys_parse_jwks(ctx, text, len, set));
    err_clear(ctx); /* without Redis, or with nonsense in it, the key server is asked */
    if (found) {
        replace(ctx, source, set);
    }
    return found;
}

static err fetch(struct ctx *ctx, void *arg)
{
    struct key_source *source = arg;
    struct client_reply reply = {0};
    struct auth_key_set *set = ARENA_NEW(ctx->arena, struct auth_key_set);
    const struct client_request request = {
        .method = "GET",
        .url = source->options.url,
        .timeout_ms = FETCH_TIMEOUT_MS,
        .reply_max_bytes = LIMIT_JWKS_BYTES,
    };
    source->attempted_ns = clock_monotonic_ns(ctx->clock);
    if (take_shared(ctx, source)) {
        return OK;
    }
    TRY(client_send(ctx, source->options.client, &request, &reply));
    if (reply.status != 200) {
        return fail(ctx, ERR_UPSTREAM, "key server answered %d", reply.status);
    }
    TRY(keys_parse_jwks(ctx, reply.body, reply.body_len, set));
    replace(ctx, source, set);
    if (source->options.cache != NULL && !is_ok(cache_set(ctx, source->options.cache, CACHE_KEY,
                                             reply.body, reply.body_len, CACHE_TTL_MS))) {
        err_clear(ctx); /* the next worker asks for itself */
    }
    return OK;
}

static err fetch_once(struct ctx *ctx, struct key_source *source)
{
    return single_flight_do(ctx, source->flight, CACHE_KEY, fetch, source);
}

/* ---- refresh in the background ---- */

struct refresh {
    struct key_source *source;
    struct arena *arena;
    struct ctx ctx;
};

static void run_refresh(void *arg)
{
    struct refresh *refresh = arg;
    if (!is_ok(fetch_once(&refresh->ctx, refresh->source))) {
        log_warn(&refresh->ctx, "auth.keys_not_refreshed", LOG_STR("why", refresh->ctx.error.text));
    }
}

static void end_refresh(void *arg)
{
    struct refresh *refresh = arg;
    refresh->source->refreshing = false;
    arena_free(refresh->arena);
}

static bool is_due(const struct ctx *ctx, const struct key_source *source)
{
    const int64_t now_ns = clock_monotonic_ns(ctx->clock);
    return source->attempted_ns == 0 ||
           now_ns - source->attempted_ns >= KEY_SOURCE_REFETCH_S * SECOND_NS;
}

/* Nobody waits for it: the present set goes on serving. */
static void refresh_later(struct ctx *ctx, struct key_source *source)
{
    if (source->refreshing || !is_due(ctx, source)) {
        return;
    }
    struct arena *arena = arena_new(/* pool */ NULL);
    struct refresh *refresh = ARENA_NEW(arena, struct refresh);
    bool ended = false;
    refresh->source = source;
    refresh->arena = arena;
    ctx_init(&refresh->ctx, arena, ctx->clock, ctx->log, BACKGROUND_TIMEOUT_MS);
    source->refreshing = true;
    if (!is_ok(fiber_start(&refresh->ctx, source->loop, run_refresh, end_refresh, refresh,
            &ended))) {
        end_refresh(refresh);
    }
}

/* ---- finding ---- */

static err unavailable(struct ctx *ctx)
{
    const err result = fail_public(ctx, ERR_UNAVAILABLE, CODE_AUTH_UNAVAILABLE,
        "Sign-in cannot be checked at the moment");
    ctx->error.retry_after_s = RETRY_AFTER_S;
    return result;
}

static err find(struct ctx *ctx, const struct key_source *source, const char *kid,
    const struct auth_key **out)
{
    *out = keys_find(&source->set, kid);
    return *out != NULL ? OK : fail(ctx, ERR_UNAUTHENTICATED, "token: unknown kid");
}

static bool is_usable(const struct ctx *ctx, const struct key_source *source)
{
    return source->set.count > 0 && clock_monotonic_ns(ctx->clock) - source->fetched_ns < STALE_NS;
}

/* Until a first set is there every request asks, together with all others that wait, but not in a storm. */
static err find_first(struct ctx *ctx, struct key_source *source, const char *kid,
    const struct auth_key **out)
{
    const int64_t now_ns = clock_monotonic_ns(ctx->clock);
    const bool just_failed = source->attempted_ns != 0 && now_ns - source->attempted_ns < SECOND_NS;
    if (!just_failed || source->refreshing) {
        if (!is_ok(fetch_once(ctx, source))) {
            err_clear(ctx); /* what counts is whether there are keys now */
        }
    }
    return is_usable(ctx, source) ? find(ctx, source, kid, out) : unavailable(ctx);
}

err key_source_find(struct ctx *ctx, struct key_source *source, const char *kid,
    const struct auth_key **out)
{
    if (!source->by_network) {
        return source->set.count > 0 ? find(ctx, source, kid, out) : unavailable(ctx);
    }
    if (!is_usable(ctx, source)) {
        return find_first(ctx, source, kid, out);
    }
    if (clock_monotonic_ns(ctx->clock) - source->fetched_ns > FRESH_NS) {
        refresh_later(ctx, source);
    }
    if (keys_find(&source->set, kid) == NULL) {
        (void)key_source_refetch(ctx, source);
    }
    return find(ctx, source, kid, out);
}

bool key_source_refetch(struct ctx *ctx, struct key_source *source)
{
    if (!source->by_network || !is_due(ctx, source)) {
        return false;
    }
    const bool fetched = is_ok(fetch_once(ctx, source));
    if (!fetched) {
        err_clear(ctx); /* the old set stays */
    }
    return fetched;
}

struct key_source_state key_source_state(const struct key_source *source)
{
    const int64_t age_ns = clock_monotonic_ns(&clock_system) - source->fetched_ns;
    return (struct key_source_state){
        .ok = source->set.count > 0 && (!source->by_network || age_ns < STALE_NS),
        .age_s = source->by_network && source->fetched_ns != 0 ? age_ns / SECOND_NS : 0,
        .since_us = source->since_us,
        .generation = source->generation,
    };
}
