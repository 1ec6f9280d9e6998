#include "http/send.h"

#include <microhttpd.h>

#include "core/clock.h"
#include "http/request.h"

#define IS_1_0 (MHD_VERSION >= 0x01000000)

/* What would follow is not asked for after a HEAD. */
static ssize_t read_nothing(void *arg, uint64_t position, char *out, size_t room)
{
    (void)arg;
    (void)position;
    (void)out;
    (void)room;
    return MHD_CONTENT_READER_END_OF_STREAM;
}

static struct MHD_Response *make_body(const struct request *request)
{
    const struct reply *reply = &request->reply;
    if (request->stream != NULL) {
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1, read_nothing, NULL,
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

static struct MHD_Response *make_response(const struct request *request)
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
    conn_enter(conn, CONN_WRITING, now_ns);
    conn->bytes = reply->body_len;
    const enum MHD_Result queued =
        MHD_queue_response(request->connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return queued == MHD_YES;
}
