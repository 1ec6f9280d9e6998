#include "search/ideas.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static uint64_t key(const char *stem)
{
    return idea_word_key(stem, strlen(stem));
}

static bool share_an_idea(uint64_t a, uint64_t b)
{
    for (int i = 0; ideas_of(a, i) != 0; i++) {
        for (int j = 0; ideas_of(b, j) != 0; j++) {
            if (ideas_of(a, i) == ideas_of(b, j)) {
                return true;
            }
        }
    }
    return false;
}

START_TEST(words_of_one_line_share_an_idea)
{
    ck_assert(share_an_idea(key("cancel"), key("abort")));
    ck_assert(share_an_idea(key("cancel"), idea_key_before(key("off"), key("call"))));
    ck_assert(!share_an_idea(key("cancel"), key("wifi")));
    ck_assert(!share_an_idea(key("cancel"), idea_key_before(key("call"), key("off"))));
    ck_assert_uint_eq(ideas_of(key("xyzzy"), 0), 0);
}
END_TEST

static const struct {
    const char *typed, *meant;
} slips[] = {
    {"refnd", "refund"},   /* a letter missing */
    {"refuund", "refund"}, /* one too many */
    {"refumd", "refund"},  /* a wrong one */
    {"reufnd", "refund"},  /* two swapped */
    {"foriegner", "foreigner"},
    {"lnad", "land"},  /* short: swapped only */
    {"lend", NULL},    /* known itself */
    {"brefund", NULL}, /* the first letter is taken as right */
    {"rfnd", NULL},    /* two slips */
    {"xy", NULL},
    {"abcdefghijklmnopqrstuvwxyzabcdefghijklmn", NULL},
};

START_TEST(one_slip_is_forgiven)
{
    const char *meant = ideas_correct(slips[_i].typed, strlen(slips[_i].typed));
    if (slips[_i].meant == NULL) {
        ck_assert_ptr_null(meant);
    } else {
        ck_assert_ptr_nonnull(meant);
        ck_assert_str_eq(meant, slips[_i].meant);
    }
}
END_TEST

START_TEST(the_table_is_the_same_in_every_build)
{
    ck_assert_uint_eq(ideas_of(key("cancel"), 0), 544117039U);
    ck_assert(ideas_know_stem("refund", 6));
    ck_assert(!ideas_know_stem("refun", 5));
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
    Suite *suite = suite_create("ideas");
    TCase *tcase = tcase_create("ideas");
    tcase_add_test(tcase, words_of_one_line_share_an_idea);
    tcase_add_loop_test(tcase, one_slip_is_forgiven, 0, COUNT(slips));
    tcase_add_test(tcase, the_table_is_the_same_in_every_build);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
