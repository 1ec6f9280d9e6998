/* users/users.h - the people of one product. Never sees HTTP.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h and what is named below. Rows live in the ctx's arena. */
#ifndef USERS_USERS_H
#define USERS_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"
#include "jobs/jobs.h"

struct ctx;
struct db;

struct user {
    struct field_set has;
    int64_t id;
    const char *clerk_user_id;
    const char *email; /* NULL until known */
    bool email_verified;
    const char *display_name;
    const char *avatar_url;
    const char *role;
    const char *locale;
    const char *currency;
    int64_t created_at;
    int64_t last_seen_at;
};
extern const struct shape user_shape;

/* As an admin sees a user. */
struct user_admin {
    struct field_set has;
    int64_t id;
    const char *clerk_user_id, *email;
    bool email_verified;
    const char *display_name, *avatar_url, *role, *status, *locale, *currency;
    int64_t version;
    int64_t created_at;
    int64_t last_seen_at;
};
extern const struct shape user_admin_shape;

/* What a verified token tells about a person. */
struct user_sign_in {
    const char *clerk_user_id;
    const char *email; /* NULL = unknown */
    bool email_verified;
    const char *name; /* NULL = unknown */
    bool make_admin;  /* bootstrap by configuration; only ever raises */
};
struct user_identity {
    int64_t id;
    const char *role;
    const char *status;
    bool email_known;
};
/* Finds or creates in one statement; two at once give one row. */
err users_sign_in(struct ctx *ctx, struct db *db, const struct user_sign_in *who,
    struct user_identity *out);

err users_get(struct ctx *ctx, struct db *db, int64_t id, struct user *out);
err users_get_admin(struct ctx *ctx, struct db *db, int64_t id, struct user_admin *out);
/* patch: JSON object of display_name, locale, currency, phone (merge patch). */
err users_update_me(struct ctx *ctx, struct db *db, int64_t id, const char *patch,
    struct user *out);

/* ---- one's own data ---- */

/* All that belongs to a person, as JSON: LIMIT_EXPORT_ROWS of a kind and LIMIT_REPLY_BYTES at most, the newest first. */
err users_export(struct ctx *ctx, struct db *db, int64_t id, const char **out, size_t *out_len);
/* From its commit on the person is nobody, and a job erases what there is, in one transaction. Asked again, the same job.
 * ERR_CONFLICT: a stay that is not over, or the last admin. */
err users_erase(struct ctx *ctx, struct db *db, int64_t id, const char *request_id,
    int64_t *out_job);
job_fn users_erase_job; /* "users.erase" {user_id} */

/* ---- for admins ---- */

struct user_filter {
    const char *q, *role, *status; /* NULL = any */
    bool has_created_from, has_created_to;
    int64_t created_from, created_to;
    const char *sort; /* one of user_sorts */
    int64_t after_id; /* last row of the page before; 0 = first page */
    int64_t limit;    /* rows read; ask for one more than shown */
};
extern const char *const user_sorts[]; /* NULL-terminated; the first is the default */
err users_list(struct ctx *ctx, struct db *db, const struct user_filter *filter, struct list *out);
err users_count(struct ctx *ctx, struct db *db, const struct user_filter *filter, int64_t *out);

struct user_change {
    int64_t id;
    const char *role, *status; /* NULL = unchanged */
    int64_t if_version;        /* 0 = any */
    int64_t actor_id;
    const char *request_id;
};
/* ERR_NOT_FOUND, ERR_PRECONDITION, ERR_CONFLICT (last admin, or yourself). Audited in the same transaction. */
err users_change(struct ctx *ctx, struct db *db, const struct user_change *change,
    struct user_admin *out);

/* By an operator: the user with this Clerk id gets this role. ERR_NOT_FOUND. */
err users_set_role(struct ctx *ctx, struct db *db, const char *clerk_user_id, const char *role,
    int64_t *out_id);

/* Clerk's user.created / user.updated / user.deleted, already authenticated. Out-of-order and repeated events are
 * harmless; a deleted user never comes back. event_id is remembered with the change, in one transaction;
 * data is the event's `data` object as JSON text. */
err users_apply_webhook(struct ctx *ctx, struct db *db, const char *event_id, const char *type,
    const char *data);

#endif
