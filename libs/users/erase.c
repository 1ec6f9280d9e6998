/* users/erase.c - a person takes their data along, and has it erased. Who adds a table with something of a person in it adds it
 * here: tests/test_own_data.py looks through all of them. */
#include <inttypes.h>
#include <string.h>

#include "core/arena.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/services.h"
#include "db/db.h"
#include "users/internal.h"
#include "users/sql.h"

#define KIND "users.erase"
#define BATCH 200 /* conversations of one statement, which has LIMIT_DB_QUERY_MS */

/* ---- taken along ---- */

err users_export(struct ctx *ctx, struct db *db, int64_t id, const char **out, size_t *out_len)
{
    struct exported {
        const char *document;
    };
    static const struct field exported_fields[] = {FIELD_STR(struct exported, document, "JSON")};
    struct list rows = {0};
    TRY(db_list_slow(ctx, db, &SQL_users_export, DB_ARGS(DB_I64(id), DB_I64(LIMIT_EXPORT_ROWS)),
        SHAPE(exported), 1, &rows));
    *out = ((const struct exported *)rows.items)->document;
    *out_len = strlen(*out);
    return OK;
}

/* ---- asked to be erased ---- */

struct row_id {
    int64_t id;
};
static const struct field row_id_fields[] = {FIELD_I64(struct row_id, id, "Id")};

static const char *key_of(struct ctx *ctx, int64_t id)
{
    return arena_printf(ctx->arena, KIND ":%" PRId64, id);
}

static err enqueue(struct ctx *ctx, struct db *tx, int64_t id, int64_t *out_job)
{
    return jobs_enqueue(ctx, tx, KIND, arena_printf(ctx->arena, "{\"user_id\":%" PRId64 "}", id),
        key_of(ctx, id), out_job);
}

struct asked {
    int64_t id;
    const char *request_id;
    int64_t job;
};

/* Whoever is marked already: the job of then, or a new one when that has been forgotten. */
static err job_of(struct ctx *ctx, struct db *tx, struct asked *asked)
{
    struct list rows = {0};
    TRY(db_list(ctx, tx, &SQL_users_erase_job, DB_ARGS(DB_TEXT(key_of(ctx, asked->id))),
        SHAPE(row_id), 1, &rows));
    if (rows.count == 0) {
        return enqueue(ctx, tx, asked->id, &asked->job);
    }
    asked->job = ((const struct row_id *)rows.items)->id;
    return OK;
}

static err ask(struct ctx *ctx, struct db *tx, void *arg)
{
    struct asked *asked = arg;
    struct list rows = {0};
    const struct user_locked *row = NULL;
    int64_t active = 0;
    TRY(user_lock(ctx, tx, asked->id, &rows, &row));
    if (strcmp(row->status, "deleted") == 0) {
        return job_of(ctx, tx, asked);
    }
    if (user_is_last_admin(&rows, row)) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL,
            "The last active admin cannot be erased");
    }
    TRY(db_count(ctx, tx, &SQL_users_erase_active, DB_ARGS(DB_I64(asked->id)), &active));
    if (active > 0) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL,
            "There is a stay that is not over: cancel it first");
    }
    TRY(db_exec(ctx, tx, &SQL_users_erase_mark, DB_ARGS(DB_I64(asked->id)),
        /* out_affected */ NULL));
    TRY(db_exec(ctx, tx, &SQL_users_audit,
        DB_ARGS(DB_I64(asked->id), DB_TEXT("user"), DB_TEXT("user.delete"), DB_I64(asked->id),
            DB_NULL(), DB_NULL(), DB_TEXT(asked->request_id)),
        /* out_affected */ NULL));
    return enqueue(ctx, tx, asked->id, &asked->job);
}

err users_erase(struct ctx *ctx, struct db *db, int64_t id, const char *request_id,
    int64_t *out_job)
{
    struct asked asked = {.id = id, .request_id = request_id};
    TRY(db_tx(ctx, db, ask, &asked));
    *out_job = asked.job;
    return OK;
}

err user_erase_by_clerk(struct ctx *ctx, struct db *tx, const char *clerk_user_id)
{
    struct list held = {0};
    struct row_id row = {0};
    TRY(db_list(ctx, tx, &SQL_users_erase_hold, DB_ARGS(DB_TEXT(clerk_user_id)), SHAPE(row_id), 1,
        &held));
    TRY(db_one(ctx, tx, &SQL_users_event_delete, DB_ARGS(DB_TEXT(clerk_user_id)), SHAPE(row_id),
        &row));
    return enqueue(ctx, tx, row.id, /* out_job */ NULL);
}

/* ---- erased ---- */

static err erase_talk(struct ctx *ctx, struct db *tx, int64_t id)
{
    int64_t deleted = BATCH;
    TRY(db_exec(ctx, tx, &SQL_users_erase_gaps, DB_ARGS(DB_I64(id)), /* out_affected */ NULL));
    while (deleted == BATCH) {
        TRY(db_exec(ctx, tx, &SQL_users_erase_conversations, DB_ARGS(DB_I64(id), DB_I64(BATCH)),
            &deleted));
    }
    return OK;
}

static err erase(struct ctx *ctx, struct db *tx, void *arg)
{
    static const struct db_stmt *const by_person[] = {&SQL_users_erase_inquiries,
        &SQL_users_erase_bookings, &SQL_users_erase_votes, &SQL_users_erase_person};
    const int64_t id = *(const int64_t *)arg;
    const char *principal = arena_printf(ctx->arena, "user:%" PRId64, id);
    TRY(erase_talk(ctx, tx, id));
    TRY(db_exec(ctx, tx, &SQL_users_erase_replies, DB_ARGS(DB_TEXT(principal)),
        /* out_affected */ NULL));
    for (size_t i = 0; i < sizeof(by_person) / sizeof(by_person[0]); i++) {
        TRY(db_exec(ctx, tx, by_person[i], DB_ARGS(DB_I64(id)), /* out_affected */ NULL));
    }
    return OK;
}

err users_erase_job(struct ctx *ctx, const struct services *services, struct job *job)
{
    int64_t id = 0;
    if (!json_i64(json_get(job->payload, "user_id"), &id)) {
        return fail(ctx, ERR_INTERNAL, "job without a user");
    }
    return db_tx(ctx, services->db, erase, &id);
}
