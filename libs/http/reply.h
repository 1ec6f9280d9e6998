/* http/reply.h - what goes back: status, body and every header, ready to be handed to libmicrohttpd.
 * Owns: nothing; text lives in the request's arena or as long as the process. */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct buf;
struct request;

#define REPLY_HEADERS_MAX 24

struct reply_header {
    const char *name, *value;
};

struct reply {
    int status;
    const char *body;
    size_t body_len;
    bool close;
    struct reply_header headers[REPLY_HEADERS_MAX];
    size_t header_count;
};

/* Body and status of what the handler left in the call. */
err reply_encode(struct request *request);
/* Body and status of request->refusal or of the failure in ctx. */
void reply_problem(struct request *request);
/* All headers; a matching If-None-Match turns the reply into a 304. The last step. */
void reply_complete(struct request *request);

void reply_add(struct reply *reply, const char *name, const char *value);
/* Status line and headers as bytes; what frames the body is not among them. */
void reply_print_head(const struct reply *reply, struct buf *out);
/* The whole reply as bytes, for a client that libmicrohttpd will not answer. */
void reply_print(const struct reply *reply, struct buf *out);

#endif
