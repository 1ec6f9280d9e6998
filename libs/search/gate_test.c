#include "search/gate.h"

#include <check.h>
#include <stdlib.h>

#include "core/arena.h"
#include "search/embedder.h"
#include "search/weights.h"

static const char item[] =
    "How do I cancel my booking?\nOpen My bookings, choose the stay and select Cancel.";

static struct arena *arena;
static struct weights *weights;

static void setup(void)
{
    arena = arena_new(NULL);
    weights = weights_new();
    weights_add(weights, item);
    weights_add(weights, "Is there a swimming pool? Every villa has one.");
    weights_add(weights, "How do I pay? By card or by bank transfer.");
}

static void teardown(void)
{
    weights_free(weights);
    arena_free(arena);
}

static struct gate *gate_of(const char *model, const char *query, double min_similarity)
{
    return gate_new(arena, model, weights, query, min_similarity);
}

static double share(const char *query, const char *text)
{
    return gate_share(gate_of("hash-1536", query, -1), text);
}

START_TEST(the_share_is_what_the_item_has_of_the_query)
{
    ck_assert_double_eq_tol(share("cancel my booking", item), 1, 1e-6);
    ck_assert_double_eq(share("jazz", item), 0);
    ck_assert_double_eq(share("?!", item), 0);
    ck_assert_double_eq(share("cancel", ""), 0);
    const double typo = share("cancell boking", item);
    ck_assert_double_gt(typo, 0.4);
    ck_assert_double_lt(typo, 1);
    ck_assert_double_gt(share("booking jazz", item), share("jazz festival booking", item));
}
END_TEST

START_TEST(repeated_words_count_once)
{
    ck_assert_double_eq_tol(share("booking jazz", item), share("booking jazz jazz booking", item),
        1e-6);
    ck_assert_double_eq_tol(share("booking jazz", item), share("booking jazz", "booking booking"),
        0.1);
}
END_TEST

static const struct {
    const char *query;
    double cosine; /* below -1: none */
    bool passes;
    bool strict;
} local_cases[] = {
    {"how can I cancel a booking", 0.5, true},
    {"how can I cancel a booking", -2, true}, /* keywords alone */
    {"cancel", 0.4, true},
    {"best jazz festival in New Orleans", 0.08, false},
    {"best jazz festival in New Orleans", -2, false},
    {"quantum chromodynamics", 0.02, false},
    {"frobnicated zamboni booking", 0.9, false}, /* most of it is known to nobody */
    {"frobnicated booking", 0.9, true},
    {"frobnicated zamboni booking", 0.3, true, .strict = true}, /* but this item has it all */
    {"frobnicated zamboni booking", -2, true, .strict = true},
};

START_TEST(hashed_vectors_have_a_gate_of_their_own)
{
    const struct gate *gate = gate_of("hash-1536", local_cases[_i].query, -1);
    const struct evidence evidence = {.has_cosine = local_cases[_i].cosine >= -1,
        .cosine = local_cases[_i].cosine,
        .strict = local_cases[_i].strict,
        .text = item};
    ck_assert(gate_passes(gate, &evidence) == local_cases[_i].passes);
}
END_TEST

static const struct {
    struct evidence evidence;
    double min_similarity;
    bool passes;
} remote_cases[] = {
    {{.has_cosine = true, .cosine = 0.31, .text = ""}, -1, true},
    {{.has_cosine = true, .cosine = 0.29, .text = ""}, -1, false},
    {{.has_cosine = true, .cosine = 0.29, .text = ""}, 0.2, true},
    {{.has_cosine = true, .cosine = 0.45, .text = ""}, 0.5, false},
    {{.has_cosine = true, .cosine = 0.1, .strict = true, .text = item}, -1, true},
};

START_TEST(vectors_of_a_service_are_judged_by_their_cosine)
{
    const struct gate *gate =
        gate_of("text-embedding-3-small", "jazz", remote_cases[_i].min_similarity);
    ck_assert(gate_passes(gate, &remote_cases[_i].evidence) == remote_cases[_i].passes);
}
END_TEST

static const struct {
    const char *model;
    double cosine, declined;
    bool strict, passes;
} declined_cases[] = {
    {"hash-1536", 0.5, 0.1, false, true},
    {"hash-1536", 0.5, 0.9, false, false}, /* much nearer to what is not answered */
    {"hash-1536", 0.9, 0.9, true, true},   /* all words, and as near */
    {"text-embedding-3-small", 0.5, 0.4, false, true},
    {"text-embedding-3-small", 0.5, 0.6, false, false},
    {"text-embedding-3-small", 0.5, 0.6, true, true},
};

START_TEST(what_is_nearer_to_a_declined_question_is_not_answered)
{
    const struct gate *gate =
        gate_of(declined_cases[_i].model, "can a booking be cancelled at all", -1);
    const struct evidence evidence = {.has_cosine = true,
        .cosine = declined_cases[_i].cosine,
        .has_declined = true,
        .declined = declined_cases[_i].declined,
        .strict = declined_cases[_i].strict,
        .keyword = declined_cases[_i].strict ? 1 : 0, /* all words: what the leg then says */
        .text = item};
    ck_assert(gate_passes(gate, &evidence) == declined_cases[_i].passes);
}
END_TEST

/* The least cosine with which the item passes. */
static double least_cosine(const char *query, double keyword)
{
    const struct gate *gate = gate_of("hash-1536", query, -1);
    struct evidence evidence = {
        .has_cosine = true, .has_declined = true, .keyword = keyword, .text = item};
    while (evidence.cosine < 1 && !gate_passes(gate, &evidence)) {
        evidence.cosine += 0.001;
    }
    return evidence.cosine;
}

START_TEST(what_words_found_spares_cosine)
{
    const char *query = "can a booking be cancelled at all";
    ck_assert_double_lt(least_cosine(query, 0.5), least_cosine(query, 0) - 0.05);
    ck_assert_double_eq_tol(least_cosine(query, 1.5), least_cosine(query, 1), 0.0005);
    /* without spaces words are letters alike, which say more together */
    const char *thai = "\u0e22\u0e01\u0e40\u0e25\u0e34\u0e01\u0e01\u0e32\u0e23\u0e08\u0e2d\u0e07";
    ck_assert_double_lt(least_cosine(thai, 0.5), least_cosine(thai, 0) - 0.15);
}
END_TEST

START_TEST(without_a_vector_the_words_decide)
{
    const struct evidence evidence = {.text = item};
    ck_assert(gate_passes(gate_of("text-embedding-3-small", "cancel booking", -1), &evidence));
    ck_assert(!gate_passes(gate_of("text-embedding-3-small", "jazz festival", -1), &evidence));
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
    Suite *suite = suite_create("gate");
    TCase *tcase = tcase_create("gate");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_share_is_what_the_item_has_of_the_query);
    tcase_add_test(tcase, repeated_words_count_once);
    tcase_add_loop_test(tcase, hashed_vectors_have_a_gate_of_their_own, 0, COUNT(local_cases));
    tcase_add_loop_test(tcase, vectors_of_a_service_are_judged_by_their_cosine, 0,
        COUNT(remote_cases));
    tcase_add_loop_test(tcase, what_is_nearer_to_a_declined_question_is_not_answered, 0,
        COUNT(declined_cases));
    tcase_add_test(tcase, what_words_found_spares_cosine);
    tcase_add_test(tcase, without_a_vector_the_words_decide);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
