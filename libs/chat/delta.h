/* chat/delta.h - one chunk of a streamed answer. Nearly all of them hold a bit of text and nothing else: those are read
 * without building a tree; `more` says that another look is needed.
 * Errors: ERR_UPSTREAM: not JSON, not an object, too deep. */
#ifndef CHAT_DELTA_H
#define CHAT_DELTA_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct buf;
struct ctx;
struct json;

enum delta_finish {
    DELTA_FINISH_NONE,
    DELTA_FINISH_STOP, /* also what nobody knows */
    DELTA_FINISH_LENGTH,
    DELTA_FINISH_FILTER,
    DELTA_FINISH_ERROR,
};

struct delta {
    const char *text; /* valid UTF-8 without NUL; in the chunk or in scratch */
    size_t text_len;
    enum delta_finish finish;
    bool more;         /* tool calls, usage, an error, or content that is not a plain string */
    const char *model; /* raw, in the chunk; NULL = not named */
    size_t model_len;
};

/* chunk ends with a NUL. scratch is written over; it needs room for three times the chunk. */
err delta_read(struct ctx *ctx, const char *chunk, size_t len, struct buf *scratch,
    struct delta *out);

/* The chunk as a tree, in the ctx's arena, with what is not valid in its strings replaced by U+FFFD. */
err delta_parse(struct ctx *ctx, const char *chunk, size_t len, const struct json **out);

/* choices[0].delta of such a tree; NULL = none. */
const struct json *delta_of(const struct json *chunk);
/* Text of content that is a list of parts; appended. */
void delta_add_parts(struct buf *out, const struct json *content);

#endif
