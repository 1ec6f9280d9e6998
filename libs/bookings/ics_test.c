#include "bookings/ics.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"

#define MAX 4096

static struct arena *arena;
static struct buf out;

static void setup(void)
{
    arena = arena_new(NULL);
    buf_init(&out, arena, 64, MAX);
}

static void teardown(void)
{
    arena_free(arena);
}

static const char *repeated(const char *what, int count)
{
    const size_t len = strlen(what);
    char *text = arena_alloc(arena, len * (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        memcpy(text + len * (size_t)i, what, len);
    }
    return text;
}

START_TEST(a_short_line_is_one_line)
{
    ics_line(&out, "UID", "booking-7@one");
    ck_assert_str_eq(buf_text(&out), "UID:booking-7@one\r\n");
}
END_TEST

START_TEST(seventy_five_octets_fit_and_one_more_does_not)
{
    ics_line(&out, "X", repeated("a", 73));
    ck_assert_str_eq(buf_text(&out), arena_printf(arena, "X:%s\r\n", repeated("a", 73)));
    buf_init(&out, arena, 64, MAX);
    ics_line(&out, "X", repeated("a", 74));
    ck_assert_str_eq(buf_text(&out), arena_printf(arena, "X:%s\r\n a\r\n", repeated("a", 73)));
    buf_init(&out, arena, 64, MAX);
    ics_line(&out, "X", repeated("a", 73 + 74 + 1));
    ck_assert_str_eq(buf_text(&out),
        arena_printf(arena, "X:%s\r\n %s\r\n a\r\n", repeated("a", 73), repeated("a", 74)));
}
END_TEST

START_TEST(no_character_is_cut)
{
    ics_text(&out, "X", arena_printf(arena, "%s\xE0\xB8\x81z", repeated("a", 71)));
    ck_assert_str_eq(buf_text(&out),
        arena_printf(arena, "X:%s\r\n \xE0\xB8\x81z\r\n", repeated("a", 71)));
}
END_TEST

START_TEST(texts_are_escaped_and_have_no_lines_of_their_own)
{
    ics_text(&out, "X", "a,b;c\\d\ne\r\nEND:VCALENDAR\x01\x7F");
    ck_assert_str_eq(buf_text(&out), "X:a\\,b\\;c\\\\d\\ne\\nEND:VCALENDAR\r\n");
}
END_TEST

START_TEST(no_escape_is_cut)
{
    ics_text(&out, "X", arena_printf(arena, "%s,", repeated("a", 72)));
    ck_assert_str_eq(buf_text(&out), arena_printf(arena, "X:%s\r\n \\,\r\n", repeated("a", 72)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bookings/ics");
    TCase *tests = tcase_create("ics");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_short_line_is_one_line);
    tcase_add_test(tests, seventy_five_octets_fit_and_one_more_does_not);
    tcase_add_test(tests, no_character_is_cut);
    tcase_add_test(tests, texts_are_escaped_and_have_no_lines_of_their_own);
    tcase_add_test(tests, no_escape_is_cut);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
