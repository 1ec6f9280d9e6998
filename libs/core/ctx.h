/* core/ctx.h - what travels with one request or one background job: first parameter of everything that
 * can fail, allocate, wait or log. It carries no services: what a function reaches is in its signature.
 * Owns: nothing; whoever starts the work (dispatch, a job, a test) owns arena and ctx. One ctx, one fiber. */
#ifndef CORE_CTX_H
#define CORE_CTX_H

#include <stdint.h>

#include "core/err.h"

struct arena;
struct clock;
struct log;

#define ERR_FIELDS_MAX 32
#define ERR_TEXT_MAX 256

struct err_field {
    const char *field;   /* arena: name or path of the member, "address.city" */
    const char *code;    /* constant, of core/codes.h */
    const char *message; /* arena: client visible */
};

/* Where and why the last failure happened; kept until err_clear or the next failure. */
struct err_detail {
    enum err_code code;
    const char *file; /* constant */
    int line;
    char text[ERR_TEXT_MAX];    /* for the log only */
    const char *public_name;    /* constant or NULL = default of the code */
    const char *public_message; /* constant or NULL = default of the code */
    struct err_field *fields;   /* arena, at most ERR_FIELDS_MAX */
    int field_count;
    int retry_after_s; /* 0 = default of the code */
};

/* What a request may do only once, however often it is sent: its Idempotency-Key. */
struct ctx_once {
    const char *principal, *route, *key;
};

struct ctx {
    struct arena *arena;         /* borrowed: valid while the request lives */
    const struct clock *clock;   /* borrowed: tests move time here */
    struct log *log;             /* borrowed; NULL = silent */
    int64_t deadline_ns;         /* monotonic; inner deadlines are min(own, this) */
    const char *request_id;      /* "" outside a request */
    const char *route;           /* template of the route, "" outside a request */
    const struct ctx_once *once; /* NULL = anything as often as it likes */
    struct err_detail error;
};

/* A ctx for work that starts now and may take timeout_ms. */
void ctx_init(struct ctx *ctx, struct arena *arena, const struct clock *clock, struct log *log,
    int64_t timeout_ms);

/* Work in memory of its own, for much that is read and little that is kept: until ctx_scratch_end it is ctx->arena. Returns
 * the former arena, which ctx_scratch_end puts back; fields of an error are copied there, and all else is gone. */
struct arena *ctx_scratch(struct ctx *ctx);
void ctx_scratch_end(struct ctx *ctx, struct arena *former);

/* Monotonic end of a wait of at most timeout_ms inside this ctx. */
int64_t ctx_deadline_ns(const struct ctx *ctx, int64_t timeout_ms);

#endif
