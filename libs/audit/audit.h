/* audit/audit.h - who changed what: the audit log, for administrators.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h. Rows live in the ctx's arena. */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;
struct db;

struct audit_row {
    struct field_set has;
    int64_t id, at, actor_id;
    const char *actor_kind, *action, *entity;
    int64_t entity_id;
    const char *before, *after; /* JSON */
    const char *request_id;
};
extern const struct shape audit_row_shape;
extern const char *const audit_actor_kinds[]; /* NULL-terminated */

/* NULL, 0 and !has_ = any. */
struct audit_filter {
    int64_t actor_id;
    const char *actor_kind, *action, *entity;
    bool has_entity_id, has_from, has_to;
    int64_t entity_id, from, to; /* instants: from it on, before it */
    int64_t after_id;            /* last row of the page before; 0 = first page */
    int64_t limit;               /* rows read; ask for one more than shown */
};
err audit_list(struct ctx *ctx, struct db *db, const struct audit_filter *filter, struct list *out);
err audit_count(struct ctx *ctx, struct db *db, const struct audit_filter *filter, int64_t *out);

#endif
