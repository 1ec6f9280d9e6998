#include <check.h>
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
#include "core/ctx.h"
#include "core/limits.h"
#include "net/client.h"
#include "net/fiber.h"
#include "net/loop.h"
#include "net/testing/scripted.h"

enum { NS_PER_MS = 1000000, READERS = 20, PAUSE_MS = 30, PARTS = 5 };
enum { REQUEST_MAX = 8192, LARGE_BYTES = 8 << 20 };

/* What the server's processes are told and have to tell. */
struct record {
    volatile int allowed;     /* parts of a script; more wait */
    volatile size_t sent;     /* of the large body */
    volatile int64_t gone_ns; /* when a client was seen to have left */
};

/* ---- the server: one process, one more a connection ---- */

#define OK_HEAD "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
static const struct {
    const char *path;
    const char *parts[PARTS]; /* with a pause between two */
    bool stays; /* until the client leaves; else what it does not end, the server cuts */
} script[] = {
    {"/timed", {OK_HEAD, "3\r\none\r\n", "3\r\ntwo\r\n", "5\r\nthree\r\n", "0\r\n\r\n"},
        .stays = true},
    {"/split",
        {"HTTP/1.1 200 ", "OK\r\nTransfer-Encoding: chu", "nked\r\n\r\n3\r\no", "ne\r\n0\r\n\r\n"},
        .stays = true},
    {"/hints", {"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", OK_HEAD "3\r\none\r\n0\r\n\r\n"},
        .stays = true},
    {"/trailer", {OK_HEAD "3\r\none\r\n0\r\nX-Sum: 1\r\n\r\n"}, .stays = true},
    {"/empty", {"HTTP/1.1 204 No Content\r\n\r\n"}, .stays = true},
    {"/busy", {"HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nslow"},
        .stays = true},
    {"/idle", {OK_HEAD "3\r\none\r\n"}, .stays = true},
    {"/silent", {""}, .stays = true},
    {"/until-close", {"HTTP/1.1 200 OK\r\n\r\n", "one"}},
    {"/cut", {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "one"}},
    {"/cut-chunk", {OK_HEAD, "8\r\none"}},
    {"/cut-chunks", {OK_HEAD, "3\r\none\r\n"}},
    {"/cut-head", {"HTTP/1.1 200 OK\r\nContent-Le"}},
    {"/cut-at-once", {""}},
    {"/garbage", {"this is not HTTP\r\n\r\n"}},
    {"/announced", {"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nx"}, .stays = true},
};

static void send_all(int fd, const char *bytes, size_t len, struct record *record)
{
    while (len > 0) {
        const ssize_t sent = write(fd, bytes, len);
        if (sent <= 0) {
            record->gone_ns = clock_monotonic_ns(&clock_system);
            _exit(0);
        }
        bytes += sent;
        len -= (size_t)sent;
        record->sent += (size_t)sent;
    }
}

static void send_text(int fd, const char *text, struct record *record)
{
    send_all(fd, text, strlen(text), record);
}

/* Every byte tells where it stands. */
static void send_large(int fd, struct record *record)
{
    char head[128], line[65];
    const int small = 16384;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LARGE_BYTES);
    send_text(fd, head, record);
    for (int at = 0; at < LARGE_BYTES; at += 64) {
        snprintf(line, sizeof(line), "%064d", at);
        send_all(fd, line, 64, record);
    }
}

static void send_body(int fd, const char *body, struct record *record)
{
    char head[128];
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(body));
    send_text(fd, head, record);
    send_text(fd, body, record);
}

static void send_script(int fd, const char *path, struct record *record)
{
    for (size_t i = 0; i < sizeof(script) / sizeof(script[0]); i++) {
        if (strcmp(path, script[i].path) != 0) {
            continue;
        }
        for (int j = 0; j < PARTS && script[i].parts[j] != NULL; j++) {
            poll(NULL, 0, j == 0 ? 0 : PAUSE_MS);
            while (j >= record->allowed) {
                poll(NULL, 0, 1);
            }
            send_text(fd, script[i].parts[j], record);
        }
        if (!script[i].stays) {
            _exit(0);
        }
    }
}

