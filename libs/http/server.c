#include "http/server.h"

#include <errno.h>
#include <string.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/clock.h"
#include "core/crypto.h"
#include "core/services.h"
#include "http/address.h"
#include "http/daemon.h"
#include "http/metrics.h"
#include "http/request.h"
#include "http/stream_internal.h"
#include "net/fiber.h"
#include "net/loop.h"

#define POOL_CHUNKS 1024
#define SWEEP_MS 250
#define SWEEP_DRAIN_MS 25
#define ID_PREFIX_BYTES 6

#define METRICS_TOKEN_MIN 8

/* What a client can send in a header, and nobody guesses at once. */
static bool is_token(const char *text)
{
    size_t len = 0;
    while (text[len] > ' ' && text[len] <= '~') {
        len++;
    }
    return text[len] == '\0' && (len == 0 || len >= METRICS_TOKEN_MIN);
}

const struct field http_config_fields[] = {
    FIELD_I64(struct http_config, port, "Port to listen on", .min = 1, .max = 65535, .dflt = 8000),
    FIELD_STR(struct http_config, bind_addr, "Address to listen on", .dflt_text = "0.0.0.0",
        .check = address_is_valid, .check_text = "must be an IPv4 or IPv6 address"),
    FIELD_STR(struct http_config, api_v1_prefix, "Path of version 1 of the API",
        .dflt_text = "/api/v1", .check = router_is_prefix,
        .check_text = "must be a path like /api/v1: begin with '/', not end with it, no escapes"),
    FIELD_STRS(struct http_config, frontend_url,
        "Exact origins of the front ends, the first is the canonical one; must be set outside "
        "development",
        .dflt_text = ""),
    FIELD_SECRET(struct http_config, metrics_token,
        "Bearer token for /metrics from other hosts; empty = this host only", .dflt_text = "",
        .check = is_token, .check_text = "must be at least 8 visible ASCII characters"),
    FIELD_I64(struct http_config, trusted_proxy_count,
        "Proxies in front: the client is this hop of X-Forwarded-For from the right; 0 = the peer",
        .max = 8),
    FIELD_I64(struct http_config, rate_limit_guest_per_minute, "Requests of one address", .min = 1,
        .max = 1000000000, .dflt = 60, .unit = "requests a minute"),
    FIELD_I64(struct http_config, rate_limit_user_per_minute, "Requests of one user", .min = 1,
        .max = 1000000000, .dflt = 120, .unit = "requests a minute"),
    FIELD_I64(struct http_config, rate_limit_admin_per_minute, "Requests of one admin", .min = 1,
        .max = 1000000000, .dflt = 600, .unit = "requests a minute"),
    FIELD_I64(struct http_config, rate_limit_faq_search_per_minute, "FAQ searches of one address",
        .min = 1, .max = 1000000000, .dflt = 30, .unit = "requests a minute"),
    FIELD_I64(struct http_config, rate_limit_chat_guest_per_minute,
        "Questions to the chat of one guest", .min = 1, .max = 1000000000, .dflt = 5,
        .unit = "requests a minute"),
    FIELD_I64(struct http_config, rate_limit_chat_guest_per_day,
        "Questions to the chat of one guest", .min = 1, .max = 1000000000, .dflt = 20,
        .unit = "requests a day"),
    FIELD_I64(struct http_config, rate_limit_chat_address_per_day,
        "Questions to the chat of all guests of one address", .min = 1, .max = 1000000000,
        .dflt = 60, .unit = "requests a day"),
    FIELD_I64(struct http_config, rate_limit_chat_user_per_minute,
        "Questions to the chat of one user", .min = 1, .max = 1000000000, .dflt = 10,
        .unit = "requests a minute"),
    FIELD_I64(struct http_config, rate_limit_chat_user_per_day, "Questions to the chat of one user",
        .min = 1, .max = 1000000000, .dflt = 100, .unit = "requests a day"),
    FIELD_I64(struct http_config, rate_limit_inquiries_per_hour, "Inquiries from one address",
        .min = 1, .max = 1000000000, .dflt = 5, .unit = "requests an hour"),
    FIELD_I64(struct http_config, max_connections, "Client connections of one worker", .min = 1,
        .max = LIMIT_CONNECTIONS_PER_WORKER, .dflt = LIMIT_CONNECTIONS_PER_WORKER),
};
const int http_config_count = sizeof(http_config_fields) / sizeof(http_config_fields[0]);

