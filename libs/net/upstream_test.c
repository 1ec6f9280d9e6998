#include "net/upstream.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "net/testing/scripted.h"

enum { NS_PER_MS = 1000000 };

static const struct scripted_reply script[] = {
    {"/ok", 200, NULL, "hello"},
    {"/second", 503, "Retry-After: 0.01\r\n", NULL},
    {"/second", 200, NULL, "hello"},
    {"/busy", 429, "retry-after-ms: 20\r\nRetry-After: 100\r\n", NULL},
    {"/busy", 429, "retry-after-ms: 20\r\n", NULL},
    {"/busy", 200, NULL, "hello"},
    {"/always", 500, "retry-after-ms: 1\r\n", NULL},
    {"/quota", 429, "retry-after-ms: 1\r\n", "{\"error\":{\"code\":\"insufficient_quota\"}}"},
    {"/later", 429, "Retry-After: 121\r\n", NULL},
    {"/longer", 503, "Retry-After: 8\r\n", NULL},
    {"/date", 503, "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n", NULL},
    {"/not", 500, "x-should-retry: false\r\nretry-after-ms: 1\r\n", NULL},
    {"/do", 400, "x-should-retry: true\r\nretry-after-ms: 1\r\n", NULL},
    {"/do", 200, NULL, "hello"},
    {"/wrong", 400, NULL, NULL},
    {"/key", 401, NULL, NULL},
    {"/moved", 302, "Location: /ok\r\n", NULL},
    {"/cut", SCRIPTED_HANG_UP, NULL, NULL},
    {"/cut", 200, NULL, "hello"},
    {"/silent", SCRIPTED_SILENT, NULL, NULL},
    {"/odd", 503, "Retry-After: soon\r\nretry-after-ms: -5\r\n", NULL},
    {"/odd", 200, NULL, "hello"},
    /* 200, and then not what chunks look like */
    {"/breaks", 200, "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\nzz\r\n"},
};

static err call(struct scripted *scripted, struct upstream *upstream, const char *path,
    int64_t timeout_ms)
{
    const struct client_request request = {
        .method = "GET", .url = scripted_url(scripted, path), .timeout_ms = timeout_ms};
    struct client_reply reply = {0};
    const err sent = upstream_send(&scripted->ctx, upstream, &request, &reply);
    if (is_ok(sent)) {
        ck_assert_str_eq(reply.body, "hello");
        upstream_answered(upstream);
    }
    return sent;
}

/* The whole body of a stream, and how it ended. */
static err read_body(struct scripted *scripted, struct client_stream *stream, const char **out)
{
    err got = OK;
    size_t len = 1;
    *out = "";
    while (is_ok(got) && len > 0) {
        const char *bytes = NULL;
        got = client_stream_read(&scripted->ctx, stream, 5000, &bytes, &len);
        if (is_ok(got)) {
            *out = arena_printf(scripted->arena, "%s%.*s", *out, (int)len, bytes);
        }
    }
    client_stream_close(stream);
    return got;
}

static err call_stream(struct scripted *scripted, struct upstream *upstream, const char *path,
    int64_t timeout_ms)
{
    const struct client_request request = {
        .method = "GET", .url = scripted_url(scripted, path), .timeout_ms = timeout_ms};
    struct client_reply head = {0};
    struct client_stream *stream = NULL;
    const err sent = upstream_stream(&scripted->ctx, upstream, &request, &head, &stream);
    if (is_ok(sent)) {
        const char *body = NULL;
        ck_assert(is_ok(read_body(scripted, stream, &body)));
        ck_assert_str_eq(body, "hello");
        upstream_answered(upstream);
    } else {
        ck_assert_ptr_null(stream);
    }
    return sent;
}

typedef err (*caller)(struct scripted *scripted, struct upstream *upstream, const char *path,
    int64_t timeout_ms);

static const struct {
    const char *path;
    enum err_code code;
    int calls;
} cases[] = {
    {"/cut", ERR_OK, 2}, /* first: on a used connection curl itself would ask again */
    {"/ok", ERR_OK, 1}, {"/second", ERR_OK, 2}, {"/busy", ERR_OK, 3},
    {"/always", ERR_UNAVAILABLE, 3}, {"/quota", ERR_UNAVAILABLE, 1},
    {"/later", ERR_UNAVAILABLE, 1},  /* asks for more than two minutes */
    {"/longer", ERR_UNAVAILABLE, 1}, /* than there is time */
    {"/date", ERR_UNAVAILABLE, 1}, {"/not", ERR_UNAVAILABLE, 1}, {"/do", ERR_OK, 2},
    {"/wrong", ERR_UPSTREAM, 1}, {"/key", ERR_UNAVAILABLE, 1}, {"/moved", ERR_UPSTREAM, 1},
    {"/odd", ERR_OK, 2}, /* what says nothing sensible gets the usual pause */
};

