/* net/client_internal.h - what the files of the HTTP client share. Not for other libs. */
#ifndef NET_CLIENT_INTERNAL_H
#define NET_CLIENT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "net/client.h"

struct fiber;
struct loop_timer;

struct client_body {
    int holders;
    size_t len;
    char bytes[];
};

/* One exchange. It lives until curl has let go of it and its owner has left; the owner may leave first. */
struct transfer {
    struct transfer *next; /* in client->abandoned */
    CURL *easy;            /* NULL once curl is done with it */
    bool in_curl;
    struct curl_slist *headers;
    struct client_body *sent; /* curl reads it */
    struct fiber *fiber;      /* that waits for it; NULL = none */
    bool done;
    CURLcode result;
    char *body; /* grows; what has arrived, of a stream: and was not read */
    size_t body_len, body_cap;
    size_t body_max; /* of the whole reply */
    char *read;      /* of a stream: what its last read gave */
    size_t read_cap;
    bool too_large;
    long status;
    struct client_retry retry;
};

struct client {
    struct loop *loop; /* borrowed */
    CURLM *multi;
    long busy;                 /* transfers that curl has */
    struct loop_timer *timer;  /* curl's one timer */
    struct loop_timer *reaper; /* takes abandoned transfers out of curl, on the loop's deep stack */
    struct transfer *abandoned;
};

/* ---- client.c ---- */

/* A zeroed transfer, or a struct that begins with one, of this size. ERR_INTERNAL: the URL or a header is not allowed.
 * set_reply says where the reply goes. */
err client_start(struct ctx *ctx, struct client *client, const struct client_request *request,
    size_t size, bool (*set_reply)(struct transfer *transfer), struct transfer **out);
/* Frees it at once if curl is done with it, else in the next turn. */
void client_let_go(struct client *client, struct transfer *transfer);
/* Status and retries while curl still has it. */
void client_read_head(struct transfer *transfer);
struct client_reply client_head(const struct transfer *transfer);
/* How a transfer that is done has ended. */
err client_result(struct ctx *ctx, const struct transfer *transfer);
/* False: no memory. */
bool client_keep(struct transfer *transfer, const char *bytes, size_t len);

/* ---- client_setup.c ---- */

/* https anywhere, http on this host only: what leaves it is encrypted. */
bool client_may_ask(const char *url);
/* Method, URL, headers, body and the rules that all requests have in common. */
bool client_set_up(struct transfer *transfer, const struct client_request *request);

#endif
