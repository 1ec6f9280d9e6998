/* jobs/runner.c - takes jobs and runs them, one at a time. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/log.h"
#include "core/services.h"
#include "db/db.h"
#include "jobs/jobs.h"
#include "jobs/jobs_internal.h"
#include "jobs/sql.h"
#include "net/fiber.h"
#include "net/loop.h"

#define POLL_MS 1000
#define BOOK_MS 5000 /* for what the runner itself asks of the database */
#define BOOK_TRIES 3
#define ROUND_NS INT64_C(20000000000)
#define BACKOFF_MS INT64_C(5000)
#define BACKOFF_MAX_MS INT64_C(3600000)

struct jobs {
    struct jobs_options options;
    struct loop *loop;
    struct arena *arena;
    struct loop_timer *poll;
    const char *name;  /* of this worker, unique over time and machines */
    const char *kinds; /* comma separated */
    struct fiber *fiber;
    bool busy;        /* a fiber of ours is alive */
    bool look;        /* something was queued since the last look */
    int64_t round_ns; /* when to look again for what comes round; 0 = now */
    bool drained;     /* what we held has been given back */
    void (*done)(void *arg);
    void *done_arg;
    struct jobs_state state;
};

/* One job as the queue gives it. */
struct claimed {
    int64_t id;
    const char *kind, *payload, *progress;
    int64_t attempts;
};
static const struct field claimed_fields[] = {
    FIELD_I64(struct claimed, id, "Id"),
    FIELD_STR(struct claimed, kind, "Kind"),
    FIELD_JSON(struct claimed, payload, "For its function"),
    FIELD_JSON(struct claimed, progress, "Of the runs before"),
    FIELD_I64(struct claimed, attempts, "This one included"),
};

int64_t jobs_backoff_ms(int64_t attempt, uint8_t chance)
{
    int64_t ms = BACKOFF_MS;
    for (int64_t i = 1; i < attempt && ms < BACKOFF_MAX_MS; i++) {
        ms *= 4;
    }
    ms = ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
    return ms * (800 + chance * 400 / UINT8_MAX) / 1000;
}

static bool is_draining(const struct jobs *jobs)
{
    return jobs->done != NULL;
}

/* ---- one job ---- */

static const struct job_kind *find_kind(const struct jobs *jobs, const char *name)
{
    const struct job_kind *kind = jobs->options.kinds;
    while (kind->kind != NULL && strcmp(kind->kind, name) != 0) {
        kind++;
    }
    ASSERT(kind->kind != NULL); /* the claim asks for known kinds only */
    return kind;
}

static err run(struct jobs *jobs, struct ctx *ctx, const struct claimed *claimed, bool *out_again)
{
    struct job job = {.id = claimed->id, .kind = claimed->kind, .attempts = claimed->attempts};
    TRY(json_parse(ctx, claimed->payload, strlen(claimed->payload), &job.payload));
    TRY(json_parse(ctx, claimed->progress, strlen(claimed->progress), &job.progress));
    TRY(find_kind(jobs, claimed->kind)->run(ctx, jobs->options.services, &job));
    *out_again = job.again;
    return OK;
}

static err write_end(struct jobs *jobs, struct ctx *ctx, const struct claimed *claimed, bool again)
{
    return db_exec(ctx, jobs->options.services->db, &SQL_jobs_finish,
        DB_ARGS(DB_I64(claimed->id), DB_TEXT(jobs->name), DB_I64(claimed->attempts),
            DB_BOOL(again)),
        /* out_affected */ NULL);
}

static err write_failure(struct jobs *jobs, struct ctx *ctx, const struct claimed *claimed,
    const char *why)
{
    struct outcome {
        int64_t id;
        const char *status;
    };
    static const struct field outcome_fields[] = {
        FIELD_I64(struct outcome, id, "Id"), FIELD_STR(struct outcome, status, "As it is now")};
    uint8_t chance = 0;
    crypto_random(&chance, sizeof(chance));
    struct outcome outcome = {0};
    TRY(db_one(ctx, jobs->options.services->db, &SQL_jobs_fail,
        DB_ARGS(DB_I64(claimed->id), DB_TEXT(jobs->name), DB_I64(claimed->attempts),
            DB_I64(jobs_backoff_ms(claimed->attempts, chance)), DB_TEXT(why)),
        SHAPE(outcome), &outcome));
    jobs->state.given_up += strcmp(outcome.status, "failed") == 0 ? 1 : 0;
    return OK;
}

