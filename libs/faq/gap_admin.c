#include "faq/gap_admin.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/limits.h"
#include "db/db.h"
#include "faq/admin.h"
#include "faq/admin_shapes.h"
#include "faq/change.h"
#include "faq/faq.h"
#include "faq/sql.h"

#define EXAMPLES_MAX 20

struct locked {
    struct field_set has;
    int64_t id;
    const char *status, *locale, *sample_question;
    int64_t category_id;
};
static const struct field locked_fields[] = {
    FIELD_I64(struct locked, id, "Id"),
    FIELD_STR(struct locked, status, "State"),
    FIELD_STR(struct locked, locale, "Locale"),
    FIELD_STR(struct locked, sample_question, "Question"),
    FIELD_I64(struct locked, category_id, "Where its answer may belong", .nullable = true),
};

static err not_found(struct ctx *ctx)
{
    return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "Gap not found");
}

err faq_gap_list(struct ctx *ctx, struct db *db, const struct faq_gap_filter *filter,
    struct list *out)
{
    const struct db_stmt *stmt =
        filter->by_last_seen ? &SQL_faq_gap_list_last : &SQL_faq_gap_list_count;
    return db_list(ctx, db, stmt,
        DB_ARGS(DB_TEXT(filter->status), DB_TEXT(filter->locale), DB_TEXT(filter->after_value),
            DB_I64(filter->after_id), DB_I64(filter->limit)),
        &faq_gap_row_shape, filter->limit, out);
}

err faq_gap_count(struct ctx *ctx, struct db *db, const struct faq_gap_filter *filter, int64_t *out)
{
    return db_count(ctx, db, &SQL_faq_gap_total,
        DB_ARGS(DB_TEXT(filter->status), DB_TEXT(filter->locale)), out);
}

err faq_gap_get(struct ctx *ctx, struct db *db, int64_t id, struct faq_gap *out)
{
    const err found = db_one(ctx, db, &SQL_faq_gap_by_id, DB_ARGS(DB_I64(id)), &faq_gap_shape, out);
    return found.code == ERR_NOT_FOUND ? not_found(ctx) : found;
}

/* Holds an open gap. */
static err lock(struct ctx *ctx, struct db *tx, const struct faq_gap_draft *which,
    struct locked *out)
{
    const struct db_arg category = which->category_id != 0 ? DB_I64(which->category_id) : DB_NULL();
    const err found = db_one(ctx, tx, &SQL_faq_gap_lock, DB_ARGS(DB_I64(which->gap_id), category),
        SHAPE_SET(locked), out);
    if (found.code == ERR_NOT_FOUND) {
        return not_found(ctx);
    }
    TRY(found);
    if (strcmp(out->status, "open") != 0) {
        return fail_public(ctx, ERR_CONFLICT, CODE_INVALID_STATE, "The gap is not open any more");
    }
    return OK;
}

/* ---- resolve, dismiss ---- */

struct closing {
    const struct faq_actor *actor;
    int64_t id;
    int64_t faq_id; /* 0 = dismissed */
};

static err check_answer(struct ctx *ctx, struct db *tx, int64_t faq_id)
{
    struct entry {
        int64_t id, version;
        const char *status;
    };
    static const struct field entry_fields[] = {
        FIELD_I64(struct entry, id, "Id"),
        FIELD_I64(struct entry, version, "Version"),
        FIELD_STR(struct entry, status, "State"),
    };
    struct entry row = {.status = ""};
    const err found = db_one(ctx, tx, &SQL_faq_lock, DB_ARGS(DB_I64(faq_id)), SHAPE(entry), &row);
    if (found.code != ERR_NOT_FOUND) {
        TRY(found);
    }
    if (strcmp(row.status, "published") != 0) {
        err_clear(ctx);
        return fail_field(ctx, "faq_id", CODE_VALIDATION_ERROR, "is no published entry");
    }
    return OK;
}

static err close_one(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct closing *work = arg;
    const struct faq_gap_draft which = {.gap_id = work->id};
    const bool resolved = work->faq_id != 0;
    const struct faq_record record = {resolved ? "faq_gap.resolve" : "faq_gap.dismiss", "faq_gap",
        work->id, arena_printf(ctx->arena, "{\"faq_id\":%lld}", (long long)work->faq_id)};
    struct locked row = {0};
    TRY(lock(ctx, tx, &which, &row));
    if (resolved) {
        TRY(check_answer(ctx, tx, work->faq_id));
    }
    TRY(db_exec(ctx, tx, &SQL_faq_gap_close,
        DB_ARGS(DB_I64(work->id), DB_TEXT(resolved ? "resolved" : "dismissed"),
            resolved ? DB_I64(work->faq_id) : DB_NULL()),
        /* out_affected */ NULL));
    return faq_record(ctx, tx, work->actor, &record);
}

