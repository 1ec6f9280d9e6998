/* core/buf.h - bounded text builder in an arena. Fails once and stays failed ("sticky"); one check at the end.
 * Owns: nothing; the bytes live in the arena. */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
/* In the caller's memory, of which one byte is for the final NUL; never grows. */
struct buf buf_over(char *data, size_t size);
void buf_i64(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* buf_reserve when it does not fit as it is. */
char *buf_reserve_more(struct buf *buf, size_t len);

/* Room for len more bytes to be written by the caller, who then adds what was used to buf->len; NULL if
 * failed. */
static inline char *buf_reserve(struct buf *buf, size_t len)
{
    const bool fits = !buf->failed && len < buf->cap - buf->len;
    return __builtin_expect(fits, true) ? buf->data + buf->len : buf_reserve_more(buf, len);
}

static inline void buf_add(struct buf *buf, const char *bytes, size_t len)
{
    char *to = buf_reserve(buf, len);
    if (to != NULL && len > 0) {
        memcpy(to, bytes, len);
        buf->len += len;
    }
}

static inline void buf_str(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

static inline void buf_char(struct buf *buf, char c)
{
    char *to = buf_reserve(buf, 1);
    if (to != NULL) {
        *to = c;
        buf->len++;
    }
}

/* What was added until the builder failed, if it did; NUL-terminated, in the builder's memory. */
const char *buf_text(struct buf *buf);
/* ERR_TOO_LARGE if the builder failed. *out is NUL-terminated, in the arena. */
err buf_finish(struct ctx *ctx, struct buf *buf, const char **out, size_t *out_len);

#endif
