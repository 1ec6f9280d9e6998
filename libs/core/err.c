#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/codes.h"
#include "core/ctx.h"
#include "core/source_path.h"
#include "core/utf8.h"

/* A client chooses the names of unknown fields; the reply repeats no more of them. */
#define FIELD_NAME_MAX 128

static const char *const names[] = {
    [ERR_OK] = "OK",
    [ERR_BAD_REQUEST] = "BAD_REQUEST",
    [ERR_INVALID] = "INVALID",
    [ERR_UNAUTHENTICATED] = "UNAUTHENTICATED",
    [ERR_FORBIDDEN] = "FORBIDDEN",
    [ERR_NOT_FOUND] = "NOT_FOUND",
    [ERR_CONFLICT] = "CONFLICT",
    [ERR_GONE] = "GONE",
    [ERR_PRECONDITION] = "PRECONDITION",
    [ERR_TOO_LARGE] = "TOO_LARGE",
    [ERR_RATE_LIMITED] = "RATE_LIMITED",
    [ERR_TIMEOUT] = "TIMEOUT",
    [ERR_CANCELLED] = "CANCELLED",
    [ERR_UPSTREAM] = "UPSTREAM",
    [ERR_UNAVAILABLE] = "UNAVAILABLE",
    [ERR_INTERNAL] = "INTERNAL",
};

const char *err_name(enum err_code code)
{
    const size_t index = (size_t)code;
    return index < sizeof(names) / sizeof(names[0]) ? names[index] : "UNKNOWN";
}

static void start_failure(struct ctx *ctx, enum err_code code, const char *file, int line)
{
    err_clear(ctx);
    ctx->error.code = code;
    ctx->error.file = source_path(file);
    ctx->error.line = line;
}

err err_fail(struct ctx *ctx, enum err_code code, const char *file, int line, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX]; /* the arguments may point into the failure that is replaced */
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    start_failure(ctx, code, file, line);
    memcpy(ctx->error.text, text, sizeof(text));
    return (err){code};
}

err err_fail_public(struct ctx *ctx, enum err_code code, const char *file, int line,
    const char *name, const char *message)
{
    start_failure(ctx, code, file, line);
    snprintf(ctx->error.text, sizeof(ctx->error.text), "%s", message == NULL ? "" : message);
    ctx->error.public_name = name;
    ctx->error.public_message = message;
    return (err){code};
}

static void add_field(struct err_detail *error, struct arena *arena, struct err_field row)
{
    if (error->fields == NULL) {
        error->fields = ARENA_ARRAY(arena, struct err_field, ERR_FIELDS_MAX);
    }
    if (error->field_count < ERR_FIELDS_MAX) {
        error->fields[error->field_count++] = row;
    }
    /* One wrong value outweighs any number of unknown names. */
    if (error->public_name == NULL || strcmp(row.code, CODE_VALIDATION_ERROR) == 0) {
        error->public_name = row.code;
    }
}

err err_fail_field(struct ctx *ctx, const char *file, int line, const char *field, const char *name,
    const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const struct err_field row = {
        .field = arena_strndup(ctx->arena, field, utf8_cut(field, strlen(field), FIELD_NAME_MAX)),
        .code = name,
        .message = arena_vprintf(ctx->arena, fmt, args),
    };
    va_end(args);
    if (ctx->error.field_count == 0) {
        start_failure(ctx, ERR_INVALID, file, line);
        /* The text goes to the log: a name that we do not know is the client's own words. */
        const bool known = strcmp(name, CODE_VALIDATION_ERROR) == 0;
        snprintf(ctx->error.text, sizeof(ctx->error.text), "%s%s%s", known ? row.field : "",
            known ? ": " : "", row.message);
    }
    add_field(&ctx->error, ctx->arena, row);
    return (err){ERR_INVALID};
}

void err_add_detail(struct ctx *ctx, const char *field, const char *name, const char *text)
{
    const struct err_field row = {
        .field = arena_strdup(ctx->arena, field),
        .code = name,
        .message = arena_strdup(ctx->arena, text),
    };
    add_field(&ctx->error, ctx->arena, row);
}

void err_clear(struct ctx *ctx)
{
    ctx->error = (struct err_detail){.code = ERR_OK};
}
