/* faq/gap_admin.h - questions that nobody could answer, grouped: seen, answered and closed by admins.
 * Waits:  every function (Postgres; faq_gap_replay also searches).
 * Errors: those of db/db.h and what is named below; ERR_NOT_FOUND "Gap not found"; ERR_CONFLICT INVALID_STATE when it
 *         is not open any more. */
#ifndef FAQ_GAP_ADMIN_H
#define FAQ_GAP_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;
struct db;
struct faq;
struct faq_actor;

struct faq_gap {
    struct field_set has;
    int64_t id;
    const char *locale, *sample_question;
    int64_t count;
    const char *status;
    const char *best_faq, *examples; /* JSON */
    int64_t resolved_faq_id, first_seen_at, last_seen_at;
    const char *sort_key; /* of the list's order; not shown */
};
extern const struct shape faq_gap_shape;
extern const char *const faq_gap_statuses[];

struct faq_gap_filter {
    const char *status, *locale; /* NULL = any */
    bool by_last_seen;           /* otherwise by count */
    const char *after_value;     /* sort_key of the last row; NULL = first page */
    int64_t after_id;
    int64_t limit; /* rows read; ask for one more than shown */
};
err faq_gap_list(struct ctx *ctx, struct db *db, const struct faq_gap_filter *filter,
    struct list *out);
err faq_gap_count(struct ctx *ctx, struct db *db, const struct faq_gap_filter *filter,
    int64_t *out);
err faq_gap_get(struct ctx *ctx, struct db *db, int64_t id, struct faq_gap *out);

/* ERR_INVALID: no published entry has that id. */
err faq_gap_resolve(struct ctx *ctx, struct db *db, const struct faq_actor *actor, int64_t id,
    int64_t faq_id);
err faq_gap_dismiss(struct ctx *ctx, struct db *db, const struct faq_actor *actor, int64_t id);
/* A draft with the question and an empty answer, in category_id (0 = that of the nearest entry, else the first one);
 * the gap stays open. ERR_CONFLICT: the question is there already. */
struct faq_gap_draft {
    int64_t gap_id, category_id;
};
err faq_gap_draft(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const struct faq_gap_draft *draft, int64_t *out_id, int64_t *out_faq_version);

/* Asks the stored examples again. Answered: a search finds this entry. */
struct faq_replay_of {
    int64_t gap_id, faq_id;
};
struct faq_replay {
    int64_t answered, of;
};
extern const struct shape faq_replay_shape;
err faq_gap_replay(struct ctx *ctx, struct db *db, struct faq *faq,
    const struct faq_replay_of *which, struct faq_replay *out);

#endif
