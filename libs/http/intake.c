/* A request takes shape: target, headers, guard, route, room for the body. Knows nothing of libmicrohttpd. */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "http/metrics.h"
#include "http/request.h"
#include "http/stream_internal.h"

#define BODY_FIRST_BYTES 4096
#define RAW_REPLY_MAX 4096
#define ID_NUMBER_BYTES 6 /* enough for 80 years at 100,000 requests a second */
#define ALL_METHODS "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

struct request *intake_open(struct http_server *server, struct conn *conn, const char *target)
{
    struct arena *arena = arena_new(server->pool);
    struct request *request = ARENA_NEW(arena, struct request);
    const struct http_options *options = &server->options;
    request->server = server;
    request->arena = arena;
    request->conn = conn;
    request->target_at = target;
    request->target_len = target == NULL ? 0 : strlen(target);
    request->target = arena_strndup(arena, target == NULL ? "" : target, request->target_len);
    request->path_len = strcspn(request->target, "?");
    request->method_name = "";
    ctx_init(&request->ctx, arena, options->clock, options->log, LIMIT_REQUEST_MS);
    request->started_ns = clock_monotonic_ns(options->clock);
    conn->request = request;
    conn_enter(conn, CONN_HEADERS, request->started_ns);
    return request;
}

void intake_close(struct request *request)
{
    if (stream_is_reply(request)) {
        dispatch_streamed(request);
    }
    arena_free(request->arena);
}

void intake_detach(struct request *request)
{
    request->headers = (struct headers){0};
    request->method_name = arena_strdup(request->arena, request->method_name);
    request->ctx.request_id = arena_strdup(request->arena, request->ctx.request_id);
}

static void name_request(struct request *request)
{
    const char *sent = headers_value(&request->headers, "x-request-id");
    if (sent != NULL && request_id_is_valid(sent)) {
        request->ctx.request_id = sent;
        return;
    }
    struct http_server *server = request->server;
    const size_t prefix_len = strlen(server->id_prefix);
    const uint64_t number = htobe64(++server->id_count);
    char *id = arena_alloc_raw(request->arena, prefix_len + 2 * ID_NUMBER_BYTES + 1);
    memcpy(id, server->id_prefix, prefix_len);
    crypto_hex((const char *)(&number + 1) - ID_NUMBER_BYTES, ID_NUMBER_BYTES, id + prefix_len);
    request->ctx.request_id = id;
}

static void fill_call(struct request *request)
{
    struct call *call = &request->call;
    const struct http_options *options = &request->server->options;
    const char *trace = headers_value(&request->headers, "traceparent");
    call->ctx = &request->ctx;
    call->services = options->services;
    call->server = request->server;
    call->request = request;
    call->headers = &request->headers;
    call->path = arena_strndup(request->arena, request->target, request->path_len);
    call->locale = locale_choose(options->locales, options->default_locale,
        headers_value(&request->headers, "accept-language"));
    call->client_address = address_of_client(request->arena, &request->headers,
        options->config->trusted_proxy_count, request->conn->peer);
    if (trace != NULL) {
        trace_id_read(trace, request->trace_id);
    }
}

static void refuse(struct request *request, enum refusal refusal, const char *why)
{
    request->refusal = refusal;
    (void)fail(&request->ctx, ERR_BAD_REQUEST, "%s", why);
    dispatch_refuse(request);
}

/* True: answered. */
static bool find_route(struct request *request)
{
    struct router_match *match = &request->match;
    router_match(request->server->router, request->target, request->path_len, request->method,
        match);
    if (match->entry != NULL) {
        request->call.route = match->entry->row;
        request->ctx.route = match->entry->path;
        return false;
    }
    if (match->allow == NULL && request->method != METHOD_UNKNOWN) {
        (void)fail(&request->ctx, ERR_NOT_FOUND, "no such path");
        dispatch_refuse(request);
    } else if (request->method == METHOD_OPTIONS) {
        dispatch_options(request);
    } else {
        match->allow = match->allow == NULL ? ALL_METHODS : match->allow;
        refuse(request, REFUSED_METHOD, "no such method on this path");
    }
    return true;
}

static size_t body_max(const struct http_route *row)
{
    if (row->in == NULL &&
        !row->raw_in) { /* some clients send {} with every POST: nobody reads it */
        return row->method == HTTP_GET || row->method == HTTP_DELETE ? 0 : LIMIT_BODY_UNREAD_BYTES;
    }
    return row->body_max_bytes > 0 ? row->body_max_bytes : LIMIT_BODY_BYTES;
}

static bool prepare_body(struct request *request, const struct guard_verdict *verdict)
{
    const size_t max = body_max(request->call.route);
    if (verdict->body_bytes > max || (verdict->chunked && max == 0)) {
        (void)fail(&request->ctx, ERR_TOO_LARGE, "body of %" PRIu64 " bytes", verdict->body_bytes);
        dispatch_refuse(request);
        return true;
    }
    /* What is announced is not reserved: memory follows the bytes that arrive. */
    size_t first = verdict->has_body ? BODY_FIRST_BYTES : 0;
    if (!verdict->chunked && verdict->body_bytes < first) {
        first = verdict->body_bytes + 1; /* a small one takes no more than it is */
    }
    buf_init(&request->body, request->arena, first, max);
    return false;
}

bool intake_begin(struct request *request, struct guard_input *input)
{
    struct http_server *server = request->server;
    input->target = request->target;
    input->target_len = request->target_len;
    input->headers = &request->headers;
    input->scratch = arena_alloc_raw(request->arena, request->target_len + 1);
    request->method_name = input->method;
    request->method = guard_method(input->method);
    name_request(request);
    fill_call(request);
    const struct guard_verdict verdict = guard_check(input);
    if (verdict.refusal != REFUSED_NOT) {
        metrics_add(server->options.metrics, server->options.worker, METRIC_REQUESTS_REFUSED, 1);
        request->reply.close = true;
        refuse(request, verdict.refusal, verdict.why);
        return true;
    }
    request->has_body = verdict.has_body;
    request->chunked = verdict.chunked;
    request->discards_body = verdict.body_bytes > 0 &&
                             verdict.body_bytes <= LIMIT_BODY_DISCARD_BYTES &&
                             headers_value(&request->headers, "expect") == NULL;
    return find_route(request) || prepare_body(request, &verdict);
}

/* Straight to the socket: on this connection nothing else will be sent. */
static void answer_directly(struct request *request)
{
    struct buf out;
    buf_init(&out, request->arena, RAW_REPLY_MAX, RAW_REPLY_MAX);
    reply_print(&request->reply, &out);
    if (!out.failed) { /* what does not fit into the socket is not worth waiting for */
        (void)!send(request->conn->fd, out.data, out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

static void begin_refusal(struct request *request)
{
    request->reply.close = true;
    if (request->ctx.request_id[0] == '\0') {
        name_request(request);
    }
}

void intake_late(struct request *request)
{
    begin_refusal(request);
    refuse(request, REFUSED_TIMEOUT, "request did not arrive in time");
    answer_directly(request);
}

void intake_refused(struct request *request, unsigned status)
{
    begin_refusal(request);
    if (status == 413) {
        (void)fail(&request->ctx, ERR_TOO_LARGE, "announced length is beyond counting");
        dispatch_refuse(request);
    } else if (status == 431) {
        refuse(request, REFUSED_HEADERS, "more cookies than the connection's memory holds");
    } else {
        refuse(request, REFUSED_REQUEST, "refused by the HTTP library");
    }
    answer_directly(request);
}