/* ---- deadlines ---- */

static void probe(struct conn *conn, int64_t now_ns)
{
    /* A look at a stream has told that it is open: thousands of them would be asked a second time. */
    const bool is_open = conn->phase == CONN_STREAMING && conn->is_open;
    const bool gone = !is_open && conn_is_gone(conn);
    if (conn->phase == CONN_STREAMING && gone) {
        stream_cut(conn->request->stream, STREAM_LEFT);
    } else if (conn->phase == CONN_STREAMING) {
        stream_keep_alive(conn->request->stream, now_ns);
    } else if (gone && conn->request->fiber != NULL) {
        conn->cut = true;
        fiber_cancel(conn->request->fiber);
    }
}

static void judge(struct http_server *server, struct conn *conn, int64_t now_ns)
{
    if (conn->phase == CONN_STREAMING) {
        conn_look(conn, now_ns);
    }
    switch (conn_judge(conn, now_ns, server->draining)) {
    case CONN_KEEP:
        return;
    case CONN_CUT_LATE:
        intake_late(conn->request);
        conn_shut(conn);
        return;
    case CONN_CUT:
        if (conn->phase == CONN_STREAMING) {
            stream_cut(conn->request->stream, STREAM_STALLED);
        }
        conn_shut(conn);
        return;
    case CONN_PROBE:
        probe(conn, now_ns);
        return;
    }
}

static void tell_drained(struct http_server *server)
{
    void (*drained)(void *arg) = server->drained;
    if (drained != NULL && server->conns.count == 0) {
        server->drained = NULL;
        drained(server->drained_arg);
    }
}

static void on_sweep(void *arg)
{
    struct http_server *server = arg;
    const int64_t now_ns = clock_monotonic_ns(server->options.clock);
    for (struct conn *conn = server->conns.open; conn != NULL; conn = conn->next) {
        judge(server, conn, now_ns);
    }
    tell_drained(server);
}

/* ---- turns of the loop ---- */

static void on_readable(void *arg, unsigned events)
{
    struct http_server *server = arg;
    (void)events;
    server->busy = true;
}

void server_ready(struct request *request)
{
    struct http_server *server = request->server;
    if (request->is_ready) {
        return;
    }
    struct request **link =
        server->ready_first == NULL ? &server->ready_first : &server->ready_last->next_ready;
    request->is_ready = true;
    request->next_ready = NULL;
    *link = request;
    server->ready_last = request;
}

void server_forget(struct http_server *server, struct conn *conn)
{
    const struct http_options *options = &server->options;
    conn_close(&server->conns, conn);
    metrics_set(options->metrics, options->worker, METRIC_CONNECTIONS_OPEN,
        (int64_t)server->conns.count);
}

/* True: the library has a connection to go on with. Streams do without it. */
static bool resume_ready(struct http_server *server)
{
    struct request *request = server->ready_first;
    bool resumed = false;
    server->ready_first = NULL;
    while (request != NULL) {
        struct request *next = request->next_ready;
        request->is_ready = false;
        if (request->connection == NULL) {
            stream_push(request->stream);
        } else {
            daemon_resume(request);
            resumed = true;
        }
        request = next;
    }
    return resumed;
}

/* All connections that have something to do, and all fibers that ended, in one go. */
static bool on_turn(void *arg)
{
    struct http_server *server = arg;
    const bool active = server->busy || server->ready_first != NULL;
    if (resume_ready(server) || server->busy) {
        server->busy = daemon_run(server);
    }
    if (server->busy) {
        loop_sleep_at_most(server->loop, 0);
    }
    return active;
}

