/* http/stream_internal.h - one open stream, for the files of this library only. It lives in the arena of its request.
 * Once its handler is done it takes the connection over from libmicrohttpd, which has nothing to do with it any more: a stream is
 * the last reply of its connection. */
#ifndef HTTP_STREAM_INTERNAL_H
#define HTTP_STREAM_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"
#include "http/stream.h"

struct loop_watch;
struct request;

/* What goes out in one piece: a head and some text. */
#define STREAM_BLOCK_BYTES 24576

enum stream_end {
    STREAM_GOES_ON,
    STREAM_WAS_READ,  /* to its end */
    STREAM_LEFT,      /* by the client */
    STREAM_STALLED,   /* the client took nothing */
    STREAM_SHUT_DOWN, /* with the server */
};

struct stream {
    struct request *request; /* borrowed */
    struct stream_source source;
    enum stream_end end;
    bool closed;    /* the source knows */
    bool waits;     /* for a wake */
    bool woken;     /* while it did not wait */
    int64_t fed_ns; /* when the client was given something */
    uint64_t bytes; /* given */
    /* push.c: the head at first, then what did not fit into the socket, which is watched until it takes more. */
    struct buf unsent;
    bool is_behind; /* something did not fit */
    bool is_full;
    struct loop_watch *room;
};

/* The next bytes of the body. 0: there are none until a wake; -1: that was all. */
ssize_t stream_pull(struct stream *stream, char *out, size_t room);
/* It ends early, unless it was cut before. */
void stream_cut(struct stream *stream, enum stream_end why);
/* Wakes a stream that was silent for so long that it gets a ping. */
void stream_keep_alive(struct stream *stream, int64_t now_ns);
/* Tells the source, if it does not know. NULL is a no-op. */
void stream_close(struct stream *stream);

/* push.c: the socket of the request's connection is the stream's, the reply's head the first that it says; the library is to close
 * its side of the connection before the next push. False: no descriptor is left. */
bool stream_take_over(struct request *request);
/* What it has to say goes to its socket. At its end the request is freed, and the connection closed. */
void stream_push(struct stream *stream);
/* It does not wait for room any more. */
void stream_stop_waiting(struct stream *stream);

/* A body follows bit by bit. */
bool stream_is_reply(const struct request *request);

#endif
