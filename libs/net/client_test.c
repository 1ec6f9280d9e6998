#include "net/client.h"

#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/limits.h"
#include "net/fiber.h"
#include "net/loop.h"
#include "net/testing/scripted.h"

enum { NS_PER_MS = 1000000, CALLERS = 40, IDLE_MAX = 32, REQUEST_MAX = 8192 };

/* ---- a server that follows a script: one process, one more a connection ---- */

struct row {
    const char *path;
    const char *reply; /* NULL = special */
};

#define JSON_HEAD "Content-Type: application/json\r\n"
static const struct row script[] = {
    {"/ok", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
    {"/empty", "HTTP/1.1 204 No Content\r\n\r\n"},
    {"/broken", "HTTP/1.1 500 Oops\r\n" JSON_HEAD "Content-Length: 14\r\n\r\n{\"error\":\"db\"}"},
    {"/busy", "HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"},
    {"/redirect", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n"},
    {"/chunked",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"},
    {"/gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8bxy"},
    {"/announced", "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nx"},
    {"/cut", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nonly this"},
    {"/garbage", "this is not HTTP\r\n\r\n"},
    {"/silent", NULL},
    {"/endless", NULL},
    {"/echo", NULL},
    {"/process", NULL},
    {"/delay", NULL},
};

static void reply_text(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0) {
        _exit(0); /* the client has left */
    }
}

static void reply_body(int fd, const char *body)
{
    char head[128];
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(body));
    reply_text(fd, head);
    reply_text(fd, body);
}

static void reply_special(int fd, const char *path, const char *request)
{
    char pid[16];
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    struct pollfd hang_up = {.fd = fd, .events = POLLIN};
    if (strcmp(path, "/silent") == 0) {
        poll(&hang_up, 1, 10000);
        _exit(0);
    }
    if (strcmp(path, "/endless") == 0) {
        reply_text(fd, "HTTP/1.1 200 OK\r\n\r\n");
        for (;;) {
            reply_text(fd,
                "no end of this in sight, so that somebody has to draw a line somewhere\n");
        }
    }
    if (strcmp(path, "/delay") == 0) {
        poll(&hang_up, 1, 50);
    }
    reply_body(fd, strcmp(path, "/echo") == 0 ? request : pid);
}

static void reply(int fd, const char *request)
{
    char path[64] = "";
    ck_assert_int_eq(sscanf(request, "%*s %63s", path), 1);
    for (size_t i = 0; i < sizeof(script) / sizeof(script[0]); i++) {
        if (strcmp(path, script[i].path) == 0 && script[i].reply != NULL) {
            reply_text(fd, script[i].reply);
        } else if (strcmp(path, script[i].path) == 0) {
            reply_special(fd, path, request);
        }
    }
    if (strstr(request, "/cut") != NULL || strstr(request, "/garbage") != NULL) {
        _exit(0);
    }
}

static bool is_complete(const char *request, size_t len)
{
    const char *end = strstr(request, "\r\n\r\n");
    const char *length = strstr(request, "Content-Length: ");
    const size_t body = length == NULL ? 0 : (size_t)strtoul(length + 16, NULL, 10);
    return end != NULL && len >= (size_t)(end + 4 - request) + body;
}

static void serve_connection(int fd)
{
    static char request[REQUEST_MAX];
    size_t len = 0;
    for (;;) {
        const ssize_t got = read(fd, request + len, sizeof(request) - 1 - len);
        if (got <= 0) {
            _exit(0);
        }
        if (request[0] == 0x16) { /* TLS */
            reply_text(fd, "HTTP/1.1 400 Plain Text, Please\r\n\r\n");
            _exit(0);
        }
        len += (size_t)got;
        request[len] = '\0';
        if (is_complete(request, len)) {
            reply(fd, request);
            len = 0;
        }
    }
}

static void serve(int listener)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        if (fork() == 0) {
            close(listener);
            serve_connection(fd);
        }
        close(fd);
    }
}

/* ---- the worker ---- */

struct world {
    pid_t server;
    int port;
    struct loop *loop;
    struct client *client;
    struct arena *arena;
    struct ctx ctx; /* of the fiber that runs the test */
    void (*story)(struct world *world);
    int answered;
    struct fiber *silent[CALLERS]; /* who asks the silent one */
    int silent_count;
};

