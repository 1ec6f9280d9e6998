/* One request, from the door to the log line. This file is the order of things; the steps it takes are in
 * admit.c (who may come in) and reply.c (what goes out). */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/codes.h"
#include "core/json.h"
#include "core/log.h"
#include "http/admit.h"
#include "http/metrics.h"
#include "http/query.h"
#include "http/request.h"
#include "http/stream_internal.h"

static err check_row(struct request *request)
{
    const struct http_route *row = request->call.route;
    const unsigned features = request->server->options.features;
    if (row->feature == FEATURE_ALWAYS || (features & row->feature) != 0) {
        return OK;
    }
    if (row->feature == FEATURE_DOCS) {
        return fail(&request->ctx, ERR_NOT_FOUND, "docs are off");
    }
    return fail_public(&request->ctx, ERR_NOT_FOUND, CODE_FEATURE_DISABLED,
        "This feature is not available");
}

static err decode_params(struct request *request)
{
    struct call *call = &request->call;
    struct field_param *params = NULL;
    TRY(router_params(&request->ctx, &request->match, &params));
    if (call->route->params == NULL) {
        return OK;
    }
    void *out = arena_alloc(request->arena, call->route->params->size);
    TRY(field_decode_query(&request->ctx, call->route->params, params,
        request->match.entry->param_count, out));
    call->params = out;
    return OK;
}

static err decode_query(struct request *request)
{
    static const struct shape none = {.name = "none"};
    struct call *call = &request->call;
    const char *question = request->target + request->path_len;
    const size_t len = request->target_len - request->path_len;
    struct field_param *params = NULL;
    size_t count = 0;
    TRY(query_parse(&request->ctx, question + (len > 0), len > 0 ? len - 1 : 0, &params, &count));
    const struct shape *shape = call->route->query == NULL ? &none : call->route->query;
    if (shape == &none && count == 0) {
        return OK;
    }
    void *out = arena_alloc(request->arena, shape->size + 1);
    TRY(field_decode_query(&request->ctx, shape, params, count, out));
    call->query = out;
    return OK;
}

/* The type itself, with or without "; charset=utf-8". */
static bool is_type(const char *value, const char *type)
{
    if (value == NULL || strncasecmp(value, type, strlen(type)) != 0) {
        return false;
    }
    const char *rest = value + strlen(type);
    rest += strspn(rest, "; \t");
    return *rest == '\0' || strcasecmp(rest, "charset=utf-8") == 0 ||
           strcasecmp(rest, "charset=\"utf-8\"") == 0;
}

/* What the row does not say is taken in any type. */
static bool is_taken(const struct http_route *row, const char *value)
{
    static const char *const json[] = {"application/json", NULL};
    const char *const *type = row->in != NULL ? json : row->raw_types;
    if (type == NULL) {
        return true;
    }
    while (*type != NULL && !is_type(value, *type)) {
        type++;
    }
    return *type != NULL;
}

/* Where nothing is required, nothing need be sent. */
static bool needs_body(const struct shape *shape)
{
    size_t row = 0;
    while (row < shape->count && !shape->fields[row].required) {
        row++;
    }
    return row < shape->count;
}

static err decode_body(struct request *request)
{
    struct call *call = &request->call;
    const struct json *json = NULL;
    TRY(buf_finish(&request->ctx, &request->body, &call->body, &call->body_len));
    if (call->body_len > 0 &&
        !is_taken(call->route, headers_value(&request->headers, "content-type"))) {
        request->refusal = REFUSED_MEDIA_TYPE;
        return fail(&request->ctx, ERR_BAD_REQUEST, "body is of another type");
    }
    if (call->route->in == NULL) {
        return OK;
    }
    const bool empty = call->body_len == 0 && !needs_body(call->route->in);
    TRY(json_parse(&request->ctx, empty ? "{}" : call->body, empty ? 2 : call->body_len, &json));
    void *in = arena_alloc(request->arena, call->route->in->size);
    TRY(field_decode(&request->ctx, call->route->in, json, in));
    call->in = in;
    return OK;
}

static err decode_if_match(struct request *request)
{
    const char *if_match = headers_value(&request->headers, "if-match");
    if (!request->call.route->versioned || if_match == NULL || request->method <= METHOD_HEAD) {
        return OK;
    }
    if (!etag_read_version(if_match, &request->call.if_match)) {
        return fail(&request->ctx, ERR_PRECONDITION, "If-Match is no tag of ours");
    }
    return OK;
}