/* why: NULL = it ended well. Without an answer the job stays taken until its time is over, then runs again. */
static void write_down(struct jobs *jobs, struct ctx *work, const struct claimed *claimed,
    const char *why, bool again)
{
    struct ctx ctx;
    ctx_init(&ctx, work->arena, work->clock, work->log, BOOK_TRIES * BOOK_MS);
    for (int i = 0; i < BOOK_TRIES && !is_draining(jobs); i++) {
        const err e = why == NULL ? write_end(jobs, &ctx, claimed, again)
                                  : write_failure(jobs, &ctx, claimed, why);
        if (is_ok(e) || e.code == ERR_NOT_FOUND) { /* not found: it is somebody else's by now */
            return;
        }
        if (!is_ok(fiber_sleep(&ctx, jobs->loop, POLL_MS))) {
            break; /* cancelled: the drain gives the job back */
        }
    }
    log_warn(&ctx, "job.outcome_lost", LOG_STR("kind", claimed->kind), LOG_I64("job", claimed->id),
        LOG_STR("why", ctx.error.text));
}

static void do_job(struct jobs *jobs, struct arena *arena, const struct claimed *claimed)
{
    const struct jobs_options *options = &jobs->options;
    struct ctx ctx;
    ctx_init(&ctx, arena, options->clock, options->log, JOB_RUN_MS);
    ctx.request_id = arena_printf(arena, "job-%" PRId64, claimed->id);
    const int64_t start_ns = clock_monotonic_ns(options->clock);
    bool again = false;
    const err result = run(jobs, &ctx, claimed, &again);
    const double ms = (double)(clock_monotonic_ns(options->clock) - start_ns) / 1e6;
    if (is_ok(result)) {
        jobs->state.done++;
        log_info(&ctx, "job.done", LOG_STR("kind", claimed->kind), LOG_I64("job", claimed->id),
            LOG_MS("ms", ms));
        write_down(jobs, &ctx, claimed, /* why */ NULL, again);
        return;
    }
    if (is_draining(jobs)) {
        return; /* not the job's fault: the drain gives it back */
    }
    jobs->state.failed++;
    log_warn(&ctx, "job.failed", LOG_STR("kind", claimed->kind), LOG_I64("job", claimed->id),
        LOG_I64("attempt", claimed->attempts), LOG_MS("ms", ms),
        LOG_STR("code", err_name(result.code)), LOG_STR("why", ctx.error.text));
    write_down(jobs, &ctx, claimed,
        arena_printf(arena, "%s: %s", err_name(result.code), ctx.error.text), again);
}

/* ---- the fiber ---- */

/* False: nothing is due, or the database does not answer; the next look will tell. */
static bool take_and_do(struct jobs *jobs)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct ctx ctx;
    ctx_init(&ctx, arena, jobs->options.clock, jobs->options.log, BOOK_MS);
    struct claimed claimed = {0};
    const err taken = db_one(&ctx, jobs->options.services->db, &SQL_jobs_claim,
        DB_ARGS(DB_TEXT(jobs->name), DB_I64(JOB_LEASE_SECONDS), DB_TEXT(jobs->kinds)),
        SHAPE(claimed), &claimed);
    const bool found = is_ok(taken);
    if (found) {
        do_job(jobs, arena, &claimed);
    } else if (taken.code != ERR_NOT_FOUND) {
        log_debug(&ctx, "job.claim_failed", LOG_STR("why", ctx.error.text));
    }
    arena_free(arena);
    return found;
}

static err queue_rounds(struct jobs *jobs, struct ctx *ctx)
{
    for (const struct job_kind *kind = jobs->options.kinds; kind->kind != NULL; kind++) {
        if (kind->every_seconds > 0) {
            TRY(db_exec(ctx, jobs->options.services->db, &SQL_jobs_round,
                DB_ARGS(DB_TEXT(kind->kind), DB_I64(kind->every_seconds)),
                /* out_affected */ NULL));
        }
    }
    return OK;
}

/* Without an answer of the database the next look asks again. */
static void look_for_rounds(struct jobs *jobs)
{
    const int64_t now_ns = clock_monotonic_ns(jobs->options.clock);
    if (now_ns < jobs->round_ns) {
        return;
    }
    struct arena *arena = arena_new(/* pool */ NULL);
    struct ctx ctx;
    ctx_init(&ctx, arena, jobs->options.clock, jobs->options.log, BOOK_MS);
    if (is_ok(queue_rounds(jobs, &ctx))) {
        jobs->round_ns = now_ns + ROUND_NS;
    } else {
        log_debug(&ctx, "job.round_failed", LOG_STR("why", ctx.error.text));
    }
    arena_free(arena);
}

static void work(void *arg)
{
    struct jobs *jobs = arg;
    jobs->fiber = fiber_current(jobs->loop);
    bool found = true;
    look_for_rounds(jobs);
    while (!is_draining(jobs) && (found || jobs->look)) {
        jobs->look = false;
        found = take_and_do(jobs);
    }
}

/* First behind what this worker has sent already: an unanswered claim is over then. A lane that a job's statement holds up
 * lets the other one have its turn. */
