/* faq/faq.c - life of a worker's part of the FAQ, and its freshness: which version is current, which model and which
 * term weights go with it. */
#include "faq/faq.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/lru.h"
#include "db/db.h"
#include "faq/faq_internal.h"
#include "faq/sql.h"
#include "net/cache.h"
#include "net/fiber.h"
#include "net/loop.h"
#include "net/single_flight.h"
#include "search/weights.h"

#define POLL_MS 500
#define COPY_MS 1000 /* life of the copy in Redis: how long a missed one can mislead */
#define TASK_MS 5000
#define TASKS_MAX 64
#define CORPUS_PAGE 200
#define YIELD_EVERY 50
static const char version_key[] = "faq:v";

/* ---- work that nobody waits for ---- */

struct task {
    struct ctx ctx;
    struct faq *faq;
    faq_task_fn *fn;
    void *arg;
};

static void run_task(void *arg)
{
    struct task *task = arg;
    task->fn(&task->ctx, task->faq, task->arg);
}

static void end_task(void *arg)
{
    struct task *task = arg;
    task->faq->background--;
    arena_free(task->ctx.arena);
}

bool faq_run_later(struct faq *faq, struct arena *arena, faq_task_fn *fn, void *arg)
{
    if (faq->stopped || faq->background >= TASKS_MAX) {
        arena_free(arena);
        return false;
    }
    struct task *task = ARENA_NEW(arena, struct task);
    *task = (struct task){.faq = faq, .fn = fn, .arg = arg};
    ctx_init(&task->ctx, arena, &clock_system, faq->options.log, TASK_MS);
    faq->background++;
    bool ended = false;
    const err started =
        fiber_start(&task->ctx, faq->options.loop, run_task, end_task, task, &ended);
    if (!is_ok(started)) {
        end_task(task);
    }
    return is_ok(started);
}

/* ---- version ---- */

static int64_t version_now(const struct faq *faq)
{
    return atomic_load_explicit(faq->version, memory_order_acquire);
}

/* What was learnt while another value may have come in between; that one is newer. */
static void version_learnt(struct faq *faq, int64_t before, int64_t version)
{
    atomic_compare_exchange_strong(faq->version, &before, version);
}

static void copy_version(struct ctx *ctx, struct faq *faq, int64_t version)
{
    const char *text = arena_printf(ctx->arena, "%" PRId64, version);
    cache_set_soon(ctx, faq->options.cache, version_key, text, strlen(text),
        COPY_MS); /* lost: others look into the database */
}

static void copy_later(struct ctx *ctx, struct faq *faq, void *arg)
{
    (void)arg;
    copy_version(ctx, faq, version_now(faq));
}

void faq_changed(struct faq *faq, int64_t version)
{
    int64_t known = version_now(faq);
    while (known < version && !atomic_compare_exchange_weak(faq->version, &known, version)) {
        /* known is what another worker has put there */
    }
    faq_run_later(faq, arena_new(/* pool */ NULL), copy_later, NULL);
}

struct state {
    int64_t version;
    const char *model;
};
static const struct field state_fields[] = {
    FIELD_I64(struct state, version, "Version of the FAQ"),
    FIELD_STR(struct state, model, "Model of the vectors in use"),
};

static err read_state(struct ctx *ctx, struct faq *faq, struct state *out)
{
    const int64_t before = version_now(faq);
    TRY(db_one(ctx, faq->options.db, &SQL_faq_state, DB_NO_ARGS, SHAPE(state), out));
    version_learnt(faq, before, out->version);
    return OK;
}

/* 0 = no copy. */
static int64_t read_copy(struct ctx *ctx, struct faq *faq)
{
    const char *text = NULL;
    size_t len = 0;
    int64_t version = 0;
    if (!is_ok(cache_get(ctx, faq->options.cache, version_key, &text, &len))) {
        err_clear(ctx); /* the database knows */
        return 0;
    }
    for (size_t i = 0; i < len && i < 18; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return 0;
        }
        version = version * 10 + (text[i] - '0');
    }
    return version;
}

/* A copy that is behind was written by somebody who read before us; the database decides then. */
static void poll_version(struct ctx *ctx, struct faq *faq, void *arg)
{
    (void)arg;
    const int64_t before = version_now(faq);
    const int64_t copy = read_copy(ctx, faq);
    if (copy > 0 && copy >= before) {
        version_learnt(faq, before, copy);
        return;
    }
    struct state state = {0};
    if (!is_ok(read_state(ctx, faq, &state))) {
        log_debug(ctx, "faq.version_not_read", LOG_STR("why", ctx->error.text));
        err_clear(ctx); /* the next round asks again; meanwhile nobody can have written either */
        return;
    }
    copy_version(ctx, faq, state.version);
}

static void on_poll(void *arg)
{
    struct faq *faq = arg;
    if (version_now(faq) != 0 || atomic_load(faq->options.started) != 0) {
        faq_run_later(faq, arena_new(/* pool */ NULL), poll_version, NULL);
    }
}

