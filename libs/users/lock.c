/* users/lock.c - a person held for a change, and whether an admin would be left. */
#include <string.h>

#include "core/ctx.h"
#include "db/db.h"
#include "users/internal.h"
#include "users/sql.h"

#define ADMINS_MAX 1000

static const struct field user_locked_fields[] = {
    FIELD_I64(struct user_locked, id, "Id"),
    FIELD_I64(struct user_locked, version, "Version"),
    FIELD_STR(struct user_locked, role, "Role"),
    FIELD_STR(struct user_locked, status, "Status"),
};

err user_lock(struct ctx *ctx, struct db *tx, int64_t id, struct list *out_rows,
    const struct user_locked **out)
{
    TRY(db_list(ctx, tx, &SQL_users_lock, DB_ARGS(DB_I64(id)), SHAPE(user_locked), ADMINS_MAX,
        out_rows));
    const struct user_locked *items = out_rows->items;
    for (int64_t i = 0; i < out_rows->count; i++) {
        if (items[i].id == id) {
            *out = &items[i];
            return OK;
        }
    }
    return fail_public(ctx, ERR_NOT_FOUND, /* name */ NULL, "User not found");
}

static bool is_active_admin(const struct user_locked *row)
{
    return strcmp(row->role, "admin") == 0 && strcmp(row->status, "active") == 0;
}

bool user_is_last_admin(const struct list *rows, const struct user_locked *row)
{
    int64_t admins = 0;
    for (int64_t i = 0; i < rows->count; i++) {
        admins += is_active_admin(&((const struct user_locked *)rows->items)[i]);
    }
    return is_active_admin(row) && admins == 1;
}
