/* chat/settle.c - the end of an answer: stored with all that belongs to it in one transaction, then told. */
#include "chat/reply.h"

#include <string.h>

#include "chat/caller.h"
#include "chat/chat_internal.h"
#include "chat/record.h"
#include "chat/sql.h"
#include "core/log.h"
#include "db/db.h"
#include "faq/faq.h"
#include "net/fiber.h"

#define TRIES 3
#define TRY_AGAIN_MS 300

/* ---- stored ---- */

struct finished {
    int64_t created_at;
};
static const struct field finished_fields[] = {
    FIELD_TIME(struct finished, created_at, "When it was begun"),
};

static err store(struct chat_run *run)
{
    struct ctx *ctx = &run->ctx;
    struct finished finished;
    const struct db_args args =
        DB_ARGS(DB_I64(run->message_id), DB_TEXT(record_answer(run)), DB_TEXT(record_sources(run)),
            DB_TEXT(record_calls(run)), DB_TEXT(record_usage(run)), DB_ID(run->reservation_id),
            caller_user(&run->question.caller), caller_session(ctx, &run->question.caller));
    err stored = OK;
    for (int i = 0; i < TRIES; i++) {
        stored =
            db_one(ctx, run->chat->options.db, &SQL_chat_finish, args, SHAPE(finished), &finished);
        if (stored.code == ERR_NOT_FOUND && i > 0) {
            err_clear(ctx); /* the try before did it, only its reply was lost */
            return OK;
        }
        const bool again = stored.code == ERR_UNAVAILABLE || stored.code == ERR_TIMEOUT;
        if (!again || i + 1 == TRIES) {
            break;
        }
        err_clear(ctx); /* a restart of Postgres is over soon */
        TRY(fiber_sleep(ctx, run->chat->options.loop, TRY_AGAIN_MS << i));
    }
    return stored;
}

/* ---- after it is stored ---- */

/* What could not be looked up is no question without an answer. */
static bool has_failed_tool(const struct chat_run *run)
{
    for (size_t i = 0; i < run->result_count; i++) {
        if (strcmp(run->results[i].status, "failed") == 0) {
            return true;
        }
    }
    return false;
}

static void note_gap(struct chat_run *run)
{
    if (run->finish_reason == NULL || strcmp(run->finish_reason, "no_evidence") != 0 ||
        run->chat->options.faq == NULL || has_failed_tool(run)) {
        return;
    }
    const struct faq_gap_note note = {
        .locale = run->question.asker.locale,
        .question = run->question.content,
        .source = "chat",
        .message_id = run->user_message_id,
    };
    faq_note_gap(run->chat->options.faq, &note);
    run->chat->counts.refused++;
}

void settle_run(struct chat_run *run)
{
    struct ctx *ctx = &run->ctx;
    run_keep_text(run);
    if (!is_ok(store(run))) {
        run_fail(run);
        log_error(ctx, "chat.answer_not_stored", LOG_STR("why", ctx->error.text));
    }
    if (run->failure.code == ERR_OK) {
        note_gap(run);
        if (!is_ok(reply_load(ctx, run->chat, &run->question, run->message_id, &run->response))) {
            run_fail(run);
        }
    }
    if (run->failure.code != ERR_OK) {
        run->chat->counts.failed++;
        run_tell_failure(run);
        return;
    }
    run->chat->counts.degraded += run->degraded != NULL;
    run_event(run, "usage", &chat_usage_shape, &run->response.usage);
    run_event(run, "done", &chat_response_shape, &run->response);
}
