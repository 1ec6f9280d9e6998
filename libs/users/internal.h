/* users/internal.h - what the files of this library share.
 * Waits:  every function but user_is_last_admin (Postgres); inside a transaction.
 * Errors: those of db/db.h and what is named below. */
#ifndef USERS_INTERNAL_H
#define USERS_INTERNAL_H

#include "users/users.h"

struct user_locked {
    int64_t id, version;
    const char *role, *status;
};
/* Holds a person and all active admins. ERR_NOT_FOUND. */
err user_lock(struct ctx *ctx, struct db *tx, int64_t id, struct list *out_rows,
    const struct user_locked **out);
bool user_is_last_admin(const struct list *rows, const struct user_locked *row);

/* By Clerk, which asks nobody: a stay that is not over loses its guest's name. */
err user_erase_by_clerk(struct ctx *ctx, struct db *tx, const char *clerk_user_id);

#endif