static err release(struct jobs *jobs, struct ctx *ctx, struct list *out)
{
    struct released {
        int64_t id;
    };
    static const struct field released_fields[] = {FIELD_I64(struct released, id, "Id")};
    struct db *db = jobs->options.services->db;
    const struct db_args args = DB_ARGS(DB_TEXT(jobs->name));
    err e = db_list(ctx, db, &SQL_jobs_release, args, SHAPE(released), /* max */ 0, out);
    for (int i = 1; i < BOOK_TRIES && !is_ok(e); i++) {
        e = db_list_slow(ctx, db, &SQL_jobs_release, args, SHAPE(released), /* max */ 0, out);
    }
    return e;
}

static void give_back(void *arg)
{
    struct jobs *jobs = arg;
    struct arena *arena = arena_new(/* pool */ NULL);
    struct ctx ctx;
    struct list rows = {0};
    ctx_init(&ctx, arena, jobs->options.clock, jobs->options.log, BOOK_TRIES * BOOK_MS);
    if (!is_ok(release(jobs, &ctx, &rows))) { /* they are free once their time is over */
        log_warn(&ctx, "job.release_failed", LOG_STR("why", ctx.error.text));
    } else if (rows.count > 0) {
        log_info(&ctx, "job.returned", LOG_I64("jobs", rows.count));
    }
    arena_free(arena);
    jobs->drained = true;
}

static void start(struct jobs *jobs, void (*fn)(void *arg));

/* On the loop, after a fiber of ours has ended. */
static void ended(void *arg)
{
    struct jobs *jobs = arg;
    jobs->busy = false;
    jobs->fiber = NULL;
    if (!is_draining(jobs)) {
        return;
    }
    if (jobs->drained) {
        jobs->done(jobs->done_arg);
        return;
    }
    start(jobs, give_back);
}

static void start(struct jobs *jobs, void (*fn)(void *arg))
{
    struct ctx ctx;
    ctx_init(&ctx, jobs->arena, jobs->options.clock, jobs->options.log, BOOK_MS);
    bool at_once = false;
    jobs->busy = true;
    if (!is_ok(fiber_start(&ctx, jobs->loop, fn, ended, jobs, &at_once))) {
        jobs->drained = is_draining(jobs); /* too many fibers: what we hold is free in a while */
        ended(jobs);
    }
}

static void look(void *arg)
{
    struct jobs *jobs = arg;
    jobs->look = true;
    if (!jobs->busy && !is_draining(jobs) && *jobs->options.ready) {
        start(jobs, work);
    }
}

/* Not here and now: who committed is in the middle of a request. */
static void look_soon(void *arg)
{
    struct jobs *jobs = arg;
    if (!is_draining(jobs)) {
        loop_timer_start(jobs->poll, /* after_ms */ 0, POLL_MS);
    }
}

/* ---- life ---- */

static const char *name_worker(struct arena *arena)
{
    char host[65] = "";
    gethostname(host, sizeof(host) - 1);
    uint32_t random = 0;
    crypto_random(&random, sizeof(random));
    return arena_printf(arena, "%s-%d-%08" PRIx32, host, (int)getpid(), random);
}

static const char *list_kinds(struct arena *arena, const struct job_kind *kinds)
{
    const char *list = "";
    for (const struct job_kind *kind = kinds; kind->kind != NULL; kind++) {
        list = arena_printf(arena, "%s%s%s", list, *list == '\0' ? "" : ",", kind->kind);
    }
    return list;
}

struct jobs *jobs_open(struct loop *loop, const struct jobs_options *options)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct jobs *jobs = ARENA_NEW(arena, struct jobs);
    *jobs = (struct jobs){.options = *options, .loop = loop, .arena = arena};
    jobs->name = name_worker(arena);
    jobs->kinds = list_kinds(arena, options->kinds);
    jobs->poll = loop_timer_new(loop, look, jobs);
    loop_timer_start(jobs->poll, POLL_MS, POLL_MS);
    db_on_announced(options->services->db, look_soon, jobs);
    return jobs;
}

void jobs_drain(struct jobs *jobs, void (*done)(void *arg), void *arg)
{
    ASSERT(!is_draining(jobs));
    jobs->done = done;
    jobs->done_arg = arg;
    loop_timer_stop(jobs->poll);
    if (!jobs->busy) {
        jobs->drained = true;
        jobs->done(jobs->done_arg);
    } else if (jobs->fiber != NULL) {
        fiber_cancel(jobs->fiber);
    }
}

void jobs_close(struct jobs *jobs)
{
    if (jobs == NULL) {
        return;
    }
    loop_timer_free(jobs->poll);
    arena_free(jobs->arena);
}

struct jobs_state jobs_state(const struct jobs *jobs)
{
    return jobs->state;
}
