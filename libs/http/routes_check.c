/* http/routes_check.c - a table with a hole does not start. */
#include <string.h>

#include "core/arena.h"
#include "core/ctx.h"
#include "http/server.h"

#define PROBLEMS_MAX 64

struct check {
    struct arena *arena;
    const char **problems;
    int count;
};

static void problem(struct check *check, const struct http_route *row, const char *what)
{
    if (check->count < PROBLEMS_MAX) {
        check->problems[check->count++] = arena_printf(check->arena, "%s: %s", row->path, what);
    }
}

static bool is_blank(const char *text)
{
    return text == NULL || *text == '\0';
}

/* Every {name} of the path must be a row of .params, and the other way round. */
static size_t count_parameters(const char *path)
{
    size_t count = 0;
    for (; *path != '\0'; path++) {
        count += *path == '{';
    }
    return count;
}

static bool has_parameter(const char *path, const char *name)
{
    for (const char *open = strchr(path, '{'); open != NULL; open = strchr(open + 1, '{')) {
        const size_t len = strcspn(open + 1, "}");
        if (len == strlen(name) && strncmp(open + 1, name, len) == 0) {
            return true;
        }
    }
    return false;
}

static void check_parameters(struct check *check, const struct http_route *row)
{
    const size_t named = row->params == NULL ? 0 : row->params->count;
    if (count_parameters(row->path) != named) {
        problem(check, row, "path parameters and .params differ");
        return;
    }
    for (size_t i = 0; i < named; i++) {
        if (!has_parameter(row->path, row->params->fields[i].name)) {
            problem(check, row, "a row of .params is not in the path");
        }
    }
}

/* What must not be, and how it is told. */
static void check_row(struct check *check, const struct http_route *row)
{
    const bool takes_body = row->in != NULL || row->raw_in;
    const bool no_body = row->method == HTTP_GET || row->method == HTTP_DELETE;
    const struct {
        bool found;
        const char *what;
    } rules[] = {
        {row->auth == AUTH_UNSET, "no auth class"},
        {row->rate == RATE_UNSET, "no rate class"},
        {row->auth != AUTH_USER && row->role != ROLE_GUEST, "a role without AUTH_USER"},
        {is_blank(row->summary) || is_blank(row->tag), "no summary or tag"},
        {row->run == NULL, "no handler"},
        {row->path[0] != '/', "path does not begin with /"},
        {row->page && row->out == NULL, "a page without .out"},
        {row->raw_types != NULL && !row->raw_in, ".raw_types without .raw_in"},
        {takes_body && no_body, "a body on GET or DELETE"},
        {row->streams && row->versioned, "a stream has no ETag"},
        {row->idempotent && row->method != HTTP_POST,
            "Idempotency-Key on something else than POST"},
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].found) {
            problem(check, row, rules[i].what);
        }
    }
    check_parameters(check, row);
}

static bool same_place(const struct http_route *a, const struct http_route *b)
{
    return a->method == b->method && a->version == b->version && strcmp(a->path, b->path) == 0;
}

static void check_twins(struct check *check, http_route_list routes, const struct http_route *row)
{
    for (; *routes != NULL; routes++) {
        for (const struct http_route *other = *routes; other->path != NULL; other++) {
            if (other == row) {
                return; /* a pair is told once, at the later row */
            }
            if (same_place(other, row)) {
                problem(check, row, "the same method and path twice");
            }
        }
    }
}

int http_routes_check(struct ctx *ctx, http_route_list routes, const char *const **out_problems)
{
    struct check check = {ctx->arena, ARENA_ARRAY(ctx->arena, const char *, PROBLEMS_MAX + 1), 0};
    for (http_route_list list = routes; *list != NULL; list++) {
        for (const struct http_route *row = *list; row->path != NULL; row++) {
            check_row(&check, row);
            check_twins(&check, routes, row);
        }
    }
    *out_problems = check.problems;
    return check.count;
}

int http_routes_count(http_route_list routes)
{
    int count = 0;
    for (; *routes != NULL; routes++) {
        for (const struct http_route *row = *routes; row->path != NULL; row++) {
            count++;
        }
    }
    return count;
}
