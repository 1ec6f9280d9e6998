/* api/input.h - what several resources need to read their input: id parameters, merge patches, pages. */
#ifndef API_INPUT_H
#define API_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct call;
struct ctx;
struct page;

struct id_params {
    int64_t id;
};
extern const struct shape id_params_shape;

/* What was sent of a decoded body (absent keys stay out, nulls stay null), as JSON text in the arena.
 * ERR_INVALID when nothing was sent. */
err input_patch(struct ctx *ctx, const struct shape *shape, const void *in, const char **out);

/* Lists read limit + 1 rows. Cuts the extra one, sets has_more; true if there is a next page. */
bool input_cut_page(struct page *page, int64_t limit);

/* A guest's session capability: 22 to 64 characters of base64url. */
bool input_is_session(const char *text);
/* The locale to search when none is named: that of the text's letters, if the product has it, else the caller's. */
const char *input_guess_locale(const struct call *call, const char *text);

bool input_is_blank(const char *text);
bool input_is_said(const char *text); /* not blank: a check of rows */
bool input_is_phone(const char *text);
bool input_is_email(const char *text);
bool input_is_https_url(const char *text);
bool input_is_slug(const char *text);

#endif
