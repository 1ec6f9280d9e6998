#include "http/reply.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/utf8.h"
#include "http/cors.h"
#include "http/request.h"

#define FIRST_BYTES 1024
#define NUMBER_BYTES 24
#define STRICT_POLICY "default-src 'none'; frame-ancestors 'none'"
#define JSON_TYPE "application/json"

void reply_add(struct reply *reply, const char *name, const char *value)
{
    ASSERT(reply->header_count < REPLY_HEADERS_MAX);
    reply->headers[reply->header_count++] = (struct reply_header){name, value};
}

static const char *number(struct request *request, int64_t value)
{
    struct buf text;
    buf_init(&text, request->arena, NUMBER_BYTES, NUMBER_BYTES);
    buf_i64(&text, value);
    return buf_text(&text);
}

/* ---- body ---- */

static void add_page(struct buf *out, const struct shape *shape, const struct page *page)
{
    buf_str(out, "{\"data\":[");
    for (int64_t i = 0; i < page->items.count; i++) {
        if (i > 0) {
            buf_char(out, ',');
        }
        field_encode(out, shape, (const char *)page->items.items + (size_t)i * shape->size);
    }
    buf_str(out, page->has_more ? "],\"has_more\":true" : "],\"has_more\":false");
    buf_str(out, ",\"next_cursor\":");
    if (page->next_cursor == NULL) {
        buf_str(out, "null");
    } else {
        json_write_string(out, page->next_cursor, strlen(page->next_cursor));
    }
    buf_str(out, ",\"total\":");
    if (page->has_total) {
        json_write_i64(out, page->total);
    } else {
        buf_str(out, "null");
    }
    buf_char(out, '}');
}

static err encode_json(struct request *request)
{
    const struct call *call = &request->call;
    struct buf buf;
    buf_init(&buf, request->arena, FIRST_BYTES, LIMIT_REPLY_BYTES);
    if (call->route->page) {
        add_page(&buf, call->page.shape != NULL ? call->page.shape : call->route->out, &call->page);
    } else {
        field_encode(&buf, call->route->out, call->out);
    }
    if (buf.failed) {
        return fail(&request->ctx, ERR_INTERNAL, "reply over %d bytes", LIMIT_REPLY_BYTES);
    }
    request->reply.body = buf.data;
    request->reply.body_len = buf.len;
    reply_add(&request->reply, "Content-Type", JSON_TYPE);
    return OK;
}

static void take_raw(struct request *request)
{
    const struct call *call = &request->call;
    request->reply.body = call->raw;
    request->reply.body_len = call->raw_len;
    reply_add(&request->reply, "Content-Type", call->raw_type);
    if (call->raw_encoding != NULL) {
        reply_add(&request->reply, "Content-Encoding", call->raw_encoding);
    }
}

static void encode_stream(struct request *request)
{
    request->reply.status = 200;
    reply_add(&request->reply, "Content-Type", "text/event-stream");
    reply_add(&request->reply, "X-Accel-Buffering", "no"); /* nginx would collect events */
}

err reply_encode(struct request *request)
{
    if (request->stream != NULL) {
        encode_stream(request);
        return OK;
    }
    struct call *call = &request->call;
    struct reply *reply = &request->reply;
    const int dflt = call->route->out == NULL && call->raw == NULL ? 204 : 200;
    reply->status = call->status != 0          ? call->status
                    : call->route->status != 0 ? call->route->status
                                               : dflt;
    if (call->raw != NULL) {
        take_raw(request);
    } else if (call->route->out != NULL && reply->status != 204) {
        TRY(encode_json(request));
    }
    if (call->location != NULL) {
        reply_add(reply, "Location", call->location);
    }
    return OK;
}

static const char *path_of(const struct request *request)
{
    return utf8_is_valid(request->target, request->path_len)
               ? arena_strndup(request->arena, request->target, request->path_len)
               : "";
}

static void add_challenge(struct request *request)
{
    const char *sent = headers_value(&request->headers, "authorization");
    const bool is_bearer = sent != NULL && strncasecmp(sent, "bearer ", strlen("bearer ")) == 0;
    reply_add(&request->reply, "WWW-Authenticate",
        is_bearer ? "Bearer error=\"invalid_token\"" : "Bearer");
}

static void add_retry(struct request *request, int64_t problem_s)
{
    const bool limited = request->rate.limit > 0 && !request->rate.allowed;
    const int64_t seconds = limited ? request->rate.retry_after_s : problem_s;
    reply_add(&request->reply, "Retry-After", number(request, seconds > 0 ? seconds : 1));
}

void reply_problem(struct request *request)
{
    const struct problem problem = request->refusal != REFUSED_NOT
                                       ? problem_of_refusal(request->refusal)
                                       : problem_of(&request->ctx.error);
    const struct problem_place place = {request->server->options.product_id, path_of(request)};
    struct buf buf;
    buf_init(&buf, request->arena, FIRST_BYTES, LIMIT_REPLY_BYTES);
    problem_write(&buf, &request->ctx, &problem, &place);
    request->reply = (struct reply){.status = problem.status, .close = request->reply.close};
    request->reply.body = buf.data;
    request->reply.body_len = buf.len;
    reply_add(&request->reply, "Content-Type", JSON_TYPE);
    if (problem.status == 401) {
        add_challenge(request);
    } else if (problem.status == 405) {
        reply_add(&request->reply, "Allow", request->match.allow);
    } else if (problem.retry_after_s > 0) {
        add_retry(request, problem.retry_after_s);
    }
}

