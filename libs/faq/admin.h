/* faq/admin.h - entries, categories and unanswered questions as admins see and change them. Never sees HTTP.
 * Every change of what a search can find is one transaction with its revision, its audit row and the next version of all
 * caches; the vectors follow in a job. The caller then tells faq_changed(version).
 * Waits:  every function (Postgres).
 * Errors: those of db/db.h and what is named below. Rows live in the ctx's arena. */
#ifndef FAQ_ADMIN_H
#define FAQ_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;
struct db;
struct embedder;

struct faq_actor {
    int64_t user_id;
    const char *request_id;
};

/* ---- entries ---- */

struct faq_admin {
    struct field_set has;
    int64_t id;
    const char *question, *answer;
    const char *category; /* JSON */
    const char *locale;
    struct strs tags, variants;
    const char *status;
    int64_t position, helpful_count, not_helpful_count;
    const char *embedding, *versions, *warnings; /* JSON */
    int64_t updated_by, published_at, created_at, updated_at, version;
    const char *sort_key; /* of the list's order; not shown */
};
extern const struct shape faq_admin_shape; /* one */
extern const struct shape
    faq_admin_list_shape; /* a row of the list: without variants, versions and warnings */
extern const char *const faq_statuses[];

#define FAQ_VARIANTS_MAX 50
#define FAQ_TAGS_MAX 20
bool faq_is_variant(const char *text); /* one line of 3..500 characters */
bool faq_is_tag(const char *text);     /* 1..50 characters, no comma */

/* Without the blanks around it, and one space for each run of blanks inside; arena. */
const char *faq_tidy(struct ctx *ctx, const char *text);

struct faq_admin_filter {
    const char *status, *locale, *category, *q; /* NULL = any */
    const char *after_value;                    /* sort_key of the last row; NULL = first page */
    int64_t after_id;
    int64_t limit; /* rows read; ask for one more than shown */
};
err faq_admin_list(struct ctx *ctx, struct db *db, const struct faq_admin_filter *filter,
    struct list *out);
err faq_admin_count(struct ctx *ctx, struct db *db, const struct faq_admin_filter *filter,
    int64_t *out);

/* With entries that say nearly the same, as far as vectors are known: a local model makes the entry's own at once.
 * ERR_NOT_FOUND "FAQ not found". */
err faq_admin_get(struct ctx *ctx, struct db *db, struct embedder *embedder, int64_t id,
    struct faq_admin *out);

/* columns: JSON of question, answer, category_id, locale, tags, variants, status, position; question tidied.
 * ERR_CONFLICT: the question is there already; ERR_INVALID: category_id is unknown, nothing to publish. */
err faq_create(struct ctx *ctx, struct db *db, const struct faq_actor *actor, const char *columns,
    int64_t *out_id, int64_t *out_faq_version);
/* Absent members stay. if_version 0 = any. Also ERR_NOT_FOUND, ERR_PRECONDITION. */
struct faq_change {
    int64_t id, if_version;
    const char *columns;
};
err faq_change(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const struct faq_change *change, int64_t *out_faq_version);
/* An archived one stays as it is; *out_faq_version is then 0. */
err faq_archive(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const struct faq_change *which, int64_t *out_faq_version);

/* ---- categories ---- */

struct faq_category_row {
    int64_t id;
    const char *slug, *name; /* name: JSON {locale: text} */
    int64_t position, created_at, updated_at, version;
};
extern const struct shape faq_category_row_shape;

err faq_category_get(struct ctx *ctx, struct db *db, int64_t id, struct faq_category_row *out);
/* columns: JSON of slug, name, position. ERR_CONFLICT: the slug is taken. */
err faq_category_create(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const char *columns, int64_t *out_id, int64_t *out_faq_version);
err faq_category_change(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const struct faq_change *change, int64_t *out_faq_version);
/* ERR_CONFLICT while an entry, archived ones too, is in it. */
err faq_category_delete(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    const struct faq_change *which, int64_t *out_faq_version);

#endif
