/* streams PORT REQUEST COUNT TOKENS SPREAD_MS - opens COUNT streams evenly within SPREAD_MS, each on a connection of its own that sends the bytes of the file
 * REQUEST, and reads TOKENS stamped words (stamp.h) from each. Prints one line of JSON: how long the first word took from
 * the request on, how long each word was on its way, in microseconds. Any stream that ends early fails the run. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/stamp.h"
#include "bench/tcp.h"

enum {
    EVENTS = 256,
    REQUEST_BYTES = 8192,
    READ_BYTES = 65536,
    CHUNK_LINES = 2, /* the end of a chunk, the length of the next */
    NS_PER_US = 1000,
    OPENING_WAIT_MS = 1,
    READ_WAIT_MS = 100
};
#define ACCEPTED "HTTP/1.1 200"
#define ALL_NS INT64_C(60000000000)

struct stream {
    int64_t begin_ns;
    unsigned seen;
    bool begun;
    unsigned matched; /* bytes of a stamp that came */
    unsigned to_skip; /* line ends until the next chunk's text: chunks may end within a stamp */
    char stamp[STAMP_BYTES];
};

struct times {
    int64_t *ns;
    size_t count;
};

struct load {
    int epoll;
    unsigned tokens, open;
    size_t request_len;
    char request[REQUEST_BYTES];
    char input[READ_BYTES];
    struct stream *streams; /* by descriptor */
    struct times first, way;
};

static void note(struct times *times, int64_t ns)
{
    times->ns[times->count++] = ns;
}

static void see_byte(struct load *load, struct stream *stream, char byte, int64_t now_ns)
{
    static const char mark[STAMP_MARK_BYTES] = "zq";
    if (stream->to_skip > 0 || (byte == '\r' && stream->matched > 0)) {
        stream->to_skip = stream->to_skip == 0 ? CHUNK_LINES : stream->to_skip - (byte == '\n');
        return;
    }
    const bool fits = stream->matched < STAMP_MARK_BYTES ? byte == mark[stream->matched]
                                                         : byte >= 'a' && byte <= 'p';
    if (!fits) {
        stream->matched = byte == mark[0];
        return;
    }
    stream->stamp[stream->matched++] = byte;
    if (stream->matched < STAMP_BYTES) {
        return;
    }
    stream->matched = 0;
    if (stream->seen == load->tokens) {
        return; /* repeated in a last event */
    }
    if (stream->seen++ == 0) {
        note(&load->first, now_ns - stream->begin_ns);
    }
    note(&load->way, now_ns - stamp_read(stream->stamp + STAMP_MARK_BYTES));
}

static bool receive(struct load *load, int fd)
{
    struct stream *stream = &load->streams[fd];
    const ssize_t len = read(fd, load->input, sizeof(load->input));
    const int64_t now_ns = stamp_now_ns();
    if (!stream->begun && len > 0) {
        stream->begun = true;
        if ((size_t)len < strlen(ACCEPTED) ||
            memcmp(load->input, ACCEPTED, strlen(ACCEPTED)) != 0) {
            fprintf(stderr, "streams: refused: %.*s\n", (int)len, load->input);
            return false;
        }
    }
    for (ssize_t i = 0; i < len; i++) {
        see_byte(load, stream, load->input[i], now_ns);
    }
    if (stream->seen == load->tokens) {
        load->open--;
        return epoll_ctl(load->epoll, EPOLL_CTL_DEL, fd, NULL) ==
               0; /* left open: closing is not what is measured */
    }
    if (len <= 0) {
        fprintf(stderr, "streams: one ended after %u words\n", stream->seen);
    }
    return len > 0;
}

static bool open_stream(struct load *load, unsigned long port)
{
    const int fd = tcp_connect(port);
    if (fd < 0 || !tcp_watch(load->epoll, fd)) {
        return false;
    }
    load->streams[fd] = (struct stream){.begin_ns = stamp_now_ns()};
    load->open++;
    return tcp_send(fd, load->request, load->request_len);
}

/* Until all have said their words, or for so long. */
static bool read_for(struct load *load, int wait_ms)
{
    struct epoll_event events[EVENTS];
    const int count = epoll_wait(load->epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < count; i++) {
        if (!receive(load, events[i].data.fd)) {
            return false;
        }
    }
    return count >= 0;
}

/* Spread: they would all speak in the same millisecond otherwise. */
static bool open_all(struct load *load, unsigned long port, unsigned count, int64_t spread_ns)
{
    const int64_t begin_ns = stamp_now_ns();
    for (unsigned i = 0; i < count; i++) {
        while (stamp_now_ns() - begin_ns < spread_ns * i / count) {
            if (!read_for(load, OPENING_WAIT_MS)) {
                return false;
            }
        }
        if (!open_stream(load, port)) {
            perror("streams: open");
            return false;
        }
    }
    return true;
}

static bool read_all(struct load *load)
{
    const int64_t end_ns = stamp_now_ns() + ALL_NS;
    while (load->open > 0) {
        if (stamp_now_ns() > end_ns) {
            fprintf(stderr, "streams: %u of them are not done\n", load->open);
            return false;
        }
        if (!read_for(load, READ_WAIT_MS)) {
            return false;
        }
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

static double share_us(struct times *times, double share)
{
    qsort(times->ns, times->count, sizeof(times->ns[0]), compare);
    return (double)times->ns[(size_t)((double)(times->count - 1) * share)] / NS_PER_US;
}

static bool make(struct load *load, const char *path, unsigned count)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    load->request_len = fread(load->request, 1, sizeof(load->request), file);
    fclose(file);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    load->streams = calloc(count + EVENTS, sizeof(load->streams[0]));
    load->first.ns = calloc(count, sizeof(load->first.ns[0]));
    load->way.ns = calloc((size_t)count * load->tokens, sizeof(load->way.ns[0]));
    return load->epoll >= 0 && load->streams != NULL && load->first.ns != NULL &&
           load->way.ns != NULL;
}

int main(int argc, char **argv)
{
    static struct load load;
    const unsigned long port = argc == 6 ? strtoul(argv[1], NULL, 10) : 0;
    const unsigned count = argc == 6 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
    load.tokens = argc == 6 ? (unsigned)strtoul(argv[4], NULL, 10) : 0;
    if (port == 0 || port > UINT16_MAX || count == 0 || load.tokens == 0 ||
        !make(&load, argv[2], count)) {
        fprintf(stderr, "usage: streams PORT REQUEST COUNT TOKENS SPREAD_MS\n");
        return EX_USAGE;
    }
    if (!open_all(&load, port, count, (int64_t)strtoul(argv[5], NULL, 10) * STAMP_NS_PER_MS) ||
        !read_all(&load)) {
        return EX_PROTOCOL;
    }
    printf("{\"streams\":%zu,\"words\":%zu,\"first_p50_us\":%.0f,\"first_p99_us\":%.0f,\"way_p50_"
           "us\":%.0f,\"way_p99_us\":%.0f}\n",
        load.first.count, load.way.count, share_us(&load.first, 0.5), share_us(&load.first, 0.99),
        share_us(&load.way, 0.5), share_us(&load.way, 0.99));
    return EX_OK;
}