err faq_version_need(struct ctx *ctx, struct faq *faq, int64_t *out)
{
    *out = version_now(faq);
    if (*out == 0) {
        struct state state = {0};
        TRY(read_state(ctx, faq, &state));
        *out = state.version;
    }
    return OK;
}

/* ---- model and weights ---- */

struct corpus_row {
    int64_t id;
    const char *text;
};
static const struct field corpus_row_fields[] = {
    FIELD_I64(struct corpus_row, id, "Entry"),
    FIELD_STR(struct corpus_row, text, "All of its text"),
};

static err count_page(struct ctx *ctx, struct faq *faq, struct weights *weights, int64_t *after)
{
    struct list page = {0};
    TRY(db_list(ctx, faq->options.db, &SQL_faq_corpus, DB_ARGS(DB_I64(*after), DB_I64(CORPUS_PAGE)),
        SHAPE(corpus_row), CORPUS_PAGE, &page));
    const struct corpus_row *rows = page.items;
    for (int64_t i = 0; i < page.count; i++) {
        weights_add(weights, rows[i].text);
        *after = rows[i].id;
        if (i % YIELD_EVERY == YIELD_EVERY - 1) {
            TRY(fiber_yield(ctx, faq->options.loop));
        }
    }
    if (page.count < CORPUS_PAGE) {
        *after = -1;
    }
    return OK;
}

/* A page's texts go with the page: the corpus may be larger than what a request should hold. */
static err count_in_pages(struct ctx *ctx, struct faq *faq, struct weights *weights)
{
    int64_t after = 0;
    err e = OK;
    while (is_ok(e) && after >= 0) {
        struct arena *former = ctx_scratch(ctx);
        e = count_page(ctx, faq, weights, &after);
        ctx_scratch_end(ctx, former);
    }
    return e;
}

static err count_weights(struct ctx *ctx, struct faq *faq)
{
    const int64_t version = faq->state_version;
    struct weights *weights = weights_new();
    const err counted = count_in_pages(ctx, faq, weights);
    if (!is_ok(counted)) {
        weights_free(weights);
        return counted;
    }
    weights_set_complete(weights, version == faq->state_version);
    weights_free(faq->weights);
    faq->weights = weights;
    faq->weights_version = version;
    return OK;
}

static void count_later(struct ctx *ctx, struct faq *faq, void *arg)
{
    (void)arg;
    if (!is_ok(count_weights(ctx, faq))) {
        log_debug(ctx, "faq.weights_not_counted", LOG_STR("why", ctx->error.text));
        err_clear(ctx); /* the former ones still fit well enough */
    }
    faq->counting = false;
}

/* The first time everybody waits for the weights; later they are counted again while the former ones serve. */
static err load_state(struct ctx *ctx, void *arg)
{
    struct faq *faq = arg;
    struct state state = {0};
    TRY(read_state(ctx, faq, &state));
    if (strlen(state.model) >= sizeof(faq->model)) {
        return fail(ctx, ERR_INTERNAL, "name of the embedding model is too long");
    }
    snprintf(faq->model, sizeof(faq->model), "%s", state.model);
    faq->state_version = state.version;
    if (faq->weights == NULL) {
        return count_weights(ctx, faq);
    }
    weights_set_complete(faq->weights, faq->weights_version == faq->state_version);
    if (faq->weights_version != faq->state_version && !faq->counting) {
        faq->counting = faq_run_later(faq, arena_new(/* pool */ NULL), count_later, NULL) &&
                        faq->weights_version != faq->state_version;
    }
    return OK;
}

err faq_state_need(struct ctx *ctx, struct faq *faq, int64_t version)
{
    if (faq->weights != NULL && faq->state_version == version) {
        return OK;
    }
    return single_flight_do(ctx, faq->flights, "state", load_state, faq);
}

/* ---- life ---- */

struct faq *faq_open(const struct faq_options *options)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct faq *faq = ARENA_NEW(arena, struct faq);
    faq->arena = arena;
    faq->options = *options;
    faq->version = options->version == NULL ? &faq->own_version : options->version;
    faq->kept = lru_new(LIMIT_FAQ_CACHE_BYTES);
    faq->flights = single_flight_new(options->loop);
    faq_gaps_open(faq);
    if (options->started != NULL) {
        faq->poll = loop_timer_new(options->loop, on_poll, faq);
        loop_timer_start(faq->poll, POLL_MS, POLL_MS);
    }
    return faq;
}

void faq_stop(struct faq *faq)
{
    faq->stopped = true;
}

void faq_close(struct faq *faq)
{
    if (faq == NULL) {
        return;
    }
    loop_timer_free(faq->poll);
    faq_gaps_close(faq);
    single_flight_free(faq->flights);
    weights_free(faq->weights);
    lru_free(faq->kept);
    arena_free(faq->arena);
}

struct faq_counts faq_counts(const struct faq *faq)
{
    return faq->counts;
}
