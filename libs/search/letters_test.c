#include "search/letters.h"

#include <check.h>
#include <stdlib.h>

static const struct {
    const char *text;
    uint32_t letters[4];
} texts[] = {
    {"aé", {'a', 0xE9, 0}},
    {"ก😀", {0x0E01, 0x1F600, 0}},
    {"\xFFz", {0xFFFD, 'z', 0}},
    {"\xE0\xB8", {0xFFFD, 0xFFFD, 0}}, /* cut in the middle: never reads past the end */
    {"\xC3(", {0xFFFD, '(', 0}},
    {"\xF0\x9F\x98", {0xFFFD, 0xFFFD, 0xFFFD, 0}},
    {"\xC0\x80", {0xFFFD, 0}}, /* an overlong zero does not end the text */
    {"", {0}},
};

START_TEST(code_points_are_read_one_by_one)
{
    const char *at = texts[_i].text;
    for (int i = 0; texts[_i].letters[i] != 0; i++) {
        ck_assert_uint_eq(letter_next(&at), texts[_i].letters[i]);
    }
    ck_assert_uint_eq(letter_next(&at), 0);
    ck_assert_uint_eq(letter_next(&at), 0);
}
END_TEST

static const struct {
    uint32_t c, lower, fold;
} folds[] = {
    {'A', 'a', 'a'},
    {'z', 'z', 'z'},
    {'[', '[', '['},
    {0xC9, 0xE9, 'e'},        /* E acute */
    {0xD7, 0xD7, 0xD7},       /* multiplication sign: between the ranges */
    {0xDF, 0xDF, 's'},        /* sharp s */
    {0xFF, 0xFF, 'y'},        /* y diaeresis */
    {0x178, 0xFF, 'y'},       /* its capital */
    {0x10C, 0x10D, 'c'},      /* C caron */
    {0x141, 0x142, 'l'},      /* L stroke: capital on an odd number */
    {0x17E, 0x17E, 'z'},      /* z caron */
    {0x17F, 0x17F, 's'},      /* the last one of the table */
    {0x130, 'i', 'i'},        /* I with a dot */
    {0x416, 0x436, 0x436},    /* Cyrillic */
    {0x401, 0x451, 0x451},    /* the same, other block */
    {0x3A9, 0x3C9, 0x3C9},    /* Greek */
    {0x0E53, 0x0E53, '3'},    /* Thai digit */
    {0x0E01, 0x0E01, 0x0E01}, /* Thai letter */
    {0xFF21, 0xFF41, 'a'},    /* full-width */
    {0xFF19, 0xFF19, '9'},
};

START_TEST(case_accents_and_digits_fold)
{
    const uint32_t fold = letter_fold(folds[_i].c);
    ck_assert_uint_eq(letter_lower(folds[_i].c), folds[_i].lower);
    ck_assert_uint_eq(fold, folds[_i].fold);
    ck_assert_uint_eq(letter_fold(fold), fold);
}
END_TEST

static const struct {
    uint32_t c;
    enum letter_class kind;
} kinds[] = {
    {'a', LETTER_WORD},
    {'Z', LETTER_WORD},
    {'7', LETTER_WORD},
    {'_', LETTER_NONE},
    {'@', LETTER_NONE},
    {'[', LETTER_NONE},
    {'{', LETTER_NONE},
    {' ', LETTER_NONE},
    {'\'', LETTER_JOIN},
    {0x2019, LETTER_JOIN},
    {0x200B, LETTER_JOIN},
    {0x301, LETTER_JOIN},
    {0xE9, LETTER_WORD},
    {0xA0, LETTER_NONE},
    {0xD7, LETTER_NONE},
    {0x436, LETTER_WORD},
    {0x2014, LETTER_NONE},
    {0x20AC, LETTER_NONE},
    {0x0E01, LETTER_RUN},
    {0x0E49, LETTER_RUN},
    {0x0E3F, LETTER_NONE}, /* baht sign */
    {0x4E2D, LETTER_RUN},
    {0x3042, LETTER_RUN},
    {0x3002, LETTER_NONE},
    {0xFFFD, LETTER_NONE},
    {0x1F600, LETTER_NONE},
};

START_TEST(letters_are_told_from_signs)
{
    ck_assert_msg(letter_class(kinds[_i].c) == kinds[_i].kind, "U+%04X", kinds[_i].c);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
    Suite *suite = suite_create("letters");
    TCase *tcase = tcase_create("letters");
    tcase_add_loop_test(tcase, code_points_are_read_one_by_one, 0, COUNT(texts));
    tcase_add_loop_test(tcase, case_accents_and_digits_fold, 0, COUNT(folds));
    tcase_add_loop_test(tcase, letters_are_told_from_signs, 0, COUNT(kinds));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
