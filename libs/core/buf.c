#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/assert.h"

#define FIRST_CAP 256
#define I64_DIGITS_MAX 20

/* Invariant: cap <= max + 1, and len < cap unless cap is 0: there is always room for the final NUL. */
void buf_init(struct buf *buf, struct arena *arena, size_t first_cap, size_t max)
{
    const size_t cap = first_cap <= max ? first_cap : max + 1;
    *buf = (struct buf){.arena = arena, .cap = cap, .max = max};
    buf->data = cap == 0 ? NULL : arena_alloc_raw(arena, cap);
}

struct buf buf_over(char *data, size_t size)
{
    ASSERT(size > 0);
    return (struct buf){.data = data, .cap = size, .max = size - 1};
}

static bool grow(struct buf *buf, size_t len)
{
    if (len > buf->max - buf->len) {
        buf->failed = true;
        return false;
    }
    const size_t needed = buf->len + len + 1;
    size_t cap = buf->cap == 0 ? FIRST_CAP : buf->cap * 2;
    cap = cap > needed ? cap : needed;
    cap = cap <= buf->max ? cap : buf->max + 1;
    char *data = arena_alloc_raw(buf->arena, cap);
    if (buf->len > 0) {
        memcpy(data, buf->data, buf->len);
    }
    buf->data = data;
    buf->cap = cap;
    return true;
}

char *buf_reserve_more(struct buf *buf, size_t len)
{
    if (buf->failed) {
        return NULL;
    }
    if (len >= buf->cap - buf->len && !grow(buf, len)) {
        return NULL;
    }
    return buf->data + buf->len;
}

void buf_i64(struct buf *buf, int64_t value)
{
    char digits[I64_DIGITS_MAX];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    buf_add(buf, digits + at, sizeof(digits) - at);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    ASSERT(len >= 0);
    char *to = buf_reserve(buf, (size_t)len);
    if (to == NULL) {
        return;
    }
    va_start(args, fmt);
    vsnprintf(to, (size_t)len + 1, fmt, args);
    va_end(args);
    buf->len += (size_t)len;
}

const char *buf_text(struct buf *buf)
{
    if (buf->cap == 0) {
        return "";
    }
    buf->data[buf->len] = '\0';
    return buf->data;
}

err buf_finish(struct ctx *ctx, struct buf *buf, const char **out, size_t *out_len)
{
    char *end = buf_reserve(buf, 0);
    if (end == NULL) {
        return fail(ctx, ERR_TOO_LARGE, "text longer than %zu bytes", buf->max);
    }
    *end = '\0';
    *out = buf->data;
    *out_len = buf->len;
    return OK;
}
