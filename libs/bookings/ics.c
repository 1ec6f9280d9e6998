#include "bookings/ics.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/buf.h"

struct line {
    struct buf *out;
    size_t octets; /* of the present physical line, its first blank included */
};

/* A code point is never cut: that is what readers expect, though the standard would let it. */
static void add_point(struct line *line, const char *bytes, size_t len)
{
    if (line->octets + len > ICS_LINE_OCTETS) {
        buf_str(line->out, "\r\n ");
        line->octets = 1;
    }
    buf_add(line->out, bytes, len);
    line->octets += len;
}

static size_t point_len(const char *at)
{
    size_t len = 1;
    while (((unsigned char)at[len] & 0xC0U) == 0x80U) {
        len++;
    }
    return len;
}

static void add_plain(struct line *line, const char *text)
{
    while (*text != '\0') {
        const size_t len = point_len(text);
        add_point(line, text, len);
        text += len;
    }
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20U || c == 0x7F;
}

static void add_escaped(struct line *line, const char *text)
{
    while (*text != '\0') {
        const size_t len = point_len(text);
        if (*text == '\n') {
            add_point(line, "\\n", 2);
        } else if (strchr("\\;,", *text) != NULL) {
            const char escaped[2] = {'\\', *text};
            add_point(line, escaped, sizeof(escaped));
        } else if (!is_control(*text)) {
            add_point(line, text, len);
        }
        text += len;
    }
}

static struct line begin(struct buf *out, const char *name)
{
    struct line line = {.out = out};
    add_plain(&line, name);
    add_plain(&line, ":");
    return line;
}

void ics_line(struct buf *out, const char *name, const char *value)
{
    struct line line = begin(out, name);
    add_plain(&line, value);
    buf_str(out, "\r\n");
}

void ics_text(struct buf *out, const char *name, const char *text)
{
    struct line line = begin(out, name);
    add_escaped(&line, text);
    buf_str(out, "\r\n");
}
