/* http/stream.h - a reply whose body comes bit by bit: server-sent events. A handler opens one and returns OK, which ends its
 * fiber; from then on the bytes are taken whenever the client can read some. Only routes with .streams may open one.
 * Owns: nothing that outlives the request; closed() is the end of it. No function here waits, nor may the source's.
 * A stream that is silent for LIMIT_STREAM_PING_SECONDS gets the comment ": ping"; a client that takes nothing for
 * LIMIT_STREAM_STALL_SECONDS although there is something is cut. */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include <stddef.h>
#include <sys/types.h>

struct call;
struct stream;

struct stream_source {
    /* Copies at most `room` bytes of what is ready; 0 = nothing now, only between two events; -1 = that was all. Runs on the
     * loop's stack. */
    ssize_t (*read)(void *arg, char *out, size_t room);
    /* The last call, always made once: all was read, the client has left, the server closes, or the reply never began. In the
     * last case on the stack of the handler that failed, after it returned. */
    void (*closed)(void *arg);
    void *arg;
};

/* The reply to this call: 200, text/event-stream, no caching, no buffering by proxies. At most once a call; when the handler
 * then fails, its error is the reply. For HEAD nothing is read. The source is copied. */
struct stream *stream_open(struct call *call, const struct stream_source *source);
/* There is something to read, or the end. From anywhere in the worker, before closed(); as often as one likes. */
void stream_wake(struct stream *stream);

#endif
