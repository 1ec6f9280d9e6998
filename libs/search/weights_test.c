#include "search/weights.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "search/terms.h"

static void keep_word(void *arg, enum term_kind kind, uint64_t hash)
{
    if (kind == TERM_WORD) {
        *(uint64_t *)arg = hash;
    }
}

static double weight(const struct weights *weights, const char *word)
{
    uint64_t hash = 0;
    terms_each(word, keep_word, &hash);
    return weights_of(weights, hash);
}

START_TEST(rare_terms_tell_more)
{
    struct weights *weights = weights_new();
    weights_add(weights, "villa with pool, pool and pool");
    weights_add(weights, "villa with garden");
    weights_add(weights, "villa with pool");
    ck_assert_double_gt(weight(weights, "boat"), weight(weights, "garden"));
    ck_assert_double_gt(weight(weights, "garden"), weight(weights, "pool"));
    ck_assert_double_gt(weight(weights, "pool"), weight(weights, "villa"));
    ck_assert_double_gt(weight(weights, "villa"), 0);
    weights_free(weights);
}
END_TEST

START_TEST(without_texts_every_term_tells_the_same)
{
    struct weights *weights = weights_new();
    ck_assert_double_eq(weight(weights, "villa"), 1);
    ck_assert_double_eq(weight(NULL, "villa"), 1);
    weights_free(weights);
    weights_free(NULL);
}
END_TEST

START_TEST(a_large_corpus_is_counted_and_bounded)
{
    enum { TEXTS = 30000 };
    struct weights *weights = weights_new();
    char text[80];
    for (int i = 0; i < TEXTS; i++) {
        snprintf(text, sizeof(text), "villa%07d house%07d garden%07d", i, i, i);
        weights_add(weights, text);
    }
    weights_add(weights, "villa0000001");
    ck_assert_double_gt(weight(weights, "never"), weight(weights, "villa0000001") + 0.5);
    weights_free(weights);
}
END_TEST

static bool is_excluded(const struct weights *weights, const char *word)
{
    uint64_t hash = 0;
    terms_each(word, keep_word, &hash);
    return weights_exclude(weights, hash);
}

START_TEST(only_a_whole_corpus_excludes_what_it_lacks)
{
    struct weights *weights = weights_new();
    ck_assert(!is_excluded(NULL, "boat"));
    weights_set_complete(weights, true);
    ck_assert(!is_excluded(weights, "boat")); /* nothing was counted */
    weights_add(weights, "villa with pool");
    ck_assert(is_excluded(weights, "boat"));
    ck_assert(!is_excluded(weights, "villa"));
    weights_set_complete(weights, false);
    ck_assert(!is_excluded(weights, "boat"));
    weights_free(weights);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("weights");
    TCase *tcase = tcase_create("weights");
    tcase_add_test(tcase, rare_terms_tell_more);
    tcase_add_test(tcase, without_texts_every_term_tells_the_same);
    tcase_add_test(tcase, a_large_corpus_is_counted_and_bounded);
    tcase_add_test(tcase, only_a_whole_corpus_excludes_what_it_lacks);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
