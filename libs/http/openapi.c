/* http/openapi.c - the OpenAPI 3.1 document, written from the same rows that serve the requests. */
#include <ctype.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/ctx.h"
#include "http/openapi_schema.h"
#include "http/problem.h"
#include "http/router.h"
#include "http/server.h"

#define DOCUMENT_MAX_BYTES 1048576
#define STATUSES_MAX 24

struct document {
    struct buf *out;
    const struct http_options *options;
    const struct router *router;
    struct openapi_shapes shapes;
};

static bool is_on(const struct document *document, const struct http_route *row)
{
    return row->feature == FEATURE_ALWAYS || (document->options->features & row->feature) != 0;
}

static int success_of(const struct http_route *row)
{
    if (row->status != 0) {
        return row->status;
    }
    return row->out != NULL || row->streams || row->method == HTTP_GET ? 200 : 204;
}

/* ---- replies ---- */

struct statuses {
    int items[STATUSES_MAX];
    size_t count;
};

/* Kept in ascending order, each once. */
static void add_status(struct statuses *statuses, int status)
{
    size_t at = 0;
    while (at < statuses->count && statuses->items[at] < status) {
        at++;
    }
    if (at < statuses->count && statuses->items[at] == status) {
        return;
    }
    memmove(&statuses->items[at + 1], &statuses->items[at], (statuses->count - at) * sizeof(int));
    statuses->items[at] = status;
    statuses->count++;
}

/* What may go wrong on any route of this kind, and what the row adds. */
static struct statuses errors_of(const struct http_route *row)
{
    struct statuses statuses = {0};
    add_status(&statuses, 400);
    add_status(&statuses, 500);
    add_status(&statuses, 503);
    if (row->query != NULL || row->params != NULL || row->in != NULL) {
        add_status(&statuses, 422);
    }
    if (row->in != NULL) {
        add_status(&statuses, 413);
        add_status(&statuses, 415);
    }
    if (row->rate != RATE_OFF) {
        add_status(&statuses, 429);
    }
    if (row->auth != AUTH_NONE) {
        add_status(&statuses, 401);
    }
    if (row->auth == AUTH_USER && row->role > ROLE_USER) {
        add_status(&statuses, 403);
    }
    for (size_t i = 0; i < ROUTE_ERRORS_MAX && row->errors[i] != ERR_OK; i++) {
        add_status(&statuses, problem_status(row->errors[i]));
    }
    return statuses;
}

static void add_page_schema(struct buf *out, const struct shape *item)
{
    buf_str(out, "{\"type\":\"object\",\"required\":[\"data\",\"has_more\",\"next_cursor\","
                 "\"total\"],\"properties\":{"
                 "\"data\":{\"type\":\"array\",\"items\":");
    openapi_ref(out, item);
    buf_str(out,
        "},\"has_more\":{\"type\":\"boolean\"},\"next_cursor\":{\"type\":[\"string\",\"null\"]},"
        "\"total\":{\"type\":[\"integer\",\"null\"],\"format\":\"int64\"}}}");
}

static void add_contents(struct document *document, const struct http_route *row)
{
    struct buf *out = document->out;
    if (row->out != NULL) {
        buf_str(out, "\"application/json\":{\"schema\":");
        if (row->page) {
            add_page_schema(out, row->out);
        } else {
            openapi_ref(out, row->out);
        }
        buf_char(out, '}');
        openapi_collect(&document->shapes, row->out, /* input= */ false);
    }
    if (row->streams) {
        buf_str(out, row->out != NULL ? "," : "");
        buf_str(out, "\"text/event-stream\":{\"schema\":{\"type\":\"string\"}}");
    }
}

static void add_success(struct document *document, const struct http_route *row)
{
    struct buf *out = document->out;
    buf_printf(out, "\"%d\":{\"description\":", success_of(row));
    openapi_text(out, row->summary);
    if (row->out != NULL || row->streams) {
        buf_str(out, ",\"content\":{");
        add_contents(document, row);
        buf_char(out, '}');
    }
    buf_char(out, '}');
}

static void add_responses(struct document *document, const struct http_route *row)
{
    struct buf *out = document->out;
    const struct statuses errors = errors_of(row);
    buf_str(out, ",\"responses\":{");
    add_success(document, row);
    for (size_t i = 0; i < errors.count; i++) {
        buf_printf(out, ",\"%d\":{\"$ref\":\"#/components/responses/Error\"}", errors.items[i]);
    }
    buf_char(out, '}');
}

