/* faq/asked.c - the vector of a query. A local model answers at once. A service is asked on a fiber of its own: when it takes
 * its time the words are looked up meanwhile, and when it takes too long the search goes on without it, while its
 * answer, should it come, still reaches the embedder's cache. */
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/log.h"
#include "db/db.h"
#include "faq/faq_internal.h"
#include "faq/sql.h"
#include "net/fiber.h"
#include "net/loop.h"

#define KNOWN_MS 2 /* a vector from the cache is there by then */
#define PATIENCE_MS 1500
#define ASKING_MS 8000 /* of the fiber, whoever still waits for it */
#define WARN_EVERY_NS 10000000000
#define NS_PER_MS 1000000

/* Lives until the asker and the fiber are both done with it; everything in its own arena. */
struct asking {
    struct arena *arena;
    int users;
    struct ctx ctx;
    struct faq *faq;
    const char *model, *text;
    struct embedding vector;
    err result;
    bool done;
    struct fiber *waiter; /* parked in wait_for; else NULL */
};

static void release(struct asking *asking)
{
    if (--asking->users == 0) {
        arena_free(asking->arena);
    }
}

static void run_asking(void *arg)
{
    struct asking *asking = arg;
    asking->result = embed_query(&asking->ctx, asking->faq->options.embedder, asking->model,
        /* weights */ NULL, asking->text, &asking->vector);
    asking->done = true;
    if (asking->waiter != NULL) {
        fiber_wake(asking->waiter);
    }
}

static void end_asking(void *arg)
{
    struct asking *asking = arg;
    asking->faq->background--;
    release(asking);
}

static err start_asking(struct ctx *ctx, struct faq *faq, const struct faq_asked *asked,
    struct asking **out)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct asking *asking = ARENA_NEW(arena, struct asking);
    *asking = (struct asking){.arena = arena, .users = 2, .faq = faq};
    asking->model = arena_strdup(arena, asked->model);
    asking->text = arena_strdup(arena, asked->text);
    ctx_init(&asking->ctx, arena, ctx->clock, faq->options.log, ASKING_MS);
    faq->background++;
    bool ended = false;
    const err started = fiber_start(ctx, faq->options.loop, run_asking, end_asking, asking, &ended);
    if (!is_ok(started)) {
        end_asking(asking);
        release(asking);
        return started;
    }
    *out = asking;
    return OK;
}

/* OK also when the time is over before it is done. */
static err wait_for(struct ctx *ctx, struct asking *asking, int64_t timeout_ms)
{
    struct loop *loop = asking->faq->options.loop;
    const int64_t until_ns = clock_monotonic_ns(ctx->clock) + timeout_ms * NS_PER_MS;
    int64_t left_ms = timeout_ms;
    err e = OK;
    asking->waiter = fiber_current(loop);
    while (is_ok(e) && !asking->done && left_ms > 0) {
        e = fiber_park(ctx, loop, "faq.vector", left_ms);
        left_ms = (until_ns - clock_monotonic_ns(ctx->clock)) / NS_PER_MS;
    }
    asking->waiter = NULL;
    if (e.code == ERR_TIMEOUT && clock_monotonic_ns(ctx->clock) < ctx->deadline_ns) {
        err_clear(ctx); /* this wait was short on purpose */
        return OK;
    }
    return e;
}

struct words_row {
    const char *ids, *scores, *strict;
};
static const struct field words_row_fields[] = {
    FIELD_STR(struct words_row, ids, "Entries"),
    FIELD_STR(struct words_row, scores, "Their scores"),
    FIELD_STR(struct words_row, strict, "Whether all words are there"),
};

static err look_up_words(struct ctx *ctx, struct faq *faq, const struct faq_asked *asked,
    struct faq_words *out)
{
    struct list rows = {0};
    TRY(db_list_slow(ctx, faq->options.db, &SQL_faq_keyword,
        DB_ARGS(DB_TEXT(asked->text), DB_TEXT(asked->query->locale),
            DB_TEXT(asked->query->category)),
        SHAPE(words_row), /* max */ 1, &rows));
    const struct words_row *row = rows.items;
    *out = (struct faq_words){row->ids, row->scores, row->strict, .looked = true};
    return OK;
}

static err wait_meanwhile(struct ctx *ctx, struct asking *asking, const struct faq_asked *asked,
    struct faq_words *words)
{
    TRY(wait_for(ctx, asking, KNOWN_MS));
    if (!asking->done && words != NULL) {
        TRY(look_up_words(ctx, asking->faq, asked, words));
    }
    return wait_for(ctx, asking, PATIENCE_MS);
}

static void warn(struct ctx *ctx, struct faq *faq, const char *why)
{
    const int64_t now_ns = clock_monotonic_ns(ctx->clock);
    if (faq->warned_ns == 0 || now_ns - faq->warned_ns > WARN_EVERY_NS) {
        faq->warned_ns = now_ns;
        log_warn(ctx, "faq.vector_missing", LOG_STR("why", why));
    }
}

static void take_vector(struct ctx *ctx, const struct asking *asking, struct embedding *out)
{
    const size_t bytes = (size_t)asking->vector.dims * sizeof(float);
    float *values = arena_alloc_raw(ctx->arena, bytes);
    memcpy(values, asking->vector.values, bytes);
    *out = (struct embedding){.values = values, .dims = asking->vector.dims};
}

static err ask_service(struct ctx *ctx, struct faq *faq, const struct faq_asked *asked,
    struct embedding *out, struct faq_words *words)
{
    struct asking *asking = NULL;
    TRY(start_asking(ctx, faq, asked, &asking));
    const err waited = wait_meanwhile(ctx, asking, asked, words);
    if (is_ok(waited)) {
        if (asking->done && is_ok(asking->result)) {
            take_vector(ctx, asking, out);
        } else {
            warn(ctx, faq, asking->done ? asking->ctx.error.text : "no answer in time");
        }
    }
    release(asking);
    return waited;
}

err faq_ask_vector(struct ctx *ctx, struct faq *faq, const struct faq_asked *asked,
    struct embedding *out, struct faq_words *words)
{
    *out = (struct embedding){0};
    if (!embedder_knows(faq->options.embedder, asked->model)) {
        warn(ctx, faq, "the vectors in use are of another model than the settings name");
        return OK;
    }
    if (!embedder_is_local(asked->model)) {
        return ask_service(ctx, faq, asked, out, words);
    }
    const err made =
        embed_query(ctx, faq->options.embedder, asked->model, faq->weights, asked->text, out);
    if (!is_ok(made)) {
        warn(ctx, faq, ctx->error.text);
        err_clear(ctx); /* the search goes on with words alone */
        *out = (struct embedding){0};
    }
    return OK;
}
