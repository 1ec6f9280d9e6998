#include "http/stream.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/arena.h"
#include "http/call.h"
#include "http/metrics.h"
#include "http/request.h"
#include "http/testing/streaming.h"
#include "net/fiber.h"

/* ---- stories ---- */

static void tell_events(struct world *world)
{
    struct source *source = &world->sources[0];
    struct client *client = client_dial(world, 0);
    client_ask_more(client, "GET /s0 HTTP/1.1",
        "Origin: https://www.example.com\r\nX-Request-Id: streamed\r\n");
    client_expect(client, "\r\n\r\n", 150); /* not held back until there is an event */
    ck_assert_ptr_eq(strstr(client->text, "HTTP/1.1 200 OK\r\n"), client->text);
    static const char *const headers[] = {"Content-Type: text/event-stream\r\n",
        "Cache-Control: no-cache, no-transform\r\n", "X-Accel-Buffering: no\r\n",
        "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "X-Request-Id: streamed\r\n",
        "Date: ", "Access-Control-Allow-Origin: https://www.example.com\r\n",
        "X-Content-Type-Options: nosniff\r\n"};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        ck_assert_msg(strstr(client->text, headers[i]) != NULL, "%s", headers[i]);
    }
    ck_assert_ptr_null(strstr(client->text, "Content-Length"));
    ck_assert_int_eq(metrics_get(world->metrics, 0, METRIC_STREAMS_OPEN), 1);
    ck_assert_uint_eq(fiber_stats(world->loop).alive, 1); /* only this one */

    source_say(source, "data: one\n\n");
    client_expect(client, "data: one\n\n", 2000);
    source->at_most = 3;
    source_say(source, "id: 2\ndata: two\n\n");
    client_expect(client, "\r\n0011\r\nid: 2\ndata: two\n\n\r\n", 2000); /* in one piece */
    source->at_most = 0;
    ck_assert_str_eq(client_body(client), "data: one\n\nid: 2\ndata: two\n\n");
    ck_assert_int_eq(source->closed, 0);
    ck_assert_ptr_null(strstr(streaming_log(world), "http.request_done"));
    streaming_rest(world, 200);
    source_end(source);
    client_expect(client, "\r\n0\r\n\r\n", 2000);
    source_expect_closed(world, source, 0);

    const char *line = streaming_log(world);
    ck_assert_int_eq(count_in(line, "http.request_done"), 1);
    ck_assert_ptr_nonnull(strstr(line, "\"status\":200"));
    ck_assert_ptr_nonnull(strstr(line, "\"bytes\":28"));
    ck_assert_ptr_null(strstr(line, "client_left"));
    ck_assert_double_ge(strtod(strstr(line, "\"ms\":") + 5, NULL), 200);
    client_expect_over(client);
    ck_assert_int_eq(metrics_get(world->metrics, 0, METRIC_CONNECTIONS_OPEN), 0);
    close(client->fd);
}

static void tell_other_clients(struct world *world)
{
    /* HTTP/1.0 has no chunks: the end of the connection is the end. */
    struct source *source = &world->sources[0];
    source_say(source, "data: one\n\n");
    source->ended = true;
    struct client *old = client_open_stream(world, "GET /s0 HTTP/1.0");
    client_expect(old, "\r\n\r\ndata: one\n\n", 2000);
    client_expect_over(old);
    ck_assert_int_eq(source->closed, 1);
    /* One that asks for nothing more gets chunks like others, also of what comes later. */
    *source = (struct source){0};
    struct client *last = client_dial(world, 0);
    client_ask_more(last, "GET /s0 HTTP/1.1", "Connection: close\r\n");
    client_expect(last, "\r\n\r\n", 1000);
    streaming_rest(world, 50);
    source_say(source, "data: one\n\n");
    client_expect(last, "data: one\n\n", 2000);
    source_say(source, "data: two\n\n");
    source_end(source);
    client_expect(last, "\r\n0\r\n\r\n", 2000);
    ck_assert_str_eq(client_body(last), "data: one\n\ndata: two\n\n");
    close(last->fd);
    source_expect_closed(world, source, 600);
    /* The largest block of headers leaves room for events. */
    char padding[7900];
    memset(padding, 'x', sizeof(padding));
    struct source *other = &world->sources[1];
    struct client *large = client_dial(world, 0);
    client_ask_more(large, "GET /s1 HTTP/1.1",
        arena_printf(world->arena, "X-Padding: %.*s\r\n", (int)sizeof(padding), padding));
    client_expect(large, "\r\n\r\n", 1000);
    source_say(other, "data: one\n\n");
    client_expect(large, "data: one\n\n", 2000);
    close(old->fd);
    close(large->fd);
    source_expect_closed(world, other, 600);
}

