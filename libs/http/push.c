/* http/push.c - a stream writes to its socket by itself, in chunks as libmicrohttpd would. The library would have to look at each
 * connection that waits whenever any other goes on, and would keep 11 KiB for each: with a thousand streams that is a third of
 * the work. So the stream takes the socket over, and the library closes its own descriptor of it (ADR 17). */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/clock.h"
#include "http/request.h"
#include "http/stream_internal.h"
#include "net/loop.h"

#define BLOCK_BYTES 1536
#define BLOCKS_A_TURN 64   /* others want to go on, too */
#define CHUNK_HEAD_BYTES 5 /* "fff\r\n" */
#define CHUNK_TAIL_BYTES 2
#define TEXT_BYTES (BLOCK_BYTES - CHUNK_HEAD_BYTES - CHUNK_TAIL_BYTES)
#define REPLY_HEAD_MAX 16384
#define DATE_LEN 29 /* "Sat, 28 Nov 2026 14:08:51 GMT" */
#define US_PER_S 1000000

/* ---- the socket ---- */

static size_t send_some(struct stream *stream, const char *bytes, size_t len)
{
    const ssize_t sent = send(stream->request->conn->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR && stream->end <= STREAM_WAS_READ) {
        stream->end = STREAM_LEFT;
    }
    return sent > 0 ? (size_t)sent : 0;
}

static void send_or_keep(struct stream *stream, const char *bytes, size_t len)
{
    const size_t sent = send_some(stream, bytes, len);
    stream->unsent_len = len - sent;
    memmove(stream->unsent, bytes + sent, stream->unsent_len);
}

static void on_room(void *arg, unsigned events)
{
    struct stream *stream = arg;
    (void)events;
    stream_stop_waiting(stream);
}

void stream_stop_waiting(struct stream *stream)
{
    if (stream->is_full) {
        stream->is_full = false;
        loop_watch_set(stream->room, 0);
        server_ready(stream->request);
    }
}

static void wait_for_room(struct stream *stream)
{
    struct request *request = stream->request;
    if (stream->room == NULL) {
        stream->room =
            loop_watch_open(request->server->loop, request->conn->fd, LOOP_WRITE, on_room, stream);
    }
    if (stream->room == NULL) { /* the system watches no more */
        stream->end = STREAM_STALLED;
        server_ready(request);
        return;
    }
    loop_watch_set(stream->room, LOOP_WRITE);
    stream->is_full = true;
}

/* ---- chunks ---- */

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
    memcpy(text + len, "\r\n", CHUNK_TAIL_BYTES);
    *out_len = (size_t)(text - begin) + len + CHUNK_TAIL_BYTES;
    return begin;
}

static void send_text(struct stream *stream, char *text, size_t text_len)
{
    if (!stream->request->is_1_1) { /* knows no chunks */
        send_or_keep(stream, text, text_len);
        return;
    }
    size_t len = 0;
    const char *chunk = close_chunk(text, text_len, &len);
    send_or_keep(stream, chunk, len);
}

static void send_end(struct stream *stream)
{
    static const char last_chunk[] = "0\r\n\r\n";
    if (stream->request->is_1_1) {
        send_or_keep(stream, last_chunk, sizeof(last_chunk) - 1);
    }
}

/* ---- the way of a stream ---- */

static void print_head(struct stream *stream)
{
    struct request *request = stream->request;
    const time_t now = (time_t)(clock_wall_us(request->ctx.clock) / US_PER_S);
    char date[DATE_LEN + 1];
    struct tm parts;
    struct buf head;
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
    buf_init(&head, request->arena, BLOCK_BYTES, REPLY_HEAD_MAX);
    reply_print_head(&request->reply, &head);
    buf_printf(&head, "Date: %s\r\n%sConnection: close\r\n\r\n", date,
        request->is_1_1 ? "Transfer-Encoding: chunked\r\n" : "");
    ASSERT(!head.failed);
    stream->unsent = head.data;
    stream->unsent_len = head.len;
}

bool stream_take_over(struct request *request)
{
    struct conn *conn = request->conn;
    struct stream *stream = request->stream;
    const int fd = fcntl(conn->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    print_head(stream);
    intake_detach(request);
    request->connection = NULL;
    request->suspended = false;
    request->state = REQUEST_SENT;
    conn->fd = fd;
    conn->own = true;
    conn_enter(conn, CONN_STREAMING, clock_monotonic_ns(request->ctx.clock));
    if (conn->cut) { /* nobody looks at this connection any more */
        stream_cut(stream, STREAM_LEFT);
    }
    server_ready(request);
    return true;
}

static void finish(struct stream *stream)
{
    struct request *request = stream->request;
    struct conn *conn = request->conn;
    loop_watch_close(stream->room);
    conn_hang_up(conn);
    server_forget(request->server, conn);
    request->conn = NULL;
    intake_close(request);
}

void stream_push(struct stream *stream)
{
    char block[BLOCK_BYTES];
    char *text = block + CHUNK_HEAD_BYTES;
    for (int i = 0; i < BLOCKS_A_TURN; i++) {
        if (stream->unsent_len > 0) {
            send_or_keep(stream, stream->unsent, stream->unsent_len);
        }
        if (stream->end > STREAM_WAS_READ ||
            (stream->end == STREAM_WAS_READ && stream->unsent_len == 0)) {
            finish(stream);
            return;
        }
        if (stream->unsent_len > 0) {
            wait_for_room(stream);
            return;
        }
        const ssize_t got = stream_pull(stream, text, TEXT_BYTES);
        if (got == 0) {
            return;
        }
        if (got > 0) {
            send_text(stream, text, (size_t)got);
        } else {
            send_end(stream);
        }
    }
    server_ready(stream->request);
}