static void tell(void *arg)
{
    struct world *world = arg;
    world->story(world);
    loop_stop(world->loop);
}

/* Runs the story on a fiber, with a server beside it. Stacks are measured. */
static void run_story(void (*story)(struct world *world))
{
    struct world world = {.story = story};
    signal(SIGPIPE, SIG_IGN); /* as svc does */
    const int listener = scripted_listen(&world.port);
    world.server = fork();
    ck_assert_int_ge(world.server, 0);
    if (world.server == 0) {
        serve(listener);
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
}

static const char *url_of(struct world *world, const char *path)
{
    return arena_printf(world->arena, "http://127.0.0.1:%d%s", world->port, path);
}

static err get(struct world *world, const char *url, struct client_reply *out)
{
    const struct client_request request = {.method = "GET", .url = url, .timeout_ms = 5000};
    return client_send(&world->ctx, world->client, &request, out);
}

static void assert_reply(struct world *world, const char *path, int status, const char *body)
{
    struct client_reply reply = {0};
    const err sent = get(world, url_of(world, path), &reply);
    ck_assert_msg(is_ok(sent), "%s: %s", path, world->ctx.error.text);
    ck_assert_int_eq(reply.status, status);
    ck_assert_str_eq(reply.body, body);
    ck_assert_uint_eq(reply.body_len, strlen(body));
}

static void assert_failure(struct world *world, const char *path, enum err_code code)
{
    struct client_reply reply = {.status = 1};
    const err sent = get(world, url_of(world, path), &reply);
    ck_assert_msg(sent.code == code, "%s: %s", path, world->ctx.error.text);
    ck_assert_int_eq(reply.status, 1); /* untouched */
}

/* ---- stories ---- */

static void tell_replies(struct world *world)
{
    assert_reply(world, "/ok", 200, "hello");
    assert_reply(world, "/empty", 204, "");
    assert_reply(world, "/broken", 500, "{\"error\":\"db\"}");
    assert_reply(world, "/chunked", 200, "abcde");
    assert_reply(world, "/redirect", 302, "");       /* not followed */
    assert_reply(world, "/gzip", 200, "\x1f\x8bxy"); /* not decoded */
    struct client_reply reply;
    ck_assert(is_ok(get(world, url_of(world, "/busy"), &reply)));
    ck_assert_int_eq(reply.status, 429);
    ck_assert_int_eq(reply.retry_after_s, 7);
    ck_assert(is_ok(get(world, url_of(world, "/ok"), &reply)));
    ck_assert_int_eq(reply.retry_after_s, 0);
}

static void tell_requests(struct world *world)
{
    const struct client_request request = {
        .method = "POST",
        .url = url_of(world, "/echo"),
        .headers = {"Content-Type: application/json", "Authorization: Bearer abc"},
        .body = client_body_new("{\"a\":1}", 7),
        .timeout_ms = 5000,
    };
    struct client_reply reply;
    ck_assert(is_ok(client_send(&world->ctx, world->client, &request, &reply)));
    client_body_let_go(request.body);
    ck_assert_ptr_eq(strstr(reply.body, "POST /echo HTTP/1.1\r\n"), reply.body);
    ck_assert_ptr_nonnull(strstr(reply.body, "\r\nContent-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(reply.body, "\r\nAuthorization: Bearer abc\r\n"));
    ck_assert_ptr_nonnull(strstr(reply.body, "\r\nContent-Length: 7\r\n"));
    ck_assert_ptr_nonnull(strstr(reply.body, "\r\n\r\n{\"a\":1}"));
    ck_assert_ptr_null(strstr(reply.body, "Expect"));
    ck_assert_ptr_null(strstr(reply.body, "Accept-Encoding"));

    const struct client_request empty = {
        .method = "DELETE", .url = url_of(world, "/echo"), .timeout_ms = 5000};
    ck_assert(is_ok(client_send(&world->ctx, world->client, &empty, &reply)));
    ck_assert_ptr_eq(strstr(reply.body, "DELETE /echo HTTP/1.1\r\n"), reply.body);
    ck_assert_ptr_nonnull(strstr(reply.body, "\r\nContent-Length: 0\r\n"));
}

static void tell_connections(struct world *world)
{
    struct client_reply first, second, third;
    ck_assert(is_ok(get(world, url_of(world, "/process"), &first)));
    ck_assert(is_ok(get(world, url_of(world, "/process"), &second)));
    ck_assert_str_eq(first.body, second.body); /* kept alive */
    assert_failure(world, "/cut", ERR_UNAVAILABLE);
    ck_assert(is_ok(get(world, url_of(world, "/process"), &third)));
    ck_assert_str_ne(first.body, third.body);
}

static void tell_limits(struct world *world)
{
    assert_failure(world, "/announced", ERR_TOO_LARGE);
    assert_failure(world, "/endless", ERR_TOO_LARGE);
    struct client_reply reply;
    struct client_request request = {
        .method = "GET", .url = url_of(world, "/ok"), .timeout_ms = 5000};
    request.reply_max_bytes = 5;
    ck_assert(is_ok(client_send(&world->ctx, world->client, &request, &reply)));
    request.reply_max_bytes = 4;
    ck_assert_int_eq(client_send(&world->ctx, world->client, &request, &reply).code, ERR_TOO_LARGE);
    request.url = url_of(world, "/chunked"); /* not announced */
    ck_assert_int_eq(client_send(&world->ctx, world->client, &request, &reply).code, ERR_TOO_LARGE);
    assert_reply(world, "/ok", 200, "hello");
}

static void tell_failures(struct world *world)
{
    assert_failure(world, "/cut", ERR_UNAVAILABLE);
    assert_failure(world, "/garbage", ERR_UNAVAILABLE);
    struct client_reply reply;
    int port = 0;
    close(scripted_listen(&port)); /* nobody listens there now */
    ck_assert_int_eq(get(world, arena_printf(world->arena, "http://[::1]:%d/", port), &reply).code,
        ERR_UNAVAILABLE);
    const char *by_name = arena_printf(world->arena, "http://localhost:%d/", port);
    ck_assert_int_eq(get(world, by_name, &reply).code, ERR_UNAVAILABLE);
    const char *not_tls = arena_printf(world->arena, "https://127.0.0.1:%d/ok", world->port);
    ck_assert_int_eq(get(world, not_tls, &reply).code, ERR_UNAVAILABLE);
    ck_assert_int_eq(get(world, "https://no-such-host.invalid/", &reply).code, ERR_UNAVAILABLE);
    assert_reply(world, "/ok", 200, "hello");
}

static void tell_deadlines(struct world *world)
{
    const int64_t begin_ns = clock_monotonic_ns(&clock_system);
    const struct client_request request = {
        .method = "GET", .url = url_of(world, "/silent"), .timeout_ms = 50};
    struct client_reply reply;
    ck_assert_int_eq(client_send(&world->ctx, world->client, &request, &reply).code, ERR_TIMEOUT);
    const int64_t deadline_ns = world->ctx.deadline_ns;
    world->ctx.deadline_ns = clock_monotonic_ns(&clock_system) + 50 * NS_PER_MS;
    assert_failure(world, "/silent", ERR_TIMEOUT);
    world->ctx.deadline_ns = deadline_ns;
    ck_assert_int_ge(clock_monotonic_ns(&clock_system) - begin_ns, 100 * NS_PER_MS);
    ck_assert_int_lt(clock_monotonic_ns(&clock_system) - begin_ns, 2000L * NS_PER_MS);
    assert_reply(world, "/ok", 200, "hello");
}

static void ask(struct world *world, const char *path, enum err_code expected)
{
    struct arena *arena = arena_new(/* pool: */ NULL);
    struct ctx ctx;
    ctx_init(&ctx, arena, &clock_system, NULL, 10000);
    const struct client_request request = {
        .method = "POST",
        .url = url_of(world, path),
        .body = client_body_new("nobody else holds it when the caller leaves", 42),
        .timeout_ms = 10000,
    };
    struct client_reply reply;
    ck_assert_int_eq(client_send(&ctx, world->client, &request, &reply).code, expected);
    client_body_let_go(request.body);
    world->answered++;
    arena_free(arena);
}

static void ask_slow_one(void *arg)
{
    ask(arg, "/delay", ERR_OK);
}

static void ask_silent_one(void *arg)
{
    struct world *world = arg;
    world->silent[world->silent_count++] = fiber_current(world->loop);
    ask(world, "/silent", ERR_CANCELLED);
}

static void start_callers(struct world *world, void (*fn)(void *arg))
{
    for (int i = 0; i < CALLERS; i++) {
        bool ended = false;
        ck_assert(is_ok(fiber_start(&world->ctx, world->loop, fn, /* done: */ NULL, world,
            &ended)));
        ck_assert(!ended);
    }
}

static void tell_concurrency(struct world *world)
{
    const int64_t begin_ns = clock_monotonic_ns(&clock_system);
    start_callers(world, ask_slow_one);
    while (world->answered < CALLERS) {
        ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, 1)));
    }
    ck_assert_int_lt(clock_monotonic_ns(&clock_system) - begin_ns, CALLERS * 50L * NS_PER_MS);
}

