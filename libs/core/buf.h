/* core/buf.h - bounded text builder in an arena. Fails once and stays failed ("sticky"); one check at the end.
 * Owns: nothing; the bytes live in the arena. */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct arena;

struct buf {
    struct arena *arena; /* borrowed */
    char *
        data; /* NUL-terminated whenever len > 0 and not failed is not guaranteed: use buf_finish */
    size_t len;
    size_t cap;
    size_t max; /* bytes, without the final NUL */
    bool failed;
};

/* first_cap bytes are reserved at once; max is the limit a client can never pass. */
void buf_init(struct buf *buf, struct arena *arena, size_t first_cap, size_t max);
void buf_add(struct buf *buf, const char *bytes, size_t len);
void buf_str(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_i64(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for len more bytes to be written by the caller, who then adds what was used to buf->len; NULL if
 * failed. */
char *buf_reserve(struct buf *buf, size_t len);

/* ERR_TOO_LARGE if the builder failed. *out is NUL-terminated, in the arena. */
err buf_finish(struct ctx *ctx, struct buf *buf, const char **out, size_t *out_len);

#endif
