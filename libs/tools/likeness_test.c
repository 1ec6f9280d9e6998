#include "tools/likeness.h"

#include <check.h>
#include <stdlib.h>

#include "core/arena.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(NULL);
}

static void teardown(void)
{
    arena_free(arena);
}

static double like(const char *question, const char *title)
{
    return likeness_of(likeness_new(arena, question), title);
}

START_TEST(the_same_question_is_most_alike)
{
    ck_assert_double_eq(like("What is the cancellation policy?",
                            "What is the cancellation policy?"),
        1);
    ck_assert_double_gt(like("cancellation policy", "What is the cancellation policy?"), 0.7);
    ck_assert_double_lt(like("cancellation policy", "Should I take out travel insurance?"), 0.7);
    ck_assert_double_eq(like("ต้องวางเงินประกันไหม", "ต้องวางเงินประกันไหม"), 1);
    ck_assert_double_eq(like("", ""), 0);
    ck_assert_double_eq(like("?", "What is the cancellation policy?"), 0);
}
END_TEST

START_TEST(a_likeness_compares_with_many)
{
    struct likeness *likeness = likeness_new(arena, "Can I bring my dog?");
    const double first = likeness_of(likeness, "Can I bring my dog or cat?");
    likeness_of(likeness, "When do I have to pay?");
    ck_assert_double_eq(likeness_of(likeness, "Can I bring my dog or cat?"), first);
}
END_TEST

START_TEST(a_word_or_part_of_what_is_meant_is_shared)
{
    const struct likeness *weather = likeness_new(arena, "What is the weather tomorrow?");
    const char *confirmation = "Where can I find my booking confirmation?";
    ck_assert_double_eq(likeness_share(weather, confirmation, "We send it by e-mail."), 0);
    ck_assert_double_eq(likeness_share(weather, confirmation, "It comes tomorrow."), 1);
    const double storm = likeness_share(weather, "What if a storm cancels the ferry?", "Wait.");
    ck_assert_double_gt(storm, 0);
    ck_assert_double_lt(storm, 0.4);
    const struct likeness *money = likeness_new(arena, "Do I get my money back?");
    ck_assert_double_gt(likeness_share(money, "How long does a refund take?", "Five days."), 0.4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("likeness");
    TCase *tests = tcase_create("likeness");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, the_same_question_is_most_alike);
    tcase_add_test(tests, a_likeness_compares_with_many);
    tcase_add_test(tests, a_word_or_part_of_what_is_meant_is_shared);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
