#include "faq/admin.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "core/log.h"
#include "db/db.h"
#include "faq/admin_shapes.h"
#include "faq/sql.h"
#include "search/embedder.h"

#define NEAR_COSINE 0.93
#define NEAR_MAX 5

const char *faq_tidy(struct ctx *ctx, const char *text)
{
    char *out = arena_strdup(ctx->arena, text);
    size_t len = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (strchr(" \t\r\n\v\f", *c) == NULL) {
            out[len++] = *c;
        } else if (len > 0 && out[len - 1] != ' ') {
            out[len++] = ' ';
        }
    }
    len -= len > 0 && out[len - 1] == ' ';
    out[len] = '\0';
    return out;
}

err faq_admin_list(struct ctx *ctx, struct db *db, const struct faq_admin_filter *filter,
    struct list *out)
{
    return db_list_slow(ctx, db, &SQL_faq_admin_list,
        DB_ARGS(DB_TEXT(filter->status), DB_TEXT(filter->locale), DB_TEXT(filter->category),
            DB_TEXT(filter->q), DB_TEXT(filter->after_value), DB_I64(filter->after_id),
            DB_I64(filter->limit)),
        &faq_admin_list_row_shape, filter->limit, out);
}

err faq_admin_count(struct ctx *ctx, struct db *db, const struct faq_admin_filter *filter,
    int64_t *out)
{
    return db_count(ctx, db, &SQL_faq_admin_count,
        DB_ARGS(DB_TEXT(filter->status), DB_TEXT(filter->locale), DB_TEXT(filter->category),
            DB_TEXT(filter->q)),
        out);
}

/* ---- entries that say nearly the same ---- */

struct first_part {
    const char *text, *model;
};
static const struct field first_part_fields[] = {
    FIELD_STR(struct first_part, text, "Text of the entry"),
    FIELD_STR(struct first_part, model, "Model in use"),
};

/* Only a local model answers without a wait; what another one says comes with the entry's own vectors. */
static err embed_now(struct ctx *ctx, struct db *db, struct embedder *embedder, int64_t id,
    struct db_arg *out)
{
    struct first_part part = {0};
    struct embedding vector = {0};
    *out = DB_NULL();
    const err found =
        db_one(ctx, db, &SQL_faq_first_part, DB_ARGS(DB_I64(id)), SHAPE(first_part), &part);
    if (found.code == ERR_NOT_FOUND) {
        err_clear(ctx); /* archived */
        return OK;
    }
    TRY(found);
    if (embedder_is_local(part.model)) {
        TRY(embed_documents(ctx, embedder, part.model, &part.text, 1, &vector));
        *out = embedding_arg(ctx, &vector);
    }
    return OK;
}

static err near_entries(struct ctx *ctx, struct db *db, struct embedder *embedder, int64_t id,
    const char **out)
{
    struct db_arg vector;
    struct list rows = {0};
    TRY(embed_now(ctx, db, embedder, id, &vector));
    TRY(db_list_slow(ctx, db, &SQL_faq_near, DB_ARGS(DB_I64(id), vector, DB_F64(NEAR_COSINE)),
        &faq_warning_shape, NEAR_MAX, &rows));
    struct buf buf;
    buf_init(&buf, ctx->arena, 256, LIMIT_REPLY_BYTES);
    buf_char(&buf, '[');
    for (int64_t i = 0; i < rows.count; i++) {
        buf_str(&buf, i > 0 ? "," : "");
        field_encode(&buf, &faq_warning_shape,
            (const char *)rows.items + (size_t)i * faq_warning_shape.size);
    }
    buf_char(&buf, ']');
    size_t len = 0;
    return buf_finish(ctx, &buf, out, &len);
}

err faq_admin_get(struct ctx *ctx, struct db *db, struct embedder *embedder, int64_t id,
    struct faq_admin *out)
{
    const err found =
        db_one(ctx, db, &SQL_faq_admin_by_id, DB_ARGS(DB_I64(id)), &faq_admin_row_shape, out);
    if (found.code == ERR_NOT_FOUND) {
        return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "FAQ not found");
    }
    TRY(found);
    const err near = near_entries(ctx, db, embedder, id, &out->warnings);
    if (!is_ok(near)) {
        log_debug(ctx, "faq.near_not_known", LOG_STR("why", ctx->error.text));
        err_clear(
            ctx); /* a warning less is no reason to hide the entry, or to deny a change that is made */
        out->warnings = "[]";
    }
    return OK;
}
