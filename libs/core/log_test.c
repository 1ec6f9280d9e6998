#include "core/log.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/json.h"

static int64_t noon(void *state)
{
    (void)state;
    return 1709210096789000;
}

static const struct clock clock_fixed = {.monotonic_ns = noon, .wall_us = noon};

static struct arena *arena;
static struct ctx ctx;
static int ends[2];

static void setup(void)
{
    arena = arena_new(NULL);
    ck_assert_int_eq(pipe(ends), 0);
    struct log *log = log_new(ends[1], LOG_INFO, &clock_fixed);
    ctx_init(&ctx, arena, &clock_fixed, log, /* timeout_ms */ 1000);
}

static void teardown(void)
{
    log_free(ctx.log);
    close(ends[0]);
    close(ends[1]);
    arena_free(arena);
}

/* What the reader of the pipe gets, at most size - 1 bytes of it. */
static size_t read_pipe(char *out, size_t size)
{
    size_t len = 0;
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    for (ssize_t got = 1; got > 0 && len < size - 1;) {
        got = read(ends[0], out + len, size - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    out[len] = '\0';
    return len;
}

static const char *flushed(void)
{
    static char text[300000];
    log_flush(ctx.log);
    read_pipe(text, sizeof(text));
    return text;
}

START_TEST(a_line_is_one_json_object)
{
    log_identify(ctx.log, "brand", 2);
    ctx.request_id = "req-1";
    ctx.route = "/faq/{id}";
    log_info(&ctx, "faq.listed", LOG_STR("q", "pool"), LOG_I64("count", -3), LOG_MS("took", 1.5),
        LOG_BOOL("cached", true), LOG_STR("none", NULL));
    ck_assert_str_eq(flushed(), "{\"ts\":\"2024-02-29T12:34:56.789Z\",\"level\":\"info\",\"event\":"
                                "\"faq.listed\",\"product\":\"brand\","
                                "\"worker\":2,\"request_id\":\"req-1\",\"route\":\"/faq/"
                                "{id}\",\"q\":\"pool\",\"count\":-3,\"took\":1.5,"
                                "\"cached\":true,\"none\":null}\n");
}
END_TEST

START_TEST(what_is_unknown_is_left_out)
{
    log_error(&ctx, "a.failed", LOG_I64("n", 1));
    ck_assert_str_eq(flushed(), "{\"ts\":\"2024-02-29T12:34:56.789Z\",\"level\":\"error\","
                                "\"event\":\"a.failed\",\"n\":1}\n");
}
END_TEST

START_TEST(lower_levels_are_not_even_evaluated)
{
    int evaluated = 0;
    log_debug(&ctx, "a.seen", LOG_I64("n", ++evaluated));
    ck_assert_int_eq(evaluated, 0);
    ck_assert_str_eq(flushed(), "");
    struct ctx silent = ctx;
    silent.log = NULL;
    log_error(&silent, "a.seen", LOG_I64("n", ++evaluated));
    ck_assert_int_eq(evaluated, 0);
}
END_TEST

START_TEST(no_value_can_forge_a_line_or_reach_a_terminal)
{
    log_info(&ctx, "a.seen", LOG_STR("x", "a\r\n{\"level\":\"error\"}\x1b[2J\x7f"),
        LOG_STR("c1", "\xc2\x9b"), LOG_STR("bytes", "\xff\xc3\xb6"), LOG_STR("fine", "ö\xc2\xa0"));
    const char *text = flushed();
    ck_assert_ptr_nonnull(strstr(text,
        "\"x\":\"a\\r\\n{\\\"level\\\":\\\"error\\\"}\\u001b[2J?\""));
    ck_assert_ptr_nonnull(strstr(text,
        "\"c1\":\"?\?\",\"bytes\":\"?\?\?\",\"fine\":\"ö\xc2\xa0\"}\n"));
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
}
END_TEST

static char *repeat(char c, size_t count)
{
    char *text = arena_alloc(arena, count + 1);
    memset(text, c, count);
    return text;
}

START_TEST(long_values_are_cut)
{
    log_info(&ctx, "a.seen", LOG_STR("x", repeat('x', 1024)), LOG_STR("y", repeat('y', 1025)));
    const char *text = flushed();
    ck_assert_uint_eq((size_t)(strrchr(text, 'x') - strchr(text, 'x')), 4 + 1023);
    ck_assert_uint_eq((size_t)(strrchr(text, 'y') - strchr(text, 'y')), 4 + 1023);
}
END_TEST

START_TEST(long_lines_lose_members_but_stay_well_formed)
{
    for (size_t size = 700; size < 1024; size++) {
        const char *value = repeat('"', size / 2); /* doubled by its escapes */
        log_info(&ctx, "a.seen", LOG_STR("a", value), LOG_STR("b", value), LOG_STR("c", value),
            LOG_STR("d", value), LOG_STR("e", value));
        const char *text = flushed();
        const struct json *line = NULL;
        bool cut = false;
        ck_assert_uint_le(strlen(text), 4096);
        ck_assert(is_ok(json_parse(&ctx, text, strlen(text), &line)));
        ck_assert(json_bool(json_get(line, "cut"), &cut) == (json_get(line, "e") == NULL));
    }
    ck_assert_uint_eq(log_dropped(ctx.log), 0);
}
END_TEST

/* Returns the number of whole lines in text; fails on anything else. */
static uint64_t count_lines(char *text)
{
    uint64_t count = 0;
    for (char *line = text; *line != '\0'; count++) {
        char *end = strchr(line, '\n');
        ck_assert_ptr_nonnull(end);
        if (!json_is_valid(line, (size_t)(end - line))) {
            ck_abort_msg("torn: %.*s", (int)(end - line), line);
        }
        line = end + 1;
    }
    return count;
}

START_TEST(a_full_pipe_drops_whole_lines_and_counts_them)
{
    enum { LINES = 3000 };
    const char *value = repeat('x', 100);
    for (int i = 0; i < LINES; i++) {
        log_info(&ctx, "a.seen", LOG_I64("i", i), LOG_STR("x", value));
    }
    log_flush(ctx.log); /* would wait for ever if it waited */
    ck_assert_uint_gt(log_dropped(ctx.log), 100);
    static char text[1000000];
    size_t len = 0;
    for (size_t got = 1; got > 0;) {
        got = read_pipe(text + len, sizeof(text) - len);
        len += got;
        log_flush(ctx.log);
    }
    ck_assert_uint_eq(count_lines(text) + log_dropped(ctx.log), LINES);
}
END_TEST

START_TEST(the_shared_file_description_stays_blocking)
{
    log_info(&ctx, "a.seen", LOG_I64("i", 1));
    log_flush(ctx.log);
    ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

START_TEST(a_vanished_reader_costs_lines_only)
{
    signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
    log_info(&ctx, "a.seen", LOG_I64("i", 1));
    log_info(&ctx, "a.seen", LOG_I64("i", 2));
    log_flush(ctx.log);
    ck_assert_uint_eq(log_dropped(ctx.log), 2);
    ends[0] = open("/dev/null", O_RDONLY);
}
END_TEST

START_TEST(files_take_everything)
{
    FILE *file = tmpfile();
    struct log *log = log_new(fileno(file), LOG_DEBUG, &clock_fixed);
    struct ctx own = ctx;
    own.log = log;
    for (int i = 0; i < 5000; i++) {
        log_debug(&own, "a.seen", LOG_I64("i", i));
    }
    ck_assert_uint_eq(log_dropped(log), 0);
    log_free(log);
    static char text[1000000];
    rewind(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    ck_assert_uint_eq(count_lines(text), 5000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core.log");
    TCase *tests = tcase_create("log");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_line_is_one_json_object);
    tcase_add_test(tests, what_is_unknown_is_left_out);
    tcase_add_test(tests, lower_levels_are_not_even_evaluated);
    tcase_add_test(tests, no_value_can_forge_a_line_or_reach_a_terminal);
    tcase_add_test(tests, long_values_are_cut);
    tcase_add_test(tests, long_lines_lose_members_but_stay_well_formed);
    tcase_add_test(tests, a_full_pipe_drops_whole_lines_and_counts_them);
    tcase_add_test(tests, the_shared_file_description_stays_blocking);
    tcase_add_test(tests, a_vanished_reader_costs_lines_only);
    tcase_add_test(tests, files_take_everything);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
