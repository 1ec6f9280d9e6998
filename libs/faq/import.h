/* faq/import.h - many entries at once, from and to CSV or JSON, with the members {locale, category (slug), question, answer,
 * tags, variants, position, status}. An entry is known by its locale and question (tidied, case aside): it is updated, or
 * created. In CSV tags are separated by commas, variants by line ends; a column or member that is left out keeps its value.
 * Waits:  all but faq_import_read (Postgres).
 * Errors: those of db/db.h and what is named below. */
#ifndef FAQ_IMPORT_H
#define FAQ_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct buf;
struct ctx;
struct db;
struct faq_actor;

/* ---- in ---- */

struct faq_source {
    const char *text;
    size_t len;
    bool csv;
    const struct strs *locales; /* that entries may have */
    const char *default_locale; /* of rows that name none */
};

/* One row of the report. */
struct faq_import_row {
    int64_t n; /* 1 = the first entry */
    const char *state, *error;
};
extern const char *const faq_import_states[]; /* create, update, skip, invalid */
struct faq_import_summary {
    int64_t create, update, skip, invalid;
};
struct faq_import_report {
    struct list rows; /* struct faq_import_row */
    struct faq_import_summary summary;
};
extern const struct shape faq_import_report_shape;

struct faq_import; /* what was read; arena */

/* What is wrong with one row is in the report. ERR_INVALID: not UTF-8, no list, unknown or missing columns, more than
 * LIMIT_IMPORT_ROWS rows; ERR_BAD_REQUEST: malformed JSON. */
err faq_import_read(struct ctx *ctx, const struct faq_source *source, struct faq_import **out);
/* What an import would do now. */
err faq_import_plan(struct ctx *ctx, struct db *db, struct faq_import *import,
    struct faq_import_report *out);
/* Queues it: one transaction does all of it, or nothing. ERR_INVALID names bad rows; ERR_CONFLICT: one is under way. */
err faq_import_start(struct ctx *ctx, struct db *db, const struct faq_actor *actor,
    struct faq_import *import, int64_t *out_job);

/* ---- out ---- */

struct faq_export {
    bool csv;
    const char *locale, *category; /* NULL = all */
};
/* ERR_TOO_LARGE: more than LIMIT_IMPORT_ROWS entries or LIMIT_REPLY_BYTES. */
err faq_export(struct ctx *ctx, struct db *db, const struct faq_export *what, const char **out,
    size_t *out_len);

#endif
