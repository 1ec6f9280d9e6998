/* net/client.h - the only way out over HTTP: configured hosts only, never an address that a client supplied.
 * Owns:   keep-alive connections (curl multi on the worker's loop).
 * Waits:  client_send, client_stream_open, client_stream_read; each at most its timeout and the ctx deadline.
 * Errors: ERR_TIMEOUT, ERR_UNAVAILABLE (no connection), ERR_TOO_LARGE (reply), ERR_CANCELLED, ERR_INTERNAL (URL).
 *         Any HTTP status is a reply, not an error. Redirects are never followed. https only, except loopback. */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct client;
struct ctx;
struct loop;

struct client *client_new(struct loop *loop);
void client_free(struct client *client);

/* What a request sends: one copy for who asks, perhaps again, and for the exchanges that send it, which may outlive the call.
 * Each lets go of it. */
struct client_body;
struct client_body *client_body_new(const char *bytes, size_t len);
void client_body_let_go(struct client_body *body); /* NULL is a no-op */

#define CLIENT_HEADERS_MAX 8
struct client_request {
    const char *method; /* "GET", "POST" */
    const char *url;
    const char *headers[CLIENT_HEADERS_MAX]; /* "Name: value", NULL-terminated when fewer */
    struct client_body *body;                /* borrowed; NULL = none */
    int64_t timeout_ms;
    size_t reply_max_bytes; /* 0 = LIMIT_CLIENT_REPLY_BYTES */
};

/* What the reply says about asking again. */
struct client_retry {
    int64_t
        after_ms; /* retry-after-ms, else Retry-After (seconds, with a fraction too, or a date); 0 = none */
    bool asked_to;  /* x-should-retry: true */
    bool asked_not; /* x-should-retry: false */
};

struct client_reply {
    int status;
    const char *body; /* arena, NUL-terminated */
    size_t body_len;
    int retry_after_s; /* 0 = none */
    struct client_retry retry;
};

err client_send(struct ctx *ctx, struct client *client, const struct client_request *request,
    struct client_reply *out);

/* ---- a reply read bit by bit ---- */

struct client_stream;

/* Returns when status and headers are there, at most after request->timeout_ms; *out_head has no body. What is not read
 * yet is bounded by LIMIT_CLIENT_STREAM_BYTES: a sender that is faster than its reader waits. reply_max_bytes bounds the
 * whole body. The stream is owned: closed after whatever happens to it. */
err client_stream_open(struct ctx *ctx, struct client *client, const struct client_request *request,
    struct client_reply *out_head, struct client_stream **out);
/* Waits for the next bytes, at most timeout_ms; they stay until the next call. *out_len 0 = the body ended in order.
 * ERR_UNAVAILABLE when it was cut. After ERR_TIMEOUT one may go on waiting. One fiber at a time. */
err client_stream_read(struct ctx *ctx, struct client_stream *stream, int64_t timeout_ms,
    const char **out, size_t *out_len);
/* At any time; a body that goes on is cut, at the latest in the next turn of the loop. NULL is a no-op. */
void client_stream_close(struct client_stream *stream);

#endif