static void tell_cancel(struct world *world)
{
    for (int64_t later_ms = 0; later_ms <= 30; later_ms += 30) { /* before and after it was sent */
        world->answered = world->silent_count = 0;
        start_callers(world, ask_silent_one);
        ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, later_ms)));
        for (int i = 0; i < CALLERS; i++) {
            fiber_cancel(world->silent[i]);
        }
        ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, 5)));
        ck_assert_int_eq(world->answered, CALLERS);
    }
    assert_reply(world, "/ok", 200, "hello");
}

static void tell_reuse(struct world *world)
{
    struct client_reply first, second;
    start_callers(world, ask_silent_one);
    ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, 30)));
    ck_assert(is_ok(get(world, url_of(world, "/process"), &first)));
    ck_assert(is_ok(get(world, url_of(world, "/process"), &second)));
    ck_assert_str_eq(first.body, second.body);
    for (int i = 0; i < CALLERS; i++) {
        fiber_cancel(world->silent[i]);
    }
    ck_assert(is_ok(fiber_sleep(&world->ctx, world->loop, 5)));
}

static int open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        count += fcntl(fd, F_GETFD) != -1;
    }
    return count;
}

static void tell_idle(struct world *world)
{
    const int before = open_files();
    tell_concurrency(world); /* each had a connection of its own */
    ck_assert_int_eq(open_files(), before + IDLE_MAX);
}

