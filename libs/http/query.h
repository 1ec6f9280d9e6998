/* http/query.h - percent-decoding of paths and query strings, from the raw bytes. */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/field.h"

struct ctx;

/* Decodes len bytes into out (at least as much room; may be text itself); -1 for an incomplete or wrong escape.
 * plus: '+' is a space. */
long query_unescape(const char *text, size_t len, bool plus, char *out);

/* Parameters in the arena, in their order, duplicates included.
 * Errors: ERR_INVALID for wrong escapes, invalid UTF-8 or more than LIMIT_QUERY_PARAMETERS. */
err query_parse(struct ctx *ctx, const char *text, size_t len, struct field_param **out,
    size_t *out_count);

#endif
