/* faq/change.h - inside this library: what every change of an entry or a category does in its transaction.
 * Waits and errors as faq/admin.h. */
#ifndef FAQ_CHANGE_H
#define FAQ_CHANGE_H

#include <stdint.h>

#include "core/err.h"

struct ctx;
struct db;
struct faq_actor;

/* The audit row of a change of `entity` ("faq", "faq_category", "faq_gap"); after: JSON or NULL. */
struct faq_record {
    const char *action, *entity;
    int64_t id;
    const char *after;
};
err faq_record(struct ctx *ctx, struct db *tx, const struct faq_actor *actor,
    const struct faq_record *record);

/* The next version of all caches: part of the transaction, told with faq_changed() after it. */
err faq_bump(struct ctx *ctx, struct db *tx, int64_t *out_faq_version);

/* Inserts an entry with its first revision and its embedding job. */
err faq_insert(struct ctx *ctx, struct db *tx, const struct faq_actor *actor, const char *columns,
    int64_t *out_id);

/* Gives a constraint that an entry ran into its public face; other results pass. */
err faq_explain(struct ctx *ctx, err result);

#endif
