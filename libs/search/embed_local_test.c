#include "search/embed_local.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/crypto.h"
#include "search/embedder.h"
#include "search/weights.h"

enum { DIMS = 1536 };

static struct arena *arena;

static void setup(void)
{
    arena = arena_new(NULL);
}

static void teardown(void)
{
    arena_free(arena);
}

static double cosine_of(const struct embedding *a, const struct embedding *b)
{
    double sum = 0;
    for (int i = 0; i < DIMS; i++) {
        sum += (double)a->values[i] * (double)b->values[i];
    }
    return sum;
}

static double cosine(const char *a, const char *b)
{
    const struct embedding x = embed_local(arena, a, DIMS, NULL);
    const struct embedding y = embed_local(arena, b, DIMS, NULL);
    return cosine_of(&x, &y);
}

static const char *const texts[] = {"How do I cancel my booking?", "ยกเลิกการจองได้ไหม", "a",
    "the of and", "?!", "", "🙂🙂",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "\xFF\xFE not utf-8"};

START_TEST(every_text_gives_a_unit_vector)
{
    ck_assert_double_eq_tol(cosine(texts[_i], texts[_i]), 1, 1e-6);
    const struct embedding small = embed_local(arena, texts[_i], 8, NULL);
    double squares = 0;
    for (int i = 0; i < 8; i++) {
        squares += (double)small.values[i] * (double)small.values[i];
    }
    ck_assert_double_eq_tol(squares, 1, 1e-6);
}
END_TEST

START_TEST(likeness_follows_the_words)
{
    const double same = cosine("Can I cancel my booking?", "How do I cancel the booking");
    const double typo = cosine("Can I cancel my booking?", "cancle boking");
    const double other = cosine("Can I cancel my booking?", "Is there a swimming pool?");
    ck_assert_double_gt(same, typo);
    ck_assert_double_gt(typo, other + 0.1);
    ck_assert_double_lt(fabs(other), 0.15);
    ck_assert_double_gt(cosine("ยกเลิกการจองอย่างไร", "อยากยกเลิกที่จองไว้"),
        cosine("ยกเลิกการจองอย่างไร", "มีสระว่ายน้ำไหม") + 0.1);
}
END_TEST

/* As in every database: a change here needs a model of another name. */
START_TEST(vectors_are_the_same_in_every_build)
{
    static const char text[] =
        "Can I cancel my booking? Cancel: my booking. ยกเลิกการจองได้ไหม Café 30 days, 30 nights";
    const struct embedding made = embed_local(arena, text, DIMS, NULL);
    uint8_t bytes[4 * DIMS], hash[CRYPTO_SHA256_LEN];
    for (int i = 0; i < DIMS; i++) {
        uint32_t bits = 0;
        memcpy(&bits, &made.values[i], sizeof(bits));
        for (int b = 0; b < 4; b++) {
            bytes[4 * i + b] = (uint8_t)(bits >> 8 * b);
        }
    }
    char hex[2 * CRYPTO_SHA256_LEN + 1];
    crypto_sha256(bytes, sizeof(bytes), hash);
    crypto_hex(hash, sizeof(hash), hex);
    ck_assert_str_eq(hex, "934d0d27db3f05e3ea0cf5df95a665f90bc29b5569c6ca0c3dd99b36f48f8fd6");
}
END_TEST

START_TEST(weights_turn_a_query_to_its_telling_words)
{
    struct weights *weights = weights_new();
    for (int i = 0; i < 20; i++) {
        weights_add(weights, "villa by the sea");
    }
    weights_add(weights, "jacuzzi");
    const struct embedding plain = embed_local(arena, "villa jacuzzi", DIMS, NULL);
    const struct embedding weighed = embed_local(arena, "villa jacuzzi", DIMS, weights);
    const struct embedding document = embed_local(arena, "jacuzzi", DIMS, NULL);
    ck_assert_double_gt(cosine_of(&weighed, &document), cosine_of(&plain, &document) + 0.1);
    weights_free(weights);
}
END_TEST

START_TEST(what_no_text_has_does_not_weigh_down_the_rest)
{
    struct weights *weights = weights_new();
    weights_add(weights, "how do I book a villa");
    const struct embedding document = embed_local(arena, "how do I book a villa", DIMS, NULL);
    const char *query = "book a villa xkqzwvjy";
    const struct embedding some = embed_local(arena, query, DIMS, weights);
    weights_set_complete(weights, true);
    const struct embedding all = embed_local(arena, query, DIMS, weights);
    const struct embedding known = embed_local(arena, "book a villa", DIMS, weights);
    ck_assert_double_gt(cosine_of(&all, &document), cosine_of(&some, &document) + 0.1);
    ck_assert_double_eq_tol(cosine_of(&all, &known), 1, 1e-6);
    const struct embedding whole = embed_local_whole(arena, query, DIMS, weights);
    ck_assert_double_eq_tol(cosine_of(&whole, &some), 1, 1e-6);
    const struct embedding none = embed_local(arena, "xkqzwvjy", DIMS, weights);
    ck_assert_double_lt(cosine_of(&none, &document), 0.3);
    weights_free(weights);
}
END_TEST

START_TEST(a_long_text_is_embedded_whole)
{
    enum { LONG = 200000 };
    char *text = arena_alloc(arena, LONG + 1);
    for (int i = 0; i < LONG; i++) {
        text[i] = i % 7 == 6 ? ' ' : "abcdefghijklmnopqrstuvwxyz"[(i * 31 + i / 7) % 26];
    }
    ck_assert_double_eq_tol(cosine(text, text), 1, 1e-6);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
    Suite *suite = suite_create("embed_local");
    TCase *tcase = tcase_create("embed_local");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, every_text_gives_a_unit_vector, 0, COUNT(texts));
    tcase_add_test(tcase, likeness_follows_the_words);
    tcase_add_test(tcase, vectors_are_the_same_in_every_build);
    tcase_add_test(tcase, weights_turn_a_query_to_its_telling_words);
    tcase_add_test(tcase, what_no_text_has_does_not_weigh_down_the_rest);
    tcase_add_test(tcase, a_long_text_is_embedded_whole);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