static void tell_cases(struct scripted *scripted, caller call_by)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct upstream upstream;
        upstream_init(&upstream, "script", scripted->client, scripted->loop);
        const err sent = call_by(scripted, &upstream, cases[i].path, /* timeout_ms */ 5000);
        ck_assert_msg(sent.code == cases[i].code, "%s: %s", cases[i].path, err_name(sent.code));
        const int calls = scripted_calls(scripted, cases[i].path);
        ck_assert_msg(calls == cases[i].calls, "%s: %d calls", cases[i].path, calls);
        ck_assert_uint_eq(upstream.calls, (uint64_t)cases[i].calls);
    }
}

static void tell_replies(struct scripted *scripted)
{
    tell_cases(scripted, call);
}

static void tell_streams(struct scripted *scripted)
{
    tell_cases(scripted, call_stream);
}

static void tell_refusal(struct scripted *scripted)
{
    struct upstream upstream;
    const struct client_request request = {
        .method = "GET", .url = scripted_url(scripted, "/key"), .timeout_ms = 5000};
    struct client_reply head = {0};
    struct client_stream *stream = NULL;
    upstream_init(&upstream, "script", scripted->client, scripted->loop);
    ck_assert_int_eq(upstream_stream(&scripted->ctx, &upstream, &request, &head, &stream).code,
        ERR_UNAVAILABLE);
    ck_assert_int_eq(head.status, 401);
}

START_TEST(a_refusal_is_shown)
{
    scripted_run(script, sizeof(script) / sizeof(script[0]), tell_refusal);
}
END_TEST

START_TEST(each_stream_is_asked_again_as_often_as_it_deserves)
{
    scripted_run(script, sizeof(script) / sizeof(script[0]), tell_streams);
}
END_TEST

static void tell_broken_stream(struct scripted *scripted)
{
    struct upstream upstream;
    struct client_reply head = {0};
    struct client_stream *stream = NULL;
    const char *body = NULL;
    const struct client_request request = {
        .method = "GET", .url = scripted_url(scripted, "/breaks"), .timeout_ms = 5000};
    upstream_init(&upstream, "script", scripted->client, scripted->loop);
    const int budget = upstream.budget_tenths;
    for (int i = 1; i <= 5; i++) {
        ck_assert(is_ok(upstream_stream(&scripted->ctx, &upstream, &request, &head, &stream)));
        ck_assert_int_eq(head.status, 200);
        ck_assert_int_eq(read_body(scripted, stream, &body).code, ERR_UNAVAILABLE);
        ck_assert_str_eq(body, "hello");
        ck_assert_int_eq(scripted_calls(scripted, "/breaks"), i); /* nobody asked again */
        upstream_failed(&scripted->ctx, &upstream);
    }
    ck_assert_int_eq(upstream.budget_tenths, budget);
    ck_assert_int_eq(call_stream(scripted, &upstream, "/ok", 1000).code, ERR_UNAVAILABLE);
    ck_assert_int_eq(scripted_calls(scripted, "/ok"), 0); /* the breaker is open */
}

START_TEST(what_breaks_after_its_head_is_not_asked_again)
{
    scripted_run(script, sizeof(script) / sizeof(script[0]), tell_broken_stream);
}
END_TEST

START_TEST(each_reply_is_asked_again_as_often_as_it_deserves)
{
    scripted_run(script, sizeof(script) / sizeof(script[0]), tell_replies);
}
END_TEST

static void tell_timeouts(struct scripted *scripted, caller call_by)
{
    struct upstream upstream;
    upstream_init(&upstream, "script", scripted->client, scripted->loop);
    const int64_t deadline_ns = scripted->ctx.deadline_ns;
    ck_assert_int_eq(call_by(scripted, &upstream, "/silent", /* timeout_ms */ 50).code,
        ERR_TIMEOUT);
    ck_assert_int_eq(upstream.failures, 1);
    /* A caller without time is not the service's fault. */
    scripted->ctx.deadline_ns = clock_monotonic_ns(&clock_system) + 5 * NS_PER_MS;
    ck_assert_int_eq(call_by(scripted, &upstream, "/silent", /* timeout_ms */ 60000).code,
        ERR_TIMEOUT);
    ck_assert_int_eq(upstream.failures, 1);
    scripted->ctx.deadline_ns = deadline_ns;
}