static void tell_wakes(struct world *world)
{
    struct source *source = &world->sources[0];
    source->wakes_itself = true; /* within the read that then finds nothing */
    struct client *client = client_open_stream(world, "GET /s0 HTTP/1.1");
    client_expect(client, "\r\n0\r\n\r\n", 2000);
    source_expect_closed(world, source, 0);
    close(client->fd);
}

/* Nothing of it may be taken for a request, as its beginning may be lost; and the stream is not lost for it. */
static void tell_impatient(struct world *world)
{
    struct source *source = &world->sources[0];
    struct client *client = client_dial(world, 0);
    client_ask_more(client, "GET /s0 HTTP/1.1", "\r\nGET /plain HTTP/1.1\r\nHost: localhost\r\n");
    client_expect(client, "\r\n\r\n", 1000);
    static const char late[] = "GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n";
    ck_assert_int_eq(send(client->fd, late, sizeof(late) - 1, 0), sizeof(late) - 1);
    streaming_rest(world, 20);
    source_say(source, "data: one\n\n");
    source_end(source);
    client_expect(client, "\r\n0\r\n\r\n", 2000);
    client_expect_over(client);
    ck_assert_str_eq(client_body(client), "data: one\n\n");
    ck_assert_int_eq(count_in(streaming_log(world), "http.request_done"), 1);
    close(client->fd);
}

static void tell_ping(struct world *world)
{
    struct source *source = &world->sources[0];
    struct client *client = client_open_stream(world, "GET /s0 HTTP/1.1");
    world->later_ns += 9 * NS_PER_S;
    streaming_rest(world, 600);
    client_take(client);
    ck_assert_str_eq(client_body(client), "");
    world->later_ns += 1 * NS_PER_S;
    client_expect(client, ": ping\n\n", 600);
    world->later_ns += 9 * NS_PER_S;
    source_say(source, "data: one\n\n");
    client_expect(client, "data: one\n\n", 2000);
    world->later_ns += 9 * NS_PER_S; /* an event is as good as a ping */
    streaming_rest(world, 600);
    client_take(client);
    ck_assert_str_eq(client_body(client), ": ping\n\ndata: one\n\n");
    for (int i = 0; i < 10; i++) { /* as long as the client takes them */
        world->later_ns += 10 * NS_PER_S;
        streaming_rest(world, 300);
    }
    client_take(client);
    ck_assert_int_eq(count_in(client_body(client), ": ping\n\n"), 11);
    source_end(source);
    client_expect(client, "\r\n0\r\n\r\n", 2000);
    close(client->fd);
}

static void tell_leaving(struct world *world)
{
    struct source *source = &world->sources[0];
    struct client *client = client_open_stream(world, "GET /s0 HTTP/1.1");
    source_say(source, "data: one\n\n");
    client_expect(client, "data: one\n\n", 2000);
    close(client->fd);
    source_expect_closed(world, source, 500);
    const char *line = streaming_log(world);
    ck_assert_int_eq(count_in(line, "http.request_done"), 1);
    ck_assert_ptr_nonnull(strstr(line, "\"client_left\":true"));
    ck_assert_ptr_nonnull(strstr(line, "\"status\":200"));

    /* While more waits for it than it takes. */
    struct source *endless = &world->sources[1];
    endless->endless = true;
    client = client_open_stream(world, "GET /s1 HTTP/1.1");
    streaming_rest(world, 50);
    ck_assert_int_eq(endless->closed, 0);
    close(client->fd);
    source_expect_closed(world, endless, 500);
    ck_assert_int_eq(count_in(streaming_log(world), "\"client_left\":true"), 2);
}

static void wait_for_late(struct world *world)
{
    while (!world->late) {
        streaming_rest(world, 1);
    }
}

/* Before the handler has opened the stream. */
static void tell_leaving_early(struct world *world)
{
    struct client *client = client_dial(world, 0);
    client_ask(client, "GET /late0 HTTP/1.1");
    wait_for_late(world);
    close(client->fd);
    source_expect_closed(world, &world->sources[0], 2500);
    ck_assert_int_eq(count_in(streaming_log(world), "http.request_done"), 1);

    world->sources[0].closed = 0;
    client = client_dial(world, 0);
    client_ask(client, "GET /late0 HTTP/1.1");
    client_expect(client, "\r\n\r\n", 2500);
    source_say(&world->sources[0], "data: one\n\n");
    client_expect(client, "data: one\n\n", 2000);
    close(client->fd);
    source_expect_closed(world, &world->sources[0], 500);
}

