#include "search/terms.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "search/weights.h"

enum { TERMS_MAX = 512 };

struct terms {
    uint64_t hashes[TERMS_MAX];
    int counts[TERM_KINDS];
    int count;
};

static void note(void *arg, enum term_kind kind, uint64_t hash)
{
    struct terms *terms = arg;
    ck_assert_int_lt(terms->count, TERMS_MAX);
    terms->hashes[terms->count++] = hash;
    terms->counts[kind]++;
}

struct ideas {
    uint64_t hashes[TERMS_MAX];
    int count;
};

static void note_idea(void *arg, enum term_kind kind, uint64_t hash)
{
    struct ideas *ideas = arg;
    if (kind == TERM_IDEA) {
        ideas->hashes[ideas->count++] = hash;
    }
}

static struct terms terms_of(const char *text)
{
    struct terms terms = {0};
    terms_each(text, note, &terms);
    return terms;
}

static bool are_equal(const char *a, const char *b)
{
    const struct terms left = terms_of(a), right = terms_of(b);
    return left.count == right.count &&
           memcmp(left.hashes, right.hashes, (size_t)left.count * sizeof(left.hashes[0])) == 0;
}

static const struct {
    const char *text;
    int counts[TERM_IDEA]; /* words, pairs, 3-, 4-, 5-grams */
} texts[] = {
    {"pool", {1, 0, 4, 3, 2}}, /* ^pool$ */
    {"a", {0, 0, 1, 0, 0}},    /* ^a$, a stop word */
    {"private pool", {2, 1, 7 + 4, 6 + 3, 5 + 2}},
    {"pool of fish", {2, 1, 4 + 2 + 4, 3 + 1 + 3, 2 + 0 + 2}}, /* stop words do not part a pair */
    {"pool. fish", {2, 0, 8, 6, 4}},                           /* a sentence does */
    {"well-known", {2, 1, 4 + 5, 3 + 4, 2 + 3}}, {"don't", {0, 0, 4, 3, 2}}, /* dont, a stop word */
    {"ยกเลิก", {0, 0, 4, 3, 2}},                                              /* no word, no edges */
    {"ปี2", {0 + 1, 0, 0 + 1, 0, 0}}, /* the script changes: 2 letters, and ^2$ */
    {"?! 🙂", {0, 0, 0, 0, 0}}, {"", {0, 0, 0, 0, 0}},
    {"pneumonoultramicroscopic", {1, 0, 24, 23, 22}}, /* longer than any stop word */
};

START_TEST(a_text_has_words_pairs_and_grams)
{
    const struct terms terms = terms_of(texts[_i].text);
    for (int kind = 0; kind < TERM_IDEA; kind++) {
        ck_assert_msg(terms.counts[kind] == texts[_i].counts[kind], "%s: %d of kind %d",
            texts[_i].text, terms.counts[kind], kind);
    }
}
END_TEST

START_TEST(case_accents_and_apostrophes_do_not_matter)
{
    ck_assert(are_equal("Café CRÈME", "cafe creme"));
    ck_assert(are_equal("what’s that", "whats that"));
    ck_assert(are_equal("๒๕ ปี", "25 ปี"));
    ck_assert(!are_equal("pool", "pools"));
    ck_assert(!are_equal("private pool", "pool private"));
}
END_TEST

/* The ideas that both have. */
static int common_ideas(const char *a, const char *b, const struct weights *weights)
{
    struct ideas left = {0}, right = {0};
    terms_each_of_query(a, weights, note_idea, &left);
    terms_each(b, note_idea, &right);
    int common = 0;
    for (int i = 0; i < left.count; i++) {
        for (int j = 0; j < right.count; j++) {
            common += left.hashes[i] == right.hashes[j];
        }
    }
    return common;
}

START_TEST(words_stand_for_ideas)
{
    ck_assert_int_gt(common_ideas("my money back", "refunds", NULL), 0);
    ck_assert_int_gt(common_ideas("Could we CALL-OFF our trip?", "cancelling", NULL), 0);
    ck_assert_int_gt(common_ideas("อยากยกเลิกครับ", "cancel", NULL), 0);
    ck_assert_int_gt(common_ideas("ตม.30", "ตม 30", NULL), 0);
    ck_assert_int_gt(common_ideas("บังคับแจ้ง ตม.๓๐ ไหม", "TM30", NULL), 0);
    ck_assert_int_eq(common_ideas("puppy", "mortgage", NULL), 0);
    ck_assert_int_eq(common_ideas("call. Off", "cancel", NULL) > 0,
        common_ideas("call off", "cancel", NULL) > 0);
}
END_TEST

START_TEST(slips_of_a_query_are_forgiven_but_not_known_words)
{
    struct weights *weights = weights_new();
    weights_add(weights, "the heat of the deposite");
    ck_assert_int_eq(common_ideas("refnud", "refund", NULL), 0); /* a document is taken as it is */
    ck_assert_int_gt(common_ideas("refnud", "refund", weights), 0);
    ck_assert_int_eq(common_ideas("deposite", "deposit", NULL),
        common_ideas("deposite", "deposit", weights));
    weights_free(weights);
}
END_TEST

START_TEST(different_terms_have_different_hashes)
{
    struct terms terms = terms_of("cancel jacuzzi Phuket house Ziggurat");
    for (int i = 0; i < terms.count; i++) {
        ck_assert(terms.hashes[i] != 0);
        for (int j = 0; j < i; j++) {
            ck_assert(terms.hashes[i] != terms.hashes[j]);
        }
    }
}
END_TEST

/* The vectors in every database depend on these numbers: when they change, the model needs another name. */
START_TEST(hashes_are_the_same_in_every_build)
{
    ck_assert_uint_eq(terms_of("pool").hashes[9], 17568693130237968321U);
    ck_assert_uint_eq(terms_of("ยกเลิก").hashes[0], 7496705525756710362U);
    ck_assert_uint_eq(terms_hash("?!"), 3047609275217684623U);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
    Suite *suite = suite_create("terms");
    TCase *tcase = tcase_create("terms");
    tcase_add_loop_test(tcase, a_text_has_words_pairs_and_grams, 0, COUNT(texts));
    tcase_add_test(tcase, case_accents_and_apostrophes_do_not_matter);
    tcase_add_test(tcase, words_stand_for_ideas);
    tcase_add_test(tcase, slips_of_a_query_are_forgiven_but_not_known_words);
    tcase_add_test(tcase, different_terms_have_different_hashes);
    tcase_add_test(tcase, hashes_are_the_same_in_every_build);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
