/* http/request.h - the server and one request inside it, for the files of this library only.
 * A request is made when its request line is complete and freed when libmicrohttpd has completed it and its fiber
 * has ended, whichever is later; one that became a stream is freed when that ends. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/ctx.h"
#include "http/call.h"
#include "http/conditions.h"
#include "http/conn.h"
#include "http/guard.h"
#include "http/headers.h"
#include "http/problem.h"
#include "http/rate.h"
#include "http/reply.h"
#include "http/router.h"
#include "http/server.h"

struct MHD_Connection;
struct MHD_Daemon;
struct arena;
struct arena_pool;
struct fiber;
struct loop_timer;
struct loop_watch;
struct stream;

struct http_server {
    struct arena *arena;     /* of the server's life */
    struct arena_pool *pool; /* of request arenas */
    struct ctx ctx;          /* for what belongs to no request */
    struct loop *loop;       /* borrowed */
    struct http_options options;
    struct router *router;
    struct rate *rate;
    const char **route_names;
    const char *id_prefix; /* of minted request ids, with its dash: differs in every worker */
    uint64_t id_count;

    struct MHD_Daemon *daemon;
    struct loop_watch *watch;
    struct loop_timer *sweep;
    struct conn_table conns;
    struct request *ready_first, *ready_last; /* they can go on */
    char *block;                              /* streams put together in it what they send */
    bool busy;                                /* the library has work */
    size_t running;                           /* fibers of requests */
    bool closed;                              /* freed with its last fiber */

    bool draining;
    void (*drained)(void *arg);
    void *drained_arg;
};

enum request_state {
    REQUEST_HEADERS, /* the request line was seen */
    REQUEST_BODY,
    REQUEST_RUNNING, /* its fiber is alive */
    REQUEST_DONE,    /* .reply is ready */
    REQUEST_SENT,
};

struct request {
    struct http_server *server;        /* borrowed */
    struct arena *arena;               /* everything below lives in it */
    struct conn *conn;                 /* borrowed; NULL when the connection is gone */
    struct MHD_Connection *connection; /* NULL when its stream has taken over */
    enum request_state state;
    bool suspended;
    bool over; /* the library is done with it */
    struct fiber *fiber;
    bool is_ready; /* in the list of those that can go on */
    struct request *next_ready;
    int64_t started_ns;

    const char *method_name;
    enum request_method method;
    const char *target; /* as sent; copy */
    size_t target_len, path_len;
    const char *target_at; /* where it stood; not to be read */
    struct headers headers;
    bool is_1_1; /* its reply can come in chunks */
    bool has_body, chunked;
    bool discards_body; /* refused, but a client that still sends would not read why */
    struct buf body;

    struct ctx ctx;
    struct call call;
    struct router_match match;
    enum refusal refusal;     /* of HTTP itself; else ctx.error tells what went wrong */
    struct rate_verdict rate; /* limit 0: not limited */
    bool replayed;
    char trace_id[TRACE_ID_LEN + 1];
    struct reply reply;
    struct stream *stream; /* the reply's body; NULL = .reply has it */
};

/* Frees a closed server once its last fiber has ended. */
void server_release(struct http_server *server);
/* Its connection is suspended, or its stream's, and goes on in this turn of the loop, or in the next. */
void server_ready(struct request *request);
/* The connection is closed. */
void server_forget(struct http_server *server, struct conn *conn);

/* dispatch.c: fills request->reply, logs and counts; runs on a fiber. */
void dispatch_run(struct request *request);
/* The same for a request that gets no further than the door. */
void dispatch_refuse(struct request *request);
void dispatch_options(struct request *request);
/* The end of a reply that was a stream: tells its source, logs and counts. */
void dispatch_streamed(struct request *request);

/* intake.c: from the bytes of a connection to a request that can run, and back. */
struct request *intake_open(struct http_server *server, struct conn *conn, const char *target);
/* Headers are complete. True: .reply is ready, and the body, if any, is not wanted. */
bool intake_begin(struct request *request, struct guard_input *input);
void intake_close(struct request *request);
/* The connection's memory goes before the fiber ends: copies what is still needed. */
void intake_detach(struct request *request);
/* The client let its deadline pass: answers it directly. */
void intake_late(struct request *request);
/* The library refuses it and is about to say so with this status: answers directly in its place. */
void intake_refused(struct request *request, unsigned status);

#endif