static void answer(int fd, const char *request, struct record *record)
{
    char path[64] = "";
    ck_assert_int_eq(sscanf(request, "%*s %63s", path), 1);
    if (strcmp(path, "/large") == 0) {
        send_large(fd, record);
    } else if (strcmp(path, "/echo") == 0) {
        send_body(fd, request, record);
    } else if (strcmp(path, "/process") == 0) {
        char pid[16];
        snprintf(pid, sizeof(pid), "%d", (int)getpid());
        send_body(fd, pid, record);
    } else {
        send_script(fd, path, record);
    }
}

static void serve_connection(int fd, struct record *record)
{
    static char request[REQUEST_MAX];
    size_t len = 0;
    for (;;) {
        const ssize_t got = read(fd, request + len, sizeof(request) - 1 - len);
        if (got <= 0) {
            record->gone_ns = clock_monotonic_ns(&clock_system);
            _exit(0);
        }
        len += (size_t)got;
        request[len] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL) { /* bodies of the test come in one piece */
            answer(fd, request, record);
            len = 0;
        }
    }
}

static void serve(int listener, struct record *record)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        if (fork() == 0) {
            close(listener);
            serve_connection(fd, record);
        }
        close(fd);
    }
}

/* ---- the worker ---- */

struct world {
    pid_t server;
    int port;
    struct record *record; /* shared with the server */
    struct loop *loop;
    struct client *client;
    struct arena *arena;
    struct ctx ctx;
    void (*story)(struct world *world);
    int ended;
};

static void tell(void *arg)
{
    struct world *world = arg;
    world->story(world);
    loop_stop(world->loop);
}