static void tell_stall(struct world *world)
{
    struct source *source = &world->sources[0];
    source->endless = true;
    struct client *client = client_dial(world, 4096);
    client_ask(client, "GET /s0 HTTP/1.1");
    streaming_rest(world, 300);
    for (int i = 0; i < 4; i++) { /* slow, but it takes something */
        world->later_ns += 20 * NS_PER_S;
        for (int j = 0; j < 60; j++) {
            client->len = 0;
            client_take(client);
            streaming_rest(world, 5);
        }
    }
    ck_assert_int_eq(source->closed, 0);
    streaming_rest(world, 600);
    const int reads = source->reads;
    world->later_ns += 25 * NS_PER_S;
    streaming_rest(world, 600);
    ck_assert_int_eq(source->reads, reads);
    ck_assert_int_eq(source->closed, 0);
    world->later_ns += 6 * NS_PER_S;
    source_expect_closed(world, source, 600);
    ck_assert_int_eq(count_in(streaming_log(world), "\"client_stalled\":true"), 1);
    ck_assert_ptr_null(strstr(streaming_log(world), "client_left"));
    close(client->fd);
}

/* Its socket is full now and then: nothing is lost, nothing comes twice. */
static void tell_slow_reader(struct world *world)
{
    struct source *source = &world->sources[0];
    struct client *client = client_dial(world, 4096);
    const int send_bytes = 4096;
    const char *expected = "";
    int full = 0;
    client_ask(client, "GET /s0 HTTP/1.1");
    client_expect(client, "\r\n\r\n", 1000);
    setsockopt(world->server->conns.open->fd, SOL_SOCKET, SO_SNDBUF, &send_bytes,
        sizeof(send_bytes));
    for (int i = 0; i < 25; i++) {
        for (int rests = 0; source->at < source->len; rests++) {
            full += rests == 20;
            if (rests > 20) {
                client_take(client);
            }
            streaming_rest(world, 5);
        }
        source->at = source->len = 0;
        const char *event = arena_printf(world->arena, "data: %d %02000d\n\n", i, i);
        source_say(source, event);
        expected = arena_printf(world->arena, "%s%s", expected, event);
    }
    ck_assert_int_gt(full, 2);
    source_end(source);
    client_expect(client, "\r\n0\r\n\r\n", 20000);
    ck_assert_str_eq(client_body(client), expected);
    close(client->fd);
}

static void tell_two(struct world *world)
{
    struct client *one = client_open_stream(world, "GET /s0 HTTP/1.1");
    struct client *two = client_open_stream(world, "GET /s1 HTTP/1.1");
    struct client *other = client_dial(world, 0);
    const char *expected[2] = {"", ""};
    for (int i = 0; i < 20; i++) {
        struct client *client = i % 3 == 0 ? two : one;
        const char *event = arena_printf(world->arena, "data: %d\n\n", i);
        source_say(&world->sources[i % 3 == 0], event);
        client_expect(client, event, 2000);
        expected[i % 3 == 0] = arena_printf(world->arena, "%s%s", expected[i % 3 == 0], event);
        client_expect_plain(other);
    }
    ck_assert_str_eq(client_body(one), expected[0]);
    ck_assert_str_eq(client_body(two), expected[1]);
    source_end(&world->sources[0]);
    client_expect(one, "\r\n0\r\n\r\n", 2000);
    ck_assert_int_eq(world->sources[1].closed, 0);
    source_end(&world->sources[1]);
    client_expect(two, "\r\n0\r\n\r\n", 2000);
    close(one->fd);
    close(two->fd);
    close(other->fd);
}

static void tell_no_stream(struct world *world)
{
    struct source *source = &world->sources[0];
    struct client *client = client_dial(world, 0);
    client_ask(client, "GET /fails0 HTTP/1.1");
    client_expect(client, "\"code\":\"CONFLICT\"", 1000);
    ck_assert_ptr_eq(strstr(client->text, "HTTP/1.1 409 "), client->text);
    ck_assert_ptr_nonnull(strstr(client->text, "Cache-Control: no-store\r\n"));
    ck_assert_ptr_null(strstr(client->text, "event-stream"));
    ck_assert_int_eq(source->closed, 1);

    client_ask(client, "HEAD /s0 HTTP/1.1");
    client_expect(client, "\r\n\r\n", 1000);
    ck_assert_ptr_nonnull(strstr(client->text, "Content-Type: text/event-stream\r\n"));
    ck_assert_int_eq(source->closed, 2);
    client_expect_plain(client);
    ck_assert_ptr_eq(strstr(client->text, "HTTP/1.1 200 OK\r\n"),
        client->text); /* no body before */
    ck_assert_int_eq(source->closed, 2);
    ck_assert_int_eq(source->reads, 0);
    ck_assert_int_eq(count_in(streaming_log(world), "http.request_done"), 3);
    close(client->fd);
}

