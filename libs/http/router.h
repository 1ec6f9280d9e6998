/* http/router.h - finds the row of a path. Paths are matched as sent, segment by segment; a literal segment wins
 * over a parameter. Anything that is not the canonical form of a path ("//", "/.", "%2f", "/x/", ";") is no path.
 * Owns: its tables, in the arena it was made in. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/limits.h"
#include "http/guard.h"
#include "http/route.h"

struct arena;
struct ctx;
struct router;

struct router_entry {
    const struct http_route *row;
    int index;        /* in the flattened table */
    const char *path; /* template with its prefix: "/api/v1/users/{id}" */
    const char *name; /* "GET /api/v1/users/{id}" */
    const char *params[LIMIT_PATH_PARAMETERS];
    size_t param_count;
};

struct router_match {
    const struct router_entry *entry; /* NULL: no such method here */
    const char *allow;                /* methods of the path; NULL: no such path */
    const struct router_entry *any;   /* some row of the path; NULL: no such path */
    struct {
        const char *text; /* as sent */
        size_t len;
    } values[LIMIT_PATH_PARAMETERS];
};

/* A path that can stand before every route of a version: 1 to 4 plain segments. */
bool router_is_prefix(const char *text);
struct router *router_new(struct arena *arena, http_route_list routes, const char *prefix);
/* HEAD finds the row of GET; OPTIONS finds none. */
void router_match(const struct router *router, const char *path, size_t len,
    enum request_method method, struct router_match *out);
/* Decoded path parameters, named as in the template. ERR_NOT_FOUND when a value is no segment. */
err router_params(struct ctx *ctx, const struct router_match *match, struct field_param **out);

/* The flattened table, in its order. */
size_t router_count(const struct router *router);
const struct router_entry *router_entry(const struct router *router, size_t index);

#endif
