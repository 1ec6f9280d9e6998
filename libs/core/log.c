#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/assert.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/json.h"
#include "core/utf8.h"

#define BUFFER_BYTES 65536
#define LINE_MAX_BYTES PIPE_BUF /* a pipe takes so much whole: lines of several workers never mix */
#define TEXT_MAX_BYTES 1024     /* of one member */
#define IDENTITY_MAX_BYTES 128
#define US_PER_MS 1000
#define LINE_END_CUT ",\"cut\":true}\n"
#define LINE_END_BYTES sizeof(LINE_END_CUT)

struct log {
    int fd;
    bool owns_fd;
    enum log_level level;
    const struct clock *clock;         /* borrowed */
    char identity[IDENTITY_MAX_BYTES]; /* members of every line */
    uint64_t dropped;
    int64_t time_ms; /* when the last line was written */
    char time[CLOCK_RFC3339_LEN + 1];
    size_t len;
    char data[BUFFER_BYTES];
};

/* O_NONBLOCK belongs to the open file, which others share; opening the pipe again gives one of our own.
 * Not possible for sockets, nor for a pipe of another user: there poll() before each write must do. */
static int open_own_end(int fd)
{
    struct stat state;
    char path[32];
    if (fstat(fd, &state) != 0 || !S_ISFIFO(state.st_mode)) {
        return -1;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

struct log *log_new(int fd, enum log_level level, const struct clock *clock)
{
    struct log *log = calloc(1, sizeof(*log));
    ASSERT(log != NULL);
    const int own = open_own_end(fd);
    log->fd = own >= 0 ? own : fd;
    log->owns_fd = own >= 0;
    log->level = level;
    log->clock = clock;
    log->time_ms = INT64_MIN; /* none yet */
    return log;
}

void log_free(struct log *log)
{
    if (log == NULL) {
        return;
    }
    log_flush(log);
    if (log->owns_fd) {
        close(log->fd);
    }
    free(log);
}

uint64_t log_dropped(const struct log *log)
{
    return log->dropped;
}

bool log_enabled(const struct log *log, enum log_level level)
{
    return log != NULL && level >= log->level;
}

/* Whole lines from data, at most LINE_MAX_BYTES; the rest of a line that was written in part. */
static size_t next_slice(const char *data, size_t len)
{
    if (len <= LINE_MAX_BYTES) {
        return len;
    }
    size_t end = LINE_MAX_BYTES;
    while (end > 0 && data[end - 1] != '\n') {
        end--;
    }
    return end == 0 ? LINE_MAX_BYTES : end;
}

static bool is_writable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    return poll(&poll_fd, 1, /* timeout */ 0) == 1;
}

static void drop_buffered(struct log *log)
{
    for (size_t i = 0; i < log->len; i++) {
        log->dropped += log->data[i] == '\n';
    }
    log->len = 0;
}

void log_flush(struct log *log)
{
    size_t done = 0;
    while (done < log->len && is_writable(log->fd)) {
        const ssize_t written =
            write(log->fd, log->data + done, next_slice(log->data + done, log->len - done));
        if (written < 0 && errno != EINTR && errno != EAGAIN) {
            drop_buffered(log); /* nobody will ever read them */
            return;
        }
        if (written < 0) {
            break;
        }
        done += (size_t)written;
    }
    log->len -= done;
    memmove(log->data, log->data + done, log->len);
}

/* Foreign bytes that are no UTF-8, and the 8-bit controls a terminal may obey, become '?'. */
static void blank_unprintable(char *text, size_t len)
{
    const bool valid = utf8_is_valid(text, len);
    for (size_t i = 0; i < len; i++) {
        const unsigned char byte = (unsigned char)text[i];
        const bool c1 = byte == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0;
        if (valid && c1) {
            text[i] = '?';
            text[i + 1] = '?';
        } else if (byte == 0x7f || (!valid && byte >= 0x80)) {
            text[i] = '?';
        }
    }
}

static void add_text(struct buf *line, const char *text)
{
    if (text == NULL) {
        buf_str(line, "null");
        return;
    }
    const size_t start = line->len;
    const size_t len = strnlen(text, TEXT_MAX_BYTES + 1);
    json_write_string(line, text, utf8_cut(text, len, TEXT_MAX_BYTES));
    if (!utf8_is_printable_ascii(line->data + start, line->len - start)) {
        blank_unprintable(line->data + start, line->len - start);
    }
}

static void add_field(struct buf *line, const struct log_field *field)
{
    buf_add(line, field->name, field->name_len);
    switch (field->kind) {
    case LOG_KIND_STR:
        add_text(line, field->text);
        break;
    case LOG_KIND_I64:
        json_write_i64(line, field->number);
        break;
    case LOG_KIND_F64:
        json_write_f64(line, field->real);
        break;
    case LOG_KIND_BOOL:
        buf_str(line, field->number != 0 ? "true" : "false");
        break;
    }
}

void log_identify(struct log *log, const char *product, int worker)
{
    struct buf members = buf_over(log->identity, sizeof(log->identity));
    add_field(&members, &LOG_STR("product", product));
    add_field(&members, &LOG_I64("worker", worker));
    ASSERT(!members.failed);
    buf_text(&members);
}

/* Many lines are written in the same millisecond. */
static void add_time(struct buf *line, struct log *log)
{
    const int64_t ms = clock_wall_us(log->clock) / US_PER_MS;
    if (ms != log->time_ms) {
        log->time_ms = ms;
        clock_format(ms * US_PER_MS, log->time);
    }
    buf_add(line, log->time, CLOCK_RFC3339_LEN);
}

static void add_head(struct buf *line, struct log *log, const struct ctx *ctx, enum log_level level,
    const char *event)
{
    static const char *const levels[] = {[LOG_DEBUG] = "\",\"level\":\"debug\",\"event\":\"",
        [LOG_INFO] = "\",\"level\":\"info\",\"event\":\"",
        [LOG_WARN] = "\",\"level\":\"warn\",\"event\":\"",
        [LOG_ERROR] = "\",\"level\":\"error\",\"event\":\""};
    buf_str(line, "{\"ts\":\"");
    add_time(line, log);
    buf_str(line, levels[level]);
    buf_str(line, event);
    buf_char(line, '"');
    buf_str(line, log->identity);
    if (*ctx->request_id != '\0') {
        add_field(line, &LOG_STR("request_id", ctx->request_id));
    }
    if (*ctx->route != '\0') {
        add_field(line, &LOG_STR("route", ctx->route));
    }
}

/* A line without the members that did not fit is worth more than none. */
static void end_line(struct buf *line, size_t whole_len)
{
    const bool cut = line->failed;
    line->len = cut ? whole_len : line->len;
    line->failed = false;
    line->cap += LINE_END_BYTES;
    line->max += LINE_END_BYTES;
    buf_str(line, cut ? LINE_END_CUT : "}\n");
}

void log_write(const struct ctx *ctx, enum log_level level, const char *event,
    const struct log_field *fields, size_t count)
{
    struct log *log = ctx->log;
    if (BUFFER_BYTES - log->len < LINE_MAX_BYTES) {
        log_flush(log);
    }
    if (BUFFER_BYTES - log->len < LINE_MAX_BYTES) {
        log->dropped++;
        return;
    }
    struct buf line = buf_over(log->data + log->len, LINE_MAX_BYTES - LINE_END_BYTES);
    add_head(&line, log, ctx, level, event);
    if (line.failed) {
        log->dropped++;
        return;
    }
    size_t whole_len = line.len;
    for (size_t i = 0; i < count && !line.failed; i++) {
        add_field(&line, &fields[i]);
        whole_len = line.failed ? whole_len : line.len;
    }
    end_line(&line, whole_len);
    log->len += line.len;
}
