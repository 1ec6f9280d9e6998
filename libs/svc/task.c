#include "svc/task.h"

#include <stddef.h>

#include "chat/ledger.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/log.h"
#include "db/db.h"
#include "faq/faq.h"
#include "net/fiber.h"
#include "net/loop.h"
#include "svc/settings.h"
#include "svc/wiring.h"

#define TASK_TIMEOUT_MS 60000
#define CONNECT_PAUSE_MS 10

struct task {
    struct ctx ctx;
    struct wiring wiring;
    struct loop *loop;
    err (*fn)(struct ctx *ctx, const struct services *services, void *arg);
    void *arg;
    err result;
};

/* A request would not wait so long for the first connection, but nobody asks a task again. One that fails ends the wait, and
 * the task says why. */
static err wait_for_database(struct task *task)
{
    const struct db *db = task->wiring.services.db;
    while (!db_state(db).connected && db_state(db).reconnects == 0) {
        TRY(fiber_sleep(&task->ctx, task->loop, CONNECT_PAUSE_MS));
    }
    return OK;
}

static void run(void *arg)
{
    struct task *task = arg;
    task->result = wait_for_database(task);
    if (is_ok(task->result)) {
        task->result = task->fn(&task->ctx, &task->wiring.services, task->arg);
    }
    if (is_ok(task->result) && !is_ok(ledger_settle(&task->ctx, task->wiring.ledger))) {
        err_clear(
            &task->ctx); /* what was done is done; the log says that its cost is not counted */
    }
}

static void done(void *arg)
{
    struct task *task = arg;
    faq_stop(task->wiring.services.faq);
    fiber_cancel_all(task->loop); /* what still runs is work that nobody waits for */
    loop_stop(task->loop);
}

/* The settings of one process with one short task: no pool worth speaking of. */
static struct settings for_one_task(const struct settings *settings)
{
    struct settings own = *settings;
    own.workers = 1;
    own.db.database_pool_size = 2;
    own.db.database_max_overflow = 0;
    return own;
}

err task_run(const struct product *product, const struct settings *settings, struct log *log,
    err (*fn)(struct ctx *ctx, const struct services *services, void *arg), void *arg)
{
    const struct settings own = for_one_task(settings);
    struct arena *arena = arena_new(NULL);
    struct task task = {.fn = fn, .arg = arg, .loop = loop_new()};
    ctx_init(&task.ctx, arena, &clock_system, log, TASK_TIMEOUT_MS);
    wiring_open(&task.wiring, task.loop, &own, /* shared */ NULL, log);
    wiring_open_chat(&task.wiring, product, log);
    bool ended = false; /* at once, without a wait: task.result is there already */
    const err started = fiber_start(&task.ctx, task.loop, run, done, &task, &ended);
    if (!is_ok(started)) {
        task.result = started;
    } else if (!ended) {
        loop_run(task.loop);
    }
    if (!is_ok(task.result)) {
        log_error(&task.ctx, "task.failed", LOG_STR("why", task.ctx.error.text));
    }
    wiring_close(&task.wiring);
    loop_free(task.loop);
    const err result = task.result;
    arena_free(arena);
    return result;
}
