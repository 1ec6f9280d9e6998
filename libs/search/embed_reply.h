/* search/embed_reply.h - reads what an embeddings service answers. Not through core/json.h: one vector as a list of numbers
 * has more tokens than a request of ours may have in all.
 * Waits: lets other fibers run between vectors when a loop is given. */
#ifndef SEARCH_EMBED_REPLY_H
#define SEARCH_EMBED_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct ctx;
struct embedding;
struct loop;

struct embed_wanted {
    size_t count; /* vectors */
    int64_t dims;
};

/* What the service says that it took. Below 0 = it does not say. */
struct embed_usage {
    double tokens;
    double dollars;
};

struct embed_read {
    struct embedding *vectors; /* room for as many as are wanted */
    struct embed_usage usage;
};

/* Each vector as base64 of little-endian floats, or as a list of numbers; put in order by "index", or as they come when
 * there is none; made unit length. The vectors of *out are untouched on failure.
 * Errors: ERR_UPSTREAM (not JSON, an error in it, a vector missing, twice, of another length, not finite, zero). */
err embed_reply_read(struct ctx *ctx, struct loop *loop, const char *text,
    const struct embed_wanted *wanted, struct embed_read *out);

/* Scales to unit length; false if that cannot be: not finite, or zero. */
bool embed_unit(float *values, int64_t dims);

#endif
