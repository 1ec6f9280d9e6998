#include "http/conn.h"

#include <errno.h>
#include <linux/tcp.h> /* that of the C library has no count of bytes */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/assert.h"
#include "core/limits.h"

#define STATE_ESTABLISHED 1 /* named in netinet/tcp.h, which does not go with linux/tcp.h */
#define NS_PER_S 1000000000LL
#define PROBE_AFTER_NS NS_PER_S
#define UNREAD_MAX 1048576           /* as much as a socket holds by default */
#define RATE_GRACE_NS (5 * NS_PER_S) /* before a minimum rate is asked for */
#define DRAIN_IDLE_NS                                                                              \
    (250 * 1000000LL) /* a client in the middle of its next request gets this long */

struct conn *conn_open(struct conn_table *table, int fd, int64_t now_ns)
{
    struct conn *conn = table->spare;
    if (conn != NULL) {
        table->spare = conn->next;
    } else {
        conn = ARENA_NEW(table->arena, struct conn);
    }
    *conn = (struct conn){.fd = fd, .since_ns = now_ns, .next = table->open};
    if (table->open != NULL) {
        table->open->prev = conn;
    }
    table->open = conn;
    table->count++;
    return conn;
}

void conn_close(struct conn_table *table, struct conn *conn)
{
    if (conn->next != NULL) {
        conn->next->prev = conn->prev;
    }
    if (conn->prev != NULL) {
        conn->prev->next = conn->next;
    } else {
        table->open = conn->next;
    }
    conn->next = table->spare;
    table->spare = conn;
    table->count--;
}

void conn_enter(struct conn *conn, enum conn_phase phase, int64_t now_ns)
{
    conn->phase = phase;
    conn->since_ns = now_ns;
    conn->bytes = 0;
}

/* At least LIMIT_WRITE_BYTES_PER_SECOND on average, after a grace. */
static bool is_slow(uint64_t bytes, int64_t passed_ns)
{
    if (passed_ns <= RATE_GRACE_NS) {
        return false;
    }
    return bytes < (uint64_t)(passed_ns - RATE_GRACE_NS) * LIMIT_WRITE_BYTES_PER_SECOND / NS_PER_S;
}

static enum conn_verdict judge_write(const struct conn *conn, int64_t passed_ns)
{
    const uint64_t allowed_s = conn->bytes / LIMIT_WRITE_BYTES_PER_SECOND;
    return (uint64_t)passed_ns > (uint64_t)RATE_GRACE_NS + allowed_s * NS_PER_S ? CONN_CUT
                                                                                : CONN_KEEP;
}

enum conn_verdict conn_judge(const struct conn *conn, int64_t now_ns, bool draining)
{
    const int64_t passed_ns = now_ns - conn->since_ns;
    if (conn->cut) {
        return CONN_KEEP;
    }
    switch (conn->phase) {
    case CONN_NEW:
        return passed_ns > LIMIT_HEADER_SECONDS * NS_PER_S ? CONN_CUT : CONN_KEEP;
    case CONN_HEADERS:
        return passed_ns > LIMIT_HEADER_SECONDS * NS_PER_S ? CONN_CUT_LATE : CONN_KEEP;
    case CONN_BODY:
        return passed_ns > LIMIT_BODY_SECONDS * NS_PER_S || is_slow(conn->bytes, passed_ns)
                   ? CONN_CUT_LATE
                   : CONN_KEEP;
    case CONN_RUNNING:
        return passed_ns > PROBE_AFTER_NS ? CONN_PROBE : CONN_KEEP;
    case CONN_WRITING:
        return judge_write(conn, passed_ns);
    case CONN_STREAMING:
        return passed_ns > LIMIT_STREAM_STALL_SECONDS * NS_PER_S ? CONN_CUT : CONN_PROBE;
    case CONN_IDLE:
        return passed_ns > (draining ? DRAIN_IDLE_NS : LIMIT_IDLE_SECONDS * NS_PER_S) ? CONN_CUT
                                                                                      : CONN_KEEP;
    }
    return CONN_KEEP;
}

/* What its host has acknowledged. That host's own buffer hides a reader who takes nothing until it is full. */
void conn_look(struct conn *conn, int64_t now_ns)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);
    const bool known = getsockopt(conn->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0;
    const bool waits = info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0;
    conn->is_open = known && info.tcpi_state == STATE_ESTABLISHED;
    if (!known || !waits || info.tcpi_bytes_acked != conn->bytes) {
        conn->since_ns = now_ns;
        conn->bytes = info.tcpi_bytes_acked;
    }
}

bool conn_is_gone(const struct conn *conn)
{
    char byte = 0;
    const ssize_t got = recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

void conn_shut(struct conn *conn)
{
    conn->cut = true;
    shutdown(conn->fd, SHUT_RDWR);
}

/* Input that nobody has read would make the kernel take back what it has not sent yet. */
void conn_hang_up(struct conn *conn)
{
    ASSERT(conn->own);
    (void)!recv(conn->fd, NULL, UNREAD_MAX, MSG_DONTWAIT | MSG_TRUNC);
    close(conn->fd);
}