static void tell_close(struct world *world)
{
    world->sources[1].endless = true;
    struct client *silent = client_open_stream(world, "GET /s0 HTTP/1.1");
    struct client *slow = client_open_stream(world, "GET /s1 HTTP/1.1");
    streaming_rest(world, 50);
    streaming_close(world);
    ck_assert_int_eq(world->sources[0].closed, 1);
    ck_assert_int_eq(world->sources[1].closed, 1);
    ck_assert_int_eq(count_in(streaming_log(world), "\"server_closed\":true"), 2);
    close(silent->fd);
    close(slow->fd);
}

/* Its handler is told at its next wait, when the connection is gone for long. */
static void tell_close_early(struct world *world)
{
    struct client *client = client_dial(world, 0);
    client_ask_more(client, "GET /late0 HTTP/1.1", "X-Request-Id: closed-early\r\n");
    wait_for_late(world);
    streaming_close(world);
    ck_assert_int_eq(world->sources[0].closed, 0);
    source_expect_closed(world, &world->sources[0], 2000);
    const char *line = streaming_log(world);
    ck_assert_int_eq(count_in(line, "\"request_id\":\"closed-early\""), 1);
    ck_assert_int_eq(count_in(line, "\"server_closed\":true"), 1);
    close(client->fd);
}

static void note_drained(void *arg)
{
    struct world *world = arg;
    world->drained = true;
}

static void tell_drain(struct world *world)
{
    struct client *client = client_open_stream(world, "GET /s0 HTTP/1.1");
    http_server_drain(world->server, note_drained, world);
    streaming_rest(world, 600);
    source_say(&world->sources[0], "data: one\n\n");
    client_expect(client, "data: one\n\n", 2000);
    ck_assert(!world->drained);
    source_end(&world->sources[0]);
    client_expect(client, "\r\n0\r\n\r\n", 2000);
    streaming_rest(world, 600);
    ck_assert(world->drained);
    close(client->fd);
}

static void tell_document(struct world *world)
{
    const char *text = NULL;
    size_t len = 0;
    ck_assert(is_ok(http_openapi(&world->ctx, &world->options, &text, &len)));
    ck_assert_ptr_nonnull(strstr(text,
        "\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Said\"}},"
        "\"text/event-stream\":{\"schema\":{\"type\":\"string\"}}}"));
    ck_assert_int_eq(count_in(text, "\"text/event-stream\""), 4);
    const char *const *problems = NULL;
    ck_assert_int_eq(http_routes_check(&world->ctx, streaming_routes, &problems), 0);
    struct http_route wrong[] = {streaming_routes[0][0], {0}};
    wrong[0].versioned = true;
    const struct http_route *const list[] = {wrong, NULL};
    ck_assert_int_eq(http_routes_check(&world->ctx, list, &problems), 1);
    ck_assert_ptr_nonnull(strstr(problems[0], "stream"));
}

static const struct {
    const char *name;
    void (*story)(struct world *world);
} stories[] = {
    {"events arrive as written, before the end", tell_events},
    {"old clients and large headers", tell_other_clients},
    {"a wake within a read is not lost", tell_wakes},
    {"what a client sends after it asked for a stream is not read", tell_impatient},
    {"silence is broken by a ping", tell_ping},
    {"a client that leaves is noticed", tell_leaving},
    {"a client may leave before its stream begins", tell_leaving_early},
    {"a client that takes nothing is cut", tell_stall},
    {"a client that reads slowly gets all", tell_slow_reader},
    {"two streams do not disturb each other", tell_two},
    {"no stream after a failure nor for HEAD", tell_no_stream},
    {"closing the server ends streams", tell_close},
    {"and those that are not open yet", tell_close_early},
    {"draining leaves streams alone", tell_drain},
    {"the document tells of streams", tell_document},
};

START_TEST(story_holds)
{
    printf("%s\n", stories[_i].name);
    streaming_run(stories[_i].story);
}
END_TEST

static void tell_wrong_route(struct world *world)
{
    client_ask(client_dial(world, 0), "GET /wrong0 HTTP/1.1");
    streaming_rest(world, 1000);
}

START_TEST(only_rows_that_say_so_may_stream)
{
    streaming_run(tell_wrong_route);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("stream");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, story_holds, 0, (int)(sizeof(stories) / sizeof(stories[0])));
    tcase_add_test_raise_signal(tcase, only_rows_that_say_so_may_stream, SIGABRT);
    Suite *suite = suite_create("http.stream");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
