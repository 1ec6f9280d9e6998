#include "tools/question.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

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

START_TEST(folding_makes_one_form_of_many)
{
    static const struct {
        const char *text, *folded;
    } cases[] = {
        {"  Villa,  with a POOL! ", "villa with a pool"},
        {"two-bedroom", "two bedroom"},
        {"15,000.50 baht.", "15,000.50 baht"},
        {"5k", "5 k"},
        {"$200/night", "$ 200 night"},
        {"2-4 million", "2 to 4 million"},
        {"2 – 4", "2 to 4"},
        {"ราคา ๑๐,๐๐๐บาท", "ราคา 10,000 บาท"},
        {"3ห้องนอน", "3 ห้องนอน"},
        {"Café's", "cafes"},
        {"wi-fi", "wi fi"},
        {"3+ beds", "3 + beds"},
        {"฿5,000", "฿ 5,000"},
        {"", ""},
        {"?!", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(question_fold(arena, cases[i].text), cases[i].folded);
    }
}
END_TEST

START_TEST(what_is_too_long_is_not_read_to_its_end)
{
    char *text = arena_alloc(arena, 20001);
    for (size_t i = 0; i < 20000; i++) {
        text[i] = i % 3 == 2 ? ' ' : 'a';
    }
    const struct question *question = question_read(arena, text);
    ck_assert_uint_le(strlen(question->folded), QUESTION_MAX_BYTES + 16);
    ck_assert_uint_eq(question->count, QUESTION_MAX_WORDS);
}
END_TEST

START_TEST(words_have_their_kinds)
{
    static const struct {
        const char *text;
        enum question_kind kinds[8];
    } cases[] = {
        {"villa with 3 bedrooms",
            {QUESTION_TYPE, QUESTION_STOP, QUESTION_NUMBER, QUESTION_BEDROOM}},
        {"under 10,000 baht", {QUESTION_BELOW, QUESTION_NUMBER, QUESTION_CURRENCY}},
        {"private pool", {QUESTION_AMENITY}},
        {"swimming pools", {QUESTION_ANY_AMENITY}},
        {"what is", {QUESTION_ASK}},
        {"which villas", {QUESTION_WHICH, QUESTION_TYPE}},
        {"poolside", {QUESTION_OTHER}},
        {"วิลล่าพร้อมสระ", {QUESTION_TYPE, QUESTION_ANY_AMENITY}},
        {"ไม่เกินห้าล้านบาท", {QUESTION_BELOW, QUESTION_NUMBER, QUESTION_SCALE, QUESTION_CURRENCY}},
        {"หาดสวย", {QUESTION_STOP, QUESTION_OTHER}},
        {"ห้าง", {QUESTION_STOP}},
        {"1234567890123", {QUESTION_OTHER}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct question *question = question_read(arena, cases[i].text);
        for (size_t at = 0; at < question->count; at++) {
            ck_assert_msg(question->words[at].kind == cases[i].kinds[at], "%s: word %zu is %d",
                cases[i].text, at, (int)question->words[at].kind);
        }
        ck_assert_msg(question->count == 8 || cases[i].kinds[question->count] == QUESTION_OTHER,
            "%s: %zu words", cases[i].text, question->count);
    }
}
END_TEST

/* A term that is not folded would never be found. */
static void check_terms(const struct question_term *terms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (const char *word = terms[i].words; *word != '\0';) {
            const size_t len = strcspn(word, "|");
            const char *text = arena_strndup(arena, word, len);
            ck_assert_str_eq(question_fold(arena, text), text);
            const struct question *question = question_read(arena, text);
            ck_assert_msg(question->count == 1, "%s is %zu words", text, question->count);
            ck_assert_msg(question->words[0].kind == terms[i].kind, "%s is of two kinds", text);
            word += len + (word[len] == '|' ? 1 : 0);
        }
    }
}

START_TEST(every_term_can_be_found)
{
    check_terms(question_terms_en, question_terms_en_count);
    check_terms(question_terms_th, question_terms_th_count);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("question");
    TCase *tests = tcase_create("question");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, folding_makes_one_form_of_many);
    tcase_add_test(tests, what_is_too_long_is_not_read_to_its_end);
    tcase_add_test(tests, words_have_their_kinds);
    tcase_add_test(tests, every_term_can_be_found);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