/* ---- requests ---- */

static void add_header(struct buf *out, const char *name, const char *description, bool *first)
{
    buf_printf(out,
        "%s{\"name\":\"%s\",\"in\":\"header\",\"required\":false,\"schema\":{\"type\":\"string\"},"
        "\"description\":\"%s\"}",
        *first ? "" : ",", name, description);
    *first = false;
}

static void add_parameters(struct buf *out, const struct http_route *row)
{
    bool first = true;
    buf_str(out, ",\"parameters\":[");
    openapi_parameters(out, row->params, "path", &first);
    openapi_parameters(out, row->query, "query", &first);
    if (row->versioned && row->method != HTTP_GET && row->method != HTTP_POST) {
        add_header(out, "If-Match", "ETag of the version to change", &first);
    }
    if (row->idempotent) {
        add_header(out, "Idempotency-Key",
            "8 to 64 visible characters; the same key gives the same reply for 24 hours", &first);
    }
    buf_char(out, ']');
}

static void add_body(struct document *document, const struct http_route *row)
{
    struct buf *out = document->out;
    if (row->in == NULL && !row->raw_in) {
        return;
    }
    buf_str(out, ",\"requestBody\":{\"required\":true,\"content\":{");
    if (row->in != NULL) {
        buf_str(out, "\"application/json\":{\"schema\":");
        openapi_ref(out, row->in);
        buf_char(out, '}');
        openapi_collect(&document->shapes, row->in, /* input= */ true);
    } else if (row->raw_types == NULL) {
        buf_str(out, "\"application/json\":{\"schema\":{\"type\":\"object\"}}");
    }
    for (size_t i = 0; row->raw_types != NULL && row->raw_types[i] != NULL; i++) {
        const bool json = strcmp(row->raw_types[i], "application/json") == 0;
        buf_printf(out, "%s\"%s\":{\"schema\":%s}", i > 0 ? "," : "", row->raw_types[i],
            json ? "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"
                 : "{\"type\":\"string\"}");
    }
    buf_str(out, "}}");
}

/* "GET /api/v1/users/{id}" is get_users_id: stable, and a good name for generated clients. */
static void add_operation_id(struct buf *out, const struct router_entry *entry, const char *prefix)
{
    const size_t prefix_len = entry->row->version == 0 ? 0 : strlen(prefix);
    const char *space = strchr(entry->name, ' ');
    buf_str(out, "\"operationId\":\"");
    for (const char *c = entry->name; c < space; c++) {
        buf_char(out, (char)tolower((unsigned char)*c));
    }
    if (entry->row->version == 0) {
        buf_str(out, "_root");
    }
    for (const char *c = entry->path + prefix_len; *c != '\0'; c++) {
        if (isalnum((unsigned char)*c) || *c == '_') {
            buf_char(out, *c);
        } else if (*c != '}' && c[1] != '{' && c[1] != '\0') {
            buf_char(out, '_');
        } else if (*c == '{') {
            buf_char(out, '_');
        }
    }
    buf_char(out, '"');
}

static void add_operation(struct document *document, const struct router_entry *entry)
{
    struct buf *out = document->out;
    const struct http_route *row = entry->row;
    static const char *const methods[] = {"get", "post", "put", "patch", "delete"};
    buf_printf(out, "\"%s\":{", methods[row->method]);
    add_operation_id(out, entry, document->options->config->api_v1_prefix);
    buf_str(out, ",\"tags\":[");
    openapi_text(out, row->tag);
    buf_str(out, "],\"summary\":");
    openapi_text(out, row->summary);
    buf_str(out, ",\"description\":");
    openapi_text(out, row->description != NULL ? row->description : row->summary);
    add_parameters(out, row);
    add_body(document, row);
    add_responses(document, row);
    if (row->auth == AUTH_USER) {
        buf_str(out, ",\"security\":[{\"bearer\":[]}]");
    }
    buf_char(out, '}');
}

/* All operations of one path stand together, where its first row stands. */
static bool is_first_of_path(const struct document *document, size_t index)
{
    const char *path = router_entry(document->router, index)->path;
    for (size_t i = 0; i < index; i++) {
        const struct router_entry *before = router_entry(document->router, i);
        if (is_on(document, before->row) && strcmp(before->path, path) == 0) {
            return false;
        }
    }
    return true;
}

