/* chat/delta.h - one chunk of a streamed answer. Nearly all of them hold a bit of text and nothing else: those are read
 * without building a tree, and where only the text differs from the chunk before, without reading the rest of it again; `more`
 * says that another look is needed.
 * Errors: ERR_UPSTREAM: not JSON, not an object, too deep. */
#ifndef CHAT_DELTA_H
#define CHAT_DELTA_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"

struct arena;
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
    const char *text; /* valid UTF-8 without NUL; in the chunk or in the reader */
    size_t text_len;
    enum delta_finish finish;
    bool more;         /* tool calls, usage, an error, or content that is not a plain string */
    const char *model; /* raw, in the chunk; NULL = not named, or as in the chunk before */
    size_t model_len;
};

/* Of one stream. */
struct delta_reader {
    struct buf scratch; /* for text with escapes */
    struct buf frame;   /* what stood before and behind the text in the last chunk of text only */
    size_t before;      /* bytes of the first of the two; 0 = no such chunk yet */
};
void delta_reader_init(struct delta_reader *reader, struct arena *arena);

/* chunk ends with a NUL. What *out points to stays until the next call. */
err delta_read(struct ctx *ctx, struct delta_reader *reader, const char *chunk, size_t len,
    struct delta *out);

/* The chunk as a tree, in the ctx's arena, with what is not valid in its strings replaced by U+FFFD. */
err delta_parse(struct ctx *ctx, const char *chunk, size_t len, const struct json **out);

/* choices[0].delta of such a tree; NULL = none. */
const struct json *delta_of(const struct json *chunk);
/* Text of content that is a list of parts; appended. */
void delta_add_parts(struct buf *out, const struct json *content);

#endif
