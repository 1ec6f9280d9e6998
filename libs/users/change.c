/* users/change.c - changes of a person by an admin or by Clerk: each one transaction. */
#include <string.h>

#include "core/arena.h"
#include "core/ctx.h"
#include "core/json.h"
#include "db/db.h"
#include "users/internal.h"
#include "users/sql.h"

struct change {
    const struct user_change *asked;
    struct user_admin *out;
};

static bool stays_active_admin(const struct user_change *asked)
{
    return (asked->role == NULL || strcmp(asked->role, "admin") == 0) &&
           (asked->status == NULL || strcmp(asked->status, "active") == 0);
}

static err check(struct ctx *ctx, const struct user_change *asked, const struct list *rows,
    const struct user_locked *row)
{
    if (asked->if_version != 0 && asked->if_version != row->version) {
        return fail(ctx, ERR_PRECONDITION, "user has another version");
    }
    if (asked->id == asked->actor_id) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL,
            "You cannot change your own role or status");
    }
    if (user_is_last_admin(rows, row) && !stays_active_admin(asked)) {
        return fail_public(ctx, ERR_CONFLICT, /* name */ NULL,
            "The last active admin cannot be demoted or suspended");
    }
    return OK;
}

static err apply(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct change *change = arg;
    const struct user_change *asked = change->asked;
    struct list rows = {0};
    const struct user_locked *row = NULL;
    TRY(user_lock(ctx, tx, asked->id, &rows, &row));
    TRY(check(ctx, asked, &rows, row));
    TRY(db_exec(ctx, tx, &SQL_users_change,
        DB_ARGS(DB_I64(asked->id), DB_TEXT(asked->role), DB_TEXT(asked->status)),
        /* out_affected */ NULL));
    TRY(users_get_admin(ctx, tx, asked->id, change->out));
    /* Roles and statuses are words of the table's own lists: nothing to escape. */
    const char *before =
        arena_printf(ctx->arena, "{\"role\":\"%s\",\"status\":\"%s\"}", row->role, row->status);
    const char *after = arena_printf(ctx->arena, "{\"role\":\"%s\",\"status\":\"%s\"}",
        change->out->role, change->out->status);
    return db_exec(ctx, tx, &SQL_users_audit,
        DB_ARGS(DB_I64(asked->actor_id), DB_TEXT("user"), DB_TEXT("user.change"), DB_I64(asked->id),
            DB_TEXT(before), DB_TEXT(after), DB_TEXT(asked->request_id)),
        /* out_affected */ NULL);
}

err users_change(struct ctx *ctx, struct db *db, const struct user_change *asked,
    struct user_admin *out)
{
    struct change change = {asked, out};
    return db_tx(ctx, db, apply, &change);
}

struct event {
    const char *id, *type, *data, *clerk_user_id;
};

static err apply_event(struct ctx *ctx, struct db *tx, void *arg)
{
    const struct event *event = arg;
    int64_t added = 0;
    TRY(db_exec(ctx, tx, &SQL_users_event_insert, DB_ARGS(DB_TEXT(event->id), DB_TEXT(event->type)),
        &added));
    if (added == 0) {
        return OK; /* delivered before */
    }
    if (strcmp(event->type, "user.deleted") == 0) {
        return user_erase_by_clerk(ctx, tx, event->clerk_user_id);
    }
    return db_exec(ctx, tx, &SQL_users_event_upsert, DB_ARGS(DB_TEXT(event->data)),
        /* out_affected */ NULL);
}

/* An event that tells of nobody, or not when, is not Clerk's. */
static err read_event(struct ctx *ctx, struct event *event)
{
    const struct json *data = NULL;
    int64_t at_ms = 0;
    TRY(json_parse(ctx, event->data, strlen(event->data), &data));
    size_t len = 0;
    event->clerk_user_id = json_text(json_get(data, "id"), &len);
    if (event->clerk_user_id == NULL || len == 0 || len > 64) {
        return fail(ctx, ERR_BAD_REQUEST, "event without a user id");
    }
    if (strcmp(event->type, "user.deleted") != 0 &&
        (!json_i64(json_get(data, "updated_at"), &at_ms) ||
            json_kind(json_get(data, "email_addresses")) != JSON_KIND_ARRAY)) {
        return fail(ctx, ERR_BAD_REQUEST, "event without updated_at or email_addresses");
    }
    return OK;
}

err users_apply_webhook(struct ctx *ctx, struct db *db, const char *event_id, const char *type,
    const char *data)
{
    struct event event = {.id = event_id, .type = type, .data = data};
    TRY(read_event(ctx, &event));
    return db_tx(ctx, db, apply_event, &event);
}
