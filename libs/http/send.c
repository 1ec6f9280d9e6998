#include "http/send.h"

#include <microhttpd.h>

#include "core/clock.h"
#include "http/request.h"
#include "http/stream_internal.h"

#define IS_1_0 (MHD_VERSION >= 0x01000000)
#define BLOCK_BYTES 256 /* of a stream to HTTP/1.0; others read from the connection's memory */

/* Suspending is what keeps the library from asking again at once. */
static ssize_t on_pull(void *arg, uint64_t position, char *out, size_t room)
{
    struct request *request = arg;
    (void)position;
    const ssize_t pulled = stream_pull(request->stream, out, room);
    if (pulled > 0) {
        return pulled;
    }
    if (pulled == 0) {
        request->suspended = true;
        MHD_suspend_connection(request->connection);
        return 0;
    }
    return pulled == STREAM_PULL_END ? (ssize_t)MHD_CONTENT_READER_END_OF_STREAM
                                     : (ssize_t)MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *make_body(struct request *request)
{
    const struct reply *reply = &request->reply;
    if (request->stream != NULL) {
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_pull, request,
            /* free: */ NULL);
    }
#if IS_1_0
    return MHD_create_response_from_buffer_static(reply->body_len, reply->body);
#else
    /* The library takes a pointer to non-const, but only reads persistent memory. */
    return MHD_create_response_from_buffer(reply->body_len, (void *)(uintptr_t)reply->body,
        MHD_RESPMEM_PERSISTENT);
#endif
}

static struct MHD_Response *make_response(struct request *request)
{
    const struct reply *reply = &request->reply;
    struct MHD_Response *response = make_body(request);
    for (size_t i = 0; response != NULL && i < reply->header_count; i++) {
        MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    }
    if (response != NULL && reply->close) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
    return response;
}

bool send_reply(struct request *request)
{
    struct conn *conn = request->conn;
    struct reply *reply = &request->reply;
    const int64_t now_ns = clock_monotonic_ns(request->server->options.clock);
    conn->requests++;
    if (request->server->draining || conn->requests >= LIMIT_REQUESTS_PER_CONNECTION) {
        reply->close = true;
    }
    struct MHD_Response *response = make_response(request);
    if (response == NULL) {
        return false;
    }
    request->state = REQUEST_SENT;
    if (stream_is_reply(request)) {
        conn_enter(conn, CONN_STREAMING, now_ns);
        if (conn->cut) { /* nobody looks at this connection any more */
            stream_cut(request->stream, STREAM_LEFT);
        }
    } else {
        conn_enter(conn, CONN_WRITING, now_ns);
        conn->bytes = reply->body_len;
    }
    const enum MHD_Result queued =
        MHD_queue_response(request->connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return queued == MHD_YES;
}