/* ---- life ---- */

static const char *make_id_prefix(struct arena *arena)
{
    char hex[2 * ID_PREFIX_BYTES + 1];
    crypto_random_hex(ID_PREFIX_BYTES, hex);
    return arena_printf(arena, "%s-", hex);
}

static const char **make_route_names(struct arena *arena, const struct router *router)
{
    const size_t count = router_count(router);
    const char **names = ARENA_ARRAY(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        names[i] = router_entry(router, i)->name;
    }
    return names;
}

static struct http_server *make_server(struct loop *loop, const struct http_options *options)
{
    struct arena *arena = arena_new(/* pool= */ NULL);
    struct http_server *server = ARENA_NEW(arena, struct http_server);
    struct cache *cache = options->services == NULL ? NULL : options->services->cache;
    server->arena = arena;
    server->options = *options;
    server->loop = loop;
    server->block = arena_alloc_raw(arena, STREAM_BLOCK_BYTES);
    server->pool = arena_pool_new(POOL_CHUNKS);
    server->conns.arena = arena;
    server->router = router_new(arena, options->routes, options->config->api_v1_prefix);
    server->route_names = make_route_names(arena, server->router);
    server->rate = rate_new(arena, loop, cache, options->workers);
    server->id_prefix = make_id_prefix(arena);
    ctx_init(&server->ctx, arena, options->clock, options->log, /* timeout_ms= */ 0);
    return server;
}

static void free_server(struct http_server *server)
{
    arena_pool_free(server->pool);
    arena_free(server->arena);
}

err http_server_open(struct ctx *ctx, struct loop *loop, int listen_fd,
    const struct http_options *options, struct http_server **out)
{
    struct http_server *server = make_server(loop, options);
    if (!daemon_open(server, listen_fd)) {
        free_server(server);
        return fail(ctx, ERR_UNAVAILABLE, "HTTP daemon does not start: %s", strerror(errno));
    }
    server->watch = loop_watch_open(loop, daemon_fd(server), LOOP_READ, on_readable, server);
    server->sweep = loop_timer_new(loop, on_sweep, server);
    loop_timer_start(server->sweep, SWEEP_MS, SWEEP_MS);
    loop_on_turn(loop, on_turn, server);
    server->busy = true; /* the first run starts listening */
    *out = server;
    return OK;
}

void http_server_drain(struct http_server *server, void (*done)(void *arg), void *arg)
{
    if (server->draining) {
        return;
    }
    server->draining = true;
    server->drained = done;
    server->drained_arg = arg;
    server->busy = daemon_run(server); /* who has connected already is served */
    daemon_quiesce(server);
    loop_timer_start(server->sweep, SWEEP_DRAIN_MS, SWEEP_DRAIN_MS);
}

/* A connection must not be suspended when the daemon stops. Its fiber goes on until its next wait tells it to end;
 * the request lives until then. Streams end. */
static void resume_all(struct http_server *server)
{
    for (struct conn *conn = server->conns.open; conn != NULL; conn = conn->next) {
        if (conn->phase == CONN_STREAMING) {
            stream_cut(conn->request->stream, STREAM_SHUT_DOWN);
        }
    }
    resume_ready(server);
    for (struct conn *conn = server->conns.open; conn != NULL; conn = conn->next) {
        if (conn->request != NULL && conn->request->suspended) {
            daemon_resume(conn->request);
        }
    }
}

void http_server_close(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    loop_off_turn(server->loop, on_turn, server);
    loop_timer_free(server->sweep);
    loop_watch_close(server->watch);
    resume_all(server);
    daemon_close(server);
    server->closed = true;
    server_release(server);
}

void server_release(struct http_server *server)
{
    if (server->closed && server->running == 0) {
        free_server(server);
    }
}

const struct http_options *http_server_options(const struct http_server *server)
{
    return &server->options;
}

void http_server_metrics(const struct http_server *server, struct buf *out)
{
    metrics_print(server->options.metrics, server->route_names, out);
}
