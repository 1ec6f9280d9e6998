/* chat/sse_reader.h - server-sent events from bytes as they come: any line end, also split between two reads; comments and
 * unknown fields are passed over, the data lines of one event are joined.
 * Owns: one buffer in the arena, in which an event and the line that is coming stand together. */
#ifndef CHAT_SSE_READER_H
#define CHAT_SSE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

struct arena;

struct sse_reader {
    struct buf buf;  /* data of the event so far, then the line that is not complete */
    size_t data_len; /* of the former */
    bool has_data;   /* a data line came, be it an empty one */
    bool told;       /* what stands in buf was handed out */
    bool after_cr;   /* a line feed that comes next belongs to the same line end */
    bool begun;
};
void sse_reader_init(struct sse_reader *reader, struct arena *arena);

enum sse_got {
    SSE_READ_MORE,  /* all bytes are taken */
    SSE_READ_EVENT, /* out is the data of an event, until the next call; there may be more bytes */
    SSE_READ_TOO_LONG, /* an event over LIMIT_CHAT_EVENT_BYTES; nothing can be read any more */
};
/* Takes bytes from *at on, which moves. */
enum sse_got sse_reader_next(struct sse_reader *reader, const char **at, const char *end,
    const char **out, size_t *out_len);
/* After the last byte: what came without its line end or empty line. */
enum sse_got sse_reader_end(struct sse_reader *reader, const char **out, size_t *out_len);

#endif
