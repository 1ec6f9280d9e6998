/* chat/follow.c - an answer heard again: from this worker, from what another one tells through Redis, or from Postgres. */
#include <string.h>

#include "chat/caller.h"
#include "chat/care.h"
#include "chat/chat_internal.h"
#include "chat/mend.h"
#include "chat/reply.h"
#include "chat/sql.h"
#include "core/clock.h"
#include "core/codes.h"
#include "core/limits.h"
#include "db/db.h"
#include "net/cache.h"
#include "net/fiber.h"
#include "net/loop.h"

#define LOOK_MS 100
#define LOOKS_A_CHECK 5 /* for its end */
/* The end as a mirror tells it has a number after all that the other worker gives. */
#define MIRROR_NUMBER 1000000

static struct chat_run *find_run(const struct chat *chat, int64_t message_id)
{
    struct chat_run *run = chat->runs;
    while (run != NULL && run->message_id != message_id) {
        run = run->next;
    }
    return run;
}

/* ---- a mirror of what another worker writes ---- */

/* All parts that are there; Redis may be gone, then there are none. */
static err take_parts(struct chat_run *run, int64_t *part)
{
    for (;;) {
        const char *bytes = NULL;
        size_t len = 0;
        const char *key = care_part_key(run->arena, run->message_id, *part);
        const err got = cache_get(&run->ctx, run->chat->options.cache, key, &bytes, &len);
        if (got.code == ERR_CANCELLED) {
            return got;
        }
        if (!is_ok(got) || bytes == NULL) {
            err_clear(&run->ctx);
            return OK;
        }
        events_add_written(&run->events, bytes, len);
        run_wake(run);
        ++*part;
    }
}

static err load(struct chat_run *run)
{
    return reply_load(&run->ctx, run->chat, &run->question, run->message_id, &run->response);
}

static bool is_writing(const struct chat_run *run)
{
    return run->response.status != NULL && strcmp(run->response.status, "streaming") == 0;
}

static err mirror(struct chat_run *run)
{
    int64_t part = 0;
    TRY(db_exec(&run->ctx, run->chat->options.db, &SQL_chat_follow,
        DB_ARGS(DB_I64(run->message_id)), /* out_affected */ NULL));
    for (int64_t look = 0;; look++) {
        TRY(take_parts(run, &part));
        if (look % LOOKS_A_CHECK == 0) {
            TRY(load(run));
            if (!is_writing(run)) {
                return OK;
            }
        }
        TRY(fiber_sleep(&run->ctx, run->chat->options.loop, LOOK_MS));
    }
}

static void tell_end(struct chat_run *run)
{
    if (run->failure.code != ERR_OK) {
        run_tell_failure(run);
        return;
    }
    const bool broke_off = strcmp(run->response.status, "failed") == 0;
    const bool has_parts = run->events.first != NULL;
    if (broke_off || has_parts) {
        /* The last parts are missing, and doubts gone. */
        mend_tell(run, run->response.message.content);
    }
    if (!broke_off) {
        run_event(run, "done", &chat_response_shape, &run->response);
        return;
    }
    (void)fail_public(&run->ctx, ERR_UPSTREAM, CODE_LLM_PROVIDER_ERROR,
        "The answer broke off; please ask again");
    run_fail(run);
    run_tell_failure(run);
}

static void on_mirror(void *arg)
{
    struct chat_run *run = arg;
    if (!is_ok(mirror(run))) {
        run_fail(run);
    }
    tell_end(run);
}

static void on_mirrored(void *arg)
{
    struct chat_run *run = arg;
    run_end(run);
    chat_release(run);
}

static err open_mirror(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    int64_t message_id, struct chat_run **out)
{
    struct chat_run *run = run_new(chat, question);
    bool ended = false;
    run->message_id = message_id;
    ctx_init(&run->ctx, run->arena, ctx->clock, chat->options.log, LIMIT_CHAT_REQUEST_MS);
    events_init(&run->events, run->arena, message_id);
    run->events.count = MIRROR_NUMBER;
    run_hold(run);
    const err started = fiber_start(ctx, chat->options.loop, on_mirror, on_mirrored, run, &ended);
    if (!is_ok(started)) {
        chat_release(run);
        chat_release(run);
        return started;
    }
    *out = run;
    return OK;
}

/* ---- public ---- */

struct running_row {
    struct field_set has;
    int64_t running_id, finished_id;
};
static const struct field running_row_fields[] = {
    FIELD_I64(struct running_row, running_id, "Being written", .nullable = true),
    FIELD_I64(struct running_row, finished_id, "The one asked about", .nullable = true),
};

err chat_follow(struct ctx *ctx, struct chat *chat, const struct chat_question *question,
    const char *after, struct chat_run **out)
{
    const struct chat_caller *caller = &question->caller;
    struct running_row row = {0};
    int64_t after_id = 0;
    int64_t number = 0;
    const bool has_after = events_parse_id(after, &after_id, &number);
    TRY(caller_found(ctx,
        db_one(ctx, chat->options.db, &SQL_chat_running,
            DB_ARGS(caller_user(caller), caller_session(ctx, caller),
                DB_I64(question->conversation_id), has_after ? DB_I64(after_id) : DB_NULL()),
            SHAPE_SET(running_row), &row)));
    /* The rest of the answer asked about goes before one that is being written now. */
    const bool heard_all = number > MIRROR_NUMBER;
    const int64_t message_id =
        row.finished_id != 0 && !heard_all ? row.finished_id : row.running_id;
    *out = NULL;
    if (message_id == 0) {
        return OK;
    }
    struct chat_run *run = find_run(chat, message_id);
    if (run != NULL) {
        run_hold(run);
        *out = run;
        return OK;
    }
    return open_mirror(ctx, chat, question, message_id, out);
}

struct stopped_row {
    struct field_set has;
    bool mine;
    int64_t message_id;
};
static const struct field stopped_row_fields[] = {
    FIELD_BOOL(struct stopped_row, mine, "The caller's"),
    FIELD_I64(struct stopped_row, message_id, "The answer", .nullable = true),
};

err chat_stop(struct ctx *ctx, struct chat *chat, const struct chat_caller *caller,
    int64_t conversation_id)
{
    struct stopped_row row = {0};
    TRY(db_one(ctx, chat->options.db, &SQL_chat_stop,
        DB_ARGS(caller_user(caller), caller_session(ctx, caller), DB_I64(conversation_id)),
        SHAPE_SET(stopped_row), &row));
    TRY(caller_found(ctx, row.mine ? OK : (err){ERR_NOT_FOUND}));
    if (row.message_id == 0) {
        return fail_public(ctx, ERR_CONFLICT, CODE_INVALID_STATE, "No answer is being written");
    }
    struct chat_run *run = find_run(chat, row.message_id);
    if (run != NULL && !run->stop_asked) {
        run->stop_asked = true;
        care_end_run(run);
    }
    return OK;
}
