#include "chat/markers.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"

static const struct {
    const char *text, *filtered; /* NULL = as it is */
} cases[] = {
    {"Yes [1]. No [2][3].", NULL},
    {"No markers", NULL},
    {"an [example], an array[i], [x1], [1a]", NULL},
    {"[the words](/v/7), [1](/v/7)", NULL},
    {"open [", NULL},
    {"open [1", NULL},
    {"[]", NULL},
    {"Yes [4].", "Yes."},
    {"Yes [0] and [-1]", "Yes and [-1]"},
    {"[7]", ""},
    {"Yes [1, 2].", "Yes [1][2]."},
    {"Yes [1,9].", "Yes [1]."},
    {"Yes [ 1 ; 3 ].", "Yes [1][3]."},
    {"Yes [1-3].", "Yes [1][2][3]."},
    {"Yes [2\u20139].", "Yes [2][3]."},
    {"Yes [1-100000].", "Yes [1][2][3]."},
    {"Yes [8, 9].", "Yes."},
    {"Yes [99999999999999999999].", NULL},
    {"ใช่ [\u0e51] [\u0e59]", "ใช่ [1]"},
    {"\u0e01 [5][1]", "\u0e01[1]"},
};

START_TEST(markers_without_a_source_are_left_out)
{
    struct arena *arena = arena_new(NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out;
        buf_init(&out, arena, 0, 1000);
        markers_filter(&out, cases[i].text, 3);
        const char *want = cases[i].filtered == NULL ? cases[i].text : cases[i].filtered;
        ck_assert_msg(strcmp(buf_text(&out), want) == 0, "%s -> %s", cases[i].text, buf_text(&out));
    }
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("markers");
    TCase *tcase = tcase_create("markers");
    tcase_add_test(tcase, markers_without_a_source_are_left_out);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