static void run_story(void (*story)(struct world *world))
{
    struct world world = {.story = story};
    signal(SIGPIPE, SIG_IGN); /* as svc does */
    world.record = mmap(NULL, sizeof(*world.record), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(world.record != MAP_FAILED);
    world.record->allowed = PARTS;
    const int listener = scripted_listen(&world.port);
    world.server = fork();
    ck_assert_int_ge(world.server, 0);
    if (world.server == 0) {
        serve(listener, world.record);
    }
    close(listener);
    world.loop = loop_new();
    fiber_paint(world.loop, /* on: */ true);
    world.client = client_new(world.loop);
    world.arena = arena_new(/* pool: */ NULL);
    ctx_init(&world.ctx, world.arena, &clock_system, NULL, 30000);
    bool ended = false;
    ck_assert(is_ok(fiber_start(&world.ctx, world.loop, tell, /* done: */ NULL, &world, &ended)));
    if (!ended) {
        loop_run(world.loop);
    }
    ck_assert_uint_lt(fiber_stats(world.loop).stack_used_max, LIMIT_FIBER_STACK_BYTES / 2);
    client_free(world.client);
    loop_free(world.loop);
    arena_free(world.arena);
    kill(world.server, SIGKILL);
    waitpid(world.server, NULL, 0);
    munmap(world.record, sizeof(*world.record));
}

static const char *url_of(struct world *world, const char *path)
{
    return arena_printf(world->arena, "http://127.0.0.1:%d%s", world->port, path);
}

static int64_t now_ms(void)
{
    return clock_monotonic_ns(&clock_system) / NS_PER_MS;
}

static err open_path(struct world *world, const char *path, int64_t timeout_ms,
    struct client_reply *out_head, struct client_stream **out)
{
    const struct client_request request = {
        .method = "GET", .url = url_of(world, path), .timeout_ms = timeout_ms};
    return client_stream_open(&world->ctx, world->client, &request, out_head, out);
}

static struct client_stream *open_ok(struct world *world, const char *path)
{
    struct client_reply head;
    struct client_stream *stream = NULL;
    const err opened = open_path(world, path, 5000, &head, &stream);
    ck_assert_msg(is_ok(opened), "%s: %s", path, world->ctx.error.text);
    ck_assert_str_eq(head.body, "");
    return stream;
}

/* The rest of the body, and how it ended. */
static err read_all(struct world *world, struct client_stream *stream, const char **out_body)
{
    const char *body = "";
    size_t len = 1;
    err got = OK;
    while (is_ok(got) && len > 0) {
        const char *bytes = NULL;
        got = client_stream_read(&world->ctx, stream, 5000, &bytes, &len);
        if (is_ok(got)) {
            body = arena_printf(world->arena, "%s%.*s", body, (int)len, bytes);
        }
    }
    *out_body = body;
    return got;
}

static void expect_body(struct world *world, const char *path, const char *expected,
    enum err_code end)
{
    struct client_stream *stream = open_ok(world, path);
    const char *body = NULL;
    const err got = read_all(world, stream, &body);
    ck_assert_msg(got.code == end, "%s: %s", path, err_name(got.code));
    ck_assert_msg(strcmp(body, expected) == 0, "%s: %s", path, body);
    client_stream_close(stream);
}

static void expect_no_head(struct world *world, const char *path, int64_t timeout_ms,
    enum err_code code)
{
    struct client_reply head = {.status = 1};
    struct client_stream *stream = NULL;
    const err opened = open_path(world, path, timeout_ms, &head, &stream);
    ck_assert_msg(opened.code == code, "%s: %s", path, err_name(opened.code));
    ck_assert_int_eq(head.status, 1); /* untouched */
    ck_assert_ptr_null(stream);
}

/* ---- stories ---- */

static void tell_timing(struct world *world)
{
    static const char *const parts[] = {"one", "two", "three", "", ""}; /* the end stays the end */
    const char *bytes = NULL;
    size_t len = 77;
    world->record->allowed = 1;
    struct client_stream *stream = open_ok(world, "/timed");
    for (int i = 0; i < PARTS; i++) {
        if (i < PARTS - 1) {
            const err early = client_stream_read(&world->ctx, stream, PAUSE_MS, &bytes, &len);
            ck_assert_int_eq(early.code, ERR_TIMEOUT); /* and one may go on */
        }
        world->record->allowed++;
        ck_assert(is_ok(client_stream_read(&world->ctx, stream, 5000, &bytes, &len)));
        ck_assert_uint_eq(len, strlen(parts[i]));
        ck_assert_int_eq(strncmp(bytes, parts[i], len), 0);
    }
    client_stream_close(stream);
}

static void tell_bodies(struct world *world)
{
    expect_body(world, "/split", "one", ERR_OK);
    expect_body(world, "/hints", "one", ERR_OK);
    expect_body(world, "/trailer", "one", ERR_OK);
    expect_body(world, "/empty", "", ERR_OK);
    expect_body(world, "/until-close", "one", ERR_OK);
    expect_body(world, "/cut", "one", ERR_UNAVAILABLE);
    expect_body(world, "/cut-chunk", "one", ERR_UNAVAILABLE);
    expect_body(world, "/cut-chunks", "one", ERR_UNAVAILABLE);
    client_stream_close(NULL);
}

static void tell_heads(struct world *world)
{
    struct client_reply head;
    struct client_stream *stream = NULL;
    ck_assert(is_ok(open_path(world, "/hints", 5000, &head, &stream)));
    ck_assert_int_eq(head.status, 200);
    client_stream_close(stream);
    ck_assert(is_ok(open_path(world, "/busy", 5000, &head, &stream)));
    ck_assert_int_eq(head.status, 429);
    ck_assert_int_eq(head.retry_after_s, 7);
    const char *body = NULL;
    ck_assert(is_ok(read_all(world, stream, &body)));
    ck_assert_str_eq(body, "slow");
    client_stream_close(stream);

    const struct client_request request = {.method = "POST",
        .url = url_of(world, "/echo"),
        .headers = {"Accept: text/event-stream"},
        .body = client_body_new("{\"a\":1}", 7),
        .timeout_ms = 5000};
    ck_assert(is_ok(client_stream_open(&world->ctx, world->client, &request, &head, &stream)));
    client_body_let_go(request.body);
    ck_assert(is_ok(read_all(world, stream, &body)));
    ck_assert_ptr_eq(strstr(body, "POST /echo HTTP/1.1\r\n"), body);
    ck_assert_ptr_nonnull(strstr(body, "\r\nAccept: text/event-stream\r\n"));
    ck_assert_ptr_nonnull(strstr(body, "\r\n\r\n{\"a\":1}"));
    ck_assert_ptr_null(strstr(body, "Accept-Encoding"));
    client_stream_close(stream);
}

static void tell_no_heads(struct world *world)
{
    expect_no_head(world, "/cut-head", 5000, ERR_UNAVAILABLE);
    expect_no_head(world, "/cut-at-once", 5000, ERR_UNAVAILABLE);
    expect_no_head(world, "/garbage", 5000, ERR_UNAVAILABLE);
    const int64_t begin_ms = now_ms();
    expect_no_head(world, "/silent", 50, ERR_TIMEOUT);
    ck_assert_int_ge(now_ms() - begin_ms, 50);
    const int64_t deadline_ns = world->ctx.deadline_ns;
    world->ctx.deadline_ns = clock_monotonic_ns(&clock_system) + 50 * NS_PER_MS;
    expect_no_head(world, "/silent", 5000, ERR_TIMEOUT);
    world->ctx.deadline_ns = deadline_ns;
    ck_assert_int_lt(now_ms() - begin_ms, 2000);
    struct client_reply head;
    struct client_stream *stream = NULL;
    const struct client_request request = {
        .method = "GET", .url = "http://example.com/", .timeout_ms = 5000};
    ck_assert_int_eq(client_stream_open(&world->ctx, world->client, &request, &head, &stream).code,
        ERR_INTERNAL);
    int port = 0;
    close(scripted_listen(&port)); /* nobody listens there now */
    world->port = port;
    expect_no_head(world, "/timed", 5000, ERR_UNAVAILABLE);
}

static void tell_idle(struct world *world)
{
    const char *bytes = NULL;
    size_t len = 0;
    struct client_stream *stream = open_ok(world, "/idle");
    ck_assert(is_ok(client_stream_read(&world->ctx, stream, 5000, &bytes, &len)));
    const int64_t deadline_ns = world->ctx.deadline_ns;
    const int64_t begin_ms = now_ms();
    world->ctx.deadline_ns = clock_monotonic_ns(&clock_system) + 50 * NS_PER_MS;
    ck_assert_int_eq(client_stream_read(&world->ctx, stream, 5000, &bytes, &len).code, ERR_TIMEOUT);
    ck_assert_int_lt(now_ms() - begin_ms, 1000);
    world->ctx.deadline_ns = deadline_ns;
    client_stream_close(stream);
}

static struct client_stream *open_large(struct world *world)
{
    const struct client_request request = {.method = "GET",
        .url = url_of(world, "/large"),
        .timeout_ms = 5000,
        .reply_max_bytes = LARGE_BYTES};
    struct client_stream *stream = NULL;
    struct client_reply head;
    ck_assert(is_ok(client_stream_open(&world->ctx, world->client, &request, &head, &stream)));
    return stream;
}

static void tell_large(struct world *world)
{
    struct client_stream *stream = open_large(world);
    ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, 1000)));
    ck_assert_uint_gt(world->record->sent, LIMIT_CLIENT_STREAM_BYTES);
    ck_assert_uint_lt(world->record->sent, LARGE_BYTES / 4); /* what the kernel takes, no more */

    size_t at = 0, len = 1;
    char expected[65];
    while (len > 0) {
        const char *bytes = NULL;
        ck_assert(is_ok(client_stream_read(&world->ctx, stream, 5000, &bytes, &len)));
        ck_assert_uint_le(len, LIMIT_CLIENT_STREAM_BYTES);
        if (at % (1 << 20) < (1 << 16)) { /* a slow reader, now and then */
            ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, 2)));
        }
        for (size_t i = 0; i < len; i++, at++) {
            if (at % 64 == 0) {
                snprintf(expected, sizeof(expected), "%064zu", at);
            }
            if (bytes[i] != expected[at % 64]) {
                ck_abort_msg("byte %zu", at);
            }
        }
    }
    ck_assert_uint_eq(at, LARGE_BYTES);
    client_stream_close(stream);
}

