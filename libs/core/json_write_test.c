#include "core/json.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
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
    return text;
}

static const char *write_f64(double value)
{
    struct buf buf;
    buf_init(&buf, arena, 0, 100);
    json_write_f64(&buf, value);
    return finish(&buf);
}

START_TEST(what_json_forbids_is_escaped)
{
    const struct {
        const char *text;
        const char *wanted;
    } cases[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
        {"\x01\x1b\x1f\x7f", "\"\\u0001\\u001b\\u001f\x7f\""},
        {"ö€😀/", "\"ö€😀/\""},
        {"</script>", "\"</script>\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf buf;
        buf_init(&buf, arena, 0, 100);
        json_write_string(&buf, cases[i].text, strlen(cases[i].text));
        ck_assert_str_eq(finish(&buf), cases[i].wanted);
    }
}
END_TEST

/* One odd byte at each place of a text that is read eight bytes at a time. */
START_TEST(escapes_are_found_wherever_they_stand)
{
    for (int odd = 1; odd < 128; odd++) {
        for (size_t at = 0; at < 20; at++) {
            char text[21] = "abcdefghijklmnopqrst";
            text[at] = (char)odd;
            struct buf buf;
            buf_init(&buf, arena, 0, 100);
            json_write_string(&buf, text, 20);
            const struct json *back = NULL;
            const char *written = finish(&buf);
            if (!is_ok(json_parse(&ctx, written, strlen(written), &back)) ||
                strcmp(json_text(back, NULL), text) != 0) {
                ck_abort_msg("byte %d at %zu", odd, at);
            }
        }
    }
}
END_TEST

START_TEST(reals_are_written_as_short_as_possible)
{
    const struct {
        double value;
        const char *wanted;
    } cases[] = {
        {0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {-3, "-3"},
        {0.1, "0.1"},
        {0.5, "0.5"},
        {-0.25, "-0.25"},
        {7.9519, "7.9519"},
        {98.338101, "98.338101"},
        {123456789.125, "123456789.125"},
        {0.000000001, "0.000000001"},
        {1e15, "1000000000000000"},
        {1e16, "1e+16"},
        {1e300, "1e+300"},
        {1.0 / 3, "0.3333333333333333"},
        {5e-324, "4.94065645841247e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {1e-10, "1e-10"},
        {0.30000000000000004, "0.30000000000000004"},
        {9007199254740991, "9007199254740991"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(write_f64(cases[i].value), cases[i].wanted);
    }
}
END_TEST

START_TEST(reals_read_back_equal)
{
    uint64_t state = 42;
    for (int i = 0; i < 200000; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        double value = 0;
        memcpy(&value, &state, sizeof(value));
        if (i % 2 == 0) {
            value =
                (double)(int64_t)(state >> 20) / (double[]){1, 10, 100, 1e3, 1e6, 1e9}[i / 2 % 6];
        }
        if (isfinite(value) && strtod(write_f64(value), NULL) != value) {
            ck_abort_msg("%.17g", value);
        }
        if (i % 1000 == 0) {
            teardown();
            setup();
        }
    }
}
END_TEST

START_TEST(what_is_no_number_is_null)
{
    ck_assert_str_eq(write_f64((double)NAN), "null");
    ck_assert_str_eq(write_f64(-(double)INFINITY), "null");
}
END_TEST

START_TEST(times_and_integers_are_written)
{
    struct buf buf;
    buf_init(&buf, arena, 0, 100);
    json_write_time(&buf, 1709210096789000);
    json_write_i64(&buf, INT64_MIN);
    ck_assert_str_eq(finish(&buf), "\"2024-02-29T12:34:56.789Z\"-9223372036854775808");
}
END_TEST

START_TEST(writers_respect_the_limit_of_the_buf)
{
    for (size_t max = 0; max < 40; max++) {
        struct buf buf;
        buf_init(&buf, arena, 0, max);
        json_write_string(&buf, "a\nb", 3);
        json_write_time(&buf, 0);
        json_write_f64(&buf, 1.5);
        ck_assert(buf.failed == (max < 6 + 26 + 3));
        ck_assert_uint_le(buf.len, max);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core.json_write");
    TCase *tests = tcase_create("json_write");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_json_forbids_is_escaped);
    tcase_add_test(tests, escapes_are_found_wherever_they_stand);
    tcase_add_test(tests, reals_are_written_as_short_as_possible);
    tcase_add_test(tests, reals_read_back_equal);
    tcase_add_test(tests, what_is_no_number_is_null);
    tcase_add_test(tests, times_and_integers_are_written);
    tcase_add_test(tests, writers_respect_the_limit_of_the_buf);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