static void tell_timeout(struct scripted *scripted)
{
    tell_timeouts(scripted, call);
    tell_timeouts(scripted, call_stream);
}

START_TEST(a_silent_service_is_a_timeout)
{
    scripted_run(script, sizeof(script) / sizeof(script[0]), tell_timeout);
}
END_TEST

static int64_t now_ns;

static int64_t read_now(void *state)
{
    (void)state;
    return now_ns;
}

static void tell_breaker(struct scripted *scripted)
{
    const struct clock clock = {read_now, clock_system.wall_us, NULL};
    struct upstream upstream;
    upstream_init(&upstream, "script", scripted->client, scripted->loop);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(call(scripted, &upstream, "/not", 1000).code, ERR_UNAVAILABLE);
    }
    now_ns = upstream.open_ns;
    const int64_t first_ms = upstream.pause_ms;
    const int calls = scripted_calls(scripted, "/not");
    ck_assert_int_eq(call(scripted, &upstream, "/not", 1000).code, ERR_UNAVAILABLE);
    ck_assert_int_eq(scripted_calls(scripted, "/not"), calls); /* open: nobody was asked */

    /* After the pause one call tries; it fails, and the next pause is longer. */
    struct ctx later = scripted->ctx;
    later.clock = &clock;
    const struct client_request request = {
        .method = "GET", .url = scripted_url(scripted, "/not"), .timeout_ms = 1000};
    struct client_reply reply = {0};
    later.deadline_ns = now_ns + INT64_C(10000) * NS_PER_MS;
    ck_assert_int_eq(upstream_send(&later, &upstream, &request, &reply).code, ERR_UNAVAILABLE);
    ck_assert_int_eq(scripted_calls(scripted, "/not"), calls + 1);
    ck_assert_int_eq(upstream.pause_ms, 2 * first_ms);
    ck_assert_int_gt(upstream.open_ns, now_ns);

    /* While one tries the others are turned away; when it is answered all may. */
    now_ns = upstream.open_ns;
    upstream.trying = true;
    ck_assert_int_eq(upstream_send(&later, &upstream, &request, &reply).code, ERR_UNAVAILABLE);
    ck_assert_int_eq(scripted_calls(scripted, "/not"), calls + 1);
    upstream_answered(&upstream);
    ck_assert(is_ok(call(scripted, &upstream, "/ok", 1000)));
    ck_assert_int_eq(upstream.failures, 0);
}

START_TEST(a_service_that_fails_is_left_alone_for_a_while)
{
    scripted_run(script, sizeof(script) / sizeof(script[0]), tell_breaker);
}
END_TEST

static void tell_budget(struct scripted *scripted)
{
    struct upstream upstream;
    upstream_init(&upstream, "script", scripted->client, scripted->loop);
    int rounds = 0;
    for (; upstream.budget_tenths >= 20; rounds++) {
        ck_assert_int_eq(call(scripted, &upstream, "/always", 1000).code, ERR_UNAVAILABLE);
        upstream.failures = 0; /* the breaker is another test */
    }
    ck_assert_int_eq(rounds, 5);
    const int calls = scripted_calls(scripted, "/always");
    ck_assert_int_eq(call(scripted, &upstream, "/always", 1000).code, ERR_UNAVAILABLE);
    ck_assert_int_eq(scripted_calls(scripted, "/always"), calls + 1); /* no retry is left */
    upstream_answered(&upstream);
    ck_assert_int_eq(upstream.budget_tenths, 1);
}

START_TEST(retries_have_a_budget)
{
    scripted_run(script, sizeof(script) / sizeof(script[0]), tell_budget);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("upstream");
    TCase *tcase = tcase_create("upstream");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, each_reply_is_asked_again_as_often_as_it_deserves);
    tcase_add_test(tcase, each_stream_is_asked_again_as_often_as_it_deserves);
    tcase_add_test(tcase, a_refusal_is_shown);
    tcase_add_test(tcase, what_breaks_after_its_head_is_not_asked_again);
    tcase_add_test(tcase, a_silent_service_is_a_timeout);
    tcase_add_test(tcase, a_service_that_fails_is_left_alone_for_a_while);
    tcase_add_test(tcase, retries_have_a_budget);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
