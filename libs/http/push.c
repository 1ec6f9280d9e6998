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

#define CHUNK_DIGITS 4 /* always, so that the text can be there before them */
#define CHUNK_HEAD_BYTES (CHUNK_DIGITS + 2)
#define CHUNK_TAIL "\r\n"
#define LAST_CHUNK "0\r\n\r\n"
#define FRAME_BYTES (CHUNK_HEAD_BYTES + sizeof(CHUNK_TAIL LAST_CHUNK))
#define HEAD_BYTES 1024 /* of most replies */
#define DATE_LEN 29     /* "Sat, 28 Nov 2026 14:08:51 GMT" */
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

/* With what did not fit before at its beginning. */
static void send_or_keep(struct stream *stream, const char *bytes, size_t len)
{
    const size_t sent = len > 0 ? send_some(stream, bytes, len) : 0;
    stream->unsent.len = 0;
    buf_add(&stream->unsent, bytes + sent, len - sent);
    ASSERT(!stream->unsent.failed);
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

/* ---- head and text ---- */

/* While the library still has the request's headers, of which some are answered. It goes out with the first text. */
static void print_head(struct stream *stream)
{
    struct request *request = stream->request;
    struct buf *head = &stream->unsent;
    const time_t now = (time_t)(clock_wall_us(request->ctx.clock) / US_PER_S);
    char date[DATE_LEN + 1];
    struct tm parts;
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
    buf_init(head, request->arena, HEAD_BYTES, STREAM_BLOCK_BYTES - 1);
    reply_print_head(&request->reply, head);
    buf_printf(head, "Date: %s\r\n%sConnection: close\r\n\r\n", date,
        request->is_1_1 ? "Transfer-Encoding: chunked\r\n" : "");
    ASSERT(!head->failed);
}

/* All that its source has, as far as there is room. */
static size_t pull(struct stream *stream, char *text, size_t room)
{
    size_t len = 0;
    while (len < room) {
        const ssize_t got = stream_pull(stream, text + len, room - len);
        if (got <= 0) {
            return len;
        }
        len += (size_t)got;
    }
    server_ready(stream->request); /* there may be more, but others want to go on, too */
    return len;
}

static void print_chunk_head(char *out, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = CHUNK_DIGITS - 1; i >= 0; i--) {
        out[i] = digits[len & 15U];
        len >>= 4U;
    }
    memcpy(out + CHUNK_DIGITS, "\r\n", 2);
}

/* As one chunk. HTTP 1.0 knows none. */
static void add_text(struct stream *stream, struct buf *out)
{
    const bool chunked = stream->request->is_1_1;
    const size_t head_len = chunked ? CHUNK_HEAD_BYTES : 0;
    char *begin = out->data + out->len;
    ASSERT(out->cap - out->len > FRAME_BYTES);
    const size_t len = pull(stream, begin + head_len, out->cap - out->len - FRAME_BYTES);
    out->len += len > 0 ? head_len + len : 0;
    if (chunked && len > 0) {
        print_chunk_head(begin, len);
        buf_str(out, CHUNK_TAIL);
    }
    if (chunked && stream->end == STREAM_WAS_READ) {
        buf_str(out, LAST_CHUNK);
    }
}

/* ---- the way of a stream ---- */

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

/* Who takes things slowly is given nothing new until the rest has gone out. */
void stream_push(struct stream *stream)
{
    struct buf out = buf_over(stream->request->server->block, STREAM_BLOCK_BYTES);
    const bool was_behind = stream->is_behind;
    buf_add(&out, stream->unsent.data, stream->unsent.len);
    if (!was_behind && stream->end == STREAM_GOES_ON) {
        add_text(stream, &out);
    }
    ASSERT(!out.failed);
    send_or_keep(stream, out.data, out.len);
    stream->is_behind = stream->unsent.len > 0;
    if (stream->request->is_ready) {
        return;
    }
    if (stream->end > STREAM_WAS_READ || (stream->end == STREAM_WAS_READ && !stream->is_behind)) {
        finish(stream);
    } else if (stream->is_behind) {
        wait_for_room(stream);
    } else if (was_behind) {
        server_ready(stream->request);
    }
}
