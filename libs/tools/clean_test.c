#include "tools/clean.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/utf8.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(NULL);
}

static void teardown(void)
{
    arena_free(arena);
}

START_TEST(what_cannot_be_seen_is_taken_out)
{
    static const struct {
        const char *text, *clean;
    } cases[] = {
        {"plain text", "plain text"},
        {"two\nlines", "two\nlines"},
        {"a\tb", "a b"},
        {"a\x01"
         "b\x1f"
         "c\x7f"
         "d\r",
            "abcd"},
        {"a\xC2\x85"
         "b\xC2\xA0"
         "c",
            "ab\xC2\xA0"
            "c"}, /* C1 goes, the hard blank stays */
        {"zero\xE2\x80\x8Bwidth\xEF\xBB\xBF", "zerowidth"},
        {"\xE2\x80\xAE"
         "evil\xE2\x80\xAC",
            "evil"},
        {"\xE2\x81\xA6isolated\xE2\x81\xA9", "isolated"},
        {"tag\xF3\xA0\x81\x81", "tag"},
        {"line\xE2\x80\xA8next", "line next"},
        {"บ้านสวย", "บ้านสวย"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(clean_text(arena, cases[i].text), cases[i].clean);
    }
    ck_assert_str_eq(clean_text(arena, NULL), "");
}
END_TEST

START_TEST(a_snippet_is_one_line_of_at_most_so_many_letters)
{
    ck_assert_str_eq(clean_snippet(arena, " two\n\n lines ", 50), "two lines");
    ck_assert_str_eq(clean_snippet(arena, "abcde", 5), "abcde");
    ck_assert_str_eq(clean_snippet(arena, "abcdef", 5), "abcd…");
    ck_assert_str_eq(clean_snippet(arena, "some words that go on", 15), "some words…");
    const char *thai = clean_snippet(arena, "ห้องนอนสามห้องพร้อมสระว่ายน้ำ", 10);
    ck_assert(utf8_is_valid(thai, strlen(thai)));
    ck_assert_uint_eq(utf8_length(thai, strlen(thai)), 10);
}
END_TEST

START_TEST(cuts_split_no_letter)
{
    ck_assert_str_eq(clean_cut(arena, "สระ", 4), "ส");
    ck_assert_str_eq(clean_cut(arena, "abc", 3), "abc");
    ck_assert_str_eq(clean_points(arena, "สระ", 2), "สร");
    ck_assert_str_eq(clean_points(arena, "ab", 5), "ab");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clean");
    TCase *tests = tcase_create("clean");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_cannot_be_seen_is_taken_out);
    tcase_add_test(tests, a_snippet_is_one_line_of_at_most_so_many_letters);
    tcase_add_test(tests, cuts_split_no_letter);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