/* ---- headers ---- */

static const char *etag_of(struct request *request)
{
    const struct call *call = &request->call;
    const size_t max = call->etag == NULL ? NUMBER_BYTES : strlen(call->etag) + strlen("\"\"");
    struct buf tag;
    buf_init(&tag, request->arena, max + 1, max);
    buf_char(&tag, '"');
    if (call->etag != NULL) {
        buf_str(&tag, call->etag);
    } else {
        buf_char(&tag, 'v');
        buf_i64(&tag, call->version);
    }
    buf_char(&tag, '"');
    return buf_text(&tag);
}

static void add_etag(struct request *request)
{
    const struct call *call = &request->call;
    struct reply *reply = &request->reply;
    if ((call->etag == NULL && call->version == 0) || reply->status >= 300) {
        return;
    }
    const char *etag = etag_of(request);
    reply_add(reply, "ETag", etag);
    const char *known = headers_value(&request->headers, "if-none-match");
    if (known != NULL && reply->status == 200 && request->method <= METHOD_HEAD &&
        etag_matches(known, etag)) {
        reply->status = 304;
        reply->body_len = 0;
    }
}

/* A webhook is called by a server; no browser has business there. */
static bool is_webhook(const struct router_entry *entry)
{
    return entry != NULL && entry->row->auth == AUTH_NONE && entry->row->method == HTTP_POST;
}

static void add_cors(struct request *request)
{
    const char *origin = headers_only_value(&request->headers, "origin");
    if (is_webhook(request->match.any) ||
        !cors_is_allowed(&request->server->options.config->frontend_url, origin)) {
        return;
    }
    struct reply *reply = &request->reply;
    reply_add(reply, "Access-Control-Allow-Origin", origin);
    reply_add(reply, "Access-Control-Allow-Credentials", "true");
    if (request->method == METHOD_OPTIONS &&
        headers_find(&request->headers, "access-control-request-method") != NULL) {
        if (request->match.allow != NULL) {
            reply_add(reply, "Access-Control-Allow-Methods", request->match.allow);
        }
        reply_add(reply, "Access-Control-Allow-Headers", CORS_ALLOW_HEADERS);
        reply_add(reply, "Access-Control-Max-Age", CORS_MAX_AGE);
    } else {
        reply_add(reply, "Access-Control-Expose-Headers", CORS_EXPOSE_HEADERS);
    }
}

static const char *cache_control(const struct request *request)
{
    const struct call *call = &request->call;
    if (request->reply.status >= 400 || call->route == NULL) {
        return "no-store";
    }
    if (call->cache_control != NULL) {
        return call->cache_control;
    }
    return call->route->cache_control != NULL ? call->route->cache_control : "no-store";
}

static void add_security(struct request *request)
{
    struct reply *reply = &request->reply;
    const char *policy = request->reply.status < 400 ? request->call.content_security_policy : NULL;
    reply_add(reply, "X-Content-Type-Options", "nosniff");
    reply_add(reply, "Referrer-Policy", "no-referrer");
    reply_add(reply, "Content-Security-Policy", policy == NULL ? STRICT_POLICY : policy);
    if (request->server->options.production) {
        reply_add(reply, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    }
}

static void add_rate(struct request *request)
{
    if (request->rate.limit == 0) {
        return;
    }
    struct reply *reply = &request->reply;
    reply_add(reply, "RateLimit-Limit", number(request, request->rate.limit));
    reply_add(reply, "RateLimit-Remaining", number(request, request->rate.remaining));
    reply_add(reply, "RateLimit-Reset", number(request, request->rate.reset_s));
}

static void add_timing(struct request *request)
{
    const int64_t took_ns = clock_monotonic_ns(request->ctx.clock) - request->started_ns;
    reply_add(&request->reply, "Server-Timing",
        arena_printf(request->arena, "total;dur=%.2f", (double)took_ns / 1e6));
}

void reply_complete(struct request *request)
{
    struct reply *reply = &request->reply;
    add_etag(request);
    reply_add(reply, "X-Request-Id", request->ctx.request_id);
    reply_add(reply, "Cache-Control", cache_control(request));
    reply_add(reply, "Vary", "Origin, Accept-Language");
    add_security(request);
    add_rate(request);
    add_cors(request);
    if (request->replayed) {
        reply_add(reply, "Idempotent-Replayed", "true");
    }
    if (!request->server->options.production) {
        add_timing(request);
    }
}

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {{200, "OK"}, {400, "Bad Request"}, {408, "Request Timeout"},
        {413, "Content Too Large"}, {431, "Request Header Fields Too Large"}};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Error";
}

void reply_print_head(const struct reply *reply, struct buf *out)
{
    buf_printf(out, "HTTP/1.1 %d %s\r\n", reply->status, reason(reply->status));
    for (size_t i = 0; i < reply->header_count; i++) {
        buf_str(out, reply->headers[i].name);
        buf_str(out, ": ");
        buf_str(out, reply->headers[i].value);
        buf_str(out, "\r\n");
    }
}

void reply_print(const struct reply *reply, struct buf *out)
{
    reply_print_head(reply, out);
    buf_printf(out, "Content-Length: %zu\r\nConnection: close\r\n\r\n", reply->body_len);
    buf_add(out, reply->body, reply->body_len);
}
