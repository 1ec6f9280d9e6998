/* http/stream_internal.h - one open stream, for the files of this library only. It lives in the arena of its request. */
#ifndef HTTP_STREAM_INTERNAL_H
#define HTTP_STREAM_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "http/stream.h"

struct request;

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
    bool waits;     /* its connection is suspended until a wake */
    bool woken;     /* while it did not wait */
    int64_t fed_ns; /* when the client was given something */
    uint64_t bytes; /* given */
    char *unsent;   /* push.c: of a chunk that did not fit into the socket */
    size_t unsent_len;
};

/* The next bytes of the body. 0: there are none, the connection has to be suspended. */
enum { STREAM_PULL_END = -1, STREAM_PULL_CUT = -2 };
ssize_t stream_pull(struct stream *stream, char *out, size_t room);
/* It ends early, unless it was cut before: its next pull closes the connection. */
void stream_cut(struct stream *stream, enum stream_end why);
/* Wakes a stream that was silent for so long that it gets a ping, or has something left to send. */
void stream_keep_alive(struct stream *stream, int64_t now_ns);
/* Tells the source, if it does not know. NULL is a no-op. */
void stream_close(struct stream *stream);

/* push.c: what a suspended stream has to say now goes to its socket. False: its connection has to be resumed, for the
 * library to go on with it. */
bool stream_push(struct stream *stream);

/* A body follows bit by bit. */
bool stream_is_reply(const struct request *request);

#endif