static void tell_proxy(struct world *world)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    assert_reply(world, "/ok", 200, "hello");
}

static const char *const forbidden[] = {
    "http://example.com/",
    "http://10.0.0.1/",
    "http://128.0.0.1/",
    "http://127.0.0.1.example.com/",
    "http://localhost.example.com/",
    "http://[::2]/",
    "http://user:password@127.0.0.1/",
    "https://user@example.com/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1/",
    "//127.0.0.1/",
    "nonsense",
    "",
};

static void tell_forbidden(struct world *world)
{
    struct client_reply reply;
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        const err sent = get(world, forbidden[i], &reply);
        ck_assert_msg(sent.code == ERR_INTERNAL, "%s: %s", forbidden[i], err_name(sent.code));
    }
    const struct client_request request = {.method = "GET",
        .url = url_of(world, "/ok"),
        .headers = {"A: b\r\nC: d"},
        .timeout_ms = 5000};
    ck_assert_int_eq(client_send(&world->ctx, world->client, &request, &reply).code, ERR_INTERNAL);
}

static const struct {
    const char *name;
    void (*story)(struct world *world);
} stories[] = {
    {"every status is a reply", tell_replies},
    {"request is sent as given", tell_requests},
    {"connection is kept and never kept when broken", tell_connections},
    {"reply over the limit is cut", tell_limits},
    {"failures have their codes", tell_failures},
    {"silence ends at the deadline", tell_deadlines},
    {"callers do not wait for each other", tell_concurrency},
    {"cancelled caller leaves nothing behind", tell_cancel},
    {"connection is used again while many others are busy", tell_reuse},
    {"no more than so many idle connections are kept", tell_idle},
    {"proxy of the environment is ignored", tell_proxy},
    {"forbidden targets are refused", tell_forbidden},
};

START_TEST(story_holds)
{
    printf("%s\n", stories[_i].name);
    run_story(stories[_i].story);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("client");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, story_holds, 0, (int)(sizeof(stories) / sizeof(stories[0])));
    Suite *suite = suite_create("net.client");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
