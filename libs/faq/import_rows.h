/* faq/import_rows.h - inside this library: one entry as files have it. */
#ifndef FAQ_IMPORT_ROWS_H
#define FAQ_IMPORT_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct faq_source;

struct faq_row {
    struct field_set has;
    const char *locale, *category, *question, *answer;
    struct strs tags, variants;
    int64_t position;
    const char *status;
};
extern const struct shape faq_row_shape;

/* Position of the members in faq_row_shape. */
enum {
    FAQ_ROW_LOCALE,
    FAQ_ROW_CATEGORY,
    FAQ_ROW_QUESTION,
    FAQ_ROW_ANSWER,
    FAQ_ROW_TAGS,
    FAQ_ROW_VARIANTS
};

struct faq_parsed {
    const char *error; /* arena; NULL = row is valid */
    struct faq_row row;
};
struct faq_rows {
    struct faq_parsed *items;
    int64_t count;
};

/* Reads a whole file, see faq_import_read. */
err faq_rows_read(struct ctx *ctx, const struct faq_source *source, struct faq_rows *out);

#endif
