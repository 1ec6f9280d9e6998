#include "http/router.h"

#include <string.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "http/query.h"

#define SEGMENTS_MAX 16
#define PREFIX_SEGMENTS_MAX 4
#define ALLOW_MAX 64
#define METHODS 5

static const char *const method_names[METHODS] = {
    [HTTP_GET] = "GET",
    [HTTP_POST] = "POST",
    [HTTP_PUT] = "PUT",
    [HTTP_PATCH] = "PATCH",
    [HTTP_DELETE] = "DELETE",
};

struct segment {
    const char *text;
    size_t len;
};

struct segments {
    struct segment items[SEGMENTS_MAX];
    size_t count;
};

struct node {
    struct segment segment;
    struct node *children; /* literal segments */
    struct node *next;
    struct node *parameter;
    const struct router_entry *entries[METHODS];
    const char *allow; /* NULL: no row ends here */
};

struct router {
    struct node root;
    struct router_entry *entries;
    size_t count;
};

/* False if the path is not canonical. */
static bool split(const char *path, size_t len, struct segments *out)
{
    out->count = 0;
    if (len == 0 || path[0] != '/') {
        return false;
    }
    if (len == 1) {
        return true;
    }
    for (const char *at = path + 1, *end = path + len; at <= end;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        const size_t piece = (size_t)((slash == NULL ? end : slash) - at);
        if (piece == 0 || out->count == SEGMENTS_MAX || memchr(at, ';', piece) != NULL) {
            return false;
        }
        out->items[out->count++] = (struct segment){at, piece};
        at += piece + 1;
    }
    return true;
}

static bool is_segment(const char *text, size_t len)
{
    const bool is_dots = (len == 1 && text[0] == '.') || (len == 2 && memcmp(text, "..", 2) == 0);
    return !is_dots && memchr(text, '/', len) == NULL && memchr(text, '\\', len) == NULL;
}

