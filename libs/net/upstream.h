/* net/upstream.h - one service that we call over HTTP: when to try again, and when to stop asking for a while.
 * Owns:   breaker and retry budget of the worker; made once a service.
 * Waits:  upstream_send, upstream_stream, at most request->timeout_ms in all and the ctx deadline.
 * Errors: ERR_TIMEOUT, ERR_UNAVAILABLE (no connection, 401, 403, 404, 408, 409, 429, 5xx, breaker open), ERR_UPSTREAM (any
 *         other status), ERR_TOO_LARGE, ERR_CANCELLED, ERR_INTERNAL (URL).
 *
 * Tried again, twice at most: 408, 409, 429 (but no empty account), 5xx and failed connections, unless x-should-retry says
 * otherwise. The pause is what the reply asks for (up to 120 s), else 0.5 s, 1 s with jitter; one that does not fit into the
 * time left is not begun. Each retry costs one of a budget that ten successes refill by one, so that retries never multiply
 * the load on a service in trouble. Five failures in a row open the breaker for 1 s, doubling up to 30 s; one call then
 * tries, the others fail at once. */
#ifndef NET_UPSTREAM_H
#define NET_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "net/client.h"

struct loop;

struct upstream {
    const char *name; /* constant; for messages */
    struct client *client;
    struct loop *loop;
    int failures;      /* in a row */
    int64_t open_ns;   /* monotonic end of the pause; 0 = closed */
    int64_t pause_ms;  /* of the last opening */
    bool trying;       /* one call is out to see whether it works again */
    int budget_tenths; /* retries left, times ten */
    uint64_t calls;    /* requests sent */
    bool down;         /* the breaker has opened, and no call has worked since */
    int64_t since_us;  /* wall clock of the last change of that */
    double answer_ms;  /* from the last call to its reply, or the head of it */
};
void upstream_init(struct upstream *upstream, const char *name, struct client *client,
    struct loop *loop);

/* OK: *out is a 2xx; otherwise the last refusal, if there was any. The caller then says upstream_answered, or upstream_failed when the body is nonsense. */
err upstream_send(struct ctx *ctx, struct upstream *upstream, const struct client_request *request,
    struct client_reply *out);
/* The same for a reply that is read bit by bit: request->timeout_ms ends with its headers, and so do second tries. Read and
 * close with client.h; the caller says upstream_answered at the end, or upstream_failed when the body breaks off. */
err upstream_stream(struct ctx *ctx, struct upstream *upstream,
    const struct client_request *request, struct client_reply *out_head,
    struct client_stream **out);
/* Whether a call would fail at once, without a request: the breaker is open. */
bool upstream_pauses(const struct ctx *ctx, const struct upstream *upstream);
void upstream_answered(struct upstream *upstream);
void upstream_failed(struct ctx *ctx, struct upstream *upstream);

#endif