static void tell_limits(struct world *world)
{
    expect_no_head(world, "/announced", 5000, ERR_TOO_LARGE);
    struct client_request request = {
        .method = "GET", .url = url_of(world, "/timed"), .timeout_ms = 5000};
    static const char whole[] = "onetwothree";
    for (size_t max = 5; max <= sizeof(whole) - 1; max += 6) {
        struct client_stream *stream = NULL;
        struct client_reply head;
        const char *body = NULL;
        request.reply_max_bytes = max;
        ck_assert(is_ok(client_stream_open(&world->ctx, world->client, &request, &head, &stream)));
        const err got = read_all(world, stream, &body);
        ck_assert_int_eq(got.code, max == sizeof(whole) - 1 ? ERR_OK : ERR_TOO_LARGE);
        ck_assert_uint_le(strlen(body), max); /* newer curl hands on what still fits */
        ck_assert_str_eq(body, max == sizeof(whole) - 1 ? whole
                               : strlen(body) == max    ? "onetw"
                                                        : "one");
        client_stream_close(stream);
    }
}

static void expect_gone(struct world *world)
{
    const int64_t begin_ms = now_ms();
    while (world->record->gone_ns == 0 && now_ms() - begin_ms < 500) {
        ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, 1)));
    }
    ck_assert_int_ne(world->record->gone_ns, 0);
    world->record->gone_ns = 0;
}

