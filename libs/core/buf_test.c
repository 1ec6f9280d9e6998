#include "core/buf.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/ctx.h"

static struct arena *arena;
static struct ctx ctx;

static void setup(void)
{
    arena = arena_new(NULL);
    ctx_init(&ctx, arena, /* clock */ NULL, /* log */ NULL, /* timeout_ms */ 0);
}

static void teardown(void)
{
    arena_free(arena);
}

static const char *finish(struct buf *buf)
{
    const char *text = NULL;
    size_t len = 0;
    ck_assert(is_ok(buf_finish(&ctx, buf, &text, &len)));
    ck_assert_uint_eq(strlen(text), len);
    return text;
}

START_TEST(pieces_add_up)
{
    struct buf buf;
    buf_init(&buf, arena, 0, 1000);
    buf_str(&buf, "a");
    buf_char(&buf, 'b');
    buf_add(&buf, "cde", 2);
    buf_printf(&buf, "%s%d", "e", 5);
    buf_i64(&buf, -6);
    char *to = buf_reserve(&buf, 2);
    memcpy(to, "!?", 2);
    buf.len += 2;
    ck_assert_str_eq(finish(&buf), "abcde5-6!?");
}
END_TEST

START_TEST(nothing_is_an_empty_text)
{
    struct buf buf;
    buf_init(&buf, arena, 0, 0);
    ck_assert_str_eq(finish(&buf), "");
}
END_TEST

START_TEST(exactly_max_bytes_fit_whatever_was_reserved)
{
    for (size_t first = 0; first < 12; first++) {
        struct buf buf;
        buf_init(&buf, arena, first, 10);
        for (int i = 0; i < 10; i++) {
            buf_char(&buf, 'x');
        }
        ck_assert_str_eq(finish(&buf), "xxxxxxxxxx");
        buf_char(&buf, 'y');
        const char *text = NULL;
        size_t len = 0;
        ck_assert_int_eq(buf_finish(&ctx, &buf, &text, &len).code, ERR_TOO_LARGE);
        ck_assert_ptr_null(text);
    }
}
END_TEST

START_TEST(a_failed_buf_stays_failed)
{
    struct buf buf;
    buf_init(&buf, arena, 0, 10);
    buf_str(&buf, "longer than ten");
    buf_str(&buf, "ok");
    buf_printf(&buf, "%d", 1);
    ck_assert_ptr_null(buf_reserve(&buf, 0));
    ck_assert(buf.failed);
    ck_assert_uint_eq(buf.len, 0);
}
END_TEST

START_TEST(growing_keeps_what_was_written)
{
    struct buf buf;
    buf_init(&buf, arena, 1, 1000000);
    for (int i = 0; i < 100000; i++) {
        buf_char(&buf, (char)('a' + i % 26));
    }
    const char *text = finish(&buf);
    for (int i = 0; i < 100000; i++) {
        if (text[i] != 'a' + i % 26) {
            ck_abort_msg("byte %d", i);
        }
    }
}
END_TEST

START_TEST(memory_of_the_caller_is_filled_and_never_left)
{
    char memory[6] = "?????";
    struct buf buf = buf_over(memory, sizeof(memory) - 1);
    buf_str(&buf, "abc");
    buf_char(&buf, 'd');
    ck_assert_str_eq(buf_text(&buf), "abcd");
    buf_i64(&buf, 5);
    ck_assert(buf.failed);
    ck_assert_str_eq(buf_text(&buf), "abcd");
    ck_assert(memory[5] == '\0');
    ck_assert_ptr_eq(buf_text(&buf), memory);
    buf_init(&buf, arena, 0, 10);
    ck_assert_str_eq(buf_text(&buf), "");
}
END_TEST

START_TEST(integers_read_as_printf_writes_them)
{
    const int64_t values[] = {0, 1, -1, 9, 10, 99, 100, -100, 1234567890, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct buf buf;
        char wanted[32];
        buf_init(&buf, arena, 0, 100);
        buf_i64(&buf, values[i]);
        snprintf(wanted, sizeof(wanted), "%" PRId64, values[i]);
        ck_assert_str_eq(finish(&buf), wanted);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core.buf");
    TCase *tests = tcase_create("buf");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, pieces_add_up);
    tcase_add_test(tests, nothing_is_an_empty_text);
    tcase_add_test(tests, exactly_max_bytes_fit_whatever_was_reserved);
    tcase_add_test(tests, a_failed_buf_stays_failed);
    tcase_add_test(tests, growing_keeps_what_was_written);
    tcase_add_test(tests, memory_of_the_caller_is_filled_and_never_left);
    tcase_add_test(tests, integers_read_as_printf_writes_them);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