static bool same(struct segment a, struct segment b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static struct node *find_literal(const struct node *parent, struct segment segment)
{
    struct node *child = parent->children;
    while (child != NULL && !same(child->segment, segment)) {
        child = child->next;
    }
    return child;
}

static struct node *need_child(struct arena *arena, struct node *parent, struct segment segment)
{
    const bool is_parameter = segment.text[0] == '{';
    struct node *child = is_parameter ? parent->parameter : find_literal(parent, segment);
    if (child != NULL) {
        return child;
    }
    child = ARENA_NEW(arena, struct node);
    child->segment = segment;
    if (is_parameter) {
        parent->parameter = child;
    } else {
        child->next = parent->children;
        parent->children = child;
    }
    return child;
}

static const char *allow_of(struct arena *arena, const struct node *node)
{
    struct buf buf;
    buf_init(&buf, arena, ALLOW_MAX, ALLOW_MAX);
    for (size_t i = 0; i < METHODS; i++) {
        if (node->entries[i] != NULL) {
            buf_str(&buf, method_names[i]);
            buf_str(&buf, i == HTTP_GET ? ", HEAD, " : ", ");
        }
    }
    buf_str(&buf, "OPTIONS");
    buf_char(&buf, '\0');
    ASSERT(!buf.failed);
    return buf.data;
}

static void add(struct arena *arena, struct router *router, struct router_entry *entry)
{
    struct segments segments;
    ASSERT(split(entry->path, strlen(entry->path), &segments));
    struct node *node = &router->root;
    for (size_t i = 0; i < segments.count; i++) {
        const struct segment segment = segments.items[i];
        node = need_child(arena, node, segment);
        if (segment.text[0] == '{') {
            ASSERT(entry->param_count < LIMIT_PATH_PARAMETERS);
            entry->params[entry->param_count++] =
                arena_strndup(arena, segment.text + 1, segment.len - 2);
        }
    }
    if (node->entries[entry->row->method] == NULL) { /* the first row of two equal ones */
        node->entries[entry->row->method] = entry;
    }
    node->allow = allow_of(arena, node);
}

bool router_is_prefix(const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    struct segments segments;
    if (strspn(text, plain) != strlen(text) || !split(text, strlen(text), &segments)) {
        return false;
    }
    for (size_t i = 0; i < segments.count; i++) {
        if (!is_segment(segments.items[i].text, segments.items[i].len)) {
            return false;
        }
    }
    return segments.count >= 1 && segments.count <= PREFIX_SEGMENTS_MAX;
}

static size_t count_rows(http_route_list routes)
{
    size_t count = 0;
    for (; *routes != NULL; routes++) {
        for (const struct http_route *row = *routes; row->path != NULL; row++) {
            count++;
        }
    }
    return count;
}

struct router *router_new(struct arena *arena, http_route_list routes, const char *prefix)
{
    struct router *router = ARENA_NEW(arena, struct router);
    router->entries = ARENA_ARRAY(arena, struct router_entry, count_rows(routes));
    for (; *routes != NULL; routes++) {
        for (const struct http_route *row = *routes; row->path != NULL; row++) {
            struct router_entry *entry = &router->entries[router->count];
            entry->row = row;
            entry->index = (int)router->count++;
            entry->path = arena_printf(arena, "%s%s", row->version > 0 ? prefix : "", row->path);
            entry->name = arena_printf(arena, "%s %s", method_names[row->method], entry->path);
            add(arena, router, entry);
        }
    }
    return router;
}

struct search {
    const struct segments *segments;
    struct router_match *match;
};

/* Depth is bounded by SEGMENTS_MAX. */
static const struct node *find(const struct search *search, const struct node *node, size_t at,
    size_t params)
{
    if (at == search->segments->count) {
        return node->allow == NULL ? NULL : node;
    }
    const struct segment segment = search->segments->items[at];
    const struct node *child = find_literal(node, segment);
    const struct node *found = child == NULL ? NULL : find(search, child, at + 1, params);
    if (found != NULL || node->parameter == NULL || params == LIMIT_PATH_PARAMETERS) {
        return found;
    }
    found = find(search, node->parameter, at + 1, params + 1);
    if (found != NULL) {
        search->match->values[params].text = segment.text;
        search->match->values[params].len = segment.len;
    }
    return found;
}

static const struct router_entry *any_entry(const struct node *node)
{
    size_t i = 0;
    while (node->entries[i] == NULL) {
        i++;
    }
    return node->entries[i];
}

void router_match(const struct router *router, const char *path, size_t len,
    enum request_method method, struct router_match *out)
{
    static const signed char rows[] = {
        [METHOD_GET] = HTTP_GET,
        [METHOD_HEAD] = HTTP_GET,
        [METHOD_POST] = HTTP_POST,
        [METHOD_PUT] = HTTP_PUT,
        [METHOD_PATCH] = HTTP_PATCH,
        [METHOD_DELETE] = HTTP_DELETE,
        [METHOD_OPTIONS] = -1,
        [METHOD_UNKNOWN] = -1,
    };
    struct segments segments;
    *out = (struct router_match){.entry = NULL};
    const struct search search = {&segments, out};
    const struct node *node =
        split(path, len, &segments) ? find(&search, &router->root, 0, 0) : NULL;
    if (node == NULL) {
        return;
    }
    out->allow = node->allow;
    out->any = any_entry(node);
    out->entry = rows[method] < 0 ? NULL : node->entries[rows[method]];
}

err router_params(struct ctx *ctx, const struct router_match *match, struct field_param **out)
{
    const struct router_entry *entry = match->entry;
    struct field_param *params = ARENA_ARRAY(ctx->arena, struct field_param, entry->param_count);
    for (size_t i = 0; i < entry->param_count; i++) {
        const size_t len = match->values[i].len;
        char *value = arena_alloc_raw(ctx->arena, len + 1);
        const long value_len = query_unescape(match->values[i].text, len, /* plus= */ false, value);
        if (value_len < 0 || !is_segment(value, (size_t)value_len)) {
            return fail(ctx, ERR_NOT_FOUND, "path is not canonical");
        }
        value[value_len] = '\0';
        params[i] = (struct field_param){entry->params[i], value, (size_t)value_len};
    }
    *out = params;
    return OK;
}

size_t router_count(const struct router *router)
{
    return router->count;
}

const struct router_entry *router_entry(const struct router *router, size_t index)
{
    return &router->entries[index];
}
