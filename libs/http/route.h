/* http/route.h - the route table: one row says everything that is cross-cutting about an endpoint. Router,
 * decoder, encoder, OpenAPI document and docs pages read the same row.
 * A table with a zero where a decision is needed (auth, rate, summary, run) does not start. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/principal.h"
#include "core/err.h"
#include "core/field.h"

struct call;

enum auth_class {
    AUTH_UNSET = 0, /* refuses to start */
    AUTH_NONE,      /* system routes and webhooks: Authorization is not read */
    AUTH_PUBLIC,    /* nobody needed; a bad token is still 401 */
    AUTH_GUEST,     /* session capability or user */
    AUTH_USER,      /* signed in, with at least .role */
    AUTH_INTERNAL,  /* METRICS_TOKEN or loopback */
};

enum rate_class {
    RATE_UNSET = 0,  /* refuses to start */
    RATE_OFF,        /* system routes */
    RATE_DEFAULT,    /* by role: guest per address, user, admin */
    RATE_FAQ_SEARCH, /* per address, whoever asks; users have their own limit besides */
};

/* Bits of http_options.features; a row with a feature that is off answers 404 FEATURE_DISABLED and is left
 * out of the OpenAPI document. */
enum feature {
    FEATURE_ALWAYS = 0,
    FEATURE_CHAT = 1 << 0,
    FEATURE_FAQ = 1 << 1,
    FEATURE_SEARCH = 1 << 2,
    FEATURE_BOOKINGS = 1 << 3,
    FEATURE_INVESTMENT = 1 << 4,
    FEATURE_DOCS = 1 << 5, /* off: a plain 404 */
};

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE };

#define ROUTE_ERRORS_MAX 6

struct http_route {
    enum http_method method;
    int version;      /* 0 = path is whole; 1 = below API_V1_PREFIX */
    const char *path; /* "/properties/{id}" */
    const char *tag;  /* group in the docs: "Properties" */
    const char *summary;
    const char *description; /* optional, more than one sentence */
    enum auth_class auth;
    enum role role; /* with AUTH_USER; ROLE_GUEST there means ROLE_USER */
    enum rate_class rate;
    enum feature feature;
    size_t body_max_bytes; /* 0 = LIMIT_BODY_BYTES when .in or .raw_in, else no body at all */
    int64_t timeout_ms;    /* of the whole request; 0 = LIMIT_REQUEST_MS */
    bool raw_in;           /* the handler reads call->body itself (webhooks) */
    const char *const *raw_types; /* with raw_in: media types taken, NULL-terminated; NULL = any */
    bool idempotent;              /* POST: Idempotency-Key is honoured */
    bool versioned;             /* the reply carries an ETag from call->version; If-Match is read */
    const struct shape *params; /* path parameters -> call->params */
    const struct shape *query;  /* -> call->query; NULL = no parameter allowed */
    const struct shape *in;     /* JSON body -> call->in */
    const struct shape *out; /* call->out -> JSON; NULL = 204 unless the handler set a raw reply */
    bool page;               /* reply is call->page with items of .out */
    bool streams;            /* the handler may open a stream instead; never stored for a repeat */
    int status;              /* of success; 0 = 200, or 204 without .out */
    const char *cache_control;              /* NULL = "no-store" */
    enum err_code errors[ROUTE_ERRORS_MAX]; /* beyond the common ones; for the docs */
    err (*run)(struct call *call);
};

#define GET(path_) .method = HTTP_GET, .version = 1, .path = (path_)
#define POST(path_) .method = HTTP_POST, .version = 1, .path = (path_)
#define PUT(path_) .method = HTTP_PUT, .version = 1, .path = (path_)
#define PATCH(path_) .method = HTTP_PATCH, .version = 1, .path = (path_)
#define DELETE(path_) .method = HTTP_DELETE, .version = 1, .path = (path_)
/* Outside the versioned API. */
#define ROOT_GET(path_) .method = HTTP_GET, .version = 0, .path = (path_)

/* A resource's file exports one array ending with a zero row; a list of them is NULL-terminated. */
typedef const struct http_route *const *http_route_list;

#endif
