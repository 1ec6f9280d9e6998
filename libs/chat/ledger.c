#include "chat/ledger.h"

#include <string.h>

#include "chat/chat_internal.h"
#include "chat/record.h"
#include "chat/sql.h"
#include "chat/usage.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/log.h"
#include "db/db.h"
#include "net/fiber.h"
#include "search/embedder.h"

#define AT_A_TIME 32
#define WRITE_MS 5000
#define PAUSE_MS 1000
#define LOOK_MS 10
#define RECORD_BYTES 512 /* of one call, and then some */

struct ledger {
    struct db *db;
    struct loop *loop;
    struct log *log;
    struct arena *arena;
    struct ctx ctx; /* to start its fiber, and for the log */
    struct chat_spent calls[LEDGER_MAX];
    size_t count;
    bool writing; /* its fiber lives */
};

struct ledger *ledger_open(struct db *db, struct loop *loop, struct log *log)
{
    struct arena *arena = arena_new(/* pool */ NULL);
    struct ledger *ledger = ARENA_NEW(arena, struct ledger);
    ledger->db = db;
    ledger->loop = loop;
    ledger->log = log;
    ledger->arena = arena;
    ctx_init(&ledger->ctx, arena, &clock_system, log, WRITE_MS);
    return ledger;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger != NULL) {
        arena_free(ledger->arena);
    }
}

struct written_row {
    bool done;
};
static const struct field written_row_fields[] = {
    FIELD_BOOL(struct written_row, done, "Written"),
};

err ledger_write(struct ctx *ctx, struct db *db, const char *calls, int64_t user_id,
    int64_t reservation_id)
{
    struct written_row row;
    return db_one(ctx, db, &SQL_chat_spend,
        DB_ARGS(DB_TEXT(calls), DB_ID(user_id), DB_ID(reservation_id)), SHAPE(written_row), &row);
}

static err write_first(struct ctx *ctx, const struct ledger *ledger, size_t count)
{
    struct buf json;
    buf_init(&json, ctx->arena, RECORD_BYTES, AT_A_TIME * RECORD_BYTES);
    for (size_t i = 0; i < count; i++) {
        buf_str(&json, i == 0 ? "[" : ",");
        record_spent(&json, &ledger->calls[i], /* prompt_version */ 0);
    }
    buf_char(&json, ']');
    return ledger_write(ctx, ledger->db, buf_text(&json), /* user_id */ 0, /* reservation_id */ 0);
}

static bool may_work_later(err failed)
{
    return failed.code == ERR_UNAVAILABLE || failed.code == ERR_TIMEOUT;
}

/* The oldest calls, in memory of its own. While Postgres is away they stay. */
static err write_some(struct ledger *ledger)
{
    struct ctx ctx;
    const size_t count = ledger->count < AT_A_TIME ? ledger->count : AT_A_TIME;
    struct arena *arena = arena_new(/* pool */ NULL);
    ctx_init(&ctx, arena, &clock_system, ledger->log, WRITE_MS);
    const err written = write_first(&ctx, ledger, count);
    if (!is_ok(written)) {
        log_warn(&ctx, "chat.cost_not_counted", LOG_STR("why", ctx.error.text));
    }
    if (!may_work_later(written) && written.code != ERR_CANCELLED) {
        ledger->count -= count;
        memmove(ledger->calls, ledger->calls + count, ledger->count * sizeof(*ledger->calls));
    }
    arena_free(arena);
    return written;
}

static err wait_a_while(struct ledger *ledger)
{
    struct ctx ctx;
    ctx_init(&ctx, ledger->arena, &clock_system, ledger->log, 2 * PAUSE_MS);
    return fiber_sleep(&ctx, ledger->loop, PAUSE_MS);
}

static void write_all(void *arg)
{
    struct ledger *ledger = arg;
    err e = OK;
    while (ledger->count > 0 && e.code != ERR_CANCELLED) {
        e = write_some(ledger);
        if (may_work_later(e)) {
            e = wait_a_while(ledger);
        }
    }
}

static void end_writing(void *arg)
{
    struct ledger *ledger = arg;
    ledger->writing = false;
}

static void begin_writing(struct ledger *ledger)
{
    bool ended = false;
    ledger->writing = true;
    if (!is_ok(fiber_start(&ledger->ctx, ledger->loop, write_all, end_writing, ledger, &ended))) {
        ledger->writing = false; /* the next call tries again */
    }
}

void ledger_note_vectors(void *arg, const struct embed_spent *spent)
{
    struct ledger *ledger = arg;
    if (ledger->count == LEDGER_MAX) {
        log_warn(&ledger->ctx, "chat.cost_not_counted", LOG_STR("why", "too many calls wait"));
        return;
    }
    int64_t micro = 0;
    const bool priced = usage_microusd(spent->dollars, &micro);
    ledger->calls[ledger->count++] = (struct chat_spent){
        .feature = "embedding",
        .provider = "openai",
        .ok = spent->error_code == NULL,
        .error_code = spent->error_code,
        .usage =
            {
                .model = spent->model,
                .known = spent->tokens >= 0,
                .prompt_tokens = spent->tokens,
                .priced = priced,
                .cost_microusd = micro,
                .latency_ms = spent->latency_ms,
            },
    };
    if (!ledger->writing) {
        begin_writing(ledger);
    }
}

err ledger_settle(struct ctx *ctx, struct ledger *ledger)
{
    while (ledger->count > 0) {
        TRY(fiber_sleep(ctx, ledger->loop, LOOK_MS));
    }
    return OK;
}
