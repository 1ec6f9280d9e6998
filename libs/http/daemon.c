#include "http/daemon.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/log.h"
#include "http/metrics.h"
#include "http/request.h"
#include "http/send.h"
#include "http/stream_internal.h"
#include "net/fiber.h"

#define IS_1_0 (MHD_VERSION >= 0x01000000)
#define RUNS_A_TURN 16
#define LOG_LINE_MAX 256
#define SPARE_CONNECTIONS 16 /* over the limit, to be refused by us */
#define DISCIPLINE 2

static struct conn *conn_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static int64_t now(const struct http_server *server)
{
    return clock_monotonic_ns(server->options.clock);
}

/* ---- connections ---- */

static enum MHD_Result on_accept(void *arg, const struct sockaddr *address, socklen_t address_len)
{
    struct http_server *server = arg;
    const struct http_options *options = &server->options;
    (void)address;
    (void)address_len;
    if ((int64_t)server->conns.count < options->connections_max) {
        return MHD_YES;
    }
    metrics_add(options->metrics, options->worker, METRIC_CONNECTIONS_REFUSED, 1);
    return MHD_NO;
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = arg;
    const struct http_options *options = &server->options;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const int fd =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        struct conn *conn = conn_open(&server->conns, fd, now(server));
        address_format(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
                           ->client_addr,
            conn->peer);
        *context = conn;
        metrics_set(options->metrics, options->worker, METRIC_CONNECTIONS_OPEN,
            (int64_t)server->conns.count);
        return;
    }
    struct conn *conn = *context;
    *context = NULL;
    if (!conn->own) {
        server_forget(server, conn);
    }
}

/* ---- a request comes in ---- */

/* The library would cut the query into parameters, which nobody reads, and when these use up the connection's memory
 * it neither answers nor closes. Its buffer is writable, and our copy is made: it finds an empty query. */
static void hide_query(const char *target)
{
    char *question = target == NULL ? NULL : strchr((char *)(uintptr_t)target, '?');
    if (question != NULL && question[1] != '\0') {
        question[1] = '\0';
    }
}

/* The request line is complete. What we return is the request's context in all later calls. */
static void *on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct request *request = intake_open(arg, conn_of(connection), target);
    request->connection = connection;
    hide_query(target);
    return request;
}

static enum MHD_Result add_header(void *arg, enum MHD_ValueKind kind, const char *name,
    size_t name_len, const char *value, size_t value_len)
{
    struct headers *headers = arg;
    (void)kind;
    headers->items[headers->count++] =
        (struct header){name, name_len, value == NULL ? "" : value, value_len};
    return MHD_YES;
}

/* A stream goes on without the library, which is told to close its side. */
static enum MHD_Result answer(struct request *request)
{
    if (!stream_is_reply(request)) {
        return send_reply(request) ? MHD_YES : MHD_NO;
    }
    if (!stream_take_over(request)) {
        stream_cut(request->stream, STREAM_SHUT_DOWN);
    }
    return MHD_NO;
}

static void collect_headers(struct request *request, struct MHD_Connection *connection)
{
    const int count = MHD_get_connection_values_n(connection, MHD_HEADER_KIND, NULL, NULL);
    request->headers.items =
        ARENA_ARRAY(request->arena, struct header, (size_t)(count > 0 ? count : 1));
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_header, &request->headers);
}

/* The first call: headers are complete, the body is not. A reply that is queued here closes the connection, which
 * also keeps the rest of what the client sent from being read as a request; but a client that is still sending may
 * lose it. So where the end of the body is sure and near, the reply waits for it. */
static enum MHD_Result begin(struct request *request, struct MHD_Connection *connection,
    const char *method, const char *version)
{
    struct guard_input input = {.method = method, .version = version};
    input.block_bytes =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    request->is_1_1 = strcmp(version, MHD_HTTP_VERSION_1_1) == 0;
    input.target_at = IS_1_0 ? NULL : request->target_at;
    collect_headers(request, connection);
    const bool answered = intake_begin(request, &input);
    request->state = answered ? REQUEST_DONE : REQUEST_BODY;
    if (answered && (request->reply.close || (request->has_body && !request->discards_body))) {
        return answer(request);
    }
    if (request->has_body) {
        conn_enter(request->conn, CONN_BODY, now(request->server));
    }
    return MHD_YES;
}

static void on_fiber(void *arg)
{
    struct request *request = arg;
    request->fiber = fiber_current(request->server->loop);
    dispatch_run(request);
}

static void on_fiber_done(void *arg)
{
    struct request *request = arg;
    struct http_server *server = request->server;
    request->state = REQUEST_DONE;
    request->fiber = NULL;
    server->running--;
    if (request->over) {
        intake_close(request);
        server_release(server);
    } else if (request->suspended) {
        server_ready(request);
    }
}

/* The last call: runs the request; the connection is suspended only if it has to wait. */
static enum MHD_Result run(struct request *request)
{
    struct http_server *server = request->server;
    bool ended = false;
    /* How chunks are written does not show, and others may read them differently: nothing may follow. */
    request->reply.close = request->chunked;
    if (request->body.failed) {
        request->reply.close = true;
        (void)fail(&request->ctx, ERR_TOO_LARGE, "body over %zu bytes", request->body.max);
        dispatch_refuse(request);
        return answer(request);
    }
    request->ctx.deadline_ns = INT64_MAX;
    const int64_t own_ms = request->call.route->timeout_ms;
    request->ctx.deadline_ns =
        ctx_deadline_ns(&request->ctx, own_ms > 0 ? own_ms : LIMIT_REQUEST_MS);
    request->state = REQUEST_RUNNING;
    server->running++;
    if (!is_ok(fiber_start(&request->ctx, server->loop, on_fiber, on_fiber_done, request,
            &ended))) {
        server->running--;
        dispatch_refuse(request);
        return answer(request);
    }
    if (ended) {
        return answer(request);
    }
    MHD_suspend_connection(request->connection);
    request->suspended = true;
    conn_enter(request->conn, CONN_RUNNING, now(server));
    return MHD_YES;
}

