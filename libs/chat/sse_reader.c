#include "chat/sse_reader.h"

#include <string.h>

#include "core/limits.h"

static const char bom[] = "\xEF\xBB\xBF";
static const char data_field[] = "data";

void sse_reader_init(struct sse_reader *reader, struct arena *arena)
{
    *reader = (struct sse_reader){0};
    buf_init(&reader->buf, arena, /* first_cap */ 0, LIMIT_CHAT_EVENT_BYTES);
}

static void forget_told(struct sse_reader *reader)
{
    if (reader->told) {
        reader->buf.len = 0;
        reader->data_len = 0;
        reader->has_data = false;
        reader->told = false;
    }
}

/* Begin and length of what is behind "data:"; false: another field, or a comment. */
static bool find_value(const char *line, size_t len, size_t *out_skip)
{
    const size_t name = sizeof(data_field) - 1;
    if (len < name || memcmp(line, data_field, name) != 0 || (len > name && line[name] != ':')) {
        return false;
    }
    *out_skip = len == name ? name : name + 1;
    *out_skip += len > *out_skip && line[*out_skip] == ' ';
    return true;
}

/* Where the line that is coming begins: behind the values before it and a line feed. */
static size_t line_begin(const struct sse_reader *reader)
{
    return reader->data_len + (reader->has_data ? 1 : 0);
}

/* The value of a data line takes the line's own place. */
static void take_line(struct sse_reader *reader)
{
    struct buf *buf = &reader->buf;
    const size_t begin = line_begin(reader), mark = sizeof(bom) - 1;
    char *line = buf->data + begin;
    size_t len = buf->len - begin, skip = 0;
    if (!reader->begun && len >= mark && memcmp(line, bom, mark) == 0) {
        memmove(line, line + mark, len - mark);
        len -= mark;
    }
    reader->begun = true;
    if (find_value(line, len, &skip)) {
        memmove(line, line + skip, len - skip);
        reader->data_len = begin + len - skip;
        reader->has_data = true;
    }
    buf->len = reader->data_len;
    if (reader->has_data) {
        buf_char(buf, '\n'); /* in front of the next one */
    }
}

static bool tell(struct sse_reader *reader, const char **out, size_t *out_len)
{
    if (!reader->has_data) {
        return false;
    }
    reader->told = true;
    reader->buf.data[reader->data_len] = '\0';
    *out = reader->buf.data;
    *out_len = reader->data_len;
    return true;
}

static bool is_line_empty(const struct sse_reader *reader)
{
    return reader->buf.len == line_begin(reader);
}

static size_t plain_length(const char *at, const char *end)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));
    const size_t len = (size_t)((lf == NULL ? end : lf) - at);
    const char *cr = memchr(at, '\r', len);
    return cr == NULL ? len : (size_t)(cr - at);
}

enum sse_got sse_reader_next(struct sse_reader *reader, const char **at, const char *end,
    const char **out, size_t *out_len)
{
    forget_told(reader);
    while (*at < end) {
        if (reader->after_cr) {
            reader->after_cr = false;
            *at += **at == '\n';
            continue;
        }
        const size_t plain = plain_length(*at, end);
        buf_add(&reader->buf, *at, plain);
        *at += plain;
        if (reader->buf.failed) {
            return SSE_READ_TOO_LONG;
        }
        if (*at == end) {
            break;
        }
        reader->after_cr = **at == '\r';
        ++*at;
        if (!is_line_empty(reader)) {
            take_line(reader);
        } else if (tell(reader, out, out_len)) {
            return SSE_READ_EVENT;
        }
    }
    return reader->buf.failed ? SSE_READ_TOO_LONG : SSE_READ_MORE;
}

enum sse_got sse_reader_end(struct sse_reader *reader, const char **out, size_t *out_len)
{
    forget_told(reader);
    if (!reader->buf.failed && !is_line_empty(reader)) {
        take_line(reader);
    }
    if (reader->buf.failed) {
        return SSE_READ_TOO_LONG;
    }
    return tell(reader, out, out_len) ? SSE_READ_EVENT : SSE_READ_MORE;
}