static void add_path(struct document *document, const char *path)
{
    struct buf *out = document->out;
    bool first = true;
    openapi_text(out, path);
    buf_str(out, ":{");
    for (size_t i = 0; i < router_count(document->router); i++) {
        const struct router_entry *entry = router_entry(document->router, i);
        if (is_on(document, entry->row) && strcmp(entry->path, path) == 0) {
            buf_str(out, first ? "" : ",");
            add_operation(document, entry);
            first = false;
        }
    }
    buf_char(out, '}');
}

static void add_paths(struct document *document)
{
    bool first = true;
    buf_str(document->out, ",\"paths\":{");
    for (size_t i = 0; i < router_count(document->router); i++) {
        const struct router_entry *entry = router_entry(document->router, i);
        if (is_on(document, entry->row) && is_first_of_path(document, i)) {
            buf_str(document->out, first ? "" : ",");
            add_path(document, entry->path);
            first = false;
        }
    }
    buf_char(document->out, '}');
}

static void add_info(struct document *document)
{
    struct buf *out = document->out;
    buf_str(out, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"");
    buf_str(out, document->options->app_name);
    buf_str(out, " API\",\"description\":");
    openapi_text(out, document->options->api_description);
    buf_str(out, ",\"version\":");
    openapi_text(out, document->options->app_version);
    buf_str(out, "},\"servers\":[{\"url\":\"/\"}]");
}

static bool has_tag_before(const struct document *document, size_t index)
{
    const char *tag = router_entry(document->router, index)->row->tag;
    for (size_t i = 0; i < index; i++) {
        const struct http_route *row = router_entry(document->router, i)->row;
        if (is_on(document, row) && strcmp(row->tag, tag) == 0) {
            return true;
        }
    }
    return false;
}

static void add_tags(struct document *document)
{
    bool first = true;
    buf_str(document->out, ",\"tags\":[");
    for (size_t i = 0; i < router_count(document->router); i++) {
        const struct http_route *row = router_entry(document->router, i)->row;
        if (is_on(document, row) && !has_tag_before(document, i)) {
            buf_str(document->out, first ? "{\"name\":" : ",{\"name\":");
            openapi_text(document->out, row->tag);
            buf_char(document->out, '}');
            first = false;
        }
    }
    buf_char(document->out, ']');
}

static void add_error_codes(struct buf *out)
{
    for (size_t i = 0; problem_codes[i] != NULL; i++) {
        buf_str(out, i > 0 ? "," : "");
        openapi_text(out, problem_codes[i]);
    }
}

static void add_components(struct document *document)
{
    struct buf *out = document->out;
    buf_str(out,
        ",\"components\":{\"securitySchemes\":{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\","
        "\"bearerFormat\":\"JWT\",\"description\":\"Session token of Clerk\"}},"
        "\"responses\":{\"Error\":{\"description\":\"What went "
        "wrong\",\"content\":{\"application/json\":"
        "{\"schema\":{\"$ref\":\"#/components/schemas/Error\"}}}}},\"schemas\":{"
        "\"Error\":{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":{"
        "\"type\":\"object\","
        "\"required\":[\"code\",\"message\",\"product\",\"timestamp\",\"path\",\"request_id\"],"
        "\"properties\":{"
        "\"code\":{\"type\":\"string\",\"enum\":[");
    add_error_codes(out);
    buf_str(out, "]},\"message\":{\"type\":\"string\"},\"product\":{\"type\":\"string\"},"
                 "\"timestamp\":{\"type\":\"string\",\"format\":\"date-time\"},\"path\":{\"type\":"
                 "\"string\"},"
                 "\"request_id\":{\"type\":\"string\"},\"details\":{\"type\":\"array\",\"items\":{"
                 "\"type\":\"object\","
                 "\"required\":[\"field\",\"code\",\"message\"],\"properties\":{\"field\":{"
                 "\"type\":\"string\"},"
                 "\"code\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"}}}}}}}},");
    openapi_components(out, &document->shapes);
    buf_str(out, "}}}");
}

err http_openapi(struct ctx *ctx, const struct http_options *options, const char **out,
    size_t *out_len)
{
    struct buf buf;
    buf_init(&buf, ctx->arena, 65536, DOCUMENT_MAX_BYTES);
    struct document *document = ARENA_NEW(ctx->arena, struct document);
    document->out = &buf;
    document->options = options;
    document->router = router_new(ctx->arena, options->routes, options->config->api_v1_prefix);
    add_info(document);
    add_tags(document);
    add_paths(document);
    add_components(document);
    return buf_finish(ctx, &buf, out, out_len);
}