err faq_gap_resolve(struct ctx *ctx, struct db *db, const struct faq_actor *actor, int64_t id,
    int64_t faq_id)
{
    struct closing work = {actor, id, faq_id};
    return db_tx(ctx, db, close_one, &work);
}

err faq_gap_dismiss(struct ctx *ctx, struct db *db, const struct faq_actor *actor, int64_t id)
{
    struct closing work = {actor, id, /* faq_id */ 0};
    return db_tx(ctx, db, close_one, &work);
}

/* ---- draft ---- */

struct drafting {
    const struct faq_actor *actor;
    const struct faq_gap_draft *draft;
    int64_t id, faq_version;
};

/* A question is 3 to 500 characters; a gap's may be shorter, and then the question mark makes it long enough. */
static err draft_columns(struct ctx *ctx, const struct locked *gap, const char **out)
{
    const char *question = faq_tidy(ctx, gap->sample_question);
    if (strlen(question) < 3) {
        question = arena_printf(ctx->arena, "%s ???", question);
    }
    struct buf buf;
    buf_init(&buf, ctx->arena, 256, LIMIT_BODY_BYTES);
    buf_printf(&buf, "{\"category_id\":%lld,\"status\":\"draft\",\"answer\":\"\",\"locale\":",
        (long long)gap->category_id);
    json_write_string(&buf, gap->locale, strlen(gap->locale));
    buf_str(&buf, ",\"question\":");
    json_write_string(&buf, question, strlen(question));
    buf_char(&buf, '}');
    size_t len = 0;
    return buf_finish(ctx, &buf, out, &len);
}

static err draft_one(struct ctx *ctx, struct db *tx, void *arg)
{
    struct drafting *work = arg;
    struct locked gap = {0};
    const char *columns = NULL;
    TRY(lock(ctx, tx, work->draft, &gap));
    if (gap.category_id == 0) {
        return fail_public(ctx, ERR_CONFLICT, CODE_INVALID_STATE, "There is no category yet");
    }
    TRY(draft_columns(ctx, &gap, &columns));
    TRY(faq_insert(ctx, tx, work->actor, columns, &work->id));
    return faq_bump(ctx, tx, &work->faq_version);
}

err faq_gap_draft(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const struct faq_gap_draft *draft, int64_t *out_id, int64_t *out_faq_version)
{
    struct drafting work = {.actor = actor, .draft = draft};
    const err done = db_tx(ctx, db, draft_one, &work);
    if (!is_ok(done) && db_violated(ctx, "faq_documents_category_id_fkey")) {
        err_clear(ctx);
        return fail_field(ctx, "category_id", CODE_VALIDATION_ERROR, "is no category");
    }
    TRY(faq_explain(ctx, done));
    *out_id = work.id;
    *out_faq_version = work.faq_version;
    return OK;
}

/* ---- replay ---- */

static err is_found(struct ctx *ctx, struct faq *faq, const struct faq_query *query, int64_t faq_id,
    bool *out)
{
    struct faq_result result = {0};
    struct list hits = {0};
    TRY(faq_search(ctx, faq, query, &result));
    TRY(faq_result_hits(ctx, &result, &hits));
    const struct faq_hit *rows = hits.items;
    *out = false;
    for (int64_t i = 0; i < hits.count; i++) {
        *out = *out || rows[i].id == faq_id;
    }
    return OK;
}

err faq_gap_replay(struct ctx *ctx, struct db *db, struct faq *faq,
    const struct faq_replay_of *which, struct faq_replay *out)
{
    struct example {
        const char *question, *locale;
    };
    static const struct field example_fields[] = {
        FIELD_STR(struct example, question, "As it was asked"),
        FIELD_STR(struct example, locale, "Of the gap"),
    };
    struct list rows = {0};
    TRY(db_list(ctx, db, &SQL_faq_gap_questions, DB_ARGS(DB_I64(which->gap_id)), SHAPE(example),
        EXAMPLES_MAX, &rows));
    const struct example *examples = rows.items;
    *out = (struct faq_replay){.of = rows.count};
    for (int64_t i = 0; i < rows.count; i++) {
        const struct faq_query query = {
            .text = examples[i].question,
            .locale = examples[i].locale,
            .mode = faq_modes[0],
            .quiet = true,
        };
        bool found = false;
        TRY(is_found(ctx, faq, &query, which->faq_id, &found));
        out->answered += found;
    }
    return OK;
}
