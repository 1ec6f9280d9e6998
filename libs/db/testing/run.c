#include "db/testing/run.h"

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/clock.h"
#include "net/fiber.h"
#include "net/loop.h"

#define MAIN_MS 20000

struct job {
    struct db_test *test;
    void (*fn)(struct ctx *ctx, struct db_test *test, void *arg);
    void *arg;
    struct ctx ctx;
};

static void run_job(void *arg)
{
    struct job *job = arg;
    job->fn(&job->ctx, job->test, job->arg);
}

static void end_job(void *arg)
{
    struct job *job = arg;
    arena_free(job->ctx.arena);
    job->test->running--;
}

void db_test_spawn(struct db_test *test, int64_t timeout_ms,
    void (*fn)(struct ctx *ctx, struct db_test *test, void *arg), void *arg)
{
    struct job *job = ARENA_NEW(test->arena, struct job);
    *job = (struct job){.test = test, .fn = fn, .arg = arg};
    ctx_init(&job->ctx, arena_new(/* pool= */ NULL), &clock_system, /* log= */ NULL, timeout_ms);
    test->running++;
    bool ended = false;
    const err e = fiber_start(&job->ctx, test->loop, run_job, end_job, job, &ended);
    ASSERT(is_ok(e));
}

void db_test_join(struct ctx *ctx, struct db_test *test)
{
    while (test->running > 0) {
        const err e = fiber_sleep(ctx, test->loop, 2);
        ASSERT(is_ok(e));
    }
}

struct main_job {
    struct db_test test;
    struct ctx ctx;
    void (*fn)(struct ctx *ctx, struct db_test *test);
};

static void run_main(void *arg)
{
    struct main_job *job = arg;
    job->fn(&job->ctx, &job->test);
}

static void end_main(void *arg)
{
    struct main_job *job = arg;
    loop_stop(job->test.loop);
}

void db_test_run(const struct db_config *config, const struct db_stmt *const *const *statements,
    void (*fn)(struct ctx *ctx, struct db_test *test))
{
    struct main_job job = {.fn = fn};
    job.test.loop = loop_new();
    job.test.arena = arena_new(/* pool= */ NULL);
    ctx_init(&job.ctx, arena_new(/* pool= */ NULL), &clock_system, /* log= */ NULL, MAIN_MS);
    job.test.db = db_open(job.test.loop, &(struct db_options){.config = config,
                                             .statements = statements,
                                             .application_name = "db-test",
                                             .workers = 1});
    bool ended = false;
    const err e = fiber_start(&job.ctx, job.test.loop, run_main, end_main, &job, &ended);
    ASSERT(is_ok(e));
    if (!ended) {
        loop_run(job.test.loop);
    }
    arena_free(job.ctx.arena); /* results are released before the library that made them goes */
    db_close(job.test.db);
    arena_free(job.test.arena);
    loop_free(job.test.loop);
}
