#include "chat/diff.h"

#include <stdlib.h>

#include <check.h>

#include "core/arena.h"

static const struct {
    const char *a, *b, *diff;
} cases[] = {
    {"", "", ""},
    {"one\ntwo\n", "one\ntwo\n", ""},
    {"one", "two", "--- A\n+++ B\n@@ -1,1 +1,1 @@\n-one\n+two\n"},
    {"", "new", "--- A\n+++ B\n@@ -0,0 +1,1 @@\n+new\n"},
    {"old", "", "--- A\n+++ B\n@@ -1,1 +0,0 @@\n-old\n"},
    {"1\n2\n3\n4\n5\n6\n7\n8\n9", "1\n2\n3\n4\nfive\n6\n7\n8\n9",
        "--- A\n+++ B\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"},
    {"a\n1\n2\n3\n4\n5\n6\n7\n8\nz", "A\n1\n2\n3\n4\n5\n6\n7\n8\nZ",
        "--- A\n+++ B\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -7,4 +7,4 @@\n 6\n 7\n 8\n-z\n+Z\n"},
    {"a\nb\nc", "b\nc\nd", "--- A\n+++ B\n@@ -1,3 +1,3 @@\n-a\n b\n c\n+d\n"},
};

START_TEST(changes_are_shown_with_lines_around_them)
{
    static const char *const names[] = {"A", "B"};
    struct arena *arena = arena_new(NULL);
    ck_assert_str_eq(diff_unified(arena, cases[_i].a, cases[_i].b, names), cases[_i].diff);
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diff");
    TCase *tcase = tcase_create("diff");
    tcase_add_loop_test(tcase, changes_are_shown_with_lines_around_them, 0,
        sizeof(cases) / sizeof(cases[0]));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
