/* faq/read.h - the FAQ as visitors browse it, and their votes. Never sees HTTP.
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h and what is named below. Rows live in the ctx's arena. */
#ifndef FAQ_READ_H
#define FAQ_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"
#include "faq/faq.h"

struct ctx;
struct db;

struct faq_item {
    int64_t id;
    const char *question, *answer;
    struct faq_category_ref category;
    const char *locale;
    struct strs tags;
    int64_t helpful_count, not_helpful_count;
    int64_t updated_at;
    int64_t version;      /* not shown: the ETag */
    const char *sort_key; /* not shown: for the next page */
};
extern const struct shape faq_item_shape, faq_item_row_shape;

struct faq_filter {
    const char *locale, *category, *tag; /* category, tag: NULL = any */
    const char *after_key;               /* sort_key of the last row; NULL = first page */
    int64_t after_id;
    int64_t limit; /* rows read; ask for one more than shown */
};
/* Published entries in the order of their categories. */
err faq_list(struct ctx *ctx, struct db *db, const struct faq_filter *filter, struct list *out);
err faq_count(struct ctx *ctx, struct db *db, const struct faq_filter *filter, int64_t *out);
/* ERR_NOT_FOUND when missing or not published. */
err faq_get(struct ctx *ctx, struct db *db, int64_t id, struct faq_item *out);

struct faq_category {
    int64_t id;
    const char *slug, *name; /* in the locale asked for, else in another one */
    int64_t position, count; /* published entries in the locale asked for */
};
extern const struct shape faq_category_shape;
err faq_categories(struct ctx *ctx, struct db *db, const char *locale, struct list *out);

/* ---- votes ---- */

struct faq_vote {
    int64_t faq_id;
    int64_t user_id;     /* 0 = a guest */
    const char *session; /* of a guest; only its hash is kept */
    bool helpful;
    const char *comment; /* NULL = none */
};
/* One vote a user or session; another one replaces it and moves the counts. ERR_NOT_FOUND. */
err faq_give_feedback(struct ctx *ctx, struct db *db, const struct faq_vote *vote);

#endif