static void tell_close(struct world *world)
{
    client_stream_close(open_ok(world, "/idle")); /* nothing was read */
    expect_gone(world);
    struct client_stream *stream = open_ok(world, "/idle");
    const char *bytes = NULL;
    size_t len = 0;
    ck_assert(is_ok(client_stream_read(&world->ctx, stream, 5000, &bytes, &len)));
    client_stream_close(stream);
    expect_gone(world);
    stream = open_large(world);
    ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, 100)));
    client_stream_close(stream); /* while it waits for us */
    expect_gone(world);
    expect_no_head(world, "/silent", 20, ERR_TIMEOUT);
    expect_gone(world);
    expect_body(world, "/trailer", "one", ERR_OK);
}

static void read_idle(void *arg)
{
    struct world *world = arg;
    struct arena *arena = arena_new(/* pool: */ NULL);
    struct ctx ctx;
    ctx_init(&ctx, arena, &clock_system, NULL, 10000);
    struct client_reply head;
    struct client_stream *stream = NULL;
    const struct client_request request = {
        .method = "GET", .url = url_of(world, "/idle"), .timeout_ms = 10000};
    err got = client_stream_open(&ctx, world->client, &request, &head, &stream);
    while (is_ok(got)) {
        const char *bytes = NULL;
        size_t len = 0;
        got = client_stream_read(&ctx, stream, 10000, &bytes, &len);
    }
    ck_assert_int_eq(got.code, ERR_CANCELLED);
    client_stream_close(stream);
    world->ended++;
    arena_free(arena);
}

static void read_timed(void *arg)
{
    struct world *world = arg;
    expect_body(world, "/timed", "onetwothree", ERR_OK);
    world->ended++;
}

static void start_readers(struct world *world, void (*fn)(void *arg))
{
    world->ended = 0;
    for (int i = 0; i < READERS; i++) {
        bool ended = false;
        ck_assert(is_ok(fiber_start(&world->ctx, world->loop, fn, /* done: */ NULL, world,
            &ended)));
    }
}

static void tell_many(struct world *world)
{
    const int64_t begin_ms = now_ms();
    start_readers(world, read_timed);
    while (world->ended < READERS) {
        ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, 1)));
    }
    ck_assert_int_lt(now_ms() - begin_ms, READERS * 4 * PAUSE_MS / 2);
    for (int64_t later_ms = 0; later_ms <= 60; later_ms += 60) { /* before and after the head */
        start_readers(world, read_idle);
        ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, later_ms)));
        fiber_cancel_all(world->loop);
        ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, 20)));
        ck_assert_int_eq(world->ended, READERS);
    }
}

static const char *process(struct world *world)
{
    const char *body = NULL;
    struct client_stream *stream = open_ok(world, "/process");
    ck_assert(is_ok(read_all(world, stream, &body)));
    client_stream_close(stream);
    return body;
}

static void tell_connections(struct world *world)
{
    const char *first = process(world);
    ck_assert_str_eq(process(world), first); /* kept alive */
    client_stream_close(open_ok(world, "/idle"));
    expect_gone(world);
    ck_assert_str_ne(process(world), first); /* but not in the middle of a reply */
}

static const struct {
    const char *name;
    void (*story)(struct world *world);
} stories[] = {
    {"bytes arrive as they are sent", tell_timing},
    {"bodies end as they end", tell_bodies},
    {"heads and requests are as of client_send", tell_heads},
    {"without a head there is no stream", tell_no_heads},
    {"silence ends at the deadline", tell_idle},
    {"a fast sender waits", tell_large},
    {"reply over the limit is cut", tell_limits},
    {"who closes is gone at once", tell_close},
    {"readers do not disturb each other", tell_many},
    {"connection is kept only after an end in order", tell_connections},
};

START_TEST(story_holds)
{
    printf("%s\n", stories[_i].name);
    run_story(stories[_i].story);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("client_stream");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, story_holds, 0, (int)(sizeof(stories) / sizeof(stories[0])));
    Suite *suite = suite_create("net.client_stream");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
