#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "net/client_internal.h"
#include "net/fiber.h"
#include "net/loop.h"

enum { NS_PER_MS = 1000000, STATUS_FINAL = 200 };
static const long receive_bytes = 2048; /* many streams are open at once, and none is fast */

struct client_stream {
    struct transfer transfer; /* first: client.c knows no more of it */
    struct client *client;    /* borrowed */
    bool has_head;
    bool paused; /* curl keeps bytes back until some of ours were read */
    bool broken; /* it could not give them to us */
    size_t arrived;
};

static void wake_reader(const struct client_stream *stream)
{
    if (stream->transfer.fiber != NULL) {
        fiber_wake(stream->transfer.fiber);
    }
}

/* ---- curl's callbacks ---- */

static size_t on_head(char *line, size_t size, size_t count, void *arg)
{
    struct client_stream *stream = arg;
    const size_t len = size * count;
    const bool is_last = len > 0 && (line[0] == '\r' || line[0] == '\n');
    long status = 0;
    curl_easy_getinfo(stream->transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    if (is_last && status >= STATUS_FINAL && !stream->has_head) {
        stream->has_head = true;
        wake_reader(stream);
    }
    return len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct client_stream *stream = arg;
    struct transfer *transfer = &stream->transfer;
    const size_t len = size * count;
    if (len > transfer->body_max - stream->arrived) {
        transfer->too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    if (transfer->body_len > 0 && transfer->body_len + len > LIMIT_CLIENT_STREAM_BYTES) {
        stream->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (!client_keep(transfer, bytes, len)) {
        return CURL_WRITEFUNC_ERROR;
    }
    stream->arrived += len;
    wake_reader(stream);
    return len;
}

static bool set_reply(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    return curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, receive_bytes) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK;
}

/* ---- the reader ---- */

static bool has_begun(const struct client_stream *stream)
{
    return stream->has_head || stream->transfer.done;
}

static bool has_more(const struct client_stream *stream)
{
    return stream->transfer.body_len > 0 || stream->transfer.done || stream->broken;
}

static err wait_until(struct ctx *ctx, struct client_stream *stream,
    bool (*is_so)(const struct client_stream *stream), int64_t timeout_ms)
{
    struct loop *loop = stream->client->loop;
    const int64_t end_ns = ctx_deadline_ns(ctx, timeout_ms);
    err waited = OK;
    stream->transfer.fiber = fiber_current(loop);
    while (is_ok(waited) && !is_so(stream)) {
        const int64_t left_ms = (end_ns - clock_monotonic_ns(ctx->clock)) / NS_PER_MS + 1;
        waited = fiber_park(ctx, loop, "client.stream", left_ms);
    }
    stream->transfer.fiber = NULL; /* between two reads nobody may be woken */
    return waited;
}

static err read_head(struct ctx *ctx, struct client_stream *stream, int64_t timeout_ms,
    struct client_reply *out)
{
    struct transfer *transfer = &stream->transfer;
    TRY(wait_until(ctx, stream, has_begun, timeout_ms));
    /* Which of the two curl tells first, the last line of the head or that too much is announced, depends on its version. */
    if (!stream->has_head || transfer->result == CURLE_FILESIZE_EXCEEDED) {
        TRY(client_result(ctx, transfer));
        return fail(ctx, ERR_UNAVAILABLE, "no reply");
    }
    if (!transfer->done) {
        client_read_head(transfer);
    }
    *out = client_head(transfer);
    return OK;
}

err client_stream_open(struct ctx *ctx, struct client *client, const struct client_request *request,
    struct client_reply *out_head, struct client_stream **out)
{
    struct transfer *transfer = NULL;
    TRY(client_start(ctx, client, request, sizeof(struct client_stream), set_reply, &transfer));
    struct client_stream *stream = (struct client_stream *)transfer;
    stream->client = client;
    fiber_trim(client->loop); /* a service may think for long before it says anything */
    const err result = read_head(ctx, stream, request->timeout_ms, out_head);
    if (!is_ok(result)) {
        client_stream_close(stream);
        return result;
    }
    *out = stream;
    return OK;
}

/* What arrived becomes the reader's; what arrives from now on goes to where the last read was. */
static void take_arrived(struct transfer *transfer)
{
    char *bytes = transfer->body;
    const size_t cap = transfer->body_cap;
    transfer->body = transfer->read;
    transfer->body_cap = transfer->read_cap;
    transfer->body_len = 0;
    transfer->read = bytes;
    transfer->read_cap = cap;
}

static void go_on(struct client_stream *stream)
{
    if (stream->paused && !stream->transfer.done) {
        stream->paused = false;
        stream->broken = curl_easy_pause(stream->transfer.easy, CURLPAUSE_CONT) != CURLE_OK;
    }
}

err client_stream_read(struct ctx *ctx, struct client_stream *stream, int64_t timeout_ms,
    const char **out, size_t *out_len)
{
    struct transfer *transfer = &stream->transfer;
    TRY(wait_until(ctx, stream, has_more, timeout_ms));
    const size_t len = transfer->body_len;
    if (len > 0) {
        take_arrived(transfer);
        go_on(stream);
        *out = transfer->read;
        *out_len = len;
        return OK;
    }
    if (stream->broken) {
        return fail(ctx, ERR_UNAVAILABLE, "body was lost on its way from curl");
    }
    TRY(client_result(ctx, transfer));
    *out = "";
    *out_len = 0;
    return OK;
}

void client_stream_close(struct client_stream *stream)
{
    if (stream != NULL) {
        client_let_go(stream->client, &stream->transfer);
    }
}
