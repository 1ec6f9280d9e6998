#include "http/stream.h"

#include <string.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/clock.h"
#include "core/limits.h"
#include "http/metrics.h"
#include "http/request.h"
#include "http/stream_internal.h"

#define NS_PER_S 1000000000LL
#define PING_NS (LIMIT_STREAM_PING_SECONDS * NS_PER_S)

static const char ping[] = ": ping\n\n";

static void count_open(const struct request *request, int64_t delta)
{
    const struct http_options *options = &request->server->options;
    metrics_add(options->metrics, options->worker, METRIC_STREAMS_OPEN, delta);
}

struct stream *stream_open(struct call *call, const struct stream_source *source)
{
    struct request *request = call->request;
    ASSERT(call->route->streams && request->stream == NULL);
    struct stream *stream = ARENA_NEW(request->arena, struct stream);
    stream->request = request;
    stream->source = *source;
    stream->fed_ns = clock_monotonic_ns(request->ctx.clock);
    call->cache_control = "no-cache, no-transform";
    request->stream = stream;
    count_open(request, 1);
    return stream;
}

void stream_wake(struct stream *stream)
{
    if (stream->waits) {
        stream->waits = false;
        server_ready(stream->request);
    } else {
        stream->woken = true;
    }
}

void stream_close(struct stream *stream)
{
    if (stream != NULL && !stream->closed) {
        stream->closed = true;
        count_open(stream->request, -1);
        stream->source.closed(stream->source.arg);
    }
}

static ssize_t feed(struct stream *stream, size_t len)
{
    stream->fed_ns = clock_monotonic_ns(stream->request->ctx.clock);
    stream->bytes += len;
    return (ssize_t)len;
}

static bool is_silent(const struct stream *stream, int64_t now_ns)
{
    return now_ns - stream->fed_ns >= PING_NS;
}

ssize_t stream_pull(struct stream *stream, char *out, size_t room)
{
    stream->woken = false;
    const ssize_t got = stream->source.read(stream->source.arg, out, room);
    ASSERT(got <= (ssize_t)room);
    if (got > 0) {
        return feed(stream, (size_t)got);
    }
    if (got < 0) {
        stream->end = STREAM_WAS_READ;
        stream_close(stream);
        return -1;
    }
    const size_t ping_len = sizeof(ping) - 1;
    if (room >= ping_len && is_silent(stream, clock_monotonic_ns(stream->request->ctx.clock))) {
        memcpy(out, ping, ping_len);
        return feed(stream, ping_len);
    }
    stream->waits = true;
    if (stream->woken) { /* by its own read */
        stream_wake(stream);
    }
    return 0;
}

void stream_cut(struct stream *stream, enum stream_end why)
{
    if (stream->end <= STREAM_WAS_READ) {
        stream->end = why;
    }
    stream_stop_waiting(stream);
    stream_wake(stream);
}

void stream_keep_alive(struct stream *stream, int64_t now_ns)
{
    if (stream->waits && is_silent(stream, now_ns)) {
        stream_wake(stream);
    }
}

/* The library asks for no body after a HEAD. */
bool stream_is_reply(const struct request *request)
{
    return request->stream != NULL && request->method != METHOD_HEAD;
}
