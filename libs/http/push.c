/* http/push.c - what a suspended stream has to say goes straight to its socket, in a chunk as the library would write it.
 * Resuming and suspending a connection costs four system calls and, in the library, a walk over all suspended ones: for a
 * word every now and then that is most of the work, and with a thousand streams all of it. While a connection is suspended
 * the library has nothing of it to send, so the order is kept. */
#include <string.h>
#include <sys/socket.h>

#include "core/arena.h"
#include "http/request.h"
#include "http/stream_internal.h"

#define BLOCK_BYTES 1536
#define HEAD_BYTES 5 /* "fff\r\n" */
#define TAIL_BYTES 2
#define TEXT_BYTES (BLOCK_BYTES - HEAD_BYTES - TAIL_BYTES)

/* What the socket takes now; 0 also when the client is gone, which the library finds out. */
static size_t send_some(const struct stream *stream, const char *bytes, size_t len)
{
    const ssize_t sent = send(stream->request->conn->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent > 0 ? (size_t)sent : 0;
}

static void keep_unsent(struct stream *stream, const char *bytes, size_t len)
{
    if (stream->unsent == NULL) {
        stream->unsent = arena_alloc_raw(stream->request->arena, BLOCK_BYTES);
    }
    memmove(stream->unsent, bytes, len);
    stream->unsent_len = len;
}

/* Puts the length in front of the text and its end behind; the chunk begins there. */
static char *close_chunk(char *text, size_t len, size_t *out_len)
{
    static const char digits[] = "0123456789abcdef";
    char *begin = text;
    *--begin = '\n';
    *--begin = '\r';
    for (size_t left = len; left > 0; left >>= 4U) {
        *--begin = digits[left & 15U];
    }
    memcpy(text + len, "\r\n", TAIL_BYTES);
    *out_len = (size_t)(text - begin) + len + TAIL_BYTES;
    return begin;
}

/* True: all of it is on its way. */
static bool send_chunk(struct stream *stream, char *text, size_t text_len)
{
    size_t len = 0;
    const char *chunk = close_chunk(text, text_len, &len);
    const size_t sent = send_some(stream, chunk, len);
    if (sent < len) {
        keep_unsent(stream, chunk + sent, len - sent);
    }
    return sent == len;
}

static bool send_unsent(struct stream *stream)
{
    const size_t sent = send_some(stream, stream->unsent, stream->unsent_len);
    keep_unsent(stream, stream->unsent + sent, stream->unsent_len - sent);
    return stream->unsent_len == 0;
}

bool stream_push(struct stream *stream)
{
    char block[BLOCK_BYTES];
    char *text = block + HEAD_BYTES;
    const struct request *request = stream->request;
    if (request->state != REQUEST_SENT || !request->is_1_1 || stream->end != STREAM_GOES_ON) {
        return false;
    }
    if (stream->unsent_len >
        0) { /* a slow reader: when it has read this, the library is better at the rest */
        stream->waits = !send_unsent(stream);
        return stream->waits;
    }
    for (;;) {
        stream->waits = false;
        const ssize_t got = stream_pull(stream, text, TEXT_BYTES);
        if (got <= 0) {
            return got == 0;
        }
        if (!send_chunk(stream, text, (size_t)got)) {
            stream->waits = true; /* the next sweep tries again */
            return true;
        }
    }
}