static enum MHD_Result on_access(void *arg, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *data_len, void **context)
{
    (void)arg;
    (void)url;
    struct request *request = *context;
    switch (request->state) {
    case REQUEST_HEADERS:
        return begin(request, connection, method, version);
    case REQUEST_BODY:
        if (*data_len == 0) {
            return run(request);
        }
        request->conn->bytes += *data_len;
        buf_add(&request->body, data, *data_len);
        *data_len = 0;
        return MHD_YES;
    case REQUEST_DONE:
        if (*data_len > 0) {
            request->conn->bytes += *data_len;
            *data_len = 0;
            return MHD_YES;
        }
        return answer(request);
    case REQUEST_RUNNING:
    case REQUEST_SENT:
        return MHD_YES;
    }
    return MHD_NO;
}

/* ---- and ends ---- */

/* The reply is out, or the connection is gone. */
static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code)
{
    struct http_server *server = arg;
    struct request *request = *context;
    (void)connection;
    *context = NULL;
    if (request == NULL || request->connection == NULL) { /* a stream has it now */
        return;
    }
    conn_enter(request->conn, CONN_IDLE, now(server));
    request->conn->request = NULL;
    request->conn = NULL;
    request->over = true;
    if (request->state == REQUEST_HEADERS) { /* the parser itself had the last word */
        metrics_add(server->options.metrics, server->options.worker, METRIC_REQUESTS_REFUSED, 1);
    }
    if (request->state == REQUEST_RUNNING) {
        intake_detach(request);
        fiber_cancel(request->fiber); /* its end frees the request */
        return;
    }
    if (request->stream != NULL && code != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        stream_cut(request->stream,
            code == MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN ? STREAM_SHUT_DOWN : STREAM_LEFT);
    }
    intake_close(request);
}

/* ---- the daemon ---- */

/* Of all requests that we have not been shown yet, the one whose headers are complete: the library is at it. */
static struct request *request_at_hand(const struct http_server *server)
{
    for (struct conn *conn = server->conns.open; conn != NULL; conn = conn->next) {
        struct request *request = conn->request;
        if (request != NULL && request->state == REQUEST_HEADERS && !conn->cut &&
            MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE) !=
                NULL) {
            return request;
        }
    }
    return NULL;
}

/* Lengths that it cannot read the library refuses by itself: in HTML, and 0.9.75 sends the head twice. Its log line
 * comes just before: we answer first and close the socket for it. */
static void answer_first(const struct http_server *server, const char *fmt, va_list args)
{
    static const char refusal[] = "Error processing request (HTTP response code is %u";
    if (strncmp(fmt, refusal, sizeof(refusal) - 1) != 0) {
        return;
    }
    struct request *request = request_at_hand(server);
    if (request != NULL) {
        intake_refused(request, va_arg(args, unsigned));
        conn_shut(request->conn);
    }
}

static void __attribute__((format(printf, 2, 0))) on_log(void *arg, const char *fmt, va_list args)
{
    struct http_server *server = arg;
    char text[LOG_LINE_MAX];
    va_list again;
    va_copy(again, args);
    answer_first(server, fmt, again);
    va_end(again);
    if (!log_enabled(server->ctx.log, LOG_DEBUG)) {
        return;
    }
    vsnprintf(text, sizeof(text), fmt, args);
    text[strcspn(text, "\r\n")] = '\0';
    log_debug(&server->ctx, "http.library_said", LOG_STR("text", text));
}

bool daemon_open(struct http_server *server, int listen_fd)
{
    /* Turbo: its descriptors are closed without a shutdown, which would end a socket that a stream has taken over. */
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_TURBO;
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, listen_fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)server->options.connections_max + SPARE_CONNECTIONS,
            NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, LIMIT_CONNECTION_POOL_BYTES, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL}, /* deadlines are ours, http/conn.h */
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_target, server},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, server},
#if IS_1_0
        {MHD_OPTION_CLIENT_DISCIPLINE_LVL, DISCIPLINE, NULL},
#endif
        {MHD_OPTION_END, 0, NULL},
    };
#if IS_1_0
    flags |= MHD_USE_NO_THREAD_SAFETY;
#endif
    server->daemon = MHD_start_daemon(flags, 0, on_accept, server, on_access, server,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    return server->daemon != NULL;
}

int daemon_fd(const struct http_server *server)
{
    return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

static bool is_pending(const struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout = 1;
    return MHD_get_timeout(server->daemon, &timeout) == MHD_YES && timeout == 0;
}

bool daemon_run(struct http_server *server)
{
    bool pending = true;
    for (int i = 0; pending && i < RUNS_A_TURN; i++) {
        MHD_run(server->daemon);
        pending = is_pending(server);
    }
    return pending;
}

void daemon_resume(struct request *request)
{
    request->suspended = false;
    MHD_resume_connection(request->connection);
}

void daemon_quiesce(struct http_server *server)
{
    MHD_quiesce_daemon(server->daemon);
}

void daemon_close(struct http_server *server)
{
    daemon_quiesce(server); /* otherwise the library closes the listening socket */
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
}
