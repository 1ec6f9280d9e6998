/* core/err.h - a failure is a value: what every fallible function returns.
 * Owns:   nothing; the text of a failure lives in the ctx it was reported to (core/ctx.h).
 * Errors: the enum says what the CLIENT can do about it; one table in http/problem.c maps it to a status. */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stdbool.h>
#include <stdint.h>

enum err_code {
    ERR_OK = 0,
    ERR_BAD_REQUEST,     /* not understood: malformed HTTP or JSON, bad signature */
    ERR_INVALID,         /* understood, but a value is wrong; see the field errors */
    ERR_UNAUTHENTICATED, /* sign in (again) */
    ERR_FORBIDDEN,       /* signed in, but not allowed */
    ERR_NOT_FOUND,       /* unknown, foreign or hidden: never told apart */
    ERR_CONFLICT,        /* the present state does not allow it */
    ERR_GONE,            /* it was there, its time is over */
    ERR_PRECONDITION,    /* If-Match names another version */
    ERR_TOO_LARGE,       /* a limit of core/limits.h was passed */
    ERR_RATE_LIMITED,    /* come back later */
    ERR_TIMEOUT,         /* a deadline of ours passed while waiting for somebody else */
    ERR_CANCELLED,       /* the client left or the process drains */
    ERR_UPSTREAM,        /* somebody else answered nonsense */
    ERR_UNAVAILABLE,     /* a part we need is down; try again soon */
    ERR_INTERNAL,        /* our fault */
};

/* A newtype, so that `if (some_err)` does not compile and an ignored one is a warning. */
#if defined(__clang__)
typedef struct __attribute__((warn_unused_result)) err {
    enum err_code code;
} err;
#else
typedef struct [[nodiscard]] err {
    enum err_code code;
} err;
#endif

#define OK ((err){ERR_OK})

static inline bool is_ok(err e)
{
    return e.code == ERR_OK;
}

/* Name for logs ("NOT_FOUND"); never NULL. */
const char *err_name(enum err_code code);

struct ctx;

/* Reports a failure: `return fail(ctx, ERR_NOT_FOUND, "faq %" PRId64, id);`
 * The text is for the log: short, impersonal, no secrets, no personal data. The client sees the fixed
 * sentence of the code. Evaluates to the err. */
#undef fail /* libcheck has one too; a test that uses ours includes check.h before this */
#define fail(ctx, code, ...) err_fail((ctx), (code), __FILE__, __LINE__, __VA_ARGS__)

/* As fail(), with what the client sees. `name` (from core/codes.h, or NULL for the code's own name)
 * and `message` must be constants that live as long as the process. */
#define fail_public(ctx, code, name, message)                                                      \
    err_fail_public((ctx), (code), __FILE__, __LINE__, (name), (message))

/* Adds one row to the `details` of an ERR_INVALID: `return fail_field(ctx, "limit", "VALIDATION_ERROR",
 * "must be at most %d", 50);` May be called several times before returning; text is client visible. */
#define fail_field(ctx, field, name, ...)                                                          \
    err_fail_field((ctx), __FILE__, __LINE__, (field), (name), __VA_ARGS__)

/* Adds a row to the `details` of the failure kept in ctx, whatever its code: what the client may try instead. name is of
 * core/codes.h; text is client visible. */
void err_add_detail(struct ctx *ctx, const char *field, const char *name, const char *text);

/* Passes a failure up unchanged. Apart from `return fail(...)` the only control-flow word. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        const err try_err_ = (call);                                                               \
        if (try_err_.code != ERR_OK) {                                                             \
            return try_err_;                                                                       \
        }                                                                                          \
    } while (0)

err err_fail(struct ctx *ctx, enum err_code code, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
err err_fail_public(struct ctx *ctx, enum err_code code, const char *file, int line,
    const char *name, const char *message);
err err_fail_field(struct ctx *ctx, const char *file, int line, const char *field, const char *name,
    const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* Forgets the failure kept in ctx: it was handled here (say why at the call). */
void err_clear(struct ctx *ctx);

#endif
