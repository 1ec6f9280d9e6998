#include "users/users.h"

#include <string.h>

#include "core/buf.h"
#include "core/ctx.h"
#include "db/db.h"
#include "users/sql.h"

static const struct field user_identity_fields[] = {
    FIELD_I64(struct user_identity, id, "Id"),
    FIELD_STR(struct user_identity, role, "Role"),
    FIELD_STR(struct user_identity, status, "Status"),
    FIELD_BOOL(struct user_identity, email_known, "An e-mail is stored"),
};

err users_sign_in(struct ctx *ctx, struct db *db, const struct user_sign_in *who,
    struct user_identity *out)
{
    const err signed_in = db_one(ctx, db, &SQL_users_sign_in,
        DB_ARGS(DB_TEXT(who->clerk_user_id), DB_TEXT(who->email), DB_BOOL(who->email_verified),
            DB_TEXT(who->name), DB_BOOL(who->make_admin)),
        SHAPE(user_identity), out);
    if (is_ok(signed_in) || !db_only_reads(ctx)) {
        return signed_in;
    }
    const struct err_detail why = ctx->error;
    err_clear(ctx); /* who is known may still read */
    const err found = db_one(ctx, db, &SQL_users_find, DB_ARGS(DB_TEXT(who->clerk_user_id)),
        SHAPE(user_identity), out);
    if (found.code == ERR_NOT_FOUND) {
        ctx->error = why;
        return signed_in;
    }
    return found;
}

static err not_found(struct ctx *ctx)
{
    return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "User not found");
}

err users_get(struct ctx *ctx, struct db *db, int64_t id, struct user *out)
{
    return db_one(ctx, db, &SQL_users_by_id, DB_ARGS(DB_I64(id)), &user_shape, out);
}

err users_get_admin(struct ctx *ctx, struct db *db, int64_t id, struct user_admin *out)
{
    const err found =
        db_one(ctx, db, &SQL_users_by_id_admin, DB_ARGS(DB_I64(id)), &user_admin_shape, out);
    return found.code == ERR_NOT_FOUND ? not_found(ctx) : found;
}

err users_update_me(struct ctx *ctx, struct db *db, int64_t id, const char *patch, struct user *out)
{
    return db_one(ctx, db, &SQL_users_update_me, DB_ARGS(DB_I64(id), DB_TEXT(patch)), &user_shape,
        out);
}

/* ---- lists ---- */

#define PATTERN_MAX_BYTES 1024

/* %text% with LIKE's own letters taken literally; NULL stays NULL. */
static err make_pattern(struct ctx *ctx, const char *q, const char **out)
{
    if (q == NULL) {
        *out = NULL;
        return OK;
    }
    struct buf buf;
    buf_init(&buf, ctx->arena, 64, PATTERN_MAX_BYTES);
    buf_char(&buf, '%');
    for (; *q != '\0'; q++) {
        if (strchr("%_\\", *q) != NULL) {
            buf_char(&buf, '\\');
        }
        buf_char(&buf, *q);
    }
    buf_char(&buf, '%');
    size_t len = 0;
    return buf_finish(ctx, &buf, out, &len);
}

static const struct db_stmt *statement_for(const char *sort)
{
    if (strcmp(sort, "created_at") == 0) {
        return &SQL_users_list_oldest;
    }
    return strcmp(sort, "email") == 0 ? &SQL_users_list_email : &SQL_users_list_newest;
}

err users_list(struct ctx *ctx, struct db *db, const struct user_filter *filter, struct list *out)
{
    const char *pattern = NULL;
    TRY(make_pattern(ctx, filter->q, &pattern));
    return db_list_slow(ctx, db, statement_for(filter->sort),
        DB_ARGS(DB_TEXT(pattern), DB_TEXT(filter->role), DB_TEXT(filter->status),
            filter->has_created_from ? DB_TIME(filter->created_from) : DB_NULL(),
            filter->has_created_to ? DB_TIME(filter->created_to) : DB_NULL(),
            DB_I64(filter->after_id), DB_I64(filter->limit)),
        &user_admin_shape, filter->limit, out);
}

err users_count(struct ctx *ctx, struct db *db, const struct user_filter *filter, int64_t *out)
{
    struct total {
        int64_t total;
    };
    static const struct field total_fields[] = {FIELD_I64(struct total, total, "Rows")};
    const char *pattern = NULL;
    struct list rows = {0};
    TRY(make_pattern(ctx, filter->q, &pattern));
    TRY(db_list_slow(ctx, db, &SQL_users_count,
        DB_ARGS(DB_TEXT(pattern), DB_TEXT(filter->role), DB_TEXT(filter->status),
            filter->has_created_from ? DB_TIME(filter->created_from) : DB_NULL(),
            filter->has_created_to ? DB_TIME(filter->created_to) : DB_NULL()),
        SHAPE(total), /* max */ 1, &rows));
    *out = ((const struct total *)rows.items)->total;
    return OK;
}

err users_set_role(struct ctx *ctx, struct db *db, const char *clerk_user_id, const char *role,
    int64_t *out_id)
{
    struct changed {
        int64_t id;
    };
    static const struct field changed_fields[] = {FIELD_I64(struct changed, id, "Id")};
    struct changed row = {0};
    TRY(db_one(ctx, db, &SQL_users_set_role, DB_ARGS(DB_TEXT(clerk_user_id), DB_TEXT(role)),
        SHAPE(changed), &row));
    *out_id = row.id;
    return OK;
}
