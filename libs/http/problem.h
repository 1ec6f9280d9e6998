/* http/problem.h - the one place that turns a failure into a status and an error body. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "core/err.h"

struct buf;
struct ctx;
struct err_detail;

struct problem {
    int status;
    const char *code;    /* public, of the catalogue */
    const char *message; /* client visible */
    int retry_after_s;   /* 0 = no Retry-After */
};

/* Refusals of HTTP itself, for which handlers have no err_code. */
enum refusal {
    REFUSED_NOT,
    REFUSED_REQUEST,     /* 400: malformed, or a way to smuggle a second request */
    REFUSED_METHOD,      /* 405, with Allow */
    REFUSED_TIMEOUT,     /* 408: the request did not arrive in time */
    REFUSED_TARGET,      /* 414 */
    REFUSED_MEDIA_TYPE,  /* 415 */
    REFUSED_EXPECTATION, /* 417 */
    REFUSED_HEADERS,     /* 431 */
};

struct problem problem_of(const struct err_detail *error);
struct problem problem_of_refusal(enum refusal refusal);
/* Default status of an err_code, for the documents. */
int problem_status(enum err_code code);

/* All codes a client can see, NULL-terminated. */
extern const char *const problem_codes[];

/* Where the failure happened, as the envelope tells it. */
struct problem_place {
    const char *product;
    const char *path; /* valid UTF-8 */
};
/* The error envelope; id, time and field errors come from ctx. */
void problem_write(struct buf *out, const struct ctx *ctx, const struct problem *problem,
    const struct problem_place *place);

#endif
