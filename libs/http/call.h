/* http/call.h - one request as a handler sees it. Handlers never send: they fill .out, .page or a raw reply
 * and return OK, or return an err. Everything here lives in the request's arena. */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/principal.h"
#include "core/ctx.h"
#include "core/err.h"
#include "core/field.h"
#include "core/limits.h"
#include "http/route.h"

struct headers;
struct http_server;
struct request;
struct services;

struct page {
    struct list items; /* of the route's .out shape */
    const struct shape
        *shape; /* of the items, where a query asks for another than .out; NULL = .out */
    bool has_more;
    const char *next_cursor; /* NULL = null */
    bool has_total;
    int64_t total;
};

struct call {
    struct ctx *ctx;
    const struct services *services;
    struct http_server *server;
    struct request *request; /* for this library only */
    const struct http_route *route;
    struct principal principal;

    const char *path;   /* as sent, without the query */
    const void *params; /* decoded by the row's shapes; NULL where the row has none */
    const void *query;
    const void *in;
    const char *body; /* raw body */
    size_t body_len;
    int64_t if_match;   /* version of If-Match; 0 = absent or "*" */
    const char *locale; /* of Accept-Language or the default; never NULL */
    const char *client_address;
    const struct headers *headers; /* read with call_header */

    void *out; /* zeroed struct of .out, encoded after OK */
    struct page page;
    int status;      /* 0 = the route's */
    int64_t version; /* of the row replied, for the ETag */
    const char *location;
    const char *etag;          /* without quotes; overrides .version */
    const char *cache_control; /* overrides the row's */

    /* A ready reply instead of .out: bytes live in the arena or as long as the process. */
    const char *raw;
    size_t raw_len;
    const char *raw_type;
    const char *raw_encoding;            /* "gzip" or NULL */
    const char *content_security_policy; /* NULL = the strict default */

    /* A stream is not stored for a repeat of its Idempotency-Key: what the handler keeps of it is given back to it. */
    const char *keep;     /* set by the handler; NULL = a repeat is refused */
    const char *repeated; /* what was kept; NULL = this is the first */
};

/* First value of a request header, NULL if absent. */
const char *call_header(const struct call *call, const char *name);

/* Takes a token of a limit of the handler's own; key: at most 40 characters that say whose and what for. ERR_RATE_LIMITED.
 * Waits: sometimes (Redis). */
err call_take(struct call *call, const char *key, int64_t tokens, int64_t window_s,
    int64_t *out_remaining);

/* What is left of it, without taking any. Waits: sometimes (Redis). */
int64_t call_left(struct call *call, const char *key, int64_t tokens, int64_t window_s);

/* Signed paging cursors, bound to product, route and sort order.
 * cursor_read: ERR_INVALID for anything not made by cursor_write for the same route and sort; text NULL or ""
 * leaves out zeroed. */
struct cursor {
    const char
        *value; /* sort key of the last row, as text; NULL when the order has none or it is null */
    int64_t id; /* 0 = first page */
};
err cursor_read(struct call *call, const char *text, const char *sort, struct cursor *out);
/* NULL when the value is too long for a cursor (over 350 bytes): sort by something shorter. */
const char *cursor_write(struct call *call, const char *sort, const struct cursor *cursor);

/* Rows that every list has in its query shape; members limit, cursor, count. */
extern const char *const page_count_choices[];
#define PAGE_QUERY_FIELDS(s)                                                                       \
    FIELD_I64(s, limit, "Rows of a page", .min = 1, .max = LIMIT_PAGE_ROWS,                        \
        .dflt = LIMIT_PAGE_ROWS_DEFAULT),                                                          \
        FIELD_STR(s, cursor, "next_cursor of the page before", .max = LIMIT_CURSOR_BYTES),         \
        FIELD_ENUM(s, count, "Also count all rows", .choices = page_count_choices)

#endif
