#include "net/testing/scripted.h"

#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/limits.h"
#include "net/client.h"
#include "net/fiber.h"
#include "net/loop.h"

enum { REQUEST_MAX = 65536, ROWS_MAX = 64 };

/* Written by the server's processes, one request at a time, and read by the test. */
struct scripted_record {
    int calls[ROWS_MAX]; /* by the first row of the path */
    char request[REQUEST_MAX];
};

/* ---- the server: a process, and one more a connection ---- */

static void write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t sent = write(fd, bytes, len);
        if (sent <= 0) {
            _exit(0); /* the client has left */
        }
        bytes += sent;
        len -= (size_t)sent;
    }
}

static const struct scripted_reply *next_row(struct scripted *scripted, const char *path)
{
    const struct scripted_reply *found = NULL;
    int left = -1; /* rows of the path to pass by */
    for (size_t i = 0; i < scripted->count && left != 0; i++) {
        if (strcmp(scripted->script[i].path, path) == 0) {
            left = found == NULL ? ++scripted->recorded->calls[i] : left;
            found = &scripted->script[i];
            left--;
        }
    }
    return found;
}

static void reply(int fd, struct scripted *scripted)
{
    char path[128] = "", head[512];
    sscanf(scripted->recorded->request, "%*s %127s", path);
    const struct scripted_reply *row = next_row(scripted, path);
    if (row == NULL || row->status == SCRIPTED_HANG_UP) {
        _exit(0);
    }
    if (row->status == SCRIPTED_SILENT) {
        struct pollfd hang_up = {.fd = fd, .events = POLLIN};
        poll(&hang_up, 1, 20000);
        _exit(0);
    }
    const char *body = row->body == NULL ? "" : row->body;
    snprintf(head, sizeof(head), "HTTP/1.1 %d Scripted\r\nContent-Length: %zu\r\n%s\r\n",
        row->status, strlen(body), row->headers == NULL ? "" : row->headers);
    write_all(fd, head, strlen(head));
    write_all(fd, body, strlen(body));
}

static bool is_complete(const char *request, size_t len)
{
    const char *end = strstr(request, "\r\n\r\n");
    const char *length = strstr(request, "Content-Length: ");
    const size_t body = length == NULL ? 0 : (size_t)strtoul(length + 16, NULL, 10);
    return end != NULL && len >= (size_t)(end + 4 - request) + body;
}

static void serve_connection(int fd, struct scripted *scripted)
{
    static char rest[REQUEST_MAX]; /* of a request longer than what is recorded */
    char *request = scripted->recorded->request;
    size_t len = 0;
    for (;;) {
        const bool full = len >= REQUEST_MAX - 1;
        const ssize_t got =
            full ? read(fd, rest, sizeof(rest)) : read(fd, request + len, REQUEST_MAX - 1 - len);
        if (got <= 0) {
            _exit(0);
        }
        len += (size_t)got;
        request[len < REQUEST_MAX - 1 ? len : REQUEST_MAX - 1] = '\0';
        if (is_complete(request, len)) {
            reply(fd, scripted);
            len = 0;
        }
    }
}

static void serve(int listener, struct scripted *scripted)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        if (fork() == 0) {
            close(listener);
            serve_connection(fd, scripted);
        }
        close(fd);
    }
}

int scripted_listen(int *out_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(listen(fd, 64), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *out_port = ntohs(address.sin_port);
    return fd;
}

/* ---- the worker ---- */

static void tell(void *arg)
{
    struct scripted *scripted = arg;
    scripted->story(scripted);
    loop_stop(scripted->loop);
}

void scripted_run(const struct scripted_reply *script, size_t count,
    void (*story)(struct scripted *scripted))
{
    ck_assert_uint_le(count, ROWS_MAX);
    struct scripted scripted = {.script = script, .count = count, .story = story};
    signal(SIGPIPE, SIG_IGN); /* as svc does */
    scripted.recorded = mmap(NULL, sizeof(*scripted.recorded), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(scripted.recorded != MAP_FAILED);
    const int listener = scripted_listen(&scripted.port);
    scripted.server = fork();
    ck_assert_int_ge(scripted.server, 0);
    if (scripted.server == 0) {
        serve(listener, &scripted);
    }
    close(listener);
    scripted.loop = loop_new();
    fiber_paint(scripted.loop, /* on: */ true);
    scripted.client = client_new(scripted.loop);
    scripted.arena = arena_new(/* pool: */ NULL);
    ctx_init(&scripted.ctx, scripted.arena, &clock_system, /* log */ NULL, /* timeout_ms */ 30000);
    bool ended = false;
    ck_assert(is_ok(fiber_start(&scripted.ctx, scripted.loop, tell, /* done */ NULL, &scripted,
        &ended)));
    if (!ended) {
        loop_run(scripted.loop);
    }
    ck_assert_uint_lt(fiber_stats(scripted.loop).stack_used_max, LIMIT_FIBER_STACK_BYTES / 2);
    client_free(scripted.client);
    loop_free(scripted.loop);
    arena_free(scripted.arena);
    kill(scripted.server, SIGKILL);
    waitpid(scripted.server, NULL, 0);
    munmap(scripted.recorded, sizeof(*scripted.recorded));
}

const char *scripted_url(struct scripted *scripted, const char *path)
{
    return arena_printf(scripted->arena, "http://127.0.0.1:%d%s", scripted->port, path);
}

int scripted_calls(const struct scripted *scripted, const char *path)
{
    size_t i = 0;
    while (i < scripted->count && strcmp(scripted->script[i].path, path) != 0) {
        i++;
    }
    ck_assert_uint_lt(i, scripted->count);
    return scripted->recorded->calls[i];
}

const char *scripted_request(const struct scripted *scripted)
{
    return scripted->recorded->request;
}