static err decode(struct request *request)
{
    TRY(decode_params(request));
    TRY(decode_query(request));
    TRY(decode_if_match(request));
    return decode_body(request);
}

static err run(struct request *request)
{
    struct call *call = &request->call;
    if (call->route->out != NULL && !call->route->page) {
        call->out = arena_alloc(request->arena, call->route->out->size);
    }
    TRY(call->route->run(call));
    return reply_encode(request);
}

/* The order of every request. */
static err serve(struct request *request)
{
    TRY(check_row(request));
    TRY(admit_rate_of_guests(request));
    TRY(admit_authenticate(request));
    TRY(admit_authorise(request));
    TRY(admit_idempotency(request));
    if (request->replayed && request->call.repeated == NULL) {
        return OK;
    }
    TRY(decode(request));
    return run(request);
}

/* ---- the end of every request ---- */

static enum log_level level_of(int status)
{
    return status >= 500 ? LOG_ERROR : LOG_INFO;
}

static struct log_field cut_field(enum stream_end end)
{
    if (end == STREAM_LEFT) {
        return LOG_BOOL("client_left", true);
    }
    return end == STREAM_STALLED ? LOG_BOOL("client_stalled", true)
                                 : LOG_BOOL("server_closed", true);
}

static void log_done(struct request *request, double took_ms)
{
    const struct ctx *ctx = &request->ctx;
    const struct err_detail *error = &ctx->error;
    struct log_field fields[11];
    size_t count = 0;
    fields[count++] = LOG_STR("method", request->method_name);
    fields[count++] = LOG_I64("status", request->reply.status);
    fields[count++] = LOG_MS("ms", took_ms);
    fields[count++] = LOG_I64("bytes", (int64_t)request->reply.body_len);
    if (request->stream != NULL && request->stream->end > STREAM_WAS_READ) {
        fields[count++] = cut_field(request->stream->end);
    }
    if (request->call.principal.user_id > 0) {
        fields[count++] = LOG_I64("user_id", request->call.principal.user_id);
    }
    if (request->trace_id[0] != '\0') {
        fields[count++] = LOG_STR("trace_id", request->trace_id);
    }
    if (error->code != ERR_OK) {
        fields[count++] = LOG_STR("error", err_name(error->code));
        fields[count++] = LOG_STR("reason", error->text);
        fields[count++] = LOG_STR("file", error->file);
        fields[count++] = LOG_I64("line", error->line);
    }
    log_write(ctx, level_of(request->reply.status), "http.request_done", fields, count);
}

static void tell(struct request *request)
{
    const struct http_options *options = &request->server->options;
    const int64_t took_us = (clock_monotonic_ns(request->ctx.clock) - request->started_ns) / 1000;
    const int route = request->match.entry == NULL ? -1 : request->match.entry->index;
    metrics_request(options->metrics, options->worker, route, request->reply.status, took_us);
    if (log_enabled(request->ctx.log, level_of(request->reply.status))) {
        log_done(request, (double)took_us / 1e3);
    }
}

/* A stream is told of when it ends. */
static void finish(struct request *request)
{
    reply_complete(request);
    if (!stream_is_reply(request)) {
        tell(request);
    }
}

void dispatch_streamed(struct request *request)
{
    struct stream *stream = request->stream;
    if (stream->end == STREAM_GOES_ON) { /* opened when nobody was there any more */
        stream->end = request->server->closed ? STREAM_SHUT_DOWN : STREAM_LEFT;
    }
    stream_close(stream);
    request->reply.body_len = stream->bytes;
    tell(request);
}

void dispatch_refuse(struct request *request)
{
    reply_problem(request);
    finish(request);
}

void dispatch_options(struct request *request)
{
    request->reply.status = 204;
    reply_add(&request->reply, "Allow", request->match.allow);
    finish(request);
}

void dispatch_run(struct request *request)
{
    const err result = serve(request);
    if (!is_ok(result) || request->method == METHOD_HEAD) {
        stream_close(request->stream);
    }
    if (!is_ok(result)) {
        request->stream = NULL;
        reply_problem(request);
    }
    admit_idempotency_done(request);
    finish(request);
}
